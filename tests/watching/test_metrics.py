"""Numbers for Prometheus: in its own format, the same from every process, for nobody who may not look."""

from __future__ import annotations

import re
from datetime import date, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests import stories
from tests.api.client import token_of
from tests.builders import make_deployment, make_operator
from wizard.models import (
    ApiToken,
    AuditEntry,
    Deployment,
    HostFacts,
    Operator,
    Task,
    TaskState,
    VCenter,
    Waiver,
)
from wizard.services import metrics, pulses, tasks

pytestmark = pytest.mark.django_db


def read() -> dict[str, Metric]:
    return {family.name: family for family in text_string_to_metric_families(metrics.exposition().decode())}


def value(name: str, /, **labels: str) -> float:
    found = [
        sample.value
        for family in read().values()
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    ]
    assert len(found) == 1, (name, labels, found)
    return found[0]


def ended(task: Task, state: TaskState, seconds: float) -> None:
    now = timezone.now()
    Task.objects.filter(pk=task.pk).update(
        state=state, started_at=now - timedelta(seconds=seconds), finished_at=now, last_seq=3
    )


@pytest.fixture
def busy(operator: Operator) -> Deployment:
    """One deployment in service and something of everything beside it."""
    return stories.answered(operator, "recorded")


def test_the_format_holds_what_promtool_asks_for(busy: Deployment) -> None:
    pulses.note("worker", "worker1@host")
    text = metrics.exposition().decode()
    helped = re.findall(r"^# HELP (\S+) (.+)$", text, re.MULTILINE)
    typed = re.findall(r"^# TYPE (\S+) (counter|gauge|histogram)$", text, re.MULTILINE)
    assert [name for name, _ in helped] == [name for name, _ in typed]
    assert len({name for name, _ in typed}) == len(typed) > 25
    for name, kind in typed:
        assert re.fullmatch(r"foothold_[a-z]+(_[a-z]+)*", name), name
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(gauge|counter|histogram|ms|minutes|hours|count|sum|bucket)$", name), name
    assert all(words.endswith(".") for _, words in helped)
    samples = [
        (one.name, tuple(sorted(one.labels.items()))) for family in read().values() for one in family.samples
    ]
    assert len(set(samples)) == len(samples)
    assert not [name for name, _labels in samples if name.startswith(("python_", "process_"))]


def test_tasks_are_counted_by_kind_and_state_and_timed(operator: Operator) -> None:
    for seconds, state in ((0.5, "succeeded"), (30, "succeeded"), (4000, "failed"), (7, "cancelled")):
        ended(
            tasks.launch("test_count", deployment=make_deployment(operator), actor=operator),
            TaskState(state),
            seconds,
        )
    assert value("foothold_tasks_ended_total", kind="test_count", state="succeeded") == 2
    assert value("foothold_tasks_ended_total", kind="test_count", state="failed") == 1
    assert value("foothold_tasks_ended_total", kind="test_count", state="cancelled") == 1
    buckets = {
        edge: value("foothold_task_duration_seconds_bucket", kind="test_count", le=edge)
        for edge in ("1.0", "15.0", "60.0", "3600.0", "14400.0", "+Inf")
    }
    assert buckets == {"1.0": 1, "15.0": 1, "60.0": 2, "3600.0": 2, "14400.0": 3, "+Inf": 3}
    assert value("foothold_task_duration_seconds_count", kind="test_count") == 3
    assert value("foothold_task_duration_seconds_sum", kind="test_count") == pytest.approx(4030.5, abs=0.1)
    assert value("foothold_task_events_total") == 12


def test_the_queue_is_as_old_as_its_oldest_task(operator: Operator) -> None:
    assert value("foothold_queue_oldest_seconds") == 0
    for minutes in (5, 2):
        task = tasks.launch("test_count", deployment=make_deployment(operator), actor=operator)
        Task.objects.filter(pk=task.pk).update(queued_at=timezone.now() - timedelta(minutes=minutes))
    assert value("foothold_queue_oldest_seconds") == pytest.approx(300, abs=5)
    assert value("foothold_tasks_active", kind="test_count", state="queued") == 2


def test_a_running_task_whose_worker_is_silent_is_lost(operator: Operator) -> None:
    task = stories.running(make_deployment(operator), "preflight", operator)
    assert value("foothold_tasks_lost") == 0
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert value("foothold_tasks_lost") == 1


def test_deployments_and_the_newest_preflight_of_each_are_counted(
    busy: Deployment, operator: Operator
) -> None:
    assert value("foothold_deployments", profile="asr-classic", state="recorded") == 1
    now = timezone.now()
    for age, blocked, counts in ((2, False, {"pass": 90}), (1, True, {"pass": 7, "fail": 2})):
        Task.objects.create(
            deployment=busy,
            kind="preflight",
            changing=True,
            state="succeeded",
            requested_by=operator,
            result={"counts": counts, "blocked": blocked},
            finished_at=now,
        )
        Task.objects.filter(deployment=busy, result__counts=counts).update(
            queued_at=now + timedelta(hours=9 - age)
        )
    assert value("foothold_checks", status="fail") == 2
    assert value("foothold_checks", status="pass") == 7
    assert (value("foothold_preflights", verdict="no_go"), value("foothold_preflights", verdict="go")) == (
        1,
        0,
    )


