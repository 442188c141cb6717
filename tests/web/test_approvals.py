"""Approvals on pages: asked for, read, given, refused and withdrawn, with nothing but forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import stories
from tests.builders import make_operator
from wizard.models import Approval, Deployment, Operator
from wizard.services import approvals, deployments

pytestmark = pytest.mark.django_db


@pytest.fixture
def reviewer(db: Any) -> Operator:
    return make_operator("rosa", Operator.Role.REVIEWER)


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    made = stories.answered(operator, "checked", name="lyon-cs01")
    Deployment.objects.filter(pk=made.pk).update(needs_approval=True)
    made.refresh_from_db()
    return made


def browser(person: Operator) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def approval_page(client: Client, deployment: Deployment) -> str:
    response = client.get(reverse("approval", args=[deployment.pk]))
    assert response.status_code == 200
    return text_of(response)


def test_one_person_asks_and_another_approves_what_they_have_read(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    asking, deciding = browser(operator), browser(reviewer)
    for where in (
        reverse("deployment", args=[deployment.pk]),
        reverse("step", args=[deployment.pk, "deploy"]),
    ):
        page = text_of(asking.get(where))
        assert "Approval by another person" in page
        assert "Who may approve: rosa" in page
        assert "Ask for approval" in page
    asked = asking.post(reverse("ask_approval", args=[deployment.pk]), {"note": "For Lyon."}, follow=True)
    assert "oskar asked for the approval of these answers." in text_of(asked)
    assert "Approve these answers" not in text_of(asked)
    approval = deployment.approvals.get()
    waiting = text_of(deciding.get(reverse("approvals")))
    assert "lyon-cs01" in waiting
    assert "For Lyon." in waiting
    assert 'class="tabs__count">1<' in waiting
    page = approval_page(deciding, deployment)
    assert "Note: For Lyon." in page
    assert f'name="digest" value="{approval.digest}"' in page
    given = deciding.post(
        reverse("approve_deployment", args=[deployment.pk, approval.pk]),
        {"digest": approval.digest, "reason": "Fine."},
        follow=True,
    )
    assert "rosa approved these answers, which oskar had asked for." in text_of(given)
    assert 'class="tabs__count"' not in text_of(deciding.get(reverse("approvals")))


def test_a_form_that_does_not_say_what_was_read_approves_nothing(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approvals.ask(deployment, actor=operator)
    answer = browser(reviewer).post(
        reverse("approve_deployment", args=[deployment.pk, approval.pk]), follow=True
    )
    assert "You read other answers than those that were asked for." in text_of(answer)
    approval.refresh_from_db()
    assert approval.state == Approval.State.WAITING


def test_what_was_changed_since_stands_beside_what_it_was(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approvals.approve(approvals.ask(deployment, actor=operator), actor=reviewer)
    deployments.answer(deployment, "capacity", {"machines": 121, "daily_change_gb": 700}, actor=operator)
    page = approval_page(browser(operator), deployment)
    assert "What rosa approved was changed since" in page
    assert "<td>120</td><td>121</td>" in page


def test_who_rejects_is_asked_why(deployment: Deployment, operator: Operator, reviewer: Operator) -> None:
    approval = approvals.ask(deployment, actor=operator)
    where = reverse("reject_deployment", args=[deployment.pk, approval.pk])
    client = browser(reviewer)
    assert "oskar asked for the approval." in text_of(client.get(where))
    empty = client.post(where, {"reason": " "})
    assert empty.status_code == 422
    assert "Say what has to be changed" in text_of(empty)
    done = client.post(where, {"reason": "The vault is <b>wrong</b>."}, follow=True)
    assert "rosa rejected these answers: The vault is &lt;b&gt;wrong&lt;/b&gt;." in text_of(done)


def test_who_had_a_part_in_it_is_told_so_and_has_no_button(
    deployment: Deployment, operator: Operator, admin: Operator
) -> None:
    deployments.answer(deployment, "capacity", {"machines": 121, "daily_change_gb": 700}, actor=admin)
    stories.check(deployment, operator)
    deployment.refresh_from_db()
    approvals.ask(deployment, actor=operator)
    page = approval_page(browser(admin), deployment)
    assert "another person has to approve it" in page
    assert "Approve these answers" not in page
    assert "Nobody may approve it yet" in page


def test_a_request_is_withdrawn_where_it_was_made(deployment: Deployment, operator: Operator) -> None:
    approval = approvals.ask(deployment, actor=operator)
    client = browser(operator)
    assert "Withdraw the request" in approval_page(client, deployment)
    client.post(reverse("withdraw_approval", args=[deployment.pk, approval.pk]))
    approval.refresh_from_db()
    assert approval.state == Approval.State.WITHDRAWN
    assert "Ask for approval" in approval_page(client, deployment)


def test_reviewers_demand_an_approval_and_operators_cannot(operator: Operator, reviewer: Operator) -> None:
    deployment = stories.answered(operator, "network")
    where = reverse("demand_approval", args=[deployment.pk])
    assert browser(operator).post(where, {"needed": "yes"}).status_code == 403
    home = text_of(browser(operator).get(deployment.get_absolute_url()))
    assert "Approval by another person" not in home
    page = text_of(browser(reviewer).post(where, {"needed": "yes"}, follow=True))
    assert "Nothing is set up before another person has approved it." in page
    deployment.refresh_from_db()
    assert deployment.needs_approval


@pytest.mark.parametrize("name", ["approve_deployment", "reject_deployment"])
def test_others_decide_nothing(
    deployment: Deployment, operator: Operator, viewer: Operator, name: str
) -> None:
    approval = approvals.ask(deployment, actor=operator)
    for person in (operator, viewer):
        answer = browser(person).post(
            reverse(name, args=[deployment.pk, approval.pk]), {"digest": approval.digest, "reason": "x"}
        )
        assert answer.status_code == 403
    approval.refresh_from_db()
    assert approval.state == Approval.State.WAITING


def test_a_refusal_is_said_where_one_can_do_something_about_it(operator: Operator) -> None:
    deployment = stories.answered(operator, "network")
    page = text_of(browser(operator).post(reverse("ask_approval", args=[deployment.pk]), follow=True))
    assert "There is nothing to approve yet." in page
    too_long = browser(operator).post(reverse("ask_approval", args=[deployment.pk]), {"note": "x" * 1001})
    assert too_long.status_code in (302, 422)
