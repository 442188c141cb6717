from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.checks.test_judges_vsphere import decide
from wizard.text import Text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *((name, "pass") for name in ("cs01", "a", "LYON-CS-01", "x" * 15, "7up")),
        *(
            (name, "fail")
            for name in ("x" * 16, "", "-cs", "cs-", "cs_01", "cs.01", "cs 01", "12345", "cé01")
        ),
    ],
)
def test_a_computer_name_must_suit_windows_and_dns(name: str, status: str):
    assert decide("OS-08", name).status == status


@pytest.mark.parametrize(
    ("address", "mask", "gateway", "words"),
    [
        ("10.0.0.10", "255.255.255.0", "10.0.0.1", None),
        ("10.0.0.10", "24", "10.0.0.1", None),
        ("10.0.0.10", "/24", "10.0.0.1", None),
        ("10.0.0.0", "24", "10.0.0.1", "network or broadcast address"),
        ("10.0.0.255", "24", "10.0.0.1", "network or broadcast address"),
        ("10.0.0.10", "24", "10.0.1.1", "not in the subnet 10.0.0.0/24"),
        ("10.0.0.10", "24", "10.0.0.10", "not another machine"),
        ("10.0.0.10", "24", "10.0.0.255", "not another machine"),
        ("127.0.0.1", "8", "127.0.0.2", "cannot be the address of a machine"),
        ("224.0.0.5", "24", "224.0.0.1", "cannot be the address of a machine"),
        ("240.0.0.5", "24", "240.0.0.1", "cannot be the address of a machine"),
        ("0.0.0.0", "8", "0.0.0.1", "cannot be the address of a machine"),
        ("169.254.3.4", "16", "169.254.0.1", "link-local"),
        ("fe80::1", "64", "fe80::2", "not IPv4"),
        ("10.0.0.10", "255.0.255.0", "10.0.0.1", "not IPv4"),
        ("10.0.0.300", "24", "10.0.0.1", "not IPv4"),
    ],
)
def test_address_mask_and_gateway_must_fit_together(address: str, mask: str, gateway: str, words: str | None):
    verdict = decide("NET-01", address, mask, gateway)
    assert verdict.status == ("fail" if words else "pass")
    assert words is None or words in str(verdict.summary)


@pytest.mark.parametrize(
    ("port", "status"),
    [(9443, "pass"), (19443, "pass"), (9433, "warn"), (443, "fail"), (0, "fail"), (65536, "fail")],
)
def test_the_data_port_is_never_443(port: int, status: str):
    assert decide("NET-05", port).status == status


def dns(addresses: list[str], names: list[str], fqdn: str = "cs01.site.test") -> tuple[Any, ...]:
    failed = Text("DNS knows nothing.")
    return (
        {"name": fqdn, "addresses": addresses, "error": None if addresses else failed},
        {"address": "10.0.0.10", "names": names, "error": None if names else failed},
        "10.0.0.10",
        fqdn,
    )


@pytest.mark.parametrize(
    ("facts", "details"),
    [
        (dns(["10.0.0.10"], ["CS01.site.test."]), []),
        (dns(["10.0.0.9", "10.0.0.10"], ["old.site.test", "cs01.site.test"]), []),
        (dns(["10.0.0.10"], ["cs01.site.test"], "cs01"), []),
        (dns(["10.0.0.9"], ["cs01.site.test"]), ["cs01.site.test leads to 10.0.0.9 instead of 10.0.0.10."]),
        (
            dns(["10.0.0.10"], ["pc7.site.test"]),
            ["10.0.0.10 leads back to pc7.site.test instead of cs01.site.test."],
        ),
        (
            dns(["10.0.0.10"], ["cs01.other.test"]),
            ["10.0.0.10 leads back to cs01.other.test instead of cs01.site.test."],
        ),
        (dns([], []), ["DNS knows nothing.", "DNS knows nothing."]),
    ],
)
def test_dns_must_lead_to_the_address_and_back(facts: tuple[Any, ...], details: list[str]):
    verdict = decide("NET-12", *facts)
    assert verdict.status == ("fail" if details else "pass")
    assert [str(detail) for detail in verdict.details] == details