def test_what_ends_is_told_in_days(operator: Operator) -> None:
    deployment = make_deployment(operator)
    today = timezone.localdate()
    for number, days in enumerate((-3, 5, 40)):
        Waiver.objects.create(
            deployment=deployment,
            requirement_id=f"AZ-0{number}",
            reason="r",
            until=today + timedelta(days=days),
            asked_by=operator,
            approved_by=operator,
            approved_at=timezone.now(),
        )
    assert 5 < value("foothold_expiry_days", kind="waiver") <= 6
    assert value("foothold_expiries_soon", kind="waiver") == 1
    assert value("foothold_expiries_past", kind="waiver") == 1
    token_of(operator, "read")
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=2))
    assert value("foothold_expiry_days", kind="api_token") == pytest.approx(2, abs=0.01)


def test_the_last_day_of_all_calendars_is_a_day_like_others(operator: Operator) -> None:
    Waiver.objects.create(
        deployment=make_deployment(operator),
        requirement_id="AZ-01",
        reason="r",
        until=date.max,
        asked_by=operator,
        approved_by=operator,
        approved_at=timezone.now(),
    )
    assert value("foothold_expiry_days", kind="waiver") > 2_000_000


def test_a_machine_that_tells_of_endless_grace_takes_no_numbers_away(
    busy: Deployment, operator: Operator
) -> None:
    licence = {"status": 1, "grace_minutes": 10**14, "description": "Windows Server, EVAL channel"}
    stories.tell_facts(busy, operator, {"os.licence": {"value": licence}})
    assert value("foothold_deployments", profile=busy.profile, state=busy.state) == 1


def test_licences_and_certificates_end_as_the_machine_told(busy: Deployment) -> None:
    HostFacts.objects.all().delete()
    Task.objects.filter(deployment=busy, kind="deploy_ova").update(
        finished_at=timezone.now() - timedelta(days=170)
    )
    assert value("foothold_expiry_days", kind="evaluation_licence") == pytest.approx(10, abs=1)
    assert value("foothold_expiry_days", kind="web_certificate") == pytest.approx(3 * 365.25 - 170, abs=2)


def test_heartbeats_and_refreshes_are_told_by_their_age(busy: Deployment) -> None:
    pulses.note("worker", "worker1@host")
    pulses.note_scheduler()
    assert value("foothold_heartbeat_age_seconds", part="worker", name="worker1@host") < 60
    assert value("foothold_parts", part="scheduler") == 1
    VCenter.objects.update(refreshed_at=timezone.now() - timedelta(hours=1))
    assert value("foothold_vcenters") == 1
    assert value("foothold_vcenter_refresh_oldest_seconds") == pytest.approx(3600, abs=5)


def test_the_audit_trail_is_counted(busy: Deployment) -> None:
    assert value("foothold_audit_entries_total") == AuditEntry.objects.count() > 0
    assert value("foothold_audit_unsealed") <= AuditEntry.objects.count()


def test_no_name_of_anything_that_is_set_up_is_told(busy: Deployment) -> None:
    text = metrics.exposition().decode()
    for name in (busy.name, str(busy.pk), "vcenter.lab.test", "lyon", "oskar"):
        assert name not in text


def test_the_number_of_questions_does_not_grow(operator: Operator, django_assert_num_queries: Any) -> None:
    stories.answered(operator, "recorded")
    with django_assert_num_queries(21) as few:
        metrics.exposition()
    for number in range(3):
        stories.answered(operator, "recorded", name=f"another-{number}")
    with django_assert_num_queries(len(few.captured_queries)):
        metrics.exposition()


# --- who is told ------------------------------------------------------------------------------------------------------


def test_a_stranger_and_a_cookie_are_told_nothing(client: Client, operator: Operator) -> None:
    client.force_login(operator)
    for asking in (Client(), client):
        answer = asking.get("/metrics")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"] == 'Bearer realm="Foothold"'
        assert b"foothold_" not in answer.content


@pytest.mark.parametrize("token", ["", "fht_wrong", "Bearer"])
def test_a_wrong_token_is_told_nothing(client: Client, token: str) -> None:
    assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_a_token_that_reads_is_told_all(client: Client) -> None:
    token = token_of(make_operator("vera", Operator.Role.VIEWER), "read")
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    assert b'foothold_build_info{version="' in answer.content


def test_a_revoked_token_is_told_nothing(client: Client, operator: Operator) -> None:
    token = token_of(operator, "read")
    ApiToken.objects.update(revoked_at=timezone.now())
    assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_address_that_the_settings_name_needs_no_token(client: Client, settings: Any) -> None:
    settings.METRICS_ALLOW = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="2001:db8::1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 401
    # What the caller says of itself is not believed.
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 401


def test_an_address_is_not_trusted_where_a_proxy_stands_of_which_the_settings_know_nothing(
    client: Client, settings: Any
) -> None:
    # Everybody behind it comes from its address.
    settings.METRICS_ALLOW = [ip_network("127.0.0.0/8")]
    assert client.get("/metrics").status_code == 200
    for name, hop in (("X-Forwarded-For", "198.51.100.9"), ("Forwarded", "for=198.51.100.9")):
        assert client.get("/metrics", headers={name: hop}).status_code == 401
    settings.PROXY_DEPTH = 1
    assert client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.9"}).status_code == 401
    assert client.get("/metrics", headers={"X-Forwarded-For": "198.51.100.9, 127.0.0.3"}).status_code == 200


def test_nothing_is_changed_by_it(client: Client) -> None:
    assert client.post("/metrics").status_code == 405
