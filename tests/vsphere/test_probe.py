"""The probe tells apart at which layer the way to vCenter ends, and what to do there."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import AbstractContextManager

import pytest

from tests.vsphere.servers import (
    LOOPBACK,
    Handler,
    answering,
    dribbling,
    dropping,
    hanging_up,
    mute,
    over_tls,
    refusing_port,
    saying,
    serving,
)
from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.lab.certificates import Authority, KeyPair
from wizard.vsphere.probe import ProbeReport, probe

ESXI = b"""<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>
<RetrieveServiceContentResponse xmlns="urn:vim25"><returnval>
<rootFolder type="Folder">ha-folder-root</rootFolder>
<about><name>VMware ESXi</name><fullName>VMware ESXi 8.0.2 build-22380479</fullName><vendor>VMware, Inc.</vendor>
<version>8.0.2</version><build>22380479</build><osType>vmnix-x86</osType><productLineId>embeddedEsx</productLineId>
<apiType>HostAgent</apiType><apiVersion>8.0.2.0</apiVersion></about>
</returnval></RetrieveServiceContentResponse></soapenv:Body></soapenv:Envelope>"""

ENTITY_BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;">
<!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;"><!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;">]><a>&g;&g;&g;</a>"""

SOAP_FAULT = b"""<?xml version="1.0"?><Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><Fault>
<faultcode>ServerFaultCode</faultcode><faultstring>no such method</faultstring></Fault></Body></Envelope>"""


@pytest.fixture(scope="module")
def pair(authority: Authority) -> KeyPair:
    return authority.issue("loopback", ("vc.lab.test", LOOPBACK))


def statuses(report: ProbeReport) -> str:
    return " ".join(layer.status for layer in report.layers)


def failed(report: ProbeReport) -> tuple[str, str, str]:
    layer = next(layer for layer in report.layers if layer.status == "fail")
    return layer.name, str(layer.detail), str(layer.remedy)


def look(handler: Handler, *, timeout_s: float = 3.0) -> ProbeReport:
    with serving(handler) as port:
        return probe(LOOPBACK, port, timeout_s=timeout_s)


# --- name -------------------------------------------------------------------------------------------------------------


def test_a_name_that_does_not_resolve_ends_at_dns() -> None:
    report = probe("no-such-host.invalid", 443, timeout_s=3.0)
    assert statuses(report) == "fail skipped skipped skipped"
    name, detail, remedy = failed(report)
    assert name == "dns"
    assert "is not known to the name servers" in detail
    assert "Check the spelling" in remedy


@pytest.mark.parametrize(
    "host",
    [
        "",
        "two words",
        "https://vc.example.net",
        "vc.example.net/ui",
        "vc:443",
        "two..dots.example",
        "x" * 64 + ".example",
        "bad\x00name",
        "a\r\nb",
        "half-\ud800",
    ],
)
def test_what_is_no_name_ends_at_dns_even_with_a_detour_for_all(host: str) -> None:
    report = probe(host, 443, book=AddressBook.parse(f":443:{LOOPBACK}:{refusing_port()}"), timeout_s=3.0)
    assert statuses(report) == "fail skipped skipped skipped"
    assert "is not a host name" in failed(report)[1]
    assert "without https://" in failed(report)[2]


def test_a_name_with_other_letters_than_ascii_is_spoken_to(pair: KeyPair) -> None:
    with serving(over_tls(pair, answering("404 Not Found", b""))) as port:
        report = probe("größe.example", 443, book=AddressBook.parse(f":443:{LOOPBACK}:{port}"), timeout_s=3.0)
    assert statuses(report) == "pass pass pass fail"
    assert "it answered 404" in failed(report)[1]


def test_a_name_server_that_does_not_answer_costs_no_more_than_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()
    # The system's resolver has no deadline of its own that could be set.
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_named: [over.wait(2 * AT_ONCE_S)][:0])
    began = time.monotonic()
    report = probe("vcenter.example.net", 443, timeout_s=0.3)
    took = time.monotonic() - began
    over.set()
    assert took < AT_ONCE_S
    assert statuses(report) == "fail skipped skipped skipped"
    assert "could not be looked up in time" in failed(report)[1]
    assert "Check the name servers" in failed(report)[2]


# --- TCP --------------------------------------------------------------------------------------------------------------


def test_a_closed_port_is_told_from_a_firewall_that_drops() -> None:
    closed = probe(LOOPBACK, refusing_port(), timeout_s=3.0)
    with dropping() as port:
        began = time.monotonic()
        dropped = probe(LOOPBACK, port, timeout_s=0.5)
        took = time.monotonic() - began
    assert statuses(closed) == statuses(dropped) == "pass fail skipped skipped"
    assert "refused the connection: nothing listens" in failed(closed)[1]
    assert "Check the port (443 by default)" in failed(closed)[2]
    assert "did not answer in time" in failed(dropped)[1]
    assert "firewall" in failed(dropped)[2]
    assert 0.4 < took < AT_ONCE_S


