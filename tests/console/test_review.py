"""What whoever approves reads before: the answers, what changed since the last approval, what preflight found; no secret."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.builders import make_operator
from tests.console.conftest import signed_in
from tests.console.test_actions import ask, waiver_of
from tests.console.test_pages import body, page_url
from wizard.models import Approval, CheckResult, Deployment, Operator, StepAnswer, Team
from wizard.services.answer_words import words_of
from wizard.services.approval_review import review_of
from wizard.services.approval_standing import digest_of, document_of
from wizard.services.errors import NotAllowed

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


def request_of(deployment: Deployment, actor: Operator, **fields: Any) -> Approval:
    document = document_of(deployment)
    return Approval.objects.create(
        deployment=deployment, digest=digest_of(document), answers=document, asked_by=actor, **fields
    )


@pytest.fixture
def approval(operator: Operator) -> Approval:
    return request_of(stories.answered(operator, "checked", name="lyon-cs01"), operator)


def answer_otherwise(deployment: Deployment, step: str, **changed: Any) -> None:
    row = StepAnswer.objects.get(deployment=deployment, step=step)
    row.data = {**(row.data or {}), **changed}
    row.save()


def approved_before(approval: Approval, reviewer: Operator, **changed: Any) -> Approval:
    """An earlier approval of the same deployment, whose network answers were other ones."""
    answers = approval.answers["answers"]
    earlier = {**approval.answers, "answers": {**answers, "network": {**answers["network"], **changed}}}
    row = Approval.objects.create(
        deployment=approval.deployment,
        digest=digest_of(earlier),
        answers=earlier,
        asked_by=approval.asked_by,
        state=Approval.State.APPROVED,
        decided_by=reviewer,
        decided_at=timezone.now(),
    )
    Approval.objects.filter(pk=row.pk).update(asked_at=approval.asked_at - timedelta(days=9))
    return row


def plain(html: str) -> str:
    """What is read, without markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.mark.parametrize("action", ["approve", "reject"])
def test_the_answers_that_are_decided_on_are_on_the_page_that_asks(
    reading: Client, approval: Approval, action: str
) -> None:
    html = ask(reading, action, approval).content.decode()
    said = plain(html)
    for words in (
        "Network identity",
        "192.0.2.10",
        "VM Network",
        "France Central",
        "lyon-vault",
        "120",
        approval.digest,
        "Nothing was approved for this deployment before.",
    ):
        assert words in said, words
    assert stories.PASSWORD not in html
    # Typed a second time to be sure, which says nothing more.
    assert said.count("lyon-vault") == 1


def test_the_page_of_a_request_shows_the_same(reading: Client, approval: Approval) -> None:
    said = plain(body(reading, page_url(approval)))
    assert "What is asked for" in said
    assert "France Central" in said


def test_choices_are_read_in_words_and_blanks_are_left_out(approval: Approval, reviewer: Operator) -> None:
    steps = {step.id: step for step in review_of(approval, actor=reviewer).steps}
    assert list(steps)[:2] == ["profile", "source"]
    words = {row.path: [str(value) for value in row.values] for row in steps["placement"].rows}
    assert words["placement.folder"] == ["Top of the datacenter"]
    assert words["placement.disk_provisioning"] != ["eagerZeroedThick"]
    assert all(row.values for step in steps.values() for row in step.rows)
    assert "registration" not in steps


def test_a_field_that_is_not_known_any_more_is_shown_as_it_was() -> None:
    assert [str(one) for one in words_of("asr-classic", "network.of_long_ago", ["a", 2])] == ["a", "2"]
    assert [str(one) for one in words_of("asr-classic", "gone.flag", True)] == ["Yes"]
    assert words_of("asr-classic", "network.address", None) == ()


def test_what_was_changed_since_the_last_approval_is_told(
    reading: Client, approval: Approval, reviewer: Operator
) -> None:
    approved_before(approval, reviewer, address="192.0.2.99")
    (change,) = review_of(approval, actor=reviewer).changed
    assert ([str(one) for one in change.before], [str(one) for one in change.after]) == (
        ["192.0.2.99"],
        ["192.0.2.10"],
    )
    said = plain(ask(reading, "approve", approval).content.decode())
    assert "Since rita approved" in said
    assert re.search(r"Network identity: [^:]* 192\.0\.2\.99 192\.0\.2\.10", said)


def test_an_approval_of_the_same_answers_says_that_nothing_changed(
    reading: Client, approval: Approval, reviewer: Operator
) -> None:
    approved_before(approval, reviewer)
    assert "No answer was changed since the last approval." in plain(
        ask(reading, "approve", approval).content.decode()
    )


