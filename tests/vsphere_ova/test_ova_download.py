from __future__ import annotations

import base64
import hashlib
import random
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.vsphere.conftest import authority as authority
from tests.vsphere_ova import web
from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.lab.certificates import Authority, KeyPair
from wizard.vsphere.errors import Stopped
from wizard.vsphere.ova_download import DownloadFailed, download

CONTENT = random.Random(2).randbytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
HOST = "downloads.lab.test"


@pytest.fixture(scope="session")
def pair(authority: Authority) -> KeyPair:
    return authority.issue("downloads", (HOST, "mirror.lab.test"))


def fetch(url: str, target: Path, port: int, **options: Any) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    book = AddressBook.parse(f"*.lab.test::127.0.0.1:{port}")
    defaults = {
        "sha256": SHA256,
        "on_progress": lambda done, total: seen.append((done, total)),
        "should_stop": lambda: False,
        "timeout_s": 5.0,
        "book": book,
    }
    download(url, target=target, **{**defaults, **options})
    return seen


def failed(url: str, target: Path, port: int, **options: Any) -> DownloadFailed:
    """Every failure leaves the folder as it was, and no access key in its message."""
    before = {path: path.read_bytes() for path in target.parent.iterdir()} if target.parent.is_dir() else {}
    with pytest.raises(DownloadFailed) as caught:
        fetch(url, target, port, **options)
    if target.parent.is_dir():
        assert {path: path.read_bytes() for path in target.parent.iterdir()} == before
    error = caught.value
    assert str(error.remedy)
    assert error.step
    assert "sig=" not in f"{error} {error.remedy} {error.address}"
    return error


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "template.ova"


@pytest.mark.parametrize("page", [web.file, web.unmeasured, web.chunked])
def test_a_file_is_fetched_whole(target: Path, page: Any) -> None:
    with web.serving({"/t.ova": page(CONTENT)}) as port:
        seen = fetch(f"http://{HOST}/t.ova", target, port)
    assert target.read_bytes() == CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert seen[-1] == (len(CONTENT), len(CONTENT) if page is web.file else 0)


def test_a_file_is_fetched_over_tls_that_a_given_authority_vouches_for(
    target: Path, pair: KeyPair, authority: Authority
) -> None:
    with web.serving({"/t.ova?sig=secret": web.file(CONTENT)}, pair=pair) as port:
        fetch(f"https://{HOST}/t.ova?sig=secret", target, port, ca_file=authority.certificate)
    assert target.read_bytes() == CONTENT


def test_a_server_that_nobody_vouches_for_is_refused(target: Path, pair: KeyPair) -> None:
    with web.serving({"/t.ova": web.file(CONTENT)}, pair=pair) as port:
        error = failed(f"https://{HOST}/t.ova?sig=secret", target, port)
    assert error.step == "tls"
    assert f"No trustworthy TLS connection to {HOST}: " in str(error)
    assert "certificate" in str(error)


def test_a_server_under_another_name_is_refused(target: Path, pair: KeyPair, authority: Authority) -> None:
    with web.serving({"/t.ova": web.file(CONTENT)}, pair=pair) as port:
        error = failed("https://other.lab.test/t.ova", target, port, ca_file=authority.certificate)
    assert error.step == "tls"
    assert "Hostname mismatch" in str(error)


def test_a_file_of_authorities_that_is_not_there_is_named(
    target: Path, tmp_path: Path, pair: KeyPair
) -> None:
    with web.serving({}, pair=pair) as port:
        error = failed(f"https://{HOST}/t.ova", target, port, ca_file=tmp_path / "none.pem")
    assert str(tmp_path / "none.pem") in str(error)


def test_a_checksum_may_be_written_in_any_common_way(target: Path) -> None:
    spelled = ":".join(SHA256[i : i + 2] for i in range(0, 64, 2)).upper()
    with web.serving({"/t.ova": web.file(CONTENT)}) as port:
        fetch(f"http://{HOST}/t.ova", target, port, sha256=f" {spelled}\n")
    assert target.exists()


@pytest.mark.parametrize("sha256", ["", "abc", "g" * 64, "0" * 40])
def test_what_is_no_sha256_is_refused_before_anything_is_fetched(target: Path, sha256: str) -> None:
    error = failed(f"http://{HOST}/t.ova", target, 1, sha256=sha256)
    assert error.step == "checksum"


def test_a_wrong_checksum_keeps_the_file_that_was_there(target: Path) -> None:
    target.write_bytes(b"the one from before")
    with web.serving({"/t.ova": web.file(CONTENT)}) as port:
        error = failed(f"http://{HOST}/t.ova", target, port, sha256="0" * 64)
    assert error.step == "checksum"
    assert f"{HOST} has the SHA-256 {SHA256}; {'0' * 64} was expected" in str(error)
    assert target.read_bytes() == b"the one from before"


def test_a_file_from_before_is_replaced(target: Path) -> None:
    target.write_bytes(b"the one from before")
    with web.serving({"/t.ova": web.file(CONTENT)}) as port:
        fetch(f"http://{HOST}/t.ova", target, port)
    assert target.read_bytes() == CONTENT


