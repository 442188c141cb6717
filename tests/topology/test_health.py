from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.topology import vault_documents as docs
from tests.topology.vault_documents import NOW
from wizard.topology.health import HealthState, ago, judge, overall
from wizard.topology.observed import Metrics, Observed, ObservedComponent, ObservedVault, observe

BARE = ObservedComponent(key="host:A", kind="ps_scaleout", name="LYON-PS01")


def state(metric: str, now: datetime = NOW, **fields: Any) -> HealthState:
    return states(metric, now, **fields)[0]


def states(metric: str, now: datetime = NOW, **fields: Any) -> list[HealthState]:
    component = replace(BARE, **fields)
    observed = Observed(vault=ObservedVault(key="v", id="v", name="v"), components=(component,))
    return [found for found in judge(observed, now) if found.metric == metric]


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(80.0, "ok"), (80.1, "warning"), (95.0, "warning"), (95.1, "critical"), (None, "unknown")],
)
@pytest.mark.parametrize("metric", ["cpu", "memory"])
def test_processor_and_memory_are_judged_by_80_and_95_percent(
    metric: str, percent: float | None, expected: str
) -> None:
    field = "cpu_percent" if metric == "cpu" else "memory_used_percent"
    found = state(metric, metrics=Metrics(**{field: percent}))
    assert found.state == expected
    assert str(found.threshold) == "warning above 80 %, critical above 95 %"
    assert str(found.value) == ("not told" if percent is None else f"{percent:g} %")


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(30.0, "ok"), (29.9, "warning"), (25.0, "warning"), (24.9, "critical"), (None, "unknown")],
)
def test_free_cache_space_is_judged_by_30_and_25_percent(percent: float | None, expected: str) -> None:
    found = state(
        "cache_space", metrics=Metrics(space_free_percent=percent, space_available_bytes=3 * docs.GIB // 2)
    )
    assert found.state == expected
    assert str(found.value) == ("not told" if percent is None else f"{percent:g} % (1.5 GB)")


@pytest.mark.parametrize(
    ("ago_minutes", "expected"), [(0, "ok"), (15, "ok"), (15.1, "critical"), (None, "unknown")]
)
def test_a_heartbeat_is_lost_after_15_minutes(ago_minutes: float | None, expected: str) -> None:
    heartbeat = None if ago_minutes is None else NOW - timedelta(minutes=ago_minutes)
    assert state("heartbeat", heartbeat=heartbeat).state == expected


@pytest.mark.parametrize(("minutes", "expected"), [(30, "ok"), (31, "warning"), (3000, "warning")])
def test_a_vcenter_is_only_asked_every_15_minutes(minutes: int, expected: str) -> None:
    heartbeat = NOW - timedelta(minutes=minutes)
    assert state("heartbeat", kind="vcenter", address="vc", heartbeat=heartbeat).state == expected


def test_a_vcenter_kept_outside_the_vault_is_not_judged() -> None:
    assert states("heartbeat", kind="vcenter") == []
    assert states("reported", kind="vcenter") == []


@pytest.mark.parametrize(
    ("days", "expected"),
    [(61, "ok"), (60, "warning"), (16, "warning"), (15, "critical"), (-1, "critical"), (None, "unknown")],
)
def test_certificates_are_judged_by_60_and_15_days(days: int | None, expected: str) -> None:
    ends = None if days is None else NOW + timedelta(days=days)
    assert state("certificate", certificate_ends=ends).state == expected


def test_days_of_a_certificate_are_counted_from_its_date_not_from_the_report() -> None:
    found = state(
        "certificate", certificate_ends=NOW + timedelta(days=30), facts={"certificate_days_reported": 400}
    )
    assert str(found.value) == "30 days left, until 2026-12-22"
    ended = state("certificate", certificate_ends=NOW - timedelta(days=1))
    assert str(ended.value) == "ended on 2026-11-21"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Supported", "ok"), ("UpdateRequired", "warning"), ("Deprecated", "warning"),
        ("SecurityUpdateRequired", "critical"), ("NotSupported", "critical"), ("", "unknown"), ("New", "unknown"),
    ],
)  # fmt: skip
def test_versions_are_judged_by_the_word_of_the_service(status: str, expected: str) -> None:
    found = state("version", version="9.57", version_status=status)
    assert found.state == expected
    assert "9.57" in str(found.value)


def test_a_version_whose_support_has_ended_is_critical_whatever_the_word() -> None:
    found = state("version", version_status="Supported", facts={"agent_expires": "2026-11-01T00:00:00+00:00"})
    assert found.state == "critical"
    assert "2026-11-01" in str(found.value)


@pytest.mark.parametrize(
    ("services", "facts", "expected"),
    [
        ({"psServiceStatus": "Running"}, {}, "ok"),
        ({"psServiceStatus": "running"}, {"provider_connection": "Connected"}, "ok"),
        ({"psServiceStatus": "Stopped"}, {}, "warning"),
        ({"csServiceStatus": "Running"}, {"provider_connection": "Disconnected"}, "warning"),
        ({}, {}, "unknown"),
    ],
)
def test_services_must_run(services: dict[str, str], facts: dict[str, str], expected: str) -> None:
    assert state("services", services=services, facts=facts).state == expected


@pytest.mark.parametrize(
    ("pending", "rate", "word", "expected"),
    [
        (0, 0.0, "", "ok"),
        (0, None, "", "ok"),
        (1800, 1.0, "", "ok"),
        (1801, 1.0, "", "warning"),
        (2700, 1.0, "", "warning"),
        (2701, 1.0, "", "critical"),
        (100, 0.0, "", "unknown"),
        (100, 0.0, "Yellow", "warning"),
        (None, 1.0, "", "unknown"),
        (None, None, "Red", "critical"),
    ],
)
def test_a_backlog_is_judged_by_the_time_that_it_takes_to_drain(
    pending: int | None, rate: float | None, word: str, expected: str
) -> None:
    words = {"throughputStatus": word} if word else {}
    metrics = Metrics(upload_pending_bytes=pending, throughput_bytes_per_s=rate, words=words)
    assert state("backlog", metrics=metrics).state == expected