def test_a_rejection_or_a_later_approval_is_not_the_last_one(approval: Approval, reviewer: Operator) -> None:
    earlier = approved_before(approval, reviewer, address="192.0.2.99")
    Approval.objects.filter(pk=earlier.pk).update(state=Approval.State.REJECTED)
    assert review_of(approval, actor=reviewer).previous is None
    later = approval.asked_at + timedelta(days=1)
    Approval.objects.filter(pk=earlier.pk).update(state=Approval.State.APPROVED, asked_at=later)
    assert review_of(approval, actor=reviewer).previous is None


def test_answers_that_were_changed_since_are_told_before_the_button_refuses(
    reading: Client, approval: Approval
) -> None:
    answer_otherwise(approval.deployment, "network", address="192.0.2.44")
    said = plain(ask(reading, "approve", approval).content.decode())
    assert "it cannot be approved any more" in said
    assert "192.0.2.10 192.0.2.44" in said
    # What is approved is still what was asked for.
    assert said.count("192.0.2.44") == 1


def test_the_verdict_comes_with_what_is_open_and_what_is_waived(
    reading: Client, approval: Approval, operator: Operator, reviewer: Operator
) -> None:
    deployment = approval.deployment
    stories.check(deployment, operator, failing=("TPL-02",))
    # One that may be waived.
    CheckResult.objects.filter(requirement_id="TPL-02").update(requirement_id="CAP-01")
    before = review_of(approval, actor=reviewer).judged
    assert before is not None
    assert before.blocked
    assert [one.weight for one in before.findings if one.requirement_id == "CAP-01"] == ["blocking"]
    asked = waiver_of(deployment, operator)
    asked.requirement_id = "CAP-01"
    asked.save()
    said = plain(ask(reading, "approve", approval).content.decode())
    assert "No-go" in said
    assert "Stands in the way" in said
    assert "CAP-01 Waiting for review" in said
    asked.approved_by, asked.approved_at = reviewer, timezone.now()
    asked.save()
    after = review_of(approval, actor=reviewer).judged
    assert after is not None
    assert not after.blocked
    assert [one.weight for one in after.findings if one.requirement_id == "CAP-01"] == ["waived"]
    said = plain(ask(reading, "approve", approval).content.decode())
    assert "CAP-01 In force" in said
    assert "approved by rita" in said
    assert "Known and bearable." in said


def test_an_ended_waiver_is_not_among_them(
    approval: Approval, operator: Operator, reviewer: Operator
) -> None:
    waiver = waiver_of(approval.deployment, operator)
    assert review_of(approval, actor=reviewer).waivers == (waiver,)
    type(waiver).objects.update(until=timezone.localdate() - timedelta(days=2))
    assert review_of(approval, actor=reviewer).waivers == ()


def test_who_had_a_part_in_it_reads_so_before_the_button(approval: Approval) -> None:
    Operator.objects.filter(pk=approval.asked_by_id).update(role=Operator.Role.ADMIN)
    author = Operator.objects.get(pk=approval.asked_by_id)
    said = plain(ask(signed_in(author), "approve", approval).content.decode())
    assert "You asked for this approval yourself; another person has to approve it." in said


def test_several_at_once_are_each_unfolded_on_demand(
    reading: Client, approval: Approval, operator: Operator
) -> None:
    other = request_of(stories.answered(operator, "checked", name="paris-cs01"), operator)
    html = ask(reading, "approve", approval, other).content.decode()
    assert html.count("<details>") == 2
    assert "Read paris-cs01" in html


def test_a_request_from_before_answers_were_kept_still_has_its_page(
    reading: Client, approval: Approval, reviewer: Operator
) -> None:
    approved_before(approval, reviewer)
    Approval.objects.filter(pk=approval.pk).update(answers={})
    assert "What is asked for" in body(reading, page_url(approval))


def test_a_decided_request_says_nothing_of_the_preflight_of_now(
    reading: Client, approval: Approval, reviewer: Operator
) -> None:
    Approval.objects.update(
        state=Approval.State.APPROVED, decided_by=reviewer, decided_at=timezone.now(), reason="Fine."
    )
    approval.refresh_from_db()
    found = review_of(approval, actor=reviewer)
    assert (found.judged, found.waivers, found.overtaken) == (None, (), ())
    assert "Open findings" not in body(reading, page_url(approval))


def test_what_is_of_another_team_is_not_read(approval: Approval) -> None:
    approval.deployment.team = Team.objects.create(name="others")
    approval.deployment.save()
    with pytest.raises(NotAllowed):
        review_of(approval, actor=make_operator("olga", Operator.Role.REVIEWER))
