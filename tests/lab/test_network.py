"""Names, time, Azure's endpoints and the proxy, asked by ordinary clients."""

from __future__ import annotations

import http.client
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.reversename
import pytest

from tests.waiting import AT_ONCE_S
from wizard.lab.azure_front import AzureFront
from wizard.lab.certificates import Authority
from wizard.lab.dns_server import DnsServer
from wizard.lab.ntp_server import EPOCH_OFFSET_S, NtpServer
from wizard.lab.proxy import HttpProxy

LOGIN, STORE = "login.microsoftonline.com", "wepod01.blob.core.windows.net"


@pytest.fixture
def names() -> Iterator[DnsServer]:
    with DnsServer({"cs01.lab.test": "192.0.2.10", "esx-01.lab.test": "192.0.2.101"}) as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca")


@pytest.fixture
def front(authority: Authority) -> Iterator[AzureFront]:
    with AzureFront([LOGIN, "*.blob.core.windows.net", "management.azure.com"], authority) as server:
        yield server


def ask(server: DnsServer, name: str, kind: str = "A") -> dns.message.Message:
    return dns.query.udp(dns.message.make_query(name, kind), server.host, timeout=AT_ONCE_S, port=server.port)


def answers(response: dns.message.Message) -> list[str]:
    return [record.to_text() for rrset in response.answer for record in rrset]


def get(front: AzureFront, host: str, path: str = "/", *, ca: Path | None) -> tuple[int, bytes]:
    """An HTTPS request for a host by its name, sent to the front; plain HTTP without a CA."""
    raw = socket.create_connection((front.host, front.port), 5)
    with raw:
        channel = raw
        if ca is not None:
            channel = ssl.create_default_context(cafile=str(ca)).wrap_socket(raw, server_hostname=host)
        with channel:
            connection = http.client.HTTPConnection(host)
            connection.sock = channel
            connection.request("GET", path)
            with connection.getresponse() as response:
                return response.status, response.read()


def test_a_name_resolves_forward_and_back(names: DnsServer) -> None:
    assert answers(ask(names, "CS01.lab.test")) == ["192.0.2.10"]
    back = dns.reversename.from_address("192.0.2.10").to_text()
    assert answers(ask(names, back, "PTR")) == ["cs01.lab.test."]
    assert names.questions[0] == ("CS01.lab.test", "A")


def test_a_name_without_an_ipv6_address_exists_all_the_same(names: DnsServer) -> None:
    response = ask(names, "cs01.lab.test", "AAAA")
    assert (response.rcode(), response.answer) == (dns.rcode.NOERROR, [])


def test_unknown_names_and_addresses_do_not_exist(names: DnsServer) -> None:
    assert ask(names, "nobody.lab.test").rcode() == dns.rcode.NXDOMAIN
    assert (
        ask(names, dns.reversename.from_address("192.0.2.99").to_text(), "PTR").rcode() == dns.rcode.NXDOMAIN
    )


def test_forward_and_back_can_disagree_or_be_missing(names: DnsServer) -> None:
    names.add("cs02.lab.test", "192.0.2.11", reverse="old.lab.test")
    back = dns.reversename.from_address("192.0.2.11").to_text()
    assert answers(ask(names, back, "PTR")) == ["old.lab.test."]
    names.add("cs02.lab.test", "192.0.2.11", reverse="")
    assert ask(names, back, "PTR").rcode() == dns.rcode.NXDOMAIN
    names.remove("cs02.lab.test")
    assert ask(names, "cs02.lab.test").rcode() == dns.rcode.NXDOMAIN


def test_a_dns_server_can_refuse_or_keep_silent(names: DnsServer) -> None:
    names.refusing = True
    assert ask(names, "cs01.lab.test").rcode() == dns.rcode.REFUSED
    names.silent = True
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(dns.message.make_query("cs01.lab.test", "A"), names.host, timeout=0.3, port=names.port)


def test_noise_on_the_dns_port_is_not_answered_and_does_no_harm(names: DnsServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"noise", (names.host, names.port))
    assert answers(ask(names, "cs01.lab.test")) == ["192.0.2.10"]


def time_from(server: NtpServer) -> tuple[float, int, bytes]:
    """Seconds that the server is ahead, its stratum, and what it gives back as our own time stamp."""
    stamp = b"\1\2\3\4\5\6\7\10"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.settimeout(1)
        channel.sendto(b"\x23" + b"\0" * 39 + stamp, (server.host, server.port))
        packet, _sender = channel.recvfrom(512)
    assert len(packet) == 48
    assert packet[0] & 7 == 4
    sent = struct.unpack("!Q", packet[40:48])[0] / 2**32 - EPOCH_OFFSET_S
    return sent - time.time(), packet[1], packet[24:32] if packet[24:32] == stamp else b""


def test_time_is_this_machines_time_plus_the_offset_asked_for() -> None:
    with NtpServer() as server:
        ahead, stratum, originate = time_from(server)
        assert abs(ahead) < 0.5
        assert stratum == 2
        assert originate
        server.offset_s = -400.0
        assert abs(time_from(server)[0] + 400.0) < 0.5
        server.stratum = 16
        assert time_from(server)[1] == 16
        assert server.answered == 3