def offsets(*seconds: float | None) -> list[dict[str, Any]]:
    return [
        {"server": f"time{number}", "offset_s": one, "error": None if one is not None else Text("silent")}
        for number, one in enumerate(seconds)
    ]


@pytest.mark.parametrize(
    ("ntp", "vcenter", "status", "words"),
    [
        (offsets(0.1), 0.0, "pass", "shows real time"),
        (offsets(0.0), 61.0, "warn", "+61 s from real time"),
        (offsets(0.0), -61.0, "warn", "-61 s from real time"),
        (offsets(0.0), 300.0, "warn", "+300 s"),
        (offsets(0.0), 301.0, "fail", "+301 s"),
        (offsets(400.0), 0.0, "fail", "-400 s from real time"),
        (offsets(400.0), 400.0, "warn", "clock of this server is -400 s"),
        (offsets(0.0, 0.0, 5000.0), 0.0, "warn", "disagree by 5000 s"),
        (offsets(None, 0.0), 0.0, "pass", "shows real time"),
        (offsets(None, None), 0.0, "unknown", "real time is not known"),
        (offsets(), 0.0, "unknown", "real time is not known"),
        (offsets(None), 400.0, "fail", "disagree about the time"),
    ],
)
def test_vcenters_clock_is_held_against_real_time(
    ntp: list[dict[str, Any]], vcenter: float, status: str, words: str
):
    verdict = decide("TIME-01", ntp, vcenter)
    assert verdict.status == status
    assert words in str(verdict.summary)


@pytest.mark.parametrize("ntp", [offsets(-0.01), offsets(None)])
def test_a_hair_behind_is_not_told_as_minus_nothing(ntp: list[dict[str, Any]]):
    verdict = decide("TIME-01", ntp, -0.04)
    told = " ".join(map(str, (verdict.observed, *verdict.details)))
    assert "+0 s" in told
    assert "-0" not in told


@pytest.mark.parametrize(
    ("ntp", "status"),
    [
        (offsets(0.0, 0.0), "pass"),
        (offsets(0.0, None), "warn"),
        (offsets(None, None), "fail"),
        (offsets(), "fail"),
    ],
)
def test_every_time_server_should_answer(ntp: list[dict[str, Any]], status: str):
    assert decide("TIME-03", ntp).status == status


def item(endpoint_id: str, reached: bool = True, **changes: Any) -> dict[str, Any]:
    return {
        "endpoint_id": endpoint_id,
        "host": f"{endpoint_id.lower()}.cloud.test",
        "pattern": f"{endpoint_id.lower()}.cloud.test",
        "example": False,
        "reached": reached,
        "layer": "http",
        "detail": Text("answered with status 200") if reached else Text("It refused the connection."),
        "remedy": Text("") if reached else Text("Allow it."),
        "failure": None if reached else "refused",
        "issuer": "Example Trust",
        "tls_suspicious": False,
        **changes,
    }


def test_a_row_passes_when_all_its_hosts_are_reached():
    verdict = decide("URL-16", [item("URL-16.1"), item("URL-16.2"), item("URL-04", reached=False)])
    assert verdict.status == "pass"
    assert str(verdict.observed) == "2 of 2 reached"


def test_a_row_fails_with_one_host_and_names_it_first_with_its_remedy():
    verdict = decide("URL-16", [item("URL-16.1"), item("URL-16.2", reached=False)])
    assert verdict.status == "fail"
    assert str(verdict.summary) == "url-16.2.cloud.test cannot be reached from here."
    assert str(verdict.details[0]) == "url-16.2.cloud.test: It refused the connection. Allow it."


def test_an_example_that_vanished_from_dns_proves_nothing():
    gone = item("URL-01", reached=False, example=True, failure="no_such_name", pattern="*.cloud.test")
    verdict = decide("URL-01", [gone])
    assert verdict.status == "unknown"
    assert "below *.cloud.test" in str(verdict.summary)


