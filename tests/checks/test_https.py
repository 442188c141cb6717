from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests.checks.conftest import Authority
from tests.checks.far_ends import (
    Zone,
    closed_port,
    connect_proxy,
    full_backlog,
    http_answer,
    over_tls,
    say_nothing,
    tcp_server,
    udp_server,
)
from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.checks.probes.https import Reach, reach
from wizard.checks.probes.tcp import connect
from wizard.checks.probes.tls import Trust

HOST = "login.cloud.test"
TIMEOUT_S = 5.0


def book_to(port: int, host: str = HOST) -> AddressBook:
    return AddressBook.parse(f"{host}:443:127.0.0.1:{port}")


def layers(seen: Reach) -> dict[str, str]:
    return {layer.name: layer.status for layer in seen.layers}


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 500, 503])
def test_any_answer_of_the_host_itself_means_reached(authority: Authority, status: int):
    with tcp_server(over_tls(authority.context(HOST), http_answer(status))) as port:
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    assert seen.reached
    assert seen.http_status == status
    assert layers(seen) == {"dns": "pass", "tcp": "pass", "tls": "pass", "http": "pass"}
    assert seen.tls_version == "TLSv1.3"
    assert seen.issuer == "Example Trust / Example Trust Root"
    assert not seen.tls_suspicious
    assert seen.failure is None


def test_the_path_is_asked_for_and_nothing_secret_is_sent(authority: Authority):
    heads: list[bytes] = []
    with tcp_server(over_tls(authority.context(HOST), http_answer(200, seen=heads))) as port:
        reach(HOST, path="/get/file", book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    (head,) = heads
    assert head.startswith(b"GET /get/file HTTP/1.1\r\nHost: login.cloud.test\r\n")


def test_a_name_that_dns_does_not_know_ends_at_the_first_layer():
    with udp_server(Zone().answer) as port:
        book = AddressBook.parse(f"10.9.9.9:53:127.0.0.1:{port}")
        seen = reach("gone.cloud.test", book=book, dns_servers=("10.9.9.9",), timeout_s=TIMEOUT_S)
    assert layers(seen) == {"dns": "fail", "tcp": "skipped", "tls": "skipped", "http": "skipped"}
    assert not seen.reached
    assert seen.failure == "no_such_name"
    assert "gone.cloud.test" in str(seen.end.detail)


def test_the_named_dns_servers_say_where_the_host_is(authority: Authority):
    zone = Zone({HOST: ["127.0.0.1"]})
    with (
        tcp_server(over_tls(authority.context(HOST), http_answer(200))) as port,
        udp_server(zone.answer) as dns_port,
    ):
        book = AddressBook.parse(f"10.9.9.9:53:127.0.0.1:{dns_port}")
        seen = reach(
            HOST,
            port,
            book=book,
            dns_servers=("10.9.9.9",),
            trust=Trust(authority.ca_file),
            timeout_s=TIMEOUT_S,
        )
    assert seen.reached
    assert str(seen.layers[0].detail) == f"{HOST} is 127.0.0.1"


def test_a_second_address_is_tried_when_the_first_does_not_answer():
    # Nobody listens on 127.0.0.2, all of 127/8 being loopback: the connection there is refused.
    zone = Zone({HOST: ["127.0.0.2", "127.0.0.3"]})
    with socket.create_server(("127.0.0.3", 0)) as listener, udp_server(zone.answer) as dns_port:
        book = AddressBook.parse(f"10.9.9.9:53:127.0.0.1:{dns_port}")
        seen = connect(HOST, listener.getsockname()[1], book, 2.0, dns_servers=("10.9.9.9",))
    assert seen.address == "127.0.0.3"


def test_a_refused_connection_says_so():
    with closed_port() as port:
        seen = reach(HOST, book=book_to(port), timeout_s=TIMEOUT_S)
    assert layers(seen) == {"dns": "pass", "tcp": "fail", "tls": "skipped", "http": "skipped"}
    assert seen.failure == "refused"
    assert "refused the connection" in str(seen.end.detail)
    assert seen.end.remedy


def test_dropped_packets_are_a_time_out_within_the_deadline():
    with full_backlog() as port:
        since = time.monotonic()
        seen = reach(HOST, book=book_to(port), timeout_s=0.5)
        assert time.monotonic() - since < AT_ONCE_S
    assert seen.end.name == "tcp"
    assert seen.failure == "timeout"
    assert "dropped on the way" in str(seen.end.detail)


def test_a_handshake_that_never_comes_is_a_time_out_at_tls():
    with tcp_server(say_nothing) as port:
        since = time.monotonic()
        seen = reach(HOST, book=book_to(port), timeout_s=0.5)
        assert time.monotonic() - since < AT_ONCE_S
    assert seen.end.name == "tls"
    assert seen.failure == "timeout"


def test_an_answer_that_never_comes_is_a_time_out_at_http(authority: Authority):
    with tcp_server(over_tls(authority.context(HOST), say_nothing)) as port:
        since = time.monotonic()
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=1.0)
        assert time.monotonic() - since < AT_ONCE_S
    assert layers(seen)["tls"] == "pass"
    assert seen.end.name == "http"
    assert seen.failure == "timeout"