def test_a_backlog_is_shown_with_size_and_minutes() -> None:
    metrics = Metrics(upload_pending_bytes=60 * 1024**2, throughput_bytes_per_s=1024.0**2 / 60)
    found = state("backlog", metrics=metrics)
    assert str(found.value) == "0.06 GB, 60 min at the present rate"
    assert str(found.threshold) == "warning above 30 min, critical above 45 min"


def test_reported_health_comes_with_its_errors_and_the_advice_of_the_service() -> None:
    observed = observe(docs.classic(), now=NOW)
    (found,) = [
        one
        for one in judge(observed, NOW)
        if one.metric == "reported" and one.component == f"host:{docs.SCALE_OUT.upper()}"
    ]
    assert str(found.value) == "healthy (errors 95126)"
    assert str(found.remedy) == "Do this."
    assert str(state("reported").value) == "not told"
    assert state("reported").state == "unknown"


def with_targets(*targets: docs.Document) -> Observed:
    details = docs.classic_details(masterTargetServers=list(targets))
    return observe(docs.classic(fabrics=[docs.fabric(details)]), now=NOW)


@pytest.mark.parametrize(
    ("level", "expected"),
    [("Warning", "warning"), ("Error", "critical"), (None, "warning"), ("New", "warning")],
)
def test_the_errors_of_a_master_target_are_all_that_tells_how_it_does(
    level: str | None, expected: str
) -> None:
    target = docs.master_target(
        docs.LINUX_TARGET, "LYON-MTL01", "10.20.0.31", osType="Linux",
        healthErrors=[docs.health_error(errorCode="h1", errorLevel="Warning")],
        validationErrors=[docs.health_error(errorCode="v1", errorLevel=level)],
    )  # fmt: skip
    observed = with_targets(target)
    (component,) = observed.of_kind("mt_linux")
    assert ([error.code for error in component.errors], component.health) == (["h1", "v1"], expected)
    (found,) = [
        one for one in judge(observed, NOW) if (one.component, one.metric) == (component.key, "reported")
    ]
    assert found.state == expected
    assert str(found.remedy) == "Do this."


def test_what_the_process_server_says_of_its_machine_is_not_said_of_the_master_target_again() -> None:
    for code, times in (("95126", 0), ("95127", 1)):
        errors = [docs.health_error(errorCode=code)]
        observed = with_targets(
            docs.master_target(docs.SCALE_OUT, "LYON-PS01", "10.20.0.21", healthErrors=errors)
        )
        told = [
            one for one in judge(observed, NOW) if one.component.endswith("#mt") and one.metric == "reported"
        ]
        assert [one.state for one in told] == ["warning"] * times


def test_a_well_vault_is_well_in_all_that_it_tells() -> None:
    for documents in (docs.classic(), docs.modernized()):
        found = judge(observe(documents, now=NOW), NOW)
        assert {one.state for one in found} == {"ok"}
        assert overall(found) == "ok"


def test_each_kind_is_measured_by_what_it_has() -> None:
    measured: dict[str, set[str]] = {}
    for documents in (docs.classic(), docs.modernized()):
        observed = observe(documents, now=NOW)
        for one in judge(observed, NOW):
            measured.setdefault(observed.component(one.component).kind, set()).add(one.metric)
    loaded = {"cpu", "memory", "cache_space"}
    server = {*loaded, "heartbeat", "certificate", "version", "services", "backlog", "reported"}
    assert measured == {
        "vault": {"reported"},
        "cs": server - {"backlog"},
        "ps_builtin": server,
        "ps_scaleout": server,
        "mt_builtin": {"heartbeat", "version"},
        "mt_linux": {"heartbeat", "version"},
        "vcenter": {"heartbeat", "reported"},
        "appliance": {"reported"},
        "appliance_ps": {*loaded, "heartbeat", "backlog", "reported"},
        "appliance_proxy": {"heartbeat", "reported"},
        "appliance_replication": {"heartbeat", "reported"},
        "appliance_reprotection": {"heartbeat", "reported"},
        "appliance_agent": {"heartbeat", "reported"},
        "appliance_provider": {"heartbeat", "reported"},
    }


def test_nothing_told_is_never_healthy() -> None:
    observed = Observed(vault=ObservedVault(key="v", id="v", name="v"), components=(BARE,))
    assert {one.state for one in judge(observed, NOW)} == {"unknown"}
    assert overall(judge(observed, NOW)) == "unknown"


def test_a_state_says_in_one_sentence_what_was_measured() -> None:
    found = state("cpu", metrics=Metrics(cpu_percent=97.25))
    assert str(found.sentence) == "LYON-PS01: CPU: 97.2 % (warning above 80 %, critical above 95 %)."
    assert found.key == "host:A|cpu"
    assert HealthState.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (timedelta(minutes=-5), "0 min ago"),
        (timedelta(minutes=119), "119 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(days=3), "3 days ago"),
    ],
)
def test_spans_are_told_in_the_unit_that_says_most(span: timedelta, expected: str) -> None:
    assert str(ago(span)) == expected


def test_a_moment_without_a_zone_is_utc() -> None:
    naive = NOW.replace(tzinfo=None)
    assert state("heartbeat", naive, heartbeat=datetime(2026, 11, 22, 12, tzinfo=UTC)).state == "ok"
