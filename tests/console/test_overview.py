"""The first page of the console: what waits, failed and ends soon, each a link away, and only what one may see."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.builders import make_deployment, make_operator
from tests.console.conftest import furnish, signed_in
from tests.console.test_pages import body, list_url, page_url
from wizard.models import Approval, Operator, Pulse, Task, Team, Waiver
from wizard.services.errors import NotAllowed
from wizard.services.overview import SHOWN, overview

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def ask_waiver(deployment_owner: Operator, name: str, *, days: int = 30, approved: bool = False) -> Waiver:
    now = timezone.now()
    return Waiver.objects.create(
        deployment=make_deployment(deployment_owner, name),
        requirement_id="TPL-02",
        reason=f"Known at {name}.",
        until=timezone.localdate() + timedelta(days=days),
        asked_by=deployment_owner,
        approved_by=deployment_owner if approved else None,
        approved_at=now if approved else None,
    )


def test_an_empty_site_says_of_each_part_that_there_is_nothing(reading: Client) -> None:
    html = body(reading, "/console/")
    for sentence in (
        "None waits for review.",
        "No task has failed.",
        "Nothing ends in the next two weeks.",
        "No worker and no scheduler has been heard of.",
    ):
        assert sentence in html


def test_what_waits_failed_or_was_done_is_a_link_away(reading: Client, operator: Operator) -> None:
    furnish(operator)
    waiting = ask_waiver(operator, "lyon-cs01")
    html = body(reading, "/console/")
    failed = Task.objects.get(state="failed")
    for url in (page_url(Approval.objects.get()), page_url(waiting), page_url(failed), list_url(Pulse)):
        assert f'href="{url}"' in html, url
    assert "Known at lyon-cs01." in html
    assert "vCenter does not answer." in html
    assert f"worker@{failed.deployment.name}" in html


def test_an_approved_or_ended_waiver_waits_no_more(reviewer: Operator, operator: Operator) -> None:
    ask_waiver(operator, "approved", approved=True)
    ask_waiver(operator, "ended", days=-1)
    waiting = ask_waiver(operator, "waits")
    found = overview(actor=reviewer)
    assert [one.id for one in found.waivers] == [waiting.pk]
    assert found.waivers_waiting == 1


def test_what_ends_in_two_weeks_is_shown_the_earliest_first(reviewer: Operator, operator: Operator) -> None:
    ask_waiver(operator, "late", days=13, approved=True)
    ask_waiver(operator, "early", days=2, approved=True)
    ask_waiver(operator, "ended", days=-2, approved=True)
    ask_waiver(operator, "later", days=40, approved=True)
    ask_waiver(operator, "long-ended", days=-30, approved=True)
    found = overview(actor=reviewer)
    assert [(one.deployment, one.row.status) for one in found.endings] == [
        ("ended", "ended"),
        ("early", "soon"),
        ("late", "soon"),
    ]


def test_a_part_that_was_not_heard_of_lately_is_silent(reviewer: Operator) -> None:
    now = timezone.now()
    for name, ago in (("here", timedelta(0)), ("gone", timedelta(minutes=5))):
        Pulse.objects.create(part="worker", name=name, started_at=now, seen_at=now - ago)
    assert {part.name: part.silent for part in overview(actor=reviewer).parts} == {
        "here": False,
        "gone": True,
    }


def test_the_queue_says_how_long_the_oldest_waits(reviewer: Operator, operator: Operator) -> None:
    for name in ("one", "two"):
        deployment = make_deployment(operator, name)
        Task.objects.create(deployment=deployment, kind="preflight", changing=True, requested_by=operator)
    long_ago = timezone.now() - timedelta(hours=3)
    Task.objects.filter(deployment__name="one").update(queued_at=long_ago)
    queue = overview(actor=reviewer).queue
    assert (queue.waiting, queue.running, queue.oldest_at) == (2, 0, long_ago)


def test_lists_are_cut_and_their_numbers_count_all(reviewer: Operator, operator: Operator) -> None:
    for number in range(SHOWN + 3):
        ask_waiver(operator, f"site-{number:02}")
    found = overview(actor=reviewer)
    assert (len(found.waivers), found.waivers_waiting) == (SHOWN, SHOWN + 3)


def test_what_is_of_another_team_is_not_counted_either(reviewer: Operator, operator: Operator) -> None:
    waiver = ask_waiver(operator, "secret-site")
    waiver.deployment.team = Team.objects.create(name="others")
    waiver.deployment.save()
    found = overview(actor=reviewer)
    assert found.waivers_waiting == 0
    assert not any(state.count for state in found.states)
    assert "secret-site" not in body(signed_in(reviewer), "/console/")


def test_a_stranger_gets_no_overview(db: None) -> None:
    with pytest.raises(NotAllowed):
        overview(actor=make_operator("nobody", ""))
