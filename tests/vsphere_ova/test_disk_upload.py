from __future__ import annotations

import hashlib
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import authority as authority
from tests.vsphere_ova.archives import DISK1, contents
from tests.vsphere_ova.hosts import NAME, Host, answer_after, running, take_all, take_and_fall_silent
from tests.waiting import AT_ONCE_S
from wizard.addresses import DIRECT, AddressBook
from wizard.lab.certificates import Authority, KeyPair
from wizard.vsphere.disk_upload import upload
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import OvaInvalid, Stopped, UploadFailed
from wizard.vsphere.pace import Brake
from wizard.vsphere.template import open_template
from wizard.vsphere.upload_target import UploadTarget, upload_target
from wizard.wire.fingerprint import fingerprint


@pytest.fixture(scope="session")
def pair(authority: Authority) -> KeyPair:
    return authority.issue("esx-99", (NAME,))


def leaf(pair: KeyPair) -> str:
    """The first certificate of the chain, in PEM."""
    end = "-----END CERTIFICATE-----\n"
    return pair.certificate.read_text().partition(end)[0] + end


def send(
    template: Path,
    host: Host,
    *,
    name: str = DISK1,
    target: UploadTarget | None = None,
    book: AddressBook | None = None,
    create: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    stall_s: float = 5.0,
) -> int:
    """How many stored bytes were counted."""
    counts: list[int] = []
    with open_template(template) as opened:
        upload(
            opened,
            next(item for item in opened.payloads.values() if item.name == name),
            target or host.target(thumbprint=host.pair.sha256),
            sums={},
            create=create,
            advance=counts.append,
            check=Brake(should_stop).check,
            book=book or host.book,
            connect_s=5.0,
            stall_s=stall_s,
        )
    return sum(counts)


def test_a_disk_is_posted_into_the_machine(template: Path, pair: KeyPair) -> None:
    with running(pair, take_all) as host:
        count = send(template, host)
    disk = contents(template)[DISK1]
    assert host.digest.hexdigest() == hashlib.sha256(disk).hexdigest()
    assert count == len(disk)
    lines = host.head.split(b"\r\n")
    assert lines[0] == b"POST /nfc/52/disk-0.vmdk HTTP/1.1"
    assert f"Host: {NAME}".encode() in lines
    assert f"Content-Length: {len(disk)}".encode() in lines
    assert b"Content-Type: application/x-vnd.vmware-streamVmdk" in lines


def test_any_other_file_is_put_in_the_place_of_what_is_there(template: Path, pair: KeyPair) -> None:
    with running(pair, take_all) as host:
        send(template, host, create=True)
    lines = host.head.split(b"\r\n")
    assert lines[0] == b"PUT /nfc/52/disk-0.vmdk HTTP/1.1"
    assert b"Overwrite: t" in lines


def test_a_host_is_known_by_its_sha1_fingerprint_as_older_vcenters_name_it(
    template: Path, pair: KeyPair
) -> None:
    sha1 = fingerprint(ssl.PEM_cert_to_DER_cert(leaf(pair)), "sha1")
    with running(pair, take_all) as host:
        send(template, host, target=host.target(thumbprint=sha1))
    assert host.body_bytes == len(contents(template)[DISK1])


def test_a_host_with_another_certificate_gets_nothing(template: Path, pair: KeyPair) -> None:
    pinned = ":".join(["AB"] * 32)
    with running(pair, take_all) as host, pytest.raises(UploadFailed) as caught:
        send(template, host, target=host.target(thumbprint=pinned))
    assert caught.value.step == "tls"
    assert f"fingerprint {pair.sha256}; vCenter knows it by {pinned}. Nothing was sent." in str(caught.value)
    assert host.head == b""


def test_a_host_without_fingerprint_must_be_signed_by_a_trusted_authority(
    template: Path, pair: KeyPair, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        running(pair, take_all) as host,
        pytest.raises(UploadFailed, match="could not be verified") as caught,
    ):
        send(template, host, target=host.target(thumbprint=None))
    assert caught.value.step == "tls"
    assert host.head == b""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with running(pair, take_all) as host:
        send(template, host, target=host.target(thumbprint=None))
    assert host.body_bytes == len(contents(template)[DISK1])