def test_an_exact_name_that_dns_does_not_know_is_a_failure():
    assert decide("URL-04", [item("URL-04", reached=False, failure="no_such_name")]).status == "fail"


def test_an_example_that_a_firewall_drops_is_a_failure():
    assert decide("URL-01", [item("URL-01", reached=False, example=True, failure="timeout")]).status == "fail"


def test_a_pattern_without_a_public_host_is_mentioned():
    verdict = decide("URL-17", [item("URL-17.1")])
    assert verdict.status == "pass"
    assert "*.store.core.windows.net: no public host is known" in str(verdict.details[-1])


def test_a_row_of_which_nothing_can_be_tried_is_not_known():
    assert decide("URL-GOV-01", [item("URL-01")]).status == "unknown"


def test_tls_inspection_names_the_issuers_and_hosts():
    seen = [
        item("URL-01", tls_suspicious=True, issuer="Corporate Inspection"),
        item("URL-04"),
        item("URL-05", issuer=None),
    ]
    verdict = decide("PRX-06", seen)
    assert verdict.status == "fail"
    assert str(verdict.observed) == "issued by Corporate Inspection"
    assert [str(detail) for detail in verdict.details] == [
        "url-01.cloud.test: certificate issued by “Corporate Inspection”"
    ]


@pytest.mark.parametrize(
    ("seen", "status"),
    [([item("URL-04")], "pass"), ([item("URL-04", reached=False, issuer=None)], "unknown"), ([], "unknown")],
)
def test_without_any_certificate_inspection_is_not_ruled_out(seen: list[dict[str, Any]], status: str):
    assert decide("PRX-06", seen).status == status


PROXY = "http://proxy.site.test:3128"


def seen_proxy(**changes: Any) -> dict[str, Any]:
    return {
        "scheme": "http",
        "host": "proxy.site.test",
        "resolves": True,
        "reached": True,
        "wants_credentials": False,
        "detail": Text("connected"),
        **changes,
    }


@pytest.mark.parametrize(
    ("proxy", "status"),
    [
        (None, "pass"),
        ("", "pass"),
        (PROXY, "pass"),
        ("HTTP://p:1", "pass"),
        ("https://p:1", "fail"),
        ("socks5://p:1", "fail"),
    ],
)
def test_a_proxy_is_spoken_to_with_http_only(proxy: str | None, status: str):
    assert decide("PRX-01", proxy).status == status


@pytest.mark.parametrize(
    ("proxy", "seen", "status"),
    [
        (None, None, "pass"),
        (PROXY, seen_proxy(), "pass"),
        (PROXY, seen_proxy(wants_credentials=True), "fail"),
        (PROXY, seen_proxy(reached=False), "unknown"),
    ],
)
def test_a_proxy_should_ask_for_no_credentials(proxy: str | None, seen: Any, status: str):
    assert decide("PRX-02", proxy, seen).status == status


@pytest.mark.parametrize(
    ("proxy", "seen", "status"),
    [
        (None, None, "pass"),
        (PROXY, seen_proxy(), "pass"),
        (PROXY, seen_proxy(wants_credentials=True), "pass"),
        (PROXY, seen_proxy(reached=False), "fail"),
        (PROXY, seen_proxy(resolves=False, reached=False), "fail"),
    ],
)
def test_a_proxy_must_resolve_and_answer(proxy: str | None, seen: Any, status: str):
    assert decide("PRX-05", proxy, seen).status == status


@pytest.mark.parametrize(
    ("today", "status", "words"),
    [
        (date(2026, 1, 30), "pass", "supported until 2026-03-30"),
        (date(2026, 1, 31), "warn", "not been enabled for new machines since 2026-01-31"),
        (date(2026, 3, 30), "warn", "not been enabled"),
        (date(2026, 3, 31), "warn", "out of support since 2026-03-30"),
    ],
)
def test_the_end_of_the_classic_architecture_is_told_and_never_blocks(today: date, status: str, words: str):
    verdict = decide("LIFE-01", today)
    assert verdict.status == status
    assert words in str(verdict.summary)
