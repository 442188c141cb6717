from __future__ import annotations

import pytest
from django.test import Client

from tests import stories
from tests.web.pages import read, step_url
from wizard.journey import answer_file
from wizard.models import Deployment, Operator


@pytest.fixture
def answered(operator: Operator) -> Deployment:
    return stories.answered(operator, "vault")


def address(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/answers/"


def test_every_answer_is_shown_with_a_way_to_change_it(working: Client, answered: Deployment) -> None:
    page = read(working.get(address(answered)))
    for line in (
        "Name of the deployment " + answered.name,
        "Machines to protect VMware virtual machines",
        "Installation method OVA template",
        "Number of machines 120",
        "Data changed per day 700 GB",
        "Failback to this site No",
        "Data changed per day on the busiest machine Not provided",
        "VM folder Top of the datacenter",
        "Disk format Thick Provision Eager Zeroed",
        "Networks Network 1: VM Network",
        "Time servers time.windows.com time.nist.gov",
        "Region France Central",
    ):
        assert line in page.words, line
    for step in ("profile", "source", "capacity", "vcenter", "placement", "template", "network", "vault"):
        assert page.all("a", href=step_url(answered, step) + "?back=answers"), step


def test_a_second_typing_and_a_place_that_was_not_chosen_are_left_out(
    working: Client, answered: Deployment
) -> None:
    words = read(working.get(address(answered))).words
    assert "Type the name of the vault again" not in words
    assert "Checksum" not in words


def test_before_preflight_ran_the_page_offers_it_and_not_the_deployment(
    working: Client, answered: Deployment
) -> None:
    page = read(working.get(address(answered)))
    assert "Preflight has not run yet" in page.words
    assert "Run preflight" in page.words
    assert "Go on to the plan" not in page.words
    answer = working.post(address(answered), {"action": "preflight"})
    assert answer["Location"] == step_url(answered, "preflight")
    assert answered.tasks.filter(kind="preflight", state="queued").count() == 1


def test_what_blocks_is_named(working: Client, answered: Deployment, operator: Operator) -> None:
    stories.check(answered, operator, failing=("TPL-01",))
    words = read(working.get(address(answered))).words
    assert "1 finding blocks the deployment TPL-01" in words
    assert "Go on to the plan" not in words


def test_a_preflight_of_older_answers_does_not_count(working: Client, operator: Operator) -> None:
    checked = stories.answered(operator, "checked")
    working.post(step_url(checked, "capacity"), {"machines": "121", "daily_change_gb": "700"})
    words = read(working.get(address(checked))).words
    assert "Preflight has to run again" in words
    assert "Go on to the plan" not in words


def test_an_answer_that_is_missing_says_what_comes_before_it(working: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "source")
    page = read(working.get(address(draft)))
    assert "Cannot start yet. First complete: Capacity, vCenter Server." in page.words
    assert page.all("a", href=step_url(draft, "capacity") + "?back=answers")
    assert not page.all("input", name="action")


def test_after_preflight_the_page_leads_to_the_plan(working: Client, operator: Operator) -> None:
    checked = stories.answered(operator, "checked")
    page = read(working.get(address(checked)))
    assert "Go on to the plan for lyon-cs01 on DC0_C0" in page.words
    assert page.all("a", href=step_url(checked, "deploy"))
    assert not page.all("input", name="action")


def test_who_may_not_answer_is_offered_no_change(looking: Client, answered: Deployment) -> None:
    page = read(looking.get(address(answered)))
    assert "Number of machines 120" in page.words
    assert not page.all("a", href=step_url(answered, "capacity") + "?back=answers")


def test_the_answers_of_a_deployed_appliance_are_only_shown(working: Client, operator: Operator) -> None:
    deployed = stories.answered(operator, "deployed")
    page = read(working.get(address(deployed)))
    assert "Number of machines 120" in page.words
    assert "Change Number of machines" not in page.words
    assert not page.all("input", name="action")


def test_the_answer_file_rebuilds_the_deployment_and_holds_no_secret(
    working: Client, answered: Deployment
) -> None:
    answer = working.get(f"/deployments/{answered.pk}/answers.yaml")
    assert answer["Content-Disposition"] == f'attachment; filename="{answered.name}.yaml"'
    text = answer.content.decode()
    file = answer_file.parse(text)
    assert file.name == answered.name
    assert answer_file.check(file) == []
    assert file.answers["vcenter"]["credential"] == f"{answered.name}-vcenter"
    assert stories.PASSWORD not in text


def test_all_answers_are_looked_at_between_preflight_and_deployment(
    working: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "network")
    answer = working.post(step_url(draft, "vault"), stories.ANSWERS["vault"])
    assert answer["Location"] == step_url(draft, "preflight")
    stories.check(draft, operator)
    assert read(working.get(step_url(draft, "preflight"))).all("a", href=address(draft))
