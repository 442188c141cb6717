"""Waivers take two people and an end, and one that has ended counts for nothing anywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from tests import stories
from tests.builders import make_operator
from wizard.checks import catalogue
from wizard.models import Deployment, Operator, Waiver
from wizard.models.check import waiver_day
from wizard.services import deployment_progress, preflight, waivers
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound, Outdated

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(operator: Operator) -> Operator:
    return make_operator("olga", Operator.Role.REVIEWER)


@pytest.fixture
def row() -> str:
    """A requirement that blocks, and that may be waived all the same."""
    return next(
        item.id for item in catalogue.load("asr-classic") if item.severity == "block" and item.waivable
    )


@pytest.fixture
def blocked(operator: Operator, row: str) -> Deployment:
    deployment = stories.answered(operator)
    task = stories.check(deployment, operator, failing=("TPL-01",))
    task.checks.filter(requirement_id="TPL-01").update(requirement_id=row)
    return deployment


def ask(deployment: Deployment, row: str, actor: Operator, until: date | None = None) -> Waiver:
    return preflight.waive(deployment, row, reason="Known.", until=until or timezone.localdate(), actor=actor)


def go(deployment: Deployment) -> bool:
    verdict = preflight.verdict_of(deployment)
    assert verdict is not None
    return not verdict.blocked


def status_of_preflight(deployment: Deployment) -> str:
    deployment.refresh_from_db()
    return next(
        item.status for item in deployment_progress.overview(deployment) if item.step.id == "preflight"
    )


def test_what_one_person_asks_for_waits_for_another(
    blocked: Deployment, row: str, operator: Operator, second: Operator
) -> None:
    waiver = ask(blocked, row, operator)
    assert (waiver.in_force, waiver.waiting) == (False, True)
    assert not go(blocked)
    assert status_of_preflight(blocked) == "next"
    preflight.approve_waiver(blocked, row, actor=second)
    assert go(blocked)
    assert status_of_preflight(blocked) == "complete"
    waiver.refresh_from_db()
    assert (waiver.asked_by, waiver.approved_by, waiver.in_force) == (operator, second, True)


def test_nobody_approves_what_they_asked_for(blocked: Deployment, row: str, admin: Operator) -> None:
    ask(blocked, row, admin)
    with pytest.raises(Conflict, match="another person has to approve it") as refused:
        preflight.approve_waiver(blocked, row, actor=admin)
    assert refused.value.code == "same_person"
    assert "who has the reviewer role" in str(refused.value.remedy)
    assert not go(blocked)


@pytest.mark.parametrize("role", [Operator.Role.VIEWER, Operator.Role.OPERATOR])
def test_who_is_no_reviewer_neither_approves_nor_refuses(
    blocked: Deployment, row: str, operator: Operator, role: Operator.Role
) -> None:
    ask(blocked, row, operator)
    colleague = make_operator("otto", role)
    with pytest.raises(NotAllowed):
        preflight.approve_waiver(blocked, row, actor=colleague)
    with pytest.raises(NotAllowed):
        preflight.take_back_waiver(blocked, row, actor=colleague)
    assert blocked.waivers.get().waiting


def test_a_reviewer_refuses_and_an_operator_takes_back_the_own_request(
    blocked: Deployment, row: str, operator: Operator, second: Operator
) -> None:
    ask(blocked, row, operator)
    assert not preflight.take_back_waiver(blocked, row, actor=operator)
    ask(blocked, row, operator)
    assert preflight.take_back_waiver(blocked, row, actor=second)
    assert not blocked.waivers.exists()


def test_where_one_person_is_enough_an_operator_decides_what_waits(
    blocked: Deployment, row: str, operator: Operator, second: Operator, viewer: Operator, settings: Any
) -> None:
    ask(blocked, row, operator)
    settings.WAIVERS_NEED_SECOND_PERSON = False
    with pytest.raises(NotAllowed):
        preflight.approve_waiver(blocked, row, actor=viewer)
    assert preflight.approve_waiver(blocked, row, actor=operator).in_force


def test_where_the_settings_allow_one_person_a_waiver_is_in_force_at_once(
    blocked: Deployment, row: str, operator: Operator, settings: Any
) -> None:
    settings.WAIVERS_NEED_SECOND_PERSON = False
    assert ask(blocked, row, operator).in_force
    assert status_of_preflight(blocked) == "complete"


def test_asking_again_needs_another_approval(
    blocked: Deployment, row: str, operator: Operator, admin: Operator
) -> None:
    ask(blocked, row, operator)
    preflight.approve_waiver(blocked, row, actor=admin)
    ask(blocked, row, admin, until=timezone.localdate() + timedelta(days=90))
    assert not go(blocked)
    assert blocked.state == "draft"
    with pytest.raises(Conflict) as refused:
        preflight.approve_waiver(blocked, row, actor=admin)
    assert refused.value.code == "same_person"


def test_what_was_asked_for_anew_is_not_approved_by_who_read_the_request_before(
    blocked: Deployment, row: str, operator: Operator, second: Operator
) -> None:
    read = ask(blocked, row, operator)
    ask(blocked, row, operator, until=timezone.localdate() + timedelta(days=300))
    with pytest.raises(Outdated, match="asked for anew"):
        preflight.approve_waiver(blocked, row, actor=second, asked_at=read.asked_at)
    assert not go(blocked)


def test_a_reason_has_an_end(blocked: Deployment, row: str, operator: Operator) -> None:
    with pytest.raises(Invalid) as refused:
        preflight.waive(blocked, row, reason="x" * 1001, until=timezone.localdate(), actor=operator)
    assert [(error.path, error.code) for error in refused.value.errors] == [("reason", "too_long")]


def test_an_approval_comes_once_and_only_for_what_somebody_asked(
    blocked: Deployment, row: str, operator: Operator, second: Operator
) -> None:
    with pytest.raises(NotFound):
        preflight.approve_waiver(blocked, row, actor=second)
    ask(blocked, row, operator)
    preflight.approve_waiver(blocked, row, actor=second)
    with pytest.raises(Conflict) as refused:
        preflight.approve_waiver(blocked, row, actor=second)
    assert refused.value.code == "already_approved"


def test_a_waiver_that_has_ended_counts_as_failed_in_verdict_report_and_task_list(
    blocked: Deployment, row: str, operator: Operator, second: Operator
) -> None:
    ask(blocked, row, operator)
    preflight.approve_waiver(blocked, row, actor=second)
    assert status_of_preflight(blocked) == "complete"
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        assert not go(blocked)
        report, _media = preflight.export(blocked, "json")
        assert '"blocked": true' in report
        assert status_of_preflight(blocked) == "next", "nobody has run anything since, and yet"
        assert blocked.state == "checked"


@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Pacific/Kiritimati"])
def test_a_waiver_ends_at_the_same_time_whatever_time_zone_the_reader_has(
    blocked: Deployment, row: str, operator: Operator, second: Operator, zone: str
) -> None:
    last_day = date(2026, 11, 24)
    ask(blocked, row, operator, until=last_day)
    preflight.approve_waiver(blocked, row, actor=second)
    with timezone.override(zone):
        with time_machine.travel(datetime(2026, 11, 24, 23, 30, tzinfo=UTC)):
            assert go(blocked)
        with time_machine.travel(datetime(2026, 11, 25, 0, 30, tzinfo=UTC)):
            assert not go(blocked)
            with pytest.raises(Invalid) as refused:
                ask(blocked, row, operator, until=last_day)
            assert [error.code for error in refused.value.errors] == ["past"]


def test_what_has_ended_cannot_be_approved_any_more(
    blocked: Deployment, row: str, operator: Operator, second: Operator
) -> None:
    ask(blocked, row, operator)
    with time_machine.travel(timezone.now() + timedelta(days=1)), pytest.raises(Conflict) as refused:
        preflight.approve_waiver(blocked, row, actor=second)
    assert refused.value.code == "waiver_ended"


@pytest.mark.parametrize(("days", "setting"), [(365, None), (1, 1), (366, 366)])
def test_a_waiver_may_last_as_long_as_the_setting_says(
    blocked: Deployment, row: str, operator: Operator, settings: Any, days: int, setting: int | None
) -> None:
    if setting is not None:
        settings.WAIVER_MAX_DAYS = setting
    latest = waiver_day() + timedelta(days=days)
    assert ask(blocked, row, operator, until=latest).until == latest
    with pytest.raises(Invalid) as refused:
        ask(blocked, row, operator, until=latest + timedelta(days=1))
    (error,) = refused.value.errors
    assert (error.path, error.code) == ("until", "too_late")
    assert f"the last day is {latest.isoformat()} at the latest" in str(error.message)
    assert Waiver.objects.get().until == latest


def test_a_longest_time_beyond_the_calendar_ends_with_the_calendar(settings: Any) -> None:
    settings.WAIVER_MAX_DAYS = 10**12
    assert waivers.last_day() == date.max


def test_a_waiver_that_was_asked_for_before_keeps_its_late_day(
    blocked: Deployment, row: str, operator: Operator, second: Operator
) -> None:
    ask(blocked, row, operator)
    Waiver.objects.update(until=date(9999, 12, 31))
    preflight.approve_waiver(blocked, row, actor=second)
    assert go(blocked)
    assert Waiver.objects.get().until == date(9999, 12, 31)