def test_a_trusted_certificate_of_another_host_is_refused(
    template: Path, pair: KeyPair, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    with running(pair, take_all) as host, pytest.raises(UploadFailed, match="Hostname mismatch"):
        send(
            template,
            host,
            target=host.target(thumbprint=None, host="esx-98.lab.test"),
            book=AddressBook.parse(f"esx-98.lab.test:443:127.0.0.1:{host.port}"),
        )
    assert host.head == b""


@pytest.mark.parametrize("least", [0, 300_000])
def test_a_host_that_refuses_is_quoted(template: Path, pair: KeyPair, least: int) -> None:
    refusal = b"HTTP/1.1 507 Insufficient Storage\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with running(pair, answer_after(least, refusal)) as host, pytest.raises(UploadFailed) as caught:
        send(template, host)
    assert f"Host {NAME} answered “507 Insufficient Storage” to the upload of “{DISK1}”" in str(caught.value)
    assert caught.value.address == f"{NAME}:443"


@pytest.mark.parametrize("answer", [b"", b"what?\r\n\r\n"])
def test_a_host_that_hangs_up_without_a_proper_answer_is_named(
    template: Path, pair: KeyPair, answer: bytes
) -> None:
    with running(pair, answer_after(500_000, answer)) as host, pytest.raises(UploadFailed) as caught:
        send(template, host)
    assert f"The connection to host {NAME} broke" in str(caught.value)


def test_a_host_that_never_answers_is_given_up(template: Path, pair: KeyPair) -> None:
    with running(pair, take_and_fall_silent) as host, pytest.raises(UploadFailed, match="for 1 seconds"):
        send(template, host, stall_s=1.0)


def test_an_upload_can_be_stopped_while_the_answer_is_awaited(template: Path, pair: KeyPair) -> None:
    asked_at = time.monotonic() + 0.5
    with running(pair, take_and_fall_silent) as host, pytest.raises(Stopped):
        send(template, host, stall_s=60.0, should_stop=lambda: time.monotonic() >= asked_at)
    assert time.monotonic() - asked_at < AT_ONCE_S


def test_a_host_where_nobody_listens_is_named_with_the_port_to_open(template: Path, pair: KeyPair) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = Host(pair=pair, port=listener.getsockname()[1])
    with pytest.raises(UploadFailed, match=f"Host {NAME} takes the disks, but cannot be reached") as caught:
        send(template, host)
    assert caught.value.step == "tcp"
    assert f"resolve {NAME} and to reach it on TCP 443" in str(caught.value.remedy)


def test_a_disk_that_differs_from_the_manifest_is_found_out_at_its_end(
    tmp_path: Path, template: Path, pair: KeyPair
) -> None:
    path = tmp_path / "flipped.ova"
    whole = bytearray(template.read_bytes())
    with open_template(template) as ova:
        whole[ova.members[DISK1].offset + 99] ^= 1
    path.write_bytes(bytes(whole))
    with running(pair, take_all) as host, pytest.raises(OvaInvalid, match="not what the manifest promises"):
        send(path, host)


ENDPOINT = Endpoint(host="vcenter.lab.test", thumbprint_sha256="11" * 32)


def device(**values: Any) -> vim.HttpNfcLease.DeviceUrl:
    plain = {"key": "/vm-1/disk0", "importKey": "/cs01/disk0", "url": f"https://{NAME}/nfc/52/disk-0.vmdk"}
    return vim.HttpNfcLease.DeviceUrl(**{**plain, "sslThumbprint": "", **values})


def test_the_fingerprint_that_the_lease_names_is_pinned() -> None:
    target = upload_target(device(sslThumbprint="ab:" * 19 + "ab"), ENDPOINT, DIRECT)
    assert target == UploadTarget(
        host=NAME, port=443, path="/nfc/52/disk-0.vmdk", thumbprint=":".join(["AB"] * 20)
    )


def test_newer_vcenters_name_the_whole_certificate(pair: KeyPair) -> None:
    assert upload_target(device(sslCertificate=leaf(pair)), ENDPOINT, DIRECT).thumbprint == pair.sha256


def test_a_star_means_the_server_that_this_session_speaks_to() -> None:
    target = upload_target(device(url="https://*/nfc/52/disk-0.vmdk?a=b"), ENDPOINT, DIRECT)
    assert (target.host, target.port, target.path) == ("vcenter.lab.test", 443, "/nfc/52/disk-0.vmdk?a=b")
    assert target.thumbprint == ENDPOINT.thumbprint_sha256


def test_the_pin_of_vcenter_holds_for_its_own_address_only() -> None:
    book = AddressBook.parse("vcenter.lab.test:443:127.0.0.1:8990")
    own = upload_target(device(url="https://127.0.0.1:8990/nfc/52/disk-0.vmdk"), ENDPOINT, book)
    assert own.thumbprint == ENDPOINT.thumbprint_sha256
    assert upload_target(device(), ENDPOINT, book).thumbprint is None


@pytest.mark.parametrize(
    "url", [f"http://{NAME}/nfc/1", "ftp://a/b", "disk-0.vmdk", "https:///x", "https://a:b/x"]
)
def test_an_address_without_tls_is_refused(url: str) -> None:
    with pytest.raises(UploadFailed, match="an https:// address was expected") as caught:
        upload_target(device(url=url), ENDPOINT, DIRECT)
    assert url in str(caught.value)


def test_a_fingerprint_that_is_none_is_refused() -> None:
    with pytest.raises(UploadFailed, match=f"names “12:34” as the fingerprint of host {NAME}"):
        upload_target(device(sslThumbprint="12:34"), ENDPOINT, DIRECT)
