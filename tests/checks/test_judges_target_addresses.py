"""Addresses in Azure as this server and the machine that is set up see them, judged by rows of the real catalogue."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.target import clock, judged_as_planned
from tests.checks.test_judges_network import item


def seen(host: str, **changes: Any) -> dict[str, Any]:
    return {
        "host": host,
        "port": 443,
        "dns": True,
        "tcp": True,
        "tls": True,
        "issuer": "CN=Microsoft Azure RSA TLS Issuing CA 07, O=Microsoft Corporation, C=US",
        "http_status": 403,
        "via_proxy": False,
        "error": None,
        "seconds": 0.2,
        **changes,
    }


CLOSED = {"tcp": False, "tls": False, "issuer": None, "http_status": None, "error": "timed out"}
LOGIN = "login.microsoftonline.com"


@pytest.mark.parametrize(
    ("here", "there", "status", "words"),
    [
        (True, None, "pass", "can be reached from here"),
        (True, seen("other.test"), "pass", "can be reached from here"),
        (False, seen(LOGIN.upper()), "pass", "can be reached from the machine that is set up"),
        (True, seen(LOGIN, **CLOSED), "fail", "cannot be reached from the machine that is set up"),
        (False, seen(LOGIN, **{**CLOSED, "http_status": 200}), "pass", "from the machine that is set up"),
        (False, None, "fail", "cannot be reached from here"),
    ],
)
def test_the_way_of_the_machine_counts_and_this_servers_stands_for_it_until_then(
    here: bool, there: Any, status: str, words: str
):
    facts: dict[str, Any] = {"urls.reach": [item("URL-04", reached=here, host=LOGIN)]}
    if there:
        facts["host.reach.endpoints"] = [there]
    finding = judged_as_planned("URL-04", facts, method="manual" if there else "ova")
    assert (finding.status, words in str(finding.summary)) == (status, True), str(finding.summary)


def test_a_machine_that_is_there_and_did_not_say_what_it_reaches_passes_nothing():
    finding = judged_as_planned("URL-04", {"urls.reach": [item("URL-04", host=LOGIN)]}, method="manual")
    assert finding.status == "unknown"


def test_what_the_machine_was_told_is_repeated():
    facts = {"urls.reach": [], "host.reach.endpoints": [seen(LOGIN, **CLOSED)]}
    assert [str(detail) for detail in judged_as_planned("URL-04", facts).details] == [f"{LOGIN}: timed out"]


def test_what_the_machine_had_no_time_to_try_is_not_known():
    late = seen(LOGIN, **{**CLOSED, "dns": False, "error": "not tried: the tests before it took too long"})
    facts = {"urls.reach": [item("URL-04", host=LOGIN)], "host.reach.endpoints": [late]}
    assert judged_as_planned("URL-04", facts).status == "unknown"
    assert (
        str(judged_as_planned("URL-04", facts).summary)
        == f"The machine did not try {LOGIN}; collect its facts again."
    )


@pytest.mark.parametrize(("tcp", "status"), [(True, "pass"), (False, "warn")])
def test_a_host_without_tls_is_reached_once_it_accepts_a_connection(tcp: bool, status: str):
    plain = seen("www.msftncsi.com", **{**CLOSED, "tcp": tcp, "port": 80, "error": "TLS: no answer"})
    facts = {
        "urls.reach": [item("URL-18.1"), item("URL-18.2"), item("URL-18.3", host="www.msftncsi.com")],
        "host.reach.endpoints": [plain],
    }
    assert judged_as_planned("URL-18", facts).status == status


def test_an_example_that_the_machine_cannot_name_proves_nothing_unless_a_proxy_names_it():
    host = "pod01-prot1.we.backup.windowsazure.com"
    gone = seen(host, **{**CLOSED, "dns": False})
    facts = {"urls.reach": [item("URL-01", host=host, example=True)], "host.reach.endpoints": [gone]}
    assert judged_as_planned("URL-01", facts).status == "unknown"
    facts["host.reach.endpoints"] = [{**gone, "via_proxy": True}]
    assert judged_as_planned("URL-01", facts).status == "fail"


@pytest.mark.parametrize(("offset", "status"), [(0.1, "pass"), (None, "warn")])
def test_time_hosts_are_asked_by_the_machine_over_ntp(offset: float | None, status: str):
    facts = {
        "urls.reach": [item("URL-05", reached=offset is None, host="time.nist.gov")],
        "host.time.ntp": [clock("time.nist.gov", offset, None if offset is not None else "timed out")],
    }
    assert judged_as_planned("URL-05", facts).status == status


@pytest.mark.parametrize(("mysql", "status"), [("staged", "pass"), ("download", "fail")])
def test_mysql_need_not_be_downloaded_where_its_installer_is_staged(mysql: str, status: str):
    facts = {
        "urls.reach": [item("URL-16.1", reached=False), item("URL-16.2", reached=False)],
        "host.reach.endpoints": [],
        "installation.mysql": mysql,
    }
    assert judged_as_planned("URL-16", facts).status == status


@given(
    reached=st.booleans(),
    fields=st.fixed_dictionaries(
        {
            "dns": st.booleans(),
            "tcp": st.booleans(),
            "tls": st.booleans(),
            "via_proxy": st.booleans(),
            "http_status": st.none() | st.integers(100, 599),
            "error": st.none() | st.text(),
        }
    ),
)
def test_an_answer_to_the_machine_always_passes_and_its_silence_never(reached: bool, fields: dict[str, Any]):
    facts = {
        "urls.reach": [item("URL-04", reached=reached, host=LOGIN)],
        "host.reach.endpoints": [seen(LOGIN, **fields)],
    }
    answered = fields["tls"] or fields["http_status"] is not None
    assert judged_as_planned("URL-04", facts).status == ("pass" if answered else "fail")


@pytest.mark.parametrize(
    ("here", "there", "status"),
    [
        ([item("URL-04", host=LOGIN)], [seen(LOGIN)], "pass"),
        ([item("URL-04", host=LOGIN)], [seen(LOGIN, issuer="CN=Corporate Inspection")], "warn"),
        ([item("URL-04", host=LOGIN)], [seen(LOGIN, issuer="O=Example Trust")], "pass"),
        ([item("URL-04", host=LOGIN, tls_suspicious=True)], [seen(LOGIN)], "pass"),
        ([item("URL-04", host=LOGIN, tls_suspicious=True)], [seen(LOGIN, issuer=None)], "warn"),
        ([], [seen(LOGIN, issuer=None)], "unknown"),
    ],
)
def test_inspection_on_the_machines_way_shows_in_the_issuer(here: Any, there: Any, status: str):
    assert judged_as_planned("PRX-06", {"urls.reach": here, "host.reach.endpoints": there}).status == status


@pytest.mark.parametrize(
    ("here", "there", "status"),
    [
        ([item("URL-MOD-09", host="portal.azure.com")], [], "pass"),
        ([item("URL-MOD-09", host="portal.azure.com", reached=False)], [], "warn"),
        ([item("URL-MOD-09", host="portal.azure.com")], [seen("portal.azure.com", **CLOSED)], "warn"),
        ([item("URL-MOD-GOV-07", host="portal.azure.us")], [], "pass"),
        ([item("URL-MOD-05")], [], "unknown"),
        (
            [item("URL-MOD-09", host="portal.azure.com")],
            [seen("portal.azure.com", **{**CLOSED, "error": "not tried: the tests before it took too long"})],
            "unknown",
        ),
    ],
)
def test_the_appliance_compares_its_clock_with_the_portal_of_its_cloud(here: Any, there: Any, status: str):
    facts = {"urls.reach": here, "host.reach.endpoints": there}
    finding = judged_as_planned("TIME-06", facts, component="appliance", profile="asr-modernized")
    assert finding.status == status
