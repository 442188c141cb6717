from __future__ import annotations

import pytest
from django.test import Client

from tests import stories
from tests.builders import make_deployment
from tests.web.pages import read, step_url
from wizard.models import Deployment, Operator


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    return stories.answered(operator, "checked")


def test_deploy_says_what_will_happen_and_its_button_says_what_it_does(
    working: Client, checked: Deployment
) -> None:
    words = read(working.get(step_url(checked, "deploy"))).words
    assert "Deploy lyon-cs01 to DC0_C0" in words
    for fact in ("shared", "VM Network", "asr.ova", "192.0.2.10"):
        assert fact in words


@pytest.mark.parametrize("from_answers", [True, False])
def test_a_double_click_on_deploy_deploys_once(
    working: Client, checked: Deployment, from_answers: bool
) -> None:
    address = f"/deployments/{checked.pk}/answers/" if from_answers else step_url(checked, "deploy")
    for _ in range(2):
        answer = working.post(address, {"action": "deploy" if from_answers else "start"})
        assert answer["Location"] == step_url(checked, "deploy")
    assert checked.tasks.filter(kind="deploy_ova").count() == 1
    page = read(working.get(step_url(checked, "deploy")))
    assert page.all("div", id="live-task")
    assert "Deploy lyon-cs01 to DC0_C0" not in page.words


def test_deploy_without_a_preflight_is_refused_with_what_is_missing(
    working: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "vault")
    answer = working.post(step_url(draft, "deploy"))
    assert answer.status_code == 409
    assert "a preflight without blocking findings, run after the last change" in read(answer).words
    assert not draft.tasks.filter(kind="deploy_ova").exists()


def test_work_waits_while_other_work_changes_the_deployment(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    other = stories.running(checked, "preflight", operator)
    page = read(working.get(step_url(checked, "deploy")))
    assert "“Preflight” is under way for this deployment" in page.words
    assert page.all("a", href=f"/tasks/{other.pk}/")
    answer = working.post(step_url(checked, "deploy"))
    assert answer.status_code == 409
    assert not checked.tasks.filter(kind="deploy_ova").exists()


def test_a_deploy_that_failed_says_why_and_can_be_started_again(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    task = stories.failed(checked, "deploy_ova", operator, "upload_failed", "The upload broke off.")
    page = read(working.get(step_url(checked, "deploy")))
    assert "The upload broke off." in page.words
    assert page.all("a", href=f"/tasks/{task.pk}/")
    assert working.post(step_url(checked, "deploy")).status_code == 302
    assert checked.tasks.filter(kind="deploy_ova", state="queued").count() == 1


def test_an_appliance_is_deployed_once(working: Client, operator: Operator) -> None:
    deployed = stories.answered(operator, "deployed")
    page = read(working.get(step_url(deployed, "deploy")))
    assert "lyon-cs01 is deployed and running" in page.words
    assert "192.0.2.10" in page.words
    assert not page.all("input", name="action")
    assert working.post(step_url(deployed, "deploy")).status_code == 409
    assert not deployed.tasks.filter(kind="deploy_ova", state="queued").exists()


def test_register_names_the_vcenter_and_then_what_it_found(working: Client, operator: Operator) -> None:
    deployed = stories.answered(operator, "deployed")
    assert "Register vcenter.lab.test" in read(working.get(step_url(deployed, "register"))).words
    assert working.post(step_url(deployed, "register")).status_code == 302
    assert deployed.tasks.filter(kind="register_vcenter", state="queued").count() == 1
    registered = stories.answered(operator, "registered")
    words = read(working.get(step_url(registered, "register"))).words
    assert "vcenter.lab.test is registered" in words
    assert stories.INSTANCE in words


def test_the_topology_is_looked_at_before_it_is_recorded(working: Client, operator: Operator) -> None:
    registered = stories.answered(operator, "registered")
    page = read(working.get(step_url(registered, "record")))
    assert page.all("svg")
    assert "Recovery Services vault" in page.words
    assert "lyon-vault" in page.words
    assert working.post(step_url(registered, "record")).status_code == 302
    assert registered.tasks.filter(kind="record_topology", state="queued").count() == 1


def test_the_home_of_a_deployment_says_what_is_next_and_what_cannot_start_and_why(
    working: Client, operator: Operator
) -> None:
    draft = stories.answered(operator, "vcenter")
    page = read(working.get(f"/deployments/{draft.pk}/"))
    assert "Next: Placement" in page.words
    assert "4 of 12 steps are complete." in page.words
    assert "Cannot start yet. First complete: Placement." in page.words
    assert page.all("a", href=step_url(draft, "placement"))
    assert not page.all("a", href=step_url(draft, "template"))


def test_the_home_of_a_deployment_leads_to_the_work_that_is_under_way(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    task = stories.running(checked, "deploy_ova", operator)
    page = read(working.get(f"/deployments/{checked.pk}/"))
    assert "Under way: Deploy the appliance" in page.words
    assert page.all("a", href=f"/tasks/{task.pk}/")


def test_after_recording_the_deployment_has_pages_for_everything(working: Client, operator: Operator) -> None:
    recorded = stories.answered(operator, "recorded")
    page = read(working.get(f"/deployments/{recorded.pk}/"))
    for tab in ("topology", "tasks", "checks", "machines", "snapshots", "calendar"):
        assert page.all("a", href=f"/deployments/{recorded.pk}/{tab}/"), tab


def test_a_draft_is_deleted_after_a_question(working: Client, operator: Operator) -> None:
    draft = make_deployment(operator)
    address = f"/deployments/{draft.pk}/delete/"
    assert "Delete it for good?" in read(working.get(address)).words
    assert Deployment.objects.filter(pk=draft.pk).exists()
    answer = working.post(address, follow=True)
    assert f"The draft {draft.name} is deleted." in read(answer).words
    assert not Deployment.objects.filter(pk=draft.pk).exists()


def test_what_is_deployed_cannot_be_deleted(working: Client, operator: Operator) -> None:
    deployed = stories.answered(operator, "deployed")
    answer = working.post(f"/deployments/{deployed.pk}/delete/", follow=True)
    assert "is more than a draft: its appliance exists." in read(answer).words
    assert Deployment.objects.filter(pk=deployed.pk).exists()
