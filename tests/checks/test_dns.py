from __future__ import annotations

import time

import dns.rcode
import pytest

from tests.checks.far_ends import Zone, udp_server
from tests.waiting import AT_ONCE_S
from wizard.addresses import AddressBook
from wizard.checks.probes.dns import resolve, reverse
from wizard.checks.probes.failure import ProbeError


def test_a_name_gives_all_its_addresses_in_order():
    with udp_server(Zone({"cs01.site.test": ["10.0.0.9", "10.0.0.10"]}).answer) as port:
        assert resolve("cs01.site.test", ("127.0.0.1",), port=port) == ("10.0.0.10", "10.0.0.9")


def test_an_address_gives_its_name_without_the_final_dot():
    zone = Zone(names={"10.0.0.10.in-addr.arpa": ["cs01.site.test."]})
    with udp_server(zone.answer) as port:
        assert reverse("10.0.0.10", ("127.0.0.1",), port=port) == ("cs01.site.test",)


def test_the_address_book_leads_to_a_dns_server_elsewhere():
    with udp_server(Zone({"cs01.site.test": ["10.0.0.10"]}).answer) as port:
        book = AddressBook.parse(f"10.9.9.9:53:127.0.0.1:{port}")
        assert resolve("cs01.site.test", ("10.9.9.9",), book=book) == ("10.0.0.10",)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("nowhere.site.test", "no_such_name", "DNS knows no nowhere.site.test"),
        ("reverse.site.test", "no_records", "has no A record"),
        ("refused.site.test", "refused", "refuse to answer about refused.site.test"),
        ("broken.site.test", "bad_answer", "DNS failed on broken.site.test"),
    ],
)
def test_each_kind_of_failure_is_told_apart(name: str, kind: str, words: str):
    zone = Zone(
        names={"reverse.site.test": ["elsewhere.test."]},
        rcodes={"refused.site.test": dns.rcode.REFUSED, "broken.site.test": dns.rcode.SERVFAIL},
    )
    with udp_server(zone.answer) as port, pytest.raises(ProbeError) as caught:
        resolve(name, ("127.0.0.1",), port=port, timeout_s=3)
    assert caught.value.kind == kind
    assert words in str(caught.value)
    assert caught.value.remedy


def test_a_silent_dns_server_costs_no_more_than_the_deadline():
    with udp_server(Zone(silent=frozenset({"cs01.site.test"})).answer) as port:
        since = time.monotonic()
        with pytest.raises(ProbeError) as caught:
            resolve("cs01.site.test", ("127.0.0.1",), port=port, timeout_s=0.4)
    assert caught.value.kind == "timeout"
    assert time.monotonic() - since < AT_ONCE_S


def test_a_dead_first_server_leaves_time_for_the_second():
    with (
        udp_server(lambda question: None) as dead,
        udp_server(Zone({"cs01.site.test": ["10.0.0.10"]}).answer) as alive,
    ):
        book = AddressBook.parse(f"10.9.9.1:53:127.0.0.1:{dead},10.9.9.2:53:127.0.0.1:{alive}")
        found = resolve("cs01.site.test", ("10.9.9.1", "10.9.9.2"), book=book, timeout_s=1)
    assert found == ("10.0.0.10",)