def test_a_silent_time_server_does_not_answer() -> None:
    with NtpServer() as server:
        server.silent = True
        with pytest.raises(TimeoutError):
            time_from(server)


def test_each_endpoint_answers_under_its_own_name_with_a_trusted_certificate(
    front: AzureFront, authority: Authority
) -> None:
    ca = authority.certificate
    assert get(front, LOGIN, ca=ca)[0] == 200
    assert get(front, STORE, ca=ca)[0] == 403
    assert get(front, "management.azure.com", ca=ca)[0] == 401
    assert [item.host for item in front.seen] == [LOGIN, STORE, "management.azure.com"]
    assert all(item.tls for item in front.seen)


def test_plain_http_is_answered_on_the_same_port(front: AzureFront) -> None:
    assert get(front, LOGIN, "/ncsi.txt", ca=None)[0] == 200
    assert (front.seen[0].path, front.seen[0].tls) == ("/ncsi.txt", False)


def test_a_name_that_the_front_does_not_stand_for_is_not_in_its_certificate(
    front: AzureFront, authority: Authority
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        get(front, "elsewhere.example", ca=authority.certificate)


def test_the_certificate_is_not_trusted_without_the_labs_ca(front: AzureFront, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger", name="Somebody else")
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed"):
        get(front, LOGIN, ca=stranger.certificate)


def test_some_names_can_be_refused(front: AzureFront, authority: Authority) -> None:
    front.refuse(STORE)
    with pytest.raises(ssl.SSLError):
        get(front, STORE, ca=authority.certificate)
    assert get(front, LOGIN, ca=authority.certificate)[0] == 200
    front.refuse()
    assert get(front, STORE, ca=authority.certificate)[0] == 403


def test_tls_inspection_shows_the_certificate_of_another_authority(
    front: AzureFront, authority: Authority, tmp_path: Path
) -> None:
    company = Authority(tmp_path / "company", name="Example Corp inspection CA")
    front.inspect(company, STORE)
    with pytest.raises(ssl.SSLCertVerificationError):
        get(front, STORE, ca=authority.certificate)
    assert get(front, STORE, ca=company.certificate)[0] == 403
    assert get(front, LOGIN, ca=authority.certificate)[0] == 200


def test_a_status_can_be_ordered_and_a_file_published(
    front: AzureFront, authority: Authority, tmp_path: Path
) -> None:
    front.statuses[LOGIN] = 503
    (tmp_path / "file.bin").write_bytes(b"content" * 1000)
    front.publish("/file.bin", tmp_path / "file.bin")
    assert get(front, LOGIN, ca=authority.certificate)[0] == 503
    assert get(front, STORE, "/file.bin", ca=authority.certificate) == (200, b"content" * 1000)


def through(proxy: HttpProxy, host: str, ca: Path, headers: dict[str, str] | None = None) -> int:
    connection = http.client.HTTPSConnection(
        proxy.host, proxy.port, timeout=5, context=ssl.create_default_context(cafile=str(ca))
    )
    connection.set_tunnel(host, 443, headers or {})
    try:
        connection.request("GET", "/")
        with connection.getresponse() as response:
            return response.status
    finally:
        connection.close()


def test_the_proxy_leads_every_tunnel_to_the_front(front: AzureFront, authority: Authority) -> None:
    with HttpProxy((front.host, front.port)) as proxy:
        assert through(proxy, LOGIN, authority.certificate) == 200
        assert through(proxy, STORE, authority.certificate) == 403
        assert proxy.asked == [f"{LOGIN}:443", f"{STORE}:443"]


def test_the_proxy_can_demand_credentials(front: AzureFront, authority: Authority) -> None:
    with HttpProxy((front.host, front.port), credentials=("svc", "open sesame")) as proxy:
        with pytest.raises(OSError, match="407"):
            through(proxy, LOGIN, authority.certificate)
        right = {"Proxy-Authorization": "Basic c3ZjOm9wZW4gc2VzYW1l"}
        assert through(proxy, LOGIN, authority.certificate, right) == 200


def test_the_proxy_can_deny_a_host(front: AzureFront, authority: Authority) -> None:
    with HttpProxy((front.host, front.port)) as proxy:
        proxy.denied.add(STORE)
        with pytest.raises(OSError, match="403"):
            through(proxy, STORE, authority.certificate)


def test_the_proxy_forwards_plain_http(front: AzureFront) -> None:
    with HttpProxy((front.host, front.port)) as proxy:
        connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=5)
        connection.request("GET", "http://www.msftncsi.com/ncsi.txt")
        with connection.getresponse() as response:
            assert response.status == 200
        connection.close()
    assert front.seen[0].host == "www.msftncsi.com"


def test_a_taken_port_is_an_error_at_the_start(names: DnsServer) -> None:
    with pytest.raises(OSError, match="in use"):
        DnsServer({}, names.port).start()


def test_a_stopped_server_no_longer_answers(authority: Authority) -> None:
    with AzureFront([LOGIN], authority) as server:
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.port