def test_an_answer_that_trickles_is_cut_off_at_the_deadline(authority: Authority):
    def trickle(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"H")
            time.sleep(0.05)

    with tcp_server(over_tls(authority.context(HOST), trickle)) as port:
        since = time.monotonic()
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=1.0)
        assert time.monotonic() - since < AT_ONCE_S
    assert seen.failure == "timeout"


def test_plain_http_on_the_tls_port_is_told_as_such():
    def plain(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with tcp_server(plain) as port:
        seen = reach(HOST, book=book_to(port), timeout_s=TIMEOUT_S)
    assert seen.end.name == "tls"
    assert seen.failure == "not_tls"
    assert not seen.reached


def test_a_connection_cut_in_the_handshake_points_at_filters_by_name():
    def cut(connection: socket.socket) -> None:
        connection.recv(4096)

    with tcp_server(cut) as port:
        seen = reach(HOST, book=book_to(port), timeout_s=TIMEOUT_S)
    assert seen.end.name == "tls"
    assert seen.failure == "closed"
    assert "filter by name" in str(seen.end.detail)


def test_something_else_than_http_is_not_an_answer(authority: Authority):
    def other(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"220 mail.cloud.test ESMTP\r\n\r\n")

    with tcp_server(over_tls(authority.context(HOST), other)) as port:
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    assert seen.failure == "not_http"
    assert "220 mail.cloud.test" in str(seen.end.detail)


def test_an_untrusted_issuer_is_reached_and_suspected_of_inspection(
    authority: Authority, inspector: Authority
):
    with tcp_server(over_tls(inspector.context(HOST), http_answer(200))) as port:
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    assert seen.reached
    assert seen.tls_suspicious
    assert layers(seen) == {"dns": "pass", "tcp": "pass", "tls": "warn", "http": "pass"}
    assert "Corporate Inspection" in str(seen.layers[2].detail)
    assert seen.issuer == "Corporate Inspection / Corporate Inspection Root"


def test_a_certificate_for_another_name_is_suspicious_too(authority: Authority):
    with tcp_server(over_tls(authority.context("other.cloud.test"), http_answer(200))) as port:
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    assert seen.reached
    assert seen.tls_suspicious
    assert "for another name" in str(seen.layers[2].detail)


def test_the_authorities_of_a_run_are_read_once_and_each_name_is_checked_all_the_same(
    authority: Authority, tmp_path: Path
):
    file = tmp_path / "ca.pem"
    file.write_bytes(Path(authority.ca_file).read_bytes())
    trust = Trust(str(file))
    with tcp_server(over_tls(authority.context(HOST), http_answer(200))) as port:
        assert not reach(HOST, book=book_to(port), trust=trust, timeout_s=TIMEOUT_S).tls_suspicious
        file.unlink()
        assert not reach(HOST, book=book_to(port), trust=trust, timeout_s=TIMEOUT_S).tls_suspicious
        other = "other.cloud.test"
        seen = reach(other, book=book_to(port, other), trust=trust, timeout_s=TIMEOUT_S)
    assert seen.tls_suspicious
    assert "for another name" in str(seen.layers[2].detail)


def test_an_expired_certificate_is_a_matter_of_clocks_not_of_inspection(authority: Authority):
    with tcp_server(over_tls(authority.context(HOST, days=-1), http_answer(200))) as port:
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    assert seen.reached
    assert not seen.tls_suspicious
    assert layers(seen)["tls"] == "warn"
    assert "outside its dates" in str(seen.layers[2].detail)


def test_a_sign_in_page_of_the_network_is_not_the_host(authority: Authority, inspector: Authority):
    page = http_answer(302, "Location: http://portal.hotel.test/welcome\r\n")
    with tcp_server(over_tls(inspector.context("portal.hotel.test"), page)) as port:
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    assert not seen.reached
    assert seen.failure == "portal"
    assert "portal.hotel.test" in str(seen.end.detail)


def test_a_redirect_by_the_host_itself_is_an_answer(authority: Authority):
    page = http_answer(302, "Location: https://cdn.cloud.test/file\r\n")
    with tcp_server(over_tls(authority.context(HOST), page)) as port:
        seen = reach(HOST, book=book_to(port), trust=Trust(authority.ca_file), timeout_s=TIMEOUT_S)
    assert seen.reached


def test_plain_http_is_tried_where_the_list_says_so():
    heads: list[bytes] = []
    with tcp_server(http_answer(200, seen=heads)) as port:
        book = AddressBook.parse(f"{HOST}:80:127.0.0.1:{port}")
        seen = reach(HOST, 80, path="/ncsi.txt", scheme="http", book=book, timeout_s=TIMEOUT_S)
    assert seen.reached
    assert layers(seen) == {"dns": "pass", "tcp": "pass", "tls": "skipped", "http": "pass"}
    assert heads[0].startswith(b"GET /ncsi.txt ")


def test_plain_http_that_leads_elsewhere_is_a_sign_in_page():
    with tcp_server(http_answer(307, "Location: https://portal.hotel.test/\r\n")) as port:
        book = AddressBook.parse(f"{HOST}:80:127.0.0.1:{port}")
        seen = reach(HOST, 80, scheme="http", book=book, timeout_s=TIMEOUT_S)
    assert not seen.reached
    assert seen.failure == "portal"


PROXY = "http://proxy.site.test:3128"


def proxy_book(port: int) -> AddressBook:
    return AddressBook.parse(f"proxy.site.test:3128:127.0.0.1:{port}")


def test_a_proxy_that_grants_connect_leads_to_the_host(authority: Authority):
    heads: list[bytes] = []
    with (
        tcp_server(over_tls(authority.context(HOST), http_answer(403))) as port,
        tcp_server(connect_proxy(("127.0.0.1", port), heads)) as proxy_port,
    ):
        seen = reach(
            HOST,
            proxy=PROXY,
            book=proxy_book(proxy_port),
            trust=Trust(authority.ca_file),
            timeout_s=TIMEOUT_S,
        )
    assert seen.reached
    assert seen.http_status == 403
    assert layers(seen) == {"dns": "pass", "proxy": "pass", "tcp": "pass", "tls": "pass", "http": "pass"}
    assert heads == [
        b"CONNECT login.cloud.test:443 HTTP/1.1\r\nHost: login.cloud.test:443\r\nUser-Agent: Foothold\r\n\r\n"
    ]


def test_tls_inspection_is_seen_through_a_proxy_as_well(authority: Authority, inspector: Authority):
    with (
        tcp_server(over_tls(inspector.context(HOST), http_answer(200))) as port,
        tcp_server(connect_proxy(("127.0.0.1", port), [])) as proxy_port,
    ):
        seen = reach(
            HOST,
            proxy=PROXY,
            book=proxy_book(proxy_port),
            trust=Trust(authority.ca_file),
            timeout_s=TIMEOUT_S,
        )
    assert seen.reached
    assert seen.tls_suspicious


@pytest.mark.parametrize(
    ("status", "layer", "failure", "words"),
    [
        (407, "proxy", "credentials", "asks for credentials (407)"),
        (403, "proxy", "denied", "does not let login.cloud.test port 443 through (403)"),
        (511, "proxy", "portal", "sign-in page"),
        (302, "proxy", "portal", "sign-in page"),
        (502, "tcp", "unreachable", "cannot reach login.cloud.test port 443 (502)"),
        (504, "tcp", "unreachable", "cannot reach login.cloud.test port 443 (504)"),
    ],
)
def test_what_a_proxy_answers_is_put_down_to_the_right_layer(
    status: int, layer: str, failure: str, words: str
):
    with tcp_server(http_answer(status)) as port:
        seen = reach(HOST, proxy=PROXY, book=proxy_book(port), timeout_s=TIMEOUT_S)
    assert not seen.reached
    assert seen.end.name == layer
    assert seen.failure == failure
    assert words in str(seen.end.detail)
    assert layers(seen)["proxy"] == ("fail" if layer == "proxy" else "pass")


def test_a_proxy_that_is_down_fails_at_the_proxy():
    with closed_port() as port:
        seen = reach(HOST, proxy=PROXY, book=proxy_book(port), timeout_s=TIMEOUT_S)
    assert seen.end.name == "proxy"
    assert seen.failure == "refused"
    assert "proxy.site.test" in str(seen.end.detail)


def test_a_proxy_behind_https_is_not_even_tried():
    with tcp_server(http_answer(200)) as port:
        seen = reach(HOST, proxy="https://proxy.site.test:3128", book=proxy_book(port), timeout_s=TIMEOUT_S)
    assert seen.end.name == "proxy"
    assert "http:// proxies only" in str(seen.end.detail)


def test_plain_http_asks_the_proxy_for_the_whole_address():
    heads: list[bytes] = []
    with tcp_server(http_answer(200, seen=heads)) as port:
        seen = reach(
            HOST, 80, path="/ncsi.txt", scheme="http", proxy=PROXY, book=proxy_book(port), timeout_s=TIMEOUT_S
        )
    assert seen.reached
    assert heads[0].startswith(b"GET http://login.cloud.test/ncsi.txt HTTP/1.1\r\n")


@pytest.mark.parametrize(("status", "layer"), [(407, "proxy"), (502, "tcp")])
def test_plain_http_refused_by_the_proxy_is_not_an_answer_of_the_host(status: int, layer: str):
    with tcp_server(http_answer(status)) as port:
        seen = reach(HOST, 80, scheme="http", proxy=PROXY, book=proxy_book(port), timeout_s=TIMEOUT_S)
    assert not seen.reached
    assert seen.end.name == layer