def test_what_a_killed_download_left_is_written_over(target: Path) -> None:
    target.with_name("template.ova.part").write_bytes(b"x" * 5_000_000)
    with web.serving({"/t.ova": web.file(CONTENT)}) as port:
        fetch(f"http://{HOST}/t.ova", target, port)
    assert target.read_bytes() == CONTENT


def test_a_download_can_be_stopped_while_the_server_is_silent(target: Path) -> None:
    until = threading.Event()
    asked_at = time.monotonic() + 0.5
    with web.serving({"/t.ova": web.stalling(CONTENT, after=1000, until=until)}) as port:
        with pytest.raises(Stopped):
            fetch(
                f"http://{HOST}/t.ova", target, port,
                timeout_s=60.0, should_stop=lambda: time.monotonic() >= asked_at,
            )  # fmt: skip
        until.set()
    assert time.monotonic() - asked_at < AT_ONCE_S
    assert list(target.parent.iterdir()) == []


def test_a_server_that_falls_silent_is_given_up(target: Path) -> None:
    until = threading.Event()
    with web.serving({"/t.ova": web.stalling(CONTENT, after=1000, until=until)}) as port:
        error = failed(f"http://{HOST}/t.ova", target, port, timeout_s=1.0)
        until.set()
    assert f"{HOST} sent nothing for 1 seconds" in str(error)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (web.cut_off(CONTENT, after=1_500_000), f"ended after 1500000 of {len(CONTENT)} bytes"),
        (web.chunked(CONTENT, whole=False), f"The connection to {HOST} broke"),
        (lambda request: request.connection.close(), f"The connection to {HOST} broke"),
        (
            web.file(b"<html>Sign in</html>", Content_Type="text/html; charset=utf-8"),
            "answered with a web page",
        ),
        (web.file(b"\x1f\x8b", Content_Encoding="gzip"), "sends the file encoded (gzip)"),
        (web.file(b""), f"has the SHA-256 {hashlib.sha256(b'').hexdigest()}"),
    ],
)
def test_an_answer_that_is_not_the_file_is_told_for_what_it_is(
    target: Path, page: web.Page, message: str
) -> None:
    with web.serving({"/t.ova?sig=secret": page}) as port:
        error = failed(f"http://{HOST}/t.ova?sig=secret", target, port)
    assert message in str(error)
    assert HOST in str(error)


def test_a_refusal_is_quoted_without_the_access_key(target: Path) -> None:
    with web.serving({}) as port:
        error = failed(f"http://{HOST}/t.ova?sig=secret", target, port)
    assert f"{HOST} answered “403 Authentication failed”" in str(error)
    assert (error.step, error.address) == ("http", f"{HOST}:80")


def test_a_file_that_says_it_is_too_large_is_not_begun(target: Path) -> None:
    with web.serving({"/t.ova": web.file(CONTENT)}) as port:
        error = failed(f"http://{HOST}/t.ova", target, port, max_bytes=1000)
    assert error.step == "size"
    assert f"sends {len(CONTENT)} bytes or more; at most 1000 are taken" in str(error)


def test_a_file_that_does_not_say_so_is_cut_off_at_the_limit(target: Path) -> None:
    with web.serving({"/t.ova": web.unmeasured(CONTENT)}) as port:
        error = failed(f"http://{HOST}/t.ova", target, port, max_bytes=2_000_000)
    assert error.step == "size"


def test_a_file_that_cannot_fit_is_not_begun(target: Path) -> None:
    size = 1 << 62
    with web.serving({"/t.ova": lambda request: _claim(request, size)}) as port:
        error = failed(f"http://{HOST}/t.ova", target, port, max_bytes=1 << 63)
    assert error.step == "disk"
    assert f"The file has {size} bytes, but only " in str(error)


def _claim(request: Any, size: int) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(size))
    request.end_headers()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = failed(f"http://{HOST}/t.ova", tmp_path / "none" / "template.ova", 1)
    assert error.step == "disk"
    assert f"cannot be written into {tmp_path / 'none'}: No such file or directory" in str(error)


def test_two_downloads_do_not_mix_in_one_file(target: Path) -> None:
    until = threading.Event()
    url = f"http://{HOST}/t.ova"
    with web.serving({"/t.ova": web.stalling(CONTENT, after=100_000, until=until)}) as port:
        seen: list[int] = []

        def fetch_meanwhile(done: int, _total: int) -> None:
            with pytest.raises(DownloadFailed, match="is being fetched already"):
                fetch(url, target, port)
            seen.append(done)
            until.set()

        with pytest.raises(DownloadFailed, match="ended after 100000 of"):
            fetch(url, target, port, on_progress=fetch_meanwhile)
    assert seen[0] == 65536
    assert list(target.parent.iterdir()) == []


