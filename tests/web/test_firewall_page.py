"""The firewall matrix as those who open ports read it."""

from __future__ import annotations

import csv
import io

import pytest
from django.test import Client

from tests import stories
from tests.web.pages import Page, read
from wizard.models import CheckResult, Deployment, Operator
from wizard.services import firewall


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    return stories.answered(operator, "checked")


def url(deployment: Deployment, rest: str = "/") -> str:
    return f"/deployments/{deployment.pk}/firewall{rest}"


def rows(page: Page) -> int:
    return len(page.all("tr")) - 1


def test_every_rule_is_on_the_page_with_its_reason_and_its_proof(
    looking: Client, checked: Deployment, viewer: Operator
) -> None:
    page = read(looking.get(url(checked)))
    rules = firewall.rules_of(checked, actor=viewer)
    assert len(rules) > 20
    assert rows(page) == len(rules)
    for rule in rules:
        assert str(rule.why) in page.words
        for name in rule.proved_by:
            assert page.all("a", href=f"/requirements/asr-classic/{name}/"), name
    assert "Computed from the answers" in page.words
    assert page.all("button", data_copy="firewall-rules")


def test_rules_are_filtered_by_direction(looking: Client, checked: Deployment, viewer: Operator) -> None:
    every = firewall.rules_of(checked, actor=viewer)
    for direction in ("in", "out", "between"):
        wanted = sum(rule.direction == direction for rule in every)
        page = read(looking.get(url(checked, f"/?direction={direction}")))
        assert wanted
        assert rows(page) == wanted
    assert rows(read(looking.get(url(checked, "/?direction=up")))) == len(every)


def test_what_foothold_itself_opens_is_marked_and_can_be_shown_alone(
    looking: Client, checked: Deployment, viewer: Operator
) -> None:
    own = [rule for rule in firewall.rules_of(checked, actor=viewer) if rule.needed_by == "foothold"]
    page = read(looking.get(url(checked, "/?direction=foothold")))
    assert own
    assert rows(page) == len(own)
    assert "what this server opens itself" in page.words
    for rule in own:
        assert str(rule.known_from) in page.words


def test_the_last_verdict_of_what_proves_a_rule_is_beside_it(
    looking: Client, checked: Deployment, viewer: Operator
) -> None:
    rule = next(rule for rule in firewall.rules_of(checked, actor=viewer) if rule.proved_by)
    before = read(looking.get(url(checked))).words.count("Action needed")
    CheckResult.objects.filter(requirement_id="TPL-02").update(
        requirement_id=rule.proved_by[0], status="fail"
    )
    assert read(looking.get(url(checked))).words.count("Action needed") > before


def test_the_matrix_is_taken_away_as_csv(looking: Client, checked: Deployment, viewer: Operator) -> None:
    answer = looking.get(url(checked, ".csv"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="{checked.name}-firewall.csv"'
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(lines) == len(firewall.rules_of(checked, actor=viewer)) + 1


def test_the_matrix_is_taken_away_as_a_page_that_needs_nothing_else(
    looking: Client, checked: Deployment, viewer: Operator
) -> None:
    answer = looking.get(url(checked, ".html"))
    assert answer["Content-Disposition"] == f'attachment; filename="{checked.name}-firewall.html"'
    page = read(answer)
    assert rows(page) == len(firewall.rules_of(checked, actor=viewer))
    assert not [tag for tag, _attributes in page.elements if tag in ("script", "link", "img")]
    assert looking.get(url(checked, ".xlsx")).status_code == 404


def test_before_the_questions_are_answered_the_page_says_what_is_missing(
    looking: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "source")
    page = read(looking.get(url(draft)))
    assert "There is nothing to draw yet." in page.words
    assert page.all("a", href=f"/deployments/{draft.pk}/")
    assert looking.get(url(draft, ".csv")).status_code == 409
