from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from tests.checks.conftest import Authority
from tests.checks.far_ends import (
    Zone,
    closed_port,
    connect_proxy,
    full_backlog,
    http_answer,
    ntp_answer,
    over_tls,
    tcp_server,
    udp_server,
)
from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.checks.endpoints import Endpoint, endpoints
from wizard.checks.engine import Collector, gather
from wizard.checks.network_collectors import (
    NetworkPlan,
    dns_forward,
    dns_reverse,
    host_reach,
    network_collectors,
    proxy_reach,
    time_servers,
    url_reach,
    vcenter_reach,
)
from wizard.text import Text

DNS = ("10.9.9.9",)


def run(collector: Collector) -> Any:
    values = gather([collector]).values()
    (key,) = collector.provides
    return values[key]


def make_endpoint(**changes: Any) -> Endpoint:
    values: dict[str, Any] = {
        "id": "URL-99",
        "row": "URL-99",
        "cloud": "public",
        "pattern": "login.cloud.test",
        "probe_host": "login.cloud.test",
        "protocol": "https",
        "path": "/",
        "purpose": Text("Signs in."),
        "needed_by": ("cs",),
        "profiles": ("asr-classic",),
        "when": (),
        "unless": {},
        "severity": "block",
        "methods": ("ova",),
        "source": "a.md",
        "source_date": "2023-12",
        "link": "https://learn.microsoft.com/azure/site-recovery/a",
        "conflict": None,
        **changes,
    }
    return Endpoint(**values)


def test_dns_is_asked_both_ways_and_failures_are_facts_too():
    zone = Zone({"cs01.site.test": ["10.0.0.10"]})
    with udp_server(zone.answer) as port:
        book = AddressBook.parse(f"10.9.9.9:53:127.0.0.1:{port}")
        forward = run(dns_forward("cs01.site.test", DNS, book=book))
        backward = run(dns_reverse("10.0.0.10", DNS, book=book))
    assert forward == {"name": "cs01.site.test", "addresses": ["10.0.0.10"], "error": None}
    assert (backward["address"], backward["names"]) == ("10.0.0.10", [])
    assert "DNS knows no 10.0.0.10" in str(backward["error"])


def test_without_dns_servers_the_reverse_look_up_says_so():
    assert str(run(dns_reverse("10.0.0.10", ()))["error"]) == "No DNS server is named."


def test_time_servers_are_asked_at_once_and_keep_their_order():
    all_three = threading.Barrier(3)
    tell = ntp_answer(400.0)

    def answer(question: bytes) -> bytes | None:
        all_three.wait(AT_ONCE_S)
        return tell(question)

    def keep_silent(question: bytes) -> None:
        all_three.wait(AT_ONCE_S)

    with (
        udp_server(answer) as ahead,
        udp_server(keep_silent) as silent,
        udp_server(keep_silent) as silent_too,
    ):
        book = AddressBook.parse(
            f"time0.test:123:127.0.0.1:{silent},time1.test:123:127.0.0.1:{ahead},"
            f"time2.test:123:127.0.0.1:{silent_too}"
        )
        seen = run(time_servers(("time0.test", "time1.test", "time2.test"), book=book, timeout_s=1.5))
    assert [item["server"] for item in seen] == ["time0.test", "time1.test", "time2.test"]
    assert seen[1]["offset_s"] == pytest.approx(400, abs=0.5)
    assert seen[0]["offset_s"] is None
    assert "No answer from the time server time0.test" in str(seen[0]["error"])


def test_no_time_servers_are_an_empty_list():
    assert run(time_servers(())) == []