def test_the_second_address_of_a_name_is_tried_where_the_first_refuses(
    monkeypatch: pytest.MonkeyPatch, pair: KeyPair
) -> None:
    with serving(over_tls(pair, answering("404 Not Found", b"no"))) as port:
        two = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in ("127.0.0.9", LOOPBACK)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_named: two)
        report = probe("two.lab.test", port, timeout_s=3.0)
    assert str(report.layers[0].detail) == "two.lab.test has the address 127.0.0.9, 127.0.0.1."
    assert statuses(report) == "pass pass pass fail"


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (
            saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            "answers, but not in TLS: perhaps this is a plain HTTP port",
        ),
        (saying(b"220 mail.example ESMTP\r\n"), "answers, but not in TLS"),
        (hanging_up, "No TLS session with"),
        (mute(2.0), "accepted the connection, but did not answer the TLS greeting"),
    ],
    ids=["http", "smtp", "hangs-up", "mute"],
)
def test_a_port_without_tls_ends_at_tls(handler: Handler, told: str) -> None:
    report = look(handler, timeout_s=0.8)
    assert statuses(report) == "pass pass fail skipped"
    name, detail, remedy = failed(report)
    assert name == "tls"
    assert told in detail
    assert "HTTPS port of vCenter" in remedy
    assert report.certificate is None


# --- the API ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handler", "told", "advised"),
    [
        (
            answering("404 Not Found", b"<html>no</html>"),
            "web server (it answered 404)",
            "answers under /sdk",
        ),
        (answering("200 OK", b"<html><p>Hello</html>"), "web server (it answered 200)", "answers under /sdk"),
        (answering("302 Found", b""), "web server (it answered 302)", "answers under /sdk"),
        (
            answering("500 Internal Server Error", SOAP_FAULT),
            "web server (it answered 500)",
            "answers under /sdk",
        ),
        (answering("200 OK", SOAP_FAULT), "does not speak the vSphere API", "answers under /sdk"),
        (answering("200 OK", ENTITY_BOMB), "does not speak the vSphere API", "answers under /sdk"),
        (
            answering("200 OK", ESXI + b" " * (1 << 20)),
            "does not speak the vSphere API",
            "answers under /sdk",
        ),
        (answering("503 Service Unavailable", b"starting"), "services there are not running", "vmware-vpxd"),
        (saying(b"220 ftp.example\r\n"), "speaks TLS, but not HTTP", "answers under /sdk"),
        (hanging_up, "speaks TLS, but not HTTP", "answers under /sdk"),
        (mute(60.0), "did not answer over HTTP in time", "answers under /sdk"),
    ],
    ids=["404", "page", "redirect", "500", "soap-fault", "bomb", "huge", "503", "ftp", "hangs-up", "mute"],
)
def test_a_tls_server_that_is_not_vsphere_ends_at_soap(
    pair: KeyPair, handler: Handler, told: str, advised: str
) -> None:
    report = look(over_tls(pair, handler), timeout_s=0.8)
    assert statuses(report) == "pass pass pass fail"
    name, detail, remedy = failed(report)
    assert name == "soap"
    assert told in detail
    assert advised in remedy
    assert report.about is None
    assert report.certificate is not None
    assert report.certificate.sha256 == pair.sha256


def test_a_server_that_sends_byte_after_byte_does_not_outlast_the_deadline(pair: KeyPair) -> None:
    report = look(over_tls(pair, dribbling(6.0)), timeout_s=0.5)
    assert statuses(report) == "pass pass pass fail"
    assert "in time" in failed(report)[1]
    assert report.layers[-1].seconds < 5.0


def test_a_single_esxi_host_passes_with_advice(pair: KeyPair) -> None:
    report = look(over_tls(pair, answering("200 OK", ESXI, content_type="text/xml")))
    assert report.ok
    assert report.about is not None
    assert (report.about.api_type, report.about.is_vcenter) == ("HostAgent", False)
    assert report.about.instance_uuid == ""
    assert "enter the vCenter's address" in str(report.layers[-1].remedy)


def test_a_detour_of_the_address_book_is_told() -> None:
    closed = refusing_port()
    report = probe(
        "vc.lab.test", 443, book=AddressBook.parse(f"vc.lab.test:443:{LOOPBACK}:{closed}"), timeout_s=3.0
    )
    assert str(report.layers[0].detail) == (
        f"vc.lab.test is reached at {LOOPBACK}, port {closed}, as set for this installation."
    )
    assert "vc.lab.test:443 refused the connection" in failed(report)[1]


@pytest.mark.parametrize(
    "server",
    [serving(hanging_up), dropping()],
    ids=["tls", "tcp"],
)
def test_a_report_survives_being_stored(server: AbstractContextManager[int]) -> None:
    with server as port:
        report = probe(LOOPBACK, port, timeout_s=0.5)
    stored = report.to_json()
    assert ProbeReport.from_json(stored) == report
    assert stored["ok"] is False
    assert [layer["name"] for layer in stored["layers"]] == ["dns", "tcp", "tls", "soap"]


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_is_none_is_the_callers_mistake(port: int) -> None:
    with pytest.raises(ValueError, match="is not a TCP port"):
        probe(LOOPBACK, port)
