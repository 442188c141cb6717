"""What ends soon over all deployments: licences and certificates among it, in as many queries for many as for few."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment
from wizard.models import (
    CollectorIssue,
    Deployment,
    DeploymentState,
    HostFacts,
    Operator,
    StepAnswer,
    Task,
    TaskState,
    Team,
)
from wizard.planning.expiry import EVALUATION_LASTS
from wizard.services import expiry
from wizard.services.ends_soon import Ending, ends_soon

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

SOURCE = {"protects": ["vmware"], "component": "cs", "method": "manual", "runs_on": "vmware"}


def licence(minutes: int) -> dict[str, Any]:
    return {
        "os.licence": {
            "value": {"status": 1, "grace_minutes": minutes, "description": "Windows EVAL channel"}
        }
    }


def certificate(days: int) -> dict[str, Any]:
    ends = timezone.now() + timedelta(days=days)
    return {"certificates.bound_443": {"value": {"not_after": ends.isoformat()}}}


def days(number: int) -> int:
    return number * 24 * 60


def found(actor: Operator) -> list[tuple[str, str, str]]:
    return [(one.row.entry.kind, one.deployment, one.row.status) for one in ends_soon(actor=actor)]


def test_licences_and_certificates_are_as_the_machine_says(reviewer: Operator, operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed", name="lyon")
    stories.tell_facts(deployment, operator, {**licence(days(9)), **certificate(3)})
    assert found(reviewer) == [("web_certificate", "lyon", "soon"), ("evaluation_licence", "lyon", "soon")]
    in_calendar = {row.entry for row in expiry.calendar_of(deployment, actor=reviewer)}
    assert {one.row.entry for one in ends_soon(actor=reviewer)} == in_calendar


def test_later_and_long_ago_is_not_soon(reviewer: Operator, operator: Operator) -> None:
    later = stories.answered(operator, "deployed", name="later")
    stories.tell_facts(later, operator, {**licence(days(60)), **certificate(15)})
    assert found(reviewer) == []
    HostFacts.objects.update(facts={**licence(days(60)), **certificate(-30)})
    assert found(reviewer) == []
    HostFacts.objects.update(facts=certificate(-2))
    assert found(reviewer) == [("web_certificate", "later", "ended")]


def test_what_no_machine_has_told_follows_from_the_day_it_was_deployed(
    reviewer: Operator, operator: Operator
) -> None:
    stories.answered(operator, "deployed", name="lyon")
    Task.objects.filter(kind="deploy_ova").update(
        finished_at=timezone.now() - EVALUATION_LASTS + timedelta(days=5)
    )
    assert found(reviewer) == [("evaluation_licence", "lyon", "soon")]
    Task.objects.filter(kind="deploy_ova").update(finished_at=timezone.now() - timedelta(days=3 * 365 - 4))
    assert found(reviewer) == [("web_certificate", "lyon", "soon")]


def test_facts_of_another_machine_count_for_nothing(reviewer: Operator, operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed", name="lyon")
    stories.tell_facts(deployment, operator, certificate(3))
    HostFacts.objects.update(host_name="elsewhere")
    assert found(reviewer) == []
    Task.objects.filter(kind="deploy_ova").update(
        finished_at=timezone.now() - EVALUATION_LASTS + timedelta(days=5)
    )
    assert found(reviewer) == [("evaluation_licence", "lyon", "soon")]


def test_only_the_newest_facts_count(reviewer: Operator, operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed", name="lyon")
    newest = stories.tell_facts(deployment, operator, certificate(400))
    HostFacts.objects.create(
        deployment=deployment,
        component="cs",
        issue=newest.issue,
        way="upload",
        host_name="cs01",
        collected_at=newest.collected_at - timedelta(days=1),
        facts=certificate(3),
        digest="older",
        received_by=operator,
    )
    assert found(reviewer) == []


def test_minutes_beyond_any_calendar_take_nothing_away(reviewer: Operator, operator: Operator) -> None:
    deployment = stories.answered(operator, "deployed", name="lyon")
    stories.tell_facts(deployment, operator, {**licence(10**12), **certificate(3)})
    assert found(reviewer) == [("web_certificate", "lyon", "soon")]


def test_machines_of_other_teams_and_those_out_of_service_are_not_there(
    reviewer: Operator, operator: Operator, admin: Operator
) -> None:
    deployment = stories.answered(operator, "deployed", name="lyon")
    stories.tell_facts(deployment, operator, certificate(3))
    Deployment.objects.update(team=Team.objects.create(name="others"))
    assert found(reviewer) == []
    assert found(admin) == [("web_certificate", "lyon", "soon")]
    Deployment.objects.update(state=DeploymentState.DECOMMISSIONED)
    assert found(admin) == []


def many(number: int, actor: Operator, *, first: int = 0) -> None:
    """Deployments of which one in ten has a certificate that ends, and one in ten a licence by the day it was deployed."""
    issue = CollectorIssue.objects.get()
    now = timezone.now()
    made = Deployment.objects.bulk_create(
        Deployment(name=f"site-{place:04}", profile="asr-classic", created_by=actor, state="deployed")
        for place in range(first, first + number)
    )
    StepAnswer.objects.bulk_create(
        StepAnswer(deployment=row, step=step, data=data, changed_by=actor)
        for row in made
        for step, data in (("source", SOURCE), ("network", {"host_name": "cs01"}))
    )
    HostFacts.objects.bulk_create(
        HostFacts(
            deployment=row,
            component="cs",
            issue=issue,
            way="upload",
            host_name="cs01",
            collected_at=now,
            facts=certificate(3 if place % 10 == 0 else 300),
            digest="d",
            received_by=actor,
        )
        for place, row in enumerate(made)
        if place % 10 != 1
    )
    Task.objects.bulk_create(
        Task(
            deployment=row,
            kind="deploy_ova",
            changing=True,
            state=TaskState.SUCCEEDED,
            requested_by=actor,
            finished_at=now - EVALUATION_LASTS + timedelta(days=5),
        )
        for row in made[1::10]
    )


def test_many_deployments_cost_as_many_queries_as_few(
    reviewer: Operator, operator: Operator, django_assert_num_queries: Any
) -> None:
    first = make_deployment(operator)
    stories.tell_facts(first, operator, {})
    many(10, operator)
    with CaptureQueriesContext(connection) as few:
        assert len(ends_soon(actor=reviewer)) == 2
    many(200, operator, first=10)
    with django_assert_num_queries(len(few)):
        endings: tuple[Ending, ...] = ends_soon(actor=reviewer)
    assert len(endings) == 42
