"""The pages of results for each thing that can be set up: nothing on them is about another path, no link is dead."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.services.machines import by_hand, hear
from tests.services.test_paths import PROCESS_SERVER, modernized
from tests.web.pages import read
from wizard.checks.engine import judge_all
from wizard.checks.facts import FactSheet
from wizard.models import CheckResult, Deployment, Operator
from wizard.services import attestations, explanations, results
from wizard.services.applicable import requirements_for
from wizard.services.explanations import Phase


def _physical(actor: Operator) -> Deployment:
    deployment = by_hand(actor)
    hear(deployment, actor)
    return deployment


PATHS: dict[str, Callable[[Operator], Deployment]] = {
    "template": lambda actor: stories.answered(actor, "vault"),
    "physical server": _physical,
    "process server": lambda actor: by_hand(actor, **PROCESS_SERVER),
    "appliance": modernized,
}
PAGES = ("", "checks/", "task-sheets/?phase=before", "task-sheets/?phase=after", "firewall/", "calendar/")


@pytest.fixture(params=PATHS)
def judged(request: pytest.FixtureRequest, operator: Operator) -> Deployment:
    """Every requirement of both phases judged by the engine, on no fact at all."""
    deployment = PATHS[request.param](operator)
    phases: tuple[Phase, ...] = ("before", "after")
    for phase in phases:
        task = stories.succeeded(deployment, results.JUDGED_BY[phase][0], operator, result={})
        findings = judge_all(requirements_for(deployment, phase), FactSheet(), now=timezone.now())
        CheckResult.objects.bulk_create(
            results.as_result(task, position, finding) for position, finding in enumerate(findings)
        )
    return deployment


def pages(client: Client, deployment: Deployment) -> list[HttpResponse]:
    return [client.get(f"/deployments/{deployment.pk}/{page}") for page in PAGES]


def test_every_page_is_there_and_names_only_requirements_that_have_a_page(
    working: Client, judged: Deployment
) -> None:
    known = {row.id for row in explanations.listing(judged.profile)}
    for answer in pages(working, judged):
        assert answer.status_code == 200
        content = answer.content.decode()
        assert "%(" not in content
        linked = re.findall(r'href="/requirements/([^/"]+)/([^/"]+)/"', content)
        assert {profile for profile, _name in linked} <= {judged.profile}
        assert {name for _profile, name in linked} <= known


def test_every_question_that_is_asked_can_be_answered_where_it_is_asked(
    working: Client, judged: Deployment
) -> None:
    page = read(working.get(f"/deployments/{judged.pk}/checks/?kind=attested"))
    offered = {
        match[1]
        for form in page.all("form", method="post")
        if (match := re.search(r"/checks/([^/]+)/answer/$", form.get("action", "")))
    }
    waiting = {
        row.requirement_id
        for phase in ("before", "after")
        for row in results.latest_results(judged, "before" if phase == "before" else "after")
        if row.status != "skipped"
    }
    assert offered == {row.id for row in attestations.questions_for(judged)} & waiting
    assert offered


def test_every_file_of_it_can_be_taken_away(looking: Client, judged: Deployment) -> None:
    base = f"/deployments/{judged.pk}"
    wanted = [f"{base}/checks/report.{form}" for form in results.REPORT_FORMATS]
    wanted += [
        f"{base}/firewall.csv",
        f"{base}/firewall.html",
        f"{base}/task-sheets.md",
        f"{base}/calendar.ics",
    ]
    names = set()
    for address in wanted:
        answer = looking.get(address)
        assert answer.status_code == 200, address
        assert answer["Content-Disposition"].startswith(f'attachment; filename="{judged.name}-')
        names.add(answer["Content-Disposition"])
    assert len(names) == len(wanted)