def test_vcenter_and_hosts_are_tried_on_their_ports():
    with tcp_server(http_answer(200)) as port, closed_port() as closed:
        book = AddressBook.parse(
            f"vcenter.site.test:8443:127.0.0.1:{port},esx1.site.test:443:127.0.0.1:{port},"
            f"esx2.site.test:443:127.0.0.1:{closed}"
        )
        vcenter = run(vcenter_reach("vcenter.site.test", 8443, book=book))
        hosts = run(host_reach((("ESX 1", "esx1.site.test"), ("ESX 2", "esx2.site.test")), book=book))
    assert (vcenter["address"], vcenter["port"], vcenter["reached"]) == ("vcenter.site.test", 8443, True)
    assert [(item["name"], item["reached"]) for item in hosts] == [("ESX 1", True), ("ESX 2", False)]
    assert "refused the connection" in str(hosts[1]["detail"])


PROXY = "http://proxy.site.test:3128"


def proxy_book(port: int) -> AddressBook:
    return AddressBook.parse(f"proxy.site.test:3128:127.0.0.1:{port}")


def test_no_proxy_is_none():
    assert run(proxy_reach(None, "login.cloud.test")) is None


@pytest.mark.parametrize(
    ("status", "wants_credentials"), [(200, False), (407, True), (403, False), (502, False)]
)
def test_a_proxy_that_answers_is_reached_whatever_it_says(status: int, wants_credentials: bool):
    with tcp_server(http_answer(status)) as port:
        seen = run(proxy_reach(PROXY, "login.cloud.test", book=proxy_book(port)))
    assert (seen["scheme"], seen["host"]) == ("http", "proxy.site.test")
    assert (seen["resolves"], seen["reached"]) == (True, True)
    assert seen["wants_credentials"] is wants_credentials


def test_a_proxy_that_is_down_resolves_and_is_not_reached():
    with closed_port() as port:
        seen = run(proxy_reach(PROXY, "login.cloud.test", book=proxy_book(port)))
    assert (seen["resolves"], seen["reached"]) == (True, False)
    assert "refused" in str(seen["detail"])


def test_a_proxy_without_a_name_in_dns_does_not_resolve():
    with udp_server(Zone().answer) as port:
        book = AddressBook.parse(f"10.9.9.9:53:127.0.0.1:{port}")
        seen = run(proxy_reach(PROXY, "login.cloud.test", DNS, book=book))
    assert (seen["resolves"], seen["reached"]) == (False, False)


def test_each_address_is_tried_by_its_own_protocol(authority: Authority):
    items = (
        make_endpoint(id="A"),
        make_endpoint(id="B", pattern="*.cloud.test", probe_host="login.cloud.test"),
        make_endpoint(id="C", pattern="*.other.test", probe_host=""),
        make_endpoint(id="D", pattern="web.test", probe_host="web.test", protocol="http"),
        make_endpoint(id="E", pattern="time.test", probe_host="time.test", protocol="ntp"),
        make_endpoint(id="F", pattern="gone.test", probe_host="gone.test"),
    )
    with (
        tcp_server(over_tls(authority.context("login.cloud.test"), http_answer(401))) as port,
        tcp_server(http_answer(200)) as plain,
        udp_server(ntp_answer(3.0)) as clock,
        udp_server(Zone().answer) as dns_port,
    ):
        book = AddressBook.parse(
            f"login.cloud.test:443:127.0.0.1:{port},web.test:80:127.0.0.1:{plain},"
            f"time.test:123:127.0.0.1:{clock},10.9.9.9:53:127.0.0.1:{dns_port}"
        )
        seen = run(url_reach(items, DNS, book=book, ca_file=authority.ca_file, timeout_s=5))
    by_id = {item["endpoint_id"]: item for item in seen}
    assert [item["endpoint_id"] for item in seen] == ["A", "B", "D", "E", "F"]
    assert {name: item["reached"] for name, item in by_id.items()} == {
        "A": True,
        "B": True,
        "D": True,
        "E": True,
        "F": False,
    }
    assert str(by_id["A"]["detail"]) == "answered with status 401"
    assert (by_id["A"]["example"], by_id["B"]["example"]) == (False, True)
    assert by_id["A"]["issuer"] == "Example Trust / Example Trust Root"
    assert "+3.0 s from this server" in str(by_id["E"]["detail"])
    assert (by_id["F"]["layer"], by_id["F"]["failure"]) == ("dns", "no_such_name")


