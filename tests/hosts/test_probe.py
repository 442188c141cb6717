"""Looking at hosts of the lab without signing in."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.hosts.far_hosts import book
from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.hosts.connection import Transport
from wizard.hosts.probe import HostProbe, probe_host
from wizard.lab.azure_front import AzureFront
from wizard.lab.certificates import Authority
from wizard.lab.linux_host import LinuxHost
from wizard.lab.windows_host import WindowsHost


def statuses(probe: HostProbe) -> dict[str, str]:
    return {layer.name: layer.status for layer in probe.layers}


def test_winrm_over_https_shows_its_certificate_and_its_windows() -> None:
    with WindowsHost() as host:
        probe = probe_host(host.name, 5986, "winrm_https", book(host))
        assert {item.credential for item in host.seen} == {""}
    assert probe.ok
    assert statuses(probe) == {"dns": "pass", "tcp": "pass", "tls": "pass", "wsman": "pass"}
    assert probe.fingerprint_sha256 == host.thumbprint_sha256
    assert probe.subject == "CN=healthy.lab.test,O=Foothold lab"
    assert probe.self_signed is False
    assert probe.not_after is not None
    assert probe.key_type is None
    assert "10.0.14393" in str(probe.layers[-1].detail)
    assert HostProbe.from_json(probe.to_json()) == probe


def test_winrm_over_http_has_no_certificate_to_show() -> None:
    with WindowsHost(tls=False) as host:
        probe = probe_host(host.name, 5985, "winrm_http", book(host))
    assert statuses(probe) == {"dns": "pass", "tcp": "pass", "wsman": "pass"}
    assert (probe.fingerprint_sha256, probe.not_after) == (None, None)
    assert HostProbe.from_json(probe.to_json()) == probe


def test_ssh_shows_its_host_key_as_ssh_keygen_prints_it() -> None:
    with LinuxHost() as host:
        probe = probe_host(host.name, 22, "ssh", book(host))
        assert host.sign_ins == []
    assert statuses(probe) == {"dns": "pass", "tcp": "pass", "host_key": "pass"}
    assert probe.fingerprint_sha256 == host.thumbprint_sha256
    assert (probe.fingerprint_sha256 or "").startswith("SHA256:")
    assert probe.key_type == "ecdsa-sha2-nistp256"
    assert HostProbe.from_json(probe.to_json()) == probe


def test_an_unknown_name_ends_the_look_at_dns() -> None:
    probe = probe_host("no-such-host.invalid", 5986, "winrm_https")
    assert statuses(probe) == {"dns": "fail", "tcp": "skipped", "tls": "skipped", "wsman": "skipped"}
    assert not probe.ok
    assert str(probe.layers[0].remedy)


@pytest.mark.parametrize("transport", ["winrm_https", "winrm_http", "ssh"])
def test_a_closed_port_ends_the_look_at_tcp(transport: Transport) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    found = list(statuses(probe_host("127.0.0.1", port, transport)).values())
    assert found[:2] == ["pass", "fail"]
    assert set(found[2:]) == {"skipped"}


@pytest.mark.parametrize("transport", ["winrm_https", "winrm_http", "ssh"])
def test_a_port_that_says_nothing_is_given_up_in_time(transport: Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        probe = probe_host("127.0.0.1", silent.getsockname()[1], transport, timeout_s=0.5)
    assert time.monotonic() - began < AT_ONCE_S
    assert probe.layers[2].status == "fail"


def test_ssh_is_not_found_where_windows_listens() -> None:
    with WindowsHost(tls=False) as host:
        probe = probe_host(host.name, 22, "ssh", book(host), timeout_s=1)
    assert statuses(probe) == {"dns": "pass", "tcp": "pass", "host_key": "fail"}


def test_a_web_server_is_told_apart_from_winrm(tmp_path: Path) -> None:
    with AzureFront(("web.lab.test",), Authority(tmp_path)) as front:
        way = AddressBook.parse(f"::127.0.0.1:{front.port}")
        probe = probe_host("web.lab.test", 5986, "winrm_https", way)
    assert statuses(probe) == {"dns": "pass", "tcp": "pass", "tls": "pass", "wsman": "fail"}
    assert probe.fingerprint_sha256 is not None
    assert "HTTP 403" in str(probe.layers[-1].detail)


def test_a_page_that_answers_instead_is_told_apart_from_winrm(tmp_path: Path) -> None:
    (tmp_path / "page").write_text("<html>Welcome")
    with AzureFront(("web.lab.test",), Authority(tmp_path)) as front:
        front.publish("/wsman", tmp_path / "page")
        way = AddressBook.parse(f"::127.0.0.1:{front.port}")
        probe = probe_host("web.lab.test", 5985, "winrm_http", way)
    assert probe.layers[-1].status == "fail"


def test_an_expired_certificate_is_shown_with_advice() -> None:
    with WindowsHost(expired=True) as host:
        probe = probe_host(host.name, 5986, "winrm_https", book(host))
    tls = next(layer for layer in probe.layers if layer.name == "tls")
    assert tls.status == "pass"
    assert "expired" in str(tls.remedy)


def test_a_name_that_is_none_is_told_so() -> None:
    probe = probe_host("https://healthy.lab.test", 5986, "winrm_https")
    assert "not a host name" in str(probe.layers[0].detail)


def test_a_port_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not a TCP port"):
        probe_host("127.0.0.1", 0, "ssh")
