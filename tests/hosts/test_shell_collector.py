"""collect-facts.sh, run for real: what it prints is read and verified, whatever it meets."""

from __future__ import annotations

import http.server
import os
import platform
import shlex
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.signing import DEPLOYMENT, KEY, NONCE
from wizard.hosts.collector import CollectorOrder, Peer, shell
from wizard.hosts.document import HostDocument, Observed, Unobserved, read
from wizard.hosts.schema import LINUX
from wizard.lab.certificates import Authority
from wizard.lab.ntp_server import NtpServer
from wizard.lab.proxy import HttpProxy
from wizard.wire.script_quoting import quote_shell

HOSTILE = [
    "it's",
    "'; echo broken >&2; '",
    "$(echo broken >&2)",
    "`echo broken >&2`",
    "two\nlines",
    '"quotes" and \\',
    "-n",
    "größe.example",
    "*",
    "",
]


def order(**changes: Any) -> CollectorOrder:
    made: dict[str, Any] = {
        "nonce": NONCE,
        "key": KEY,
        "deployment": DEPLOYMENT,
        "component": "mt_linux",
    }
    return CollectorOrder(**{**made, **changes})


def run(script: str, interpreter: str = "sh", **environment: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return subprocess.run(
        [interpreter, "-s"],
        input=script.encode(),
        capture_output=True,
        timeout=60,
        check=False,
        env={**kept, **environment},
    )


def collected(wanted: CollectorOrder, **environment: str) -> HostDocument:
    done = run(shell(wanted), **environment)
    assert (done.returncode, done.stderr) == (0, b"")
    document = read(done.stdout)
    document.verify(KEY)
    return document


def value(document: HostDocument, key: str) -> Any:
    seen = document.facts[key]
    assert isinstance(seen, Observed), seen
    return seen.value


def commands(directory: Path, **bodies: str) -> str:
    """A PATH on which the named commands say what `bodies` make them say, before the real ones."""
    for name, body in bodies.items():
        path = directory / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    return f"{directory}:{os.environ['PATH']}"


class Page(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.send_response(403)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def web(authority: Authority) -> Iterator[int]:
    """The port of an HTTPS server that is called localhost and answers 403."""
    pair = authority.issue("page", ("localhost",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.daemon_threads = True
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_shells_read_it():
    script = shell(order(endpoints=(("a", 1),), peers=(Peer(name="cs", host="b", port=443),)))
    for interpreter in ("sh", "dash", "bash"):
        done = subprocess.run([interpreter, "-n"], input=script.encode(), capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), interpreter
    assert "#ORDER#" not in script


def test_this_machine_is_described():
    document = collected(order())
    assert (document.collector, document.nonce, document.component) == (
        "collect-facts.sh",
        NONCE,
        "mt_linux",
    )
    assert document.host_name == platform.node()
    assert set(document.facts) == set(LINUX)
    assert value(document, "identity.computer_name") == platform.node()
    assert value(document, "identity.architecture") == platform.machine()
    assert value(document, "os.kernel") == platform.release()
    assert value(document, "os.release")["id"] == platform.freedesktop_os_release()["ID"]
    assert value(document, "hardware.logical_processors") == os.cpu_count()
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert value(document, "hardware.memory_bytes") == pytest.approx(pages, rel=0.01)
    assert value(document, "time.ntp") == []
    assert value(document, "reach.endpoints") == []
    assert value(document, "reach.peers") == []
    assert {row["name"] for row in value(document, "network.hosts_file")} >= {"localhost"}


def test_no_fact_is_left_out():
    for key, seen in collected(order()).facts.items():
        if isinstance(seen, Unobserved):
            assert "could not say" in str(seen.reason), (key, seen)
            assert "without a message" not in str(seen.reason), (key, seen)


def test_an_edited_answer_is_told():
    done = run(shell(order()))
    kernel = platform.release().encode()
    assert kernel in done.stdout
    with pytest.raises(Exception, match="were changed after they were collected"):
        read(done.stdout.replace(kernel, b"4.4.0-81-generic")).verify(KEY)


@pytest.mark.parametrize("interpreter", ["sh", "dash", "bash"])
@pytest.mark.parametrize("begin", range(0, 256, 32))
def test_any_key_signs_in_any_shell(interpreter: str, begin: int):
    key = bytes(range(begin, begin + 32))
    wanted = (
        shell(order(key=key)).split("\nfact ", 1)[0] + "\n" + shell(order(key=key)).rpartition("\nfact ")[2]
    )
    done = run(wanted, interpreter)
    read(done.stdout).verify(key)


def test_the_key_is_no_argument_of_a_program(tmp_path: Path):
    arguments = tmp_path / "arguments"
    real = subprocess.run(["/bin/sh", "-c", "command -v openssl"], capture_output=True, check=True, text=True)
    body = f'printf "%s\\n" "$@" >> {shlex.quote(str(arguments))}; exec {real.stdout.strip()} "$@"'
    document = collected(order(), PATH=commands(tmp_path, openssl=body))
    assert document.component == "mt_linux"
    assert "dgst" in arguments.read_text()
    assert KEY.hex() not in arguments.read_text()


def test_without_openssl_it_says_so_and_prints_nothing(tmp_path: Path):
    for tool in ("sh", "sed", "tr", "cat"):
        found = subprocess.run(["/bin/sh", "-c", f"command -v {tool}"], capture_output=True, check=True)
        (tmp_path / tool).symlink_to(found.stdout.decode().strip())
    script = shell(order()).replace("PATH=$PATH:/usr/sbin:/sbin\n", "")
    done = subprocess.run(
        ["/bin/sh", "-s"],
        input=script.encode(),
        capture_output=True,
        env={"PATH": str(tmp_path)},
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"openssl is not installed" in done.stderr


def test_an_endpoint_is_reached(authority: Authority, web: int):
    row = value(
        collected(order(endpoints=(("localhost", web),)), SSL_CERT_FILE=str(authority.certificate)),
        "reach.endpoints",
    )[0]
    assert (row["host"], row["port"], row["via_proxy"]) == ("localhost", web, False)
    assert (row["dns"], row["tcp"], row["tls"], row["http_status"], row["error"]) == (
        True,
        True,
        True,
        403,
        None,
    )
    assert "Foothold lab CA" in row["issuer"]


def test_an_unknown_issuer_is_named(web: int):
    row = value(collected(order(endpoints=(("localhost", web),))), "reach.endpoints")[0]
    assert (row["tcp"], row["tls"]) == (True, False)
    assert "does not trust the certificate" in row["error"]
    assert "Foothold lab CA" in row["issuer"]


def test_a_certificate_for_another_name_is_not_trusted(authority: Authority, web: int):
    row = value(
        collected(order(endpoints=(("127.0.0.1", web),)), SSL_CERT_FILE=str(authority.certificate)),
        "reach.endpoints",
    )[0]
    assert row["tls"] is False
    assert "does not trust the certificate" in row["error"]


def test_an_endpoint_is_reached_through_the_proxy(authority: Authority, web: int):
    with HttpProxy(("127.0.0.1", web)) as proxy:
        row = value(
            collected(
                order(endpoints=(("localhost", web),), proxy=f"127.0.0.1:{proxy.port}"),
                SSL_CERT_FILE=str(authority.certificate),
            ),
            "reach.endpoints",
        )[0]
        assert proxy.asked == [f"localhost:{web}"]
    assert (row["via_proxy"], row["tcp"], row["tls"], row["http_status"]) == (True, True, True, 403)


def test_a_proxy_that_wants_a_password_is_told(web: int):
    with HttpProxy(("127.0.0.1", web), credentials=("user", "word")) as proxy:
        row = value(
            collected(order(endpoints=(("localhost", web),), proxy=f"http://127.0.0.1:{proxy.port}")),
            "reach.endpoints",
        )[0]
    assert (row["tcp"], row["tls"]) == (False, False)
    assert row["error"] == "the proxy asks for a user name and password (HTTP 407)"


def test_what_cannot_be_reached_says_which_layer():
    nowhere = value(
        collected(order(endpoints=(("127.0.0.1", 9), ("nowhere.invalid", 443)))), "reach.endpoints"
    )
    assert (nowhere[0]["dns"], nowhere[0]["tcp"], nowhere[0]["error"]) == (
        True,
        False,
        "TCP: Connection refused",
    )
    assert (nowhere[1]["dns"], nowhere[1]["tcp"]) == (False, False)
    assert nowhere[1]["error"]


def test_peers_may_sign_their_own_certificates(web: int):
    peers = value(
        collected(
            order(
                peers=(
                    Peer(name="cs", host="localhost", port=web),
                    Peer(name="esxi:esx01", host="127.0.0.1", port=902),
                )
            )
        ),
        "reach.peers",
    )
    assert peers[0] == {
        "name": "cs",
        "host": "localhost",
        "port": web,
        "tcp": True,
        "tls": True,
        "error": None,
    }
    assert (peers[1]["name"], peers[1]["tcp"], peers[1]["tls"]) == ("esxi:esx01", False, None)


def test_a_time_server_is_asked():
    script = shell(order(time_servers=("127.0.0.1",)))
    with NtpServer(offset_s=120.0) as server:
        # The script asks port 123, as time servers have no other; only the port is exchanged here.
        changed = script.replace("sockaddr_in(123, $address)", f"sockaddr_in({server.port}, $address)")
        assert changed != script
        document = read(run(changed).stdout)
        assert server.answered == 1
    row = value(document, "time.ntp")[0]
    assert row["server"] == "127.0.0.1"
    assert row["error"] is None
    assert row["offset_s"] == pytest.approx(120.0, abs=1.0)


def test_a_time_server_that_is_not_synchronised_is_told():
    with NtpServer(stratum=16) as server:
        script = shell(order(time_servers=("127.0.0.1",))).replace("(123,", f"({server.port},")
        row = value(read(run(script).stdout), "time.ntp")[0]
    assert (row["offset_s"], row["error"]) == (None, "NTP: the server is not synchronised")


def test_a_silent_time_server_does_not_hold_it_up():
    with NtpServer() as server:
        server.silent = True
        script = shell(order(time_servers=("127.0.0.1",))).replace("(123,", f"({server.port},")
        row = value(read(run(script.replace("SECONDS_EACH=5", "SECONDS_EACH=1")).stdout), "time.ntp")[0]
    assert (row["offset_s"], row["error"]) == (None, "NTP: no answer from 127.0.0.1 within 1 s")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_stays_a_word(text: str):
    assert shlex.split(quote_shell(text)) == [text]
    done = subprocess.run(["sh", "-c", f"printf %s {quote_shell(text)}"], capture_output=True, check=True)
    assert done.stdout.decode() == text


def test_hostile_names_come_back_as_they_were():
    names = [text for text in HOSTILE if "\n" not in text]
    document = collected(
        order(
            endpoints=tuple((f"{name}.invalid", 9) for name in names),
            peers=tuple(Peer(name=name, host="127.0.0.1", port=9) for name in names),
        )
    )
    assert [row["name"] for row in value(document, "reach.peers")] == names
    assert [row["host"] for row in value(document, "reach.endpoints")] == [
        f"{name}.invalid" for name in names
    ]


def test_a_line_break_in_a_name_becomes_a_blank():
    peers = (Peer(name="two\nlines", host="127.0.0.1", port=9),)
    assert value(collected(order(peers=peers)), "reach.peers")[0]["name"] == "two lines"


def test_bytes_that_are_no_text_do_not_spoil_the_document():
    script = shell(order())
    done = subprocess.run(
        ["sh", "-s"],
        input=script.encode(),
        capture_output=True,
        check=True,
        env={
            **os.environ,
            "https_proxy": b'http://p\xff\xc3\xb6\x07x\\y"z:1'.decode("utf-8", "surrogateescape"),
        },
    )
    document = read(done.stdout)
    document.verify(KEY)
    assert value(document, "proxy.environment") == 'http://pö x\\y"z:1'


def test_credentials_in_the_environment_stay_there():
    document = collected(order(), https_proxy="http://operator:S3cret@proxy.example.net:3128")
    assert value(document, "proxy.environment") == "http://proxy.example.net:3128"


def test_automatic_updates_are_seen(tmp_path: Path):
    on = "echo 'APT::Periodic::Unattended-Upgrade \"1\";'"
    path = commands(tmp_path, apt_config=on, unattended_upgrade=":")
    assert value(collected(order(), PATH=path), "os.automatic_updates") is True
    commands(tmp_path, apt_config=on.replace('"1"', '"0"'))
    assert value(collected(order(), PATH=path), "os.automatic_updates") is False


def test_packages_are_those_that_are_installed(tmp_path: Path):
    path = commands(
        tmp_path,
        dpkg_query=(
            "echo 'install ok installed lvm2'; echo 'deinstall ok config-files kpartx'; "
            "echo 'hold ok installed lsscsi'; exit 1"
        ),
    )
    assert value(collected(order(), PATH=path), "packages.installed") == ["lsscsi", "lvm2"]


def test_services_are_those_that_are_loaded(tmp_path: Path):
    path = commands(
        tmp_path,
        systemctl=(
            'case "$*" in *ssh) echo LoadState=loaded; echo ActiveState=active ;; '
            "*Version) echo Version=229 ;; *) echo LoadState=not-found; echo ActiveState=inactive ;; esac"
        ),
    )
    assert value(collected(order(), PATH=path), "services.states") == [{"name": "ssh", "state": "active"}]


def test_a_number_that_is_none_is_a_reason(tmp_path: Path):
    path = commands(tmp_path, getconf="echo undefined")
    seen = collected(order(), PATH=path).facts["hardware.logical_processors"]
    assert isinstance(seen, Unobserved)
    assert str(seen.reason) == "The machine could not say: expected a number, found: undefined"


def test_without_perl_the_network_tests_fail_alone(tmp_path: Path):
    wanted = order(time_servers=("127.0.0.1",), peers=(Peer(name="cs", host="127.0.0.1", port=9),))
    script = shell(wanted).replace("command -v perl ", "command -v perl-is-missing ")
    document = read(run(script).stdout)
    document.verify(KEY)
    for key in ("time.ntp", "reach.endpoints", "reach.peers"):
        seen = document.facts[key]
        assert isinstance(seen, Unobserved)
        assert "perl is not installed" in str(seen.reason)
    assert value(document, "os.kernel") == platform.release()