def test_twenty_dropped_addresses_cost_little_more_than_two_deadlines():
    items = tuple(make_endpoint(id=f"U-{number}") for number in range(20))
    with full_backlog() as port:
        book = AddressBook.parse(f"*:443:127.0.0.1:{port}")
        collector = url_reach(items, book=book, timeout_s=0.3)
        since = time.monotonic()
        seen = run(collector)
        took = time.monotonic() - since
    assert took < 20 * 0.3 - 1
    assert collector.deadline_s >= 2 * 0.3
    assert {item["failure"] for item in seen} == {"timeout"}


class Site:
    """A site in which everything the network is asked for is as it should be, behind a proxy or not."""

    def __init__(self, authority: Authority, stack: ExitStack, *, with_proxy: bool) -> None:
        targets = endpoints("asr-classic", "public", "ova")
        names = sorted({item.probe_host for item in targets if item.protocol == "https" and item.probe_host})
        zone = Zone({"cs01.site.test": ["10.0.0.10"]}, {"10.0.0.10.in-addr.arpa": ["cs01.site.test."]})
        web = stack.enter_context(tcp_server(over_tls(authority.context(*names), http_answer(403))))
        plain = stack.enter_context(tcp_server(http_answer(200)))
        clock = stack.enter_context(udp_server(ntp_answer()))
        dns_port = stack.enter_context(udp_server(zone.answer))
        self.asked_of_proxy: list[bytes] = []
        proxy_port = stack.enter_context(tcp_server(connect_proxy(("127.0.0.1", web), self.asked_of_proxy)))
        straight = "" if with_proxy else f"*:443:127.0.0.1:{web},"
        self.plan = NetworkPlan(
            fqdn="cs01.site.test",
            address="10.0.0.10",
            dns_servers=DNS,
            ntp_servers=("time.windows.com", "time.nist.gov"),
            proxy=PROXY if with_proxy else None,
            vcenter=("vcenter.site.test", 8443),
            hosts=(("esx1", "esx1.site.test"),),
            endpoints=tuple(item for item in targets if not with_proxy or item.protocol == "https"),
            book=AddressBook.parse(
                f"{straight}vcenter.site.test:8443:127.0.0.1:{web},esx1.site.test:443:127.0.0.1:{web},"
                f"*:80:127.0.0.1:{plain},*:123:127.0.0.1:{clock},10.9.9.9:53:127.0.0.1:{dns_port},"
                f"proxy.site.test:3128:127.0.0.1:{proxy_port}"
            ),
            ca_file=authority.ca_file,
        )


@pytest.mark.parametrize("with_proxy", [False, True], ids=["direct", "proxy"])
def test_a_healthy_site_gives_every_fact(authority: Authority, with_proxy: bool):
    with ExitStack() as stack:
        site = Site(authority, stack, with_proxy=with_proxy)
        facts: Mapping[str, Any] = gather(network_collectors(site.plan)).values()
    assert set(facts) == {
        *("dns.forward", "dns.reverse", "ntp.offsets", "proxy.reach"),
        *("vcenter.reach", "hosts.reach", "urls.reach"),
    }
    assert facts["vcenter.reach"]["reached"]
    assert facts["hosts.reach"][0]["reached"]
    assert [item["endpoint_id"] for item in facts["urls.reach"] if not item["reached"]] == []
    assert not any(item["tls_suspicious"] for item in facts["urls.reach"])
    if with_proxy:
        assert facts["proxy.reach"]["reached"]
        asked = {head.split(b" ")[1].decode() for head in site.asked_of_proxy}
        assert asked == {f"{item.probe_host}:443" for item in site.plan.endpoints if item.probe_host}
    else:
        assert facts["proxy.reach"] is None
