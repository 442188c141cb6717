"""What ends: on the home of a deployment, on a page of its own, in a calendar."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar

from tests import stories
from tests.web.pages import read
from wizard.models import Deployment, Operator, Waiver

TODAY = timezone.localdate()


@pytest.fixture
def deployed(operator: Operator) -> Deployment:
    deployment = stories.answered(operator, "deployed")
    for name, days in (("LIFE-01", -1), ("AV-01", 3)):
        Waiver.objects.create(
            deployment=deployment,
            requirement_id=name,
            reason="Because.",
            until=TODAY + timedelta(days=days),
            asked_by=operator,
            approved_by=operator,
            approved_at=timezone.now(),
        )
    return deployment


def url(deployment: Deployment, rest: str = "/calendar/") -> str:
    return f"/deployments/{deployment.pk}{rest}"


def test_what_ends_is_listed_with_its_state_in_words(looking: Client, deployed: Deployment) -> None:
    words = read(looking.get(url(deployed))).words
    for part in (
        f"Waiver of LIFE-01 {(TODAY - timedelta(days=1)).isoformat()} Ended",
        f"Waiver of AV-01 {(TODAY + timedelta(days=3)).isoformat()} Ends soon",
        "Evaluation licence of cs01",
        "Later Windows shuts the machine down again and again.",
        "Web certificate of cs01",
    ):
        assert part in words, part


def test_the_home_of_the_deployment_shows_what_ends_first(looking: Client, deployed: Deployment) -> None:
    page = read(looking.get(url(deployed, "/")))
    assert "Waiver of LIFE-01" in page.words
    assert page.all("a", href=url(deployed))
    assert page.all("a", href=url(deployed, "/calendar.ics"))


def test_a_calendar_reads_the_file(looking: Client, deployed: Deployment) -> None:
    answer = looking.get(url(deployed, "/calendar.ics"))
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{deployed.name}-calendar.ics"'
    events = {str(event["summary"]): event for event in Calendar.from_ical(answer.content).walk("VEVENT")}
    assert len(events) == 4
    assert events["Waiver of AV-01"]["dtstart"].dt == TODAY + timedelta(days=3)


def test_where_nothing_ends_the_page_says_so(looking: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "source")
    assert "Nothing is known to end" in read(looking.get(url(draft))).words
    assert "What ends" not in read(looking.get(url(draft, "/"))).words
    assert not Calendar.from_ical(looking.get(url(draft, "/calendar.ics")).content).walk("VEVENT")
