"""What ends for a deployment, and the calendar file that says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
import time_machine
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment, make_operator
from tests.services.machines import by_hand, hear
from tests.vault_files import file_of
from tests.walk import ANSWERS as LAB_ANSWERS
from wizard.models import InstallationSecret, Operator, Waiver
from wizard.services import accounts, expiry, installation_secrets

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_new_deployment_has_nothing_that_ends(operator: Operator) -> None:
    assert expiry.calendar_of(make_deployment(operator), actor=operator) == ()


def test_what_ends_is_listed_by_its_end_for_the_one_who_asks(operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed")
    other = make_operator("olga", Operator.Role.OPERATOR)
    for actor in (operator, other):
        accounts.create_token(
            user=actor, actor=actor, name=f"of {actor.username}", scope="read", expires_days=30
        )
    for requirement, approved in (("TPL-01", timezone.now()), ("TPL-02", None)):
        Waiver.objects.create(
            deployment=deployment,
            requirement_id=requirement,
            reason="Known.",
            until=timezone.localdate() + timedelta(days=3),
            asked_by=operator,
            approved_by=other if approved else None,
            approved_at=approved,
        )
    rows = expiry.calendar_of(deployment, actor=operator)
    assert [(row.entry.kind, row.status) for row in rows] == [
        ("waiver", "soon"),
        ("api_token", "later"),
        ("evaluation_licence", "later"),
        ("web_certificate", "later"),
    ]
    assert "of oskar" in str(rows[1].entry.title)


def test_what_the_machine_says_goes_before_what_is_usual(operator: Operator) -> None:
    deployment = by_hand(operator)
    facts = {
        "os.licence": {
            "value": {"status": 1, "grace_minutes": 60 * 24 * 40, "description": "Windows EVAL channel"}
        },
        "certificates.bound_443": {
            "value": {"subject": "CN=cs01", "thumbprint": "AB" * 20, "not_after": "2027-01-15T08:00:00Z"}
        },
    }
    with time_machine.travel(NOW, tick=False):
        hear(deployment, operator, facts=facts)
        found = {row.entry.kind: row.entry.ends for row in expiry.calendar_of(deployment, actor=operator)}
    assert found == {
        "evaluation_licence": NOW + timedelta(days=40),
        "web_certificate": datetime(2027, 1, 15, 8, tzinfo=UTC),
    }


def test_a_machine_that_tells_of_endless_grace_takes_no_calendar_away(operator: Operator) -> None:
    deployment = by_hand(operator)
    licence = {"status": 1, "grace_minutes": 10**14, "description": "Windows EVAL channel"}
    bound = {"subject": "CN=cs01", "thumbprint": "AB" * 20, "not_after": "2027-01-15T08:00:00Z"}
    hear(
        deployment,
        operator,
        facts={"os.licence": {"value": licence}, "certificates.bound_443": {"value": bound}},
    )
    assert [row.entry.kind for row in expiry.calendar_of(deployment, actor=operator)] == ["web_certificate"]
    (event,) = icalendar.Calendar.from_ical(expiry.as_ics(deployment, actor=operator)).walk("VEVENT")
    assert "certificate" in event["SUMMARY"]


def test_the_calendar_file_is_read_by_another_program_and_names_each_end_once(operator: Operator) -> None:
    deployment = by_hand(operator, "lyon")
    Waiver.objects.create(
        deployment=deployment,
        requirement_id="TPL-01",
        reason="Known.",
        until=date(2026, 12, 24),
        asked_by=operator,
        approved_by=operator,
        approved_at=timezone.now(),
    )
    once, twice = (
        icalendar.Calendar.from_ical(expiry.as_ics(deployment, actor=operator)) for _reading in range(2)
    )
    (event,) = once.walk("VEVENT")
    assert event["SUMMARY"] == "Waiver of TPL-01"
    assert event.decoded("DTSTART") == date(2026, 12, 24)
    assert event.decoded("DTEND") == date(2026, 12, 25)
    assert event["UID"] == twice.walk("VEVENT")[0]["UID"]


def test_a_registration_key_at_hand_ends_with_its_certificate(operator: Operator) -> None:
    deployment = by_hand(operator, vault=LAB_ANSWERS["vault"])
    installation_secrets.give_vault_credentials(
        deployment, name="key.xml", content=file_of(valid=timedelta(hours=30)).make(), actor=operator
    )

    (row,) = (
        row for row in expiry.calendar_of(deployment, actor=operator) if row.entry.kind == "registration_key"
    )

    assert "lyon-vault" in str(row.entry.title)
    assert row.entry.ends == InstallationSecret.objects.get().ends_at
    assert row.left < timedelta(hours=30)
