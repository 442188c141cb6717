from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests import plans, stories
from tests.builders import make_deployment
from tests.web.pages import read, step_url
from wizard.models import Deployment, Operator, TaskState
from wizard.services import tasks
from wizard.vsphere.import_record import ImportRecord, PlanChanged, expect_unchanged


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    return stories.answered(operator, "checked")


def approve(deployment: Deployment) -> dict[str, str]:
    """What the form of the page sends whose plan is the newest one."""
    return {"action": "start", **stories.approval(deployment)}


def without_plan(deployment: Deployment) -> Deployment:
    deployment.plans.all().delete()
    return deployment


def test_deploy_without_a_plan_says_what_one_is_and_makes_it(working: Client, checked: Deployment) -> None:
    address = step_url(without_plan(checked), "deploy")
    page = read(working.get(address))
    assert "No plan was made yet." in page.words
    for fact in ("lyon-cs01", "shared", "VM Network", "asr.ova", "192.0.2.10"):
        assert fact in page.words
    assert "Approve and deploy" not in page.words
    assert working.post(address, {"action": "plan"})["Location"] == address
    assert checked.tasks.filter(kind="plan_deployment", state="queued").count() == 1
    page = read(working.get(address))
    assert page.all("div", id="live-task")
    assert "Make the plan" not in page.words


def test_the_plan_is_read_before_it_is_approved(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    plan = stories.plan(checked, operator, warnings=[plans.WARNING])
    page = read(working.get(step_url(checked, "deploy")))
    for fact in (
        "Approve and deploy lyon-cs01 to DC0_C0",
        f"SHA-256 of the plan {plan.sha256}",
        "File asr.ova",
        "Signed by certificate Not signed",
        "manifest-sha256:" + "c0" * 32,
        "Folder Top of the datacenter",
        "Disk format Thick Provision Eager Zeroed",
        "Network 1 VM Network Network-VM Network",
        "site.name lyon",
        "admin.password kept secret",
        "Processors 8",
        "Memory 16 GB",
        "Hard disk 1: 80 GB Hard disk 2: 600 GB Hard disk 3: 600 GB",
        "LSI Logic SAS VMXNET 3",
        "Account asr@vsphere.local",
        "vApp > Import (VApp.Import)",
        plans.WARNING,
        '"capacityInKB": 83886080',
    ):
        assert fact in page.words, fact
    assert plans.HIDDEN not in page.text
    assert page.value_of("plan_sha256") == plan.sha256


def test_what_is_approved_is_the_plan_that_was_on_the_page(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    seen = approve(checked)
    plan = stories.plan(checked, operator)
    answer = working.post(step_url(checked, "deploy"), seen)
    assert answer.status_code == 409
    words = read(answer).words
    assert f"The plan {seen['plan_sha256'][:12]} is not the current one, which is {plan.sha256[:12]}" in words
    assert "Look at the newest plan and approve that one." in words
    assert not checked.tasks.filter(kind="deploy_ova").exists()
    assert working.post(step_url(checked, "deploy"), approve(checked)).status_code == 302
    assert checked.tasks.get(kind="deploy_ova").inputs == {"plan_sha256": plan.sha256}


def test_without_a_digest_nothing_is_deployed(working: Client, checked: Deployment) -> None:
    answer = working.post(step_url(checked, "deploy"), {"action": "start"})
    assert answer.status_code == 409
    assert "a plan of the import, made after the last change and approved" in read(answer).words


def test_a_plan_that_is_outdated_says_why_and_is_made_anew(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    stories.check(checked, operator)
    page = read(working.get(step_url(checked, "deploy")))
    assert "Preflight was run after the plan was made." in page.words
    assert "Make the plan" in page.words
    assert "Approve and deploy" not in page.words
    assert working.post(step_url(checked, "deploy"), approve(checked)).status_code == 409


def test_what_is_not_as_it_was_approved_is_listed(
    working: Client, checked: Deployment, operator: Operator
) -> None:
    approved = ImportRecord.from_json(checked.plans.get().record)
    now = plans.recorded(approved.salt, placement={"datastore": {"name": "other", "moid": "datastore-9"}})
    with pytest.raises(PlanChanged) as changed:
        expect_unchanged(approved, now, address="vcenter.lab.test:443")
    error = {
        "code": "plan_changed",
        "message": changed.value.text.to_json(),
        "remedy": changed.value.remedy.to_json(),
    }
    stories.ended(checked, "deploy_ova", operator, TaskState.FAILED, error=error)
    page = read(working.get(step_url(checked, "deploy")))
    assert "Datastore: shared before, other now" in page.words
    assert "Make the plan anew" in page.words


def test_the_approved_plan_stays_to_be_read_and_can_be_taken_away(
    working: Client, operator: Operator
) -> None:
    deployed = stories.answered(operator, "deployed")
    plan = deployed.plans.get()
    page = read(working.get(step_url(deployed, "deploy")))
    assert "The plan that was approved" in page.words
    assert f"SHA-256 of the plan {plan.sha256}" in page.words
    assert "Processors 8" in page.words
    assert f", {operator.username}" in page.words
    answer = working.get(f"/deployments/{deployed.pk}/plan.json")
    assert answer["Content-Disposition"] == (
        f'attachment; filename="{deployed.name}-plan-{plan.sha256[:12]}.json"'
    )
    assert ImportRecord.from_json(json.loads(answer.content)).sha256 == plan.sha256


def test_without_a_plan_there_is_no_file(working: Client, checked: Deployment) -> None:
    assert working.get(f"/deployments/{without_plan(checked).pk}/plan.json").status_code == 404


def test_who_only_looks_sees_the_plan_and_no_button(looking: Client, checked: Deployment) -> None:
    page = read(looking.get(step_url(checked, "deploy")))
    assert "Processors 8" in page.words
    assert "Approve and deploy" not in page.words
    assert not page.all("input", name="action")


def test_a_double_click_on_approve_deploys_once(working: Client, checked: Deployment) -> None:
    address, sent = step_url(checked, "deploy"), approve(checked)
    for _ in range(2):
        assert working.post(address, sent)["Location"] == address
    assert checked.tasks.filter(kind="deploy_ova").count() == 1
    page = read(working.get(address))
    assert page.all("div", id="live-task")
    assert "Approve and deploy" not in page.words
    assert "The plan that was approved" in page.words, "to be read while it is carried out"


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
    assert working.post(step_url(checked, "deploy"), approve(checked)).status_code == 302
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


def test_work_that_ends_while_its_page_is_made_is_shown_as_done(working: Client, operator: Operator) -> None:
    registered = stories.answered(operator, "registered")
    working.post(step_url(registered, "record"))
    waiting = [registered.tasks.get(kind="record_topology")]

    def end_it_first(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """A worker ends the task after the page has read the deployment, and before it reads the task."""
        if waiting and 'FROM "wizard_task"' in sql:
            tasks.execute(waiting.pop().pk, "test")
        return execute(sql, *rest)

    with connection.execute_wrapper(end_it_first):
        words = read(working.get(step_url(registered, "record"))).words
    assert registered.tasks.get(kind="record_topology").state == TaskState.SUCCEEDED
    assert "The topology is recorded" in words


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
