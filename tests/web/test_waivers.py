"""Waivers: one person asks, another one approves or refuses; what has ended counts no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.builders import make_operator
from tests.web.pages import read
from tests.web.results import verified
from wizard.models import AuditEntry, Deployment, Operator, Waiver
from wizard.services import waivers

TODAY = timezone.localdate()


@pytest.fixture
def failing(operator: Operator) -> Deployment:
    draft = stories.answered(operator, "vault")
    stories.check(draft, operator, failing=("TPL-01",))
    return draft


@pytest.fixture
def colleague(db: Any) -> Client:
    client = Client()
    client.force_login(make_operator("otto", Operator.Role.REVIEWER))
    return client


def checks(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/checks/"


def url(deployment: Deployment, rest: str = "", requirement: str = "LIFE-01") -> str:
    return f"{checks(deployment)}{requirement}/waiver/{rest}"


def asked(deployment: Deployment, actor: Operator) -> Waiver:
    return waivers.waive(deployment, "LIFE-01", reason="An old vault.", until=TODAY, actor=actor)


def test_who_asks_for_a_waiver_does_not_approve_it(
    working: Client, failing: Deployment, operator: Operator
) -> None:
    page = read(working.get(checks(failing)))
    assert page.all("a", href=url(failing))
    assert not page.all("a", href=url(failing, requirement="TPL-01"))
    assert "It counts once another person has approved it." in read(working.get(url(failing))).words

    answer = working.post(url(failing), {"reason": "An old vault.", "until": TODAY.isoformat()}, follow=True)

    page = read(answer)
    assert "You asked to waive LIFE-01. It counts once another person has approved it." in page.words
    assert "You asked for it yourself; another person has to approve it." in page.words
    assert not page.all("form", action=url(failing, "approve/"))
    assert "Accepted by" not in page.words
    assert page.all("form", action=url(failing, "remove/"))
    assert working.post(url(failing, "approve/")).status_code == 403
    assert not Waiver.objects.get().in_force


def test_an_administrator_who_asks_is_told_to_find_a_colleague(failing: Deployment, admin: Operator) -> None:
    administering = Client()
    administering.force_login(admin)
    asked(failing, admin)
    page = read(administering.get(checks(failing)))
    assert not page.all("form", action=url(failing, "approve/"))
    refused = read(administering.post(url(failing, "approve/"), follow=True))
    assert "another person has to approve it. Ask a colleague who has the reviewer role" in refused.words
    assert not Waiver.objects.get().in_force


def test_an_operator_neither_approves_nor_refuses_what_a_colleague_asked_for(
    working: Client, failing: Deployment, admin: Operator
) -> None:
    asked(failing, admin)
    page = read(working.get(checks(failing)))
    assert "Asked by " in page.words
    assert not page.all("form", action=url(failing, "approve/"))
    assert not page.all("form", action=url(failing, "remove/"))
    for rest in ("approve/", "remove/"):
        assert working.post(url(failing, rest)).status_code == 403
    assert Waiver.objects.get().waiting


def test_another_person_approves_it(colleague: Client, failing: Deployment, operator: Operator) -> None:
    asked(failing, operator)
    page = read(colleague.get(checks(failing)))
    assert "Asked by oskar" in page.words
    assert f"It would count until {TODAY.isoformat()}." in page.words
    assert page.all("form", action=url(failing, "approve/"))

    form = {"asked_at": page.value_of("asked_at")}
    words = read(colleague.post(url(failing, "approve/"), form, follow=True)).words

    assert "LIFE-01 is waived." in words
    assert f"Accepted by otto until {TODAY.isoformat()}: An old vault." in words
    assert "Waivers that wait for approval" not in words


def test_a_request_that_changed_under_the_eyes_of_the_approver_is_not_approved(
    colleague: Client, failing: Deployment, operator: Operator
) -> None:
    asked(failing, operator)
    form = {"asked_at": read(colleague.get(checks(failing))).value_of("asked_at")}
    asked(failing, operator)

    words = read(colleague.post(url(failing, "approve/"), form, follow=True)).words

    assert "was asked for anew after you read it" in words
    assert not Waiver.objects.get().in_force


def test_another_person_refuses_it(colleague: Client, failing: Deployment, operator: Operator) -> None:
    asked(failing, operator)
    answer = colleague.post(url(failing, "remove/"), follow=True)
    assert "The waiver of LIFE-01 is rejected." in read(answer).words
    assert not Waiver.objects.exists()
    said = AuditEntry.objects.get(action="waiver.refused")
    assert (
        str(said.sentence) == f"otto rejected the waiver of LIFE-01 of {failing.name} that oskar asked for."
    )


def test_where_one_person_is_enough_the_waiver_counts_at_once(
    working: Client, failing: Deployment, settings: Any
) -> None:
    settings.WAIVERS_NEED_SECOND_PERSON = False
    assert "another person" not in read(working.get(url(failing))).words
    answer = working.post(url(failing), {"reason": "An old vault.", "until": TODAY.isoformat()}, follow=True)
    assert "LIFE-01 is waived." in read(answer).words
    assert f"Accepted by oskar until {TODAY.isoformat()}: An old vault." in read(answer).words


def test_the_form_names_the_latest_day_before_and_after_it_is_missed(
    working: Client, failing: Deployment, settings: Any
) -> None:
    settings.WAIVER_MAX_DAYS = 30
    latest = (TODAY + timedelta(days=30)).isoformat()
    page = read(working.get(url(failing)))
    assert f"The last day on which it is accepted, {latest} at the latest." in page.words
    assert page.all("input", id="id_until", max=latest)
    answer = working.post(url(failing), {"reason": "An old vault.", "until": "9999-12-31"})
    assert answer.status_code == 422
    assert f"9999-12-31 is too late: the last day is {latest} at the latest." in read(answer).words
    assert not Waiver.objects.exists()


def test_who_may_look_sees_requests_and_decides_nothing(
    looking: Client, failing: Deployment, operator: Operator
) -> None:
    asked(failing, operator)
    before = AuditEntry.objects.count()
    page = read(looking.get(checks(failing)))
    assert "Waivers that wait for approval" in page.words
    assert not [form for form in page.all("form") if "/waiver/" in form.get("action", "")]
    for rest in ("", "approve/", "remove/"):
        assert looking.post(url(failing, rest), {"reason": "x", "until": TODAY}).status_code == 403
    assert AuditEntry.objects.count() == before


def test_a_request_shows_on_the_home_of_its_deployment_and_in_the_list(
    looking: Client, failing: Deployment, operator: Operator
) -> None:
    for address in ("/", f"/deployments/{failing.pk}/"):
        assert "wait for approval" not in read(looking.get(address)).words
    asked(failing, operator)
    for address in ("/", f"/deployments/{failing.pk}/"):
        page = read(looking.get(address))
        assert "1 waiver waits for approval" in page.words
        assert page.all("a", href=checks(failing))
    Waiver.objects.update(until=TODAY - timedelta(days=1))
    for address in ("/", f"/deployments/{failing.pk}/"):
        assert "waits for approval" not in read(looking.get(address)).words


@pytest.mark.parametrize(
    ("reason", "until", "field"),
    [
        ("", TODAY.isoformat(), "reason"),
        ("Because.", "soon", "until"),
        ("Because.", "2020-01-01", "until"),
        ("Because.", "", "until"),
    ],
)
def test_a_waiver_without_reason_or_with_a_bad_day_is_refused_at_its_field(
    working: Client, failing: Deployment, reason: str, until: str, field: str
) -> None:
    answer = working.post(url(failing), {"reason": reason, "until": until})
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("a", href=f"#id_{field}")
    assert page.value_of("until") == until
    assert not Waiver.objects.exists()


def test_what_may_not_be_waived_says_so(working: Client, failing: Deployment) -> None:
    answer = working.post(
        url(failing, requirement="TPL-01"), {"reason": "Because.", "until": TODAY.isoformat()}
    )
    assert answer.status_code == 422
    assert "TPL-01 cannot be waived" in read(answer).words


def test_a_waiver_is_taken_back(
    working: Client, colleague: Client, failing: Deployment, operator: Operator
) -> None:
    asked(failing, operator)
    answer = working.post(url(failing, "remove/"), follow=True)
    assert "The waiver of LIFE-01 is taken back." in read(answer).words
    assert not Waiver.objects.exists()
    assert working.post(url(failing, "remove/")).status_code == 404
    assert colleague.post(url(failing, "approve/")).status_code == 404


def test_a_waiver_that_has_ended_is_shown_as_ended(
    working: Client, colleague: Client, failing: Deployment, operator: Operator
) -> None:
    asked(failing, operator)
    colleague.post(url(failing, "approve/"))
    yesterday = TODAY - timedelta(days=1)
    Waiver.objects.update(until=yesterday)
    words = read(working.get(checks(failing))).words
    assert "Accepted by" not in words
    assert f"The waiver that oskar asked for ended on {yesterday.isoformat()}, and counts no more" in words
    answer = colleague.post(url(failing, "approve/"), follow=True)
    assert f"The waiver of LIFE-01 ended on {yesterday.isoformat()}." in read(answer).words


def test_what_the_verification_found_may_be_waived_after_the_deployment(
    working: Client, operator: Operator
) -> None:
    deployed = stories.answered(operator, "deployed")
    verified(deployed, operator, "AV-02")
    address = url(deployed, requirement="AV-02")
    assert read(working.get(checks(deployed))).all("a", href=address)
    working.post(address, {"reason": "No antivirus here.", "until": TODAY.isoformat()})
    assert Waiver.objects.get().requirement_id == "AV-02"


def test_while_a_task_changes_the_deployment_the_reason_stays_in_the_form(
    working: Client, failing: Deployment, operator: Operator
) -> None:
    stories.running(failing, "preflight", operator)
    answer = working.post(url(failing), {"reason": "An old vault.", "until": TODAY.isoformat()})
    assert answer.status_code == 409
    assert "An old vault." in read(answer).text
    assert not Waiver.objects.exists()