def test_redirects_are_followed_relative_and_absolute(target: Path) -> None:
    pages = {
        "/a/start": web.redirect("../b", 301),
        "/b": web.redirect("http://mirror.lab.test/c?x=%20 %C3%A4", 302),
        "/c?x=%20%20%C3%A4": web.redirect("/d", 307),
        "/d": web.redirect("/e", 308),
        "/e": web.redirect("/t.ova", 303),
        "/t.ova": web.file(CONTENT),
    }
    with web.serving(pages) as port:
        fetch(f"http://{HOST}/a/start", target, port)
    assert target.read_bytes() == CONTENT


def test_a_server_that_sends_on_and_on_is_given_up(target: Path) -> None:
    with web.serving({"/t.ova": web.redirect("/t.ova")}) as port:
        error = failed(f"http://{HOST}/t.ova", target, port)
    assert error.step == "redirect"
    assert "more than 5 times" in str(error)


def test_a_redirect_from_https_to_http_is_refused(target: Path, pair: KeyPair, authority: Authority) -> None:
    with web.serving({"/t.ova": web.redirect("http://mirror.lab.test/t.ova?sig=s")}, pair=pair) as port:
        error = failed(f"https://{HOST}/t.ova", target, port, ca_file=authority.certificate)
    assert error.step == "redirect"
    assert "sends from https:// to http:// at mirror.lab.test" in str(error)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://mirror.lab.test/t", "http://a:b@mirror.lab.test/"]
)
def test_a_redirect_to_anything_else_is_refused(target: Path, location: str) -> None:
    with web.serving({"/t.ova": web.redirect(location)}) as port:
        error = failed(f"http://{HOST}/t.ova", target, port)
    assert error.step == "address"


@pytest.mark.parametrize(
    "url", ["", "t.ova", "file:///etc/passwd", "ftp://a/b", "https://", "http://a:b/", "http://[::1"]
)
def test_what_is_no_web_address_is_refused(target: Path, url: str) -> None:
    assert failed(url, target, 1).step == "address"


def test_an_address_with_a_password_is_refused_without_showing_it(target: Path) -> None:
    error = failed(f"https://me:s3cret@{HOST}/t.ova", target, 1)
    assert error.step == "address"
    assert "s3cret" not in f"{error} {error.remedy} {error.address}"


def test_a_host_that_nobody_knows_is_told(target: Path) -> None:
    error = failed("http://nowhere.invalid/t.ova", target, 1)
    assert (error.step, error.address) == ("dns", "nowhere.invalid:80")


def test_a_port_where_nobody_listens_is_told(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failed(f"http://{HOST}/t.ova", target, port)
    assert error.step == "tcp"
    assert "reach it on TCP 80" in str(error.remedy)


def test_a_proxy_is_used_for_both_schemes(target: Path, pair: KeyPair, authority: Authority) -> None:
    seen: list[str] = []
    pages = {"/t.ova": web.file(CONTENT)}
    with web.serving(pages, pair=pair) as port, web.proxying(port, seen=seen) as proxy:
        fetch(
            f"https://{HOST}/t.ova", target, proxy,
            proxy="http://proxy.lab.test:3128", ca_file=authority.certificate,
        )  # fmt: skip
    assert target.read_bytes() == CONTENT
    target.unlink()
    with web.serving(pages) as port, web.proxying(port, seen=seen) as proxy:
        fetch(f"http://{HOST}/t.ova", target, proxy, proxy="http://proxy.lab.test:3128")
    assert target.read_bytes() == CONTENT
    assert seen == [f"CONNECT {HOST}:443", f"GET http://{HOST}:80/t.ova"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_asks_who_is_there_is_told(
    target: Path, pair: KeyPair, authority: Authority, scheme: str
) -> None:
    sign_in = "Basic " + base64.b64encode(b"me:p@ss").decode()
    pages = {"/t.ova": web.file(CONTENT)}
    with (
        web.serving(pages, pair=pair if scheme == "https" else None) as port,
        web.proxying(port, sign_in=sign_in, seen=[]) as proxy,
    ):
        known = "http://me:p%40ss@proxy.lab.test:3128"
        fetch(f"{scheme}://{HOST}/t.ova", target, proxy, proxy=known, ca_file=authority.certificate)
        assert target.read_bytes() == CONTENT
        target.unlink()
        wrong = "http://me:other@proxy.lab.test:3128"
        error = failed(f"{scheme}://{HOST}/t.ova", target, proxy, proxy=wrong, ca_file=authority.certificate)
    assert "407 Proxy Authentication Required" in str(error)
    assert "other" not in str(error)


def test_a_proxy_that_is_not_there_is_named(target: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failed(f"http://{HOST}/t.ova", target, port, proxy="http://proxy.lab.test:3128")
    assert (error.step, error.address) == ("proxy", "proxy.lab.test:3128")


@pytest.mark.parametrize(
    "proxy", ["https://proxy.lab.test:3128", "proxy.lab.test:3128", "http://proxy.lab.test", "x"]
)
def test_an_address_that_is_no_http_proxy_is_refused(target: Path, proxy: str) -> None:
    assert failed(f"http://{HOST}/t.ova", target, 1, proxy=proxy).step == "proxy"
