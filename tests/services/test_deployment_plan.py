"""The recorded plan against the lab: made without changing anything, approved by the start, and then kept to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests import stories
from tests.vsphere_ova.archives import contents, write_tar
from tests.walk import VM_NAME, Walk
from wizard.models import AuditEntry, DeploymentPlan, Operator, TaskState
from wizard.services import deployment_plan, deployments, plan_contents, tasks
from wizard.services.errors import Conflict, NotReady
from wizard.vsphere.import_record import ImportRecord

vcenter = pytest.mark.vcenter
MISSING = "Still missing: a plan of the import, made after the last change and approved"


def newest(walk: Walk) -> DeploymentPlan:
    plan = deployment_plan.newest(walk.deployment)
    assert plan is not None
    return plan


def outdated(walk: Walk) -> str:
    assert deployment_plan.current(walk.deployment) is None
    return str(deployment_plan.outdated_because(newest(walk)))


def refused_for_want_of_a_plan(walk: Walk, **inputs: Any) -> None:
    with pytest.raises(NotReady) as refused:
        walk.launch("deploy_ova", **inputs)
    assert str(refused.value.remedy) == MISSING


# --- making it --------------------------------------------------------------------------------------------------------


@vcenter
def test_a_plan_is_recorded_without_anything_being_changed(walk: Walk) -> None:
    before = [lease["state"] for lease in walk.control.leases()]
    walk.to("checked")
    plan = newest(walk)
    assert deployment_plan.current(walk.deployment) == plan
    assert ImportRecord.from_json(plan.record).sha256 == plan.sha256
    assert plan.task.result == {"plan_sha256": plan.sha256}
    assert walk.machines() == []
    assert [lease["state"] for lease in walk.control.leases()] == before
    placement = plan.record["parts"]["placement"]
    assert placement["folder"]["path"] == "Infrastructure/Recovery"
    assert placement["datastore"]["name"] == "LocalDS_0"
    assert plan.record["parts"]["properties"]["ip0"] == "192.0.2.10"
    rows = {
        (section.id, str(row.label)): [str(value) for value in row.values]
        for section in plan_contents.sections(plan)
        for row in section.rows
    }
    assert rows["hardware", "Disks"] == ["Hard disk 1: 80 GB", "Hard disk 2: 600 GB", "Hard disk 3: 600 GB"]
    assert rows["placement", "Virtual machine"] == [VM_NAME]
    assert rows["privileges", "Account"] == ["asr-operator@vsphere.local"]


def test_a_plan_needs_what_the_deployment_needs(operator: Operator, db: None) -> None:
    draft = stories.answered(operator, "vault")
    with pytest.raises(NotReady, match="Plan the import cannot start yet") as refused:
        tasks.launch("plan_deployment", deployment=draft, actor=operator)
    assert "a preflight without blocking findings" in str(refused.value.remedy)
    deployed = stories.answered(operator, "deployed")
    with pytest.raises(Conflict) as closed:
        tasks.launch("plan_deployment", deployment=deployed, actor=operator)
    assert closed.value.code == "already_deployed"


@vcenter
def test_a_template_that_was_replaced_is_not_planned(walk: Walk) -> None:
    walk.to("checked")
    walk.make_template(cpus=2, seed=7)
    assert walk.failed("plan_deployment").code == "template_changed"


@vcenter
def test_a_password_of_the_template_is_in_no_plan(walk: Walk, client: Client) -> None:
    walk.to("placement")
    with_passwords(walk.make_template(file_mb=0.1, manifest=None))
    walk.to("checked")
    plan = newest(walk)
    spec = plan.record["parts"]["spec"]["configSpec"]["vAppConfig"]["property"]
    found = {item["info"]["id"]: item["info"] for item in spec}
    assert found["admin"]["defaultValue"].startswith("pbkdf2-sha256:")
    assert found["hostname"]["value"].startswith("pbkdf2-sha256:")
    properties = plan.record["parts"]["properties"]
    assert properties["hostname"].startswith("pbkdf2-sha256:")
    assert properties["ip0"] == "192.0.2.10"
    client.force_login(walk.operator)
    page = client.get(f"/deployments/{walk.deployment.pk}/steps/deploy/").content.decode()
    file = client.get(f"/deployments/{walk.deployment.pk}/plan.json").content.decode()
    assert "kept secret" in page
    for text in (json.dumps(plan.record), page, file):
        assert "canary-default" not in text
    walk.done("deploy_ova")


def with_passwords(path: Path) -> None:
    """The host name becomes a secret, and another one has a default that the publisher set."""
    members = contents(path)
    (name,) = [name for name in members if name.endswith(".ovf")]
    another = (
        b'<Property ovf:key="admin" ovf:type="string" ovf:password="true" ovf:userConfigurable="true"'
        b' ovf:value="canary-default"><Label>Password</Label></Property>'
    )
    head, middle, tail = members[name].partition(b"<Property ")
    assert middle
    xml = head + another + middle + tail
    assert b'ovf:key="hostname"' in xml
    xml = xml.replace(b'ovf:key="hostname"', b'ovf:key="hostname" ovf:password="true"')
    write_tar(path, {**members, name: xml})


# --- which one counts -------------------------------------------------------------------------------------------------


def test_an_answer_a_preflight_or_another_template_outdates_it(operator: Operator, db: None) -> None:
    deployment = stories.answered(operator, "checked")
    plan = deployment.plans.get()
    assert deployment_plan.outdated_because(plan) is None
    stories.check(deployment, operator)
    assert str(deployment_plan.outdated_because(plan)) == "Preflight was run after the plan was made."
    again = stories.plan(deployment, operator)
    assert deployment_plan.current(deployment) == again

    inspected = stories.inspect(deployment, operator)
    assert deployment_plan.current(deployment) == again, "the same template, looked at once more"
    inspected.result["modified_ns"] = "2"  # type: ignore[index]
    inspected.save()
    assert (
        str(deployment_plan.outdated_because(again)) == "The template was replaced after the plan was made."
    )
    stories.inspect(deployment, operator)

    deployments.answer(deployment, "capacity", {"machines": 5, "daily_change_gb": 7}, actor=operator)
    assert str(deployment_plan.outdated_because(again)) == (
        "These answers were changed after the plan was made: Capacity."
    )
    assert deployment_plan.newest(deployment) == again


@vcenter
def test_without_a_current_plan_nothing_is_deployed(walk: Walk) -> None:
    walk.to("vault").done("preflight")
    refused_for_want_of_a_plan(walk)
    refused_for_want_of_a_plan(walk, plan_sha256="00" * 32)
    walk.done("plan_deployment")
    refused_for_want_of_a_plan(walk, plan_sha256="")
    first = newest(walk).sha256
    walk.done("preflight")
    assert outdated(walk) == "Preflight was run after the plan was made."
    refused_for_want_of_a_plan(walk, plan_sha256=first)
    walk.done("plan_deployment")
    with pytest.raises(Conflict) as refused:
        walk.launch("deploy_ova", plan_sha256=first)
    assert refused.value.code == "plan_outdated"
    assert f"The plan {first[:12]} is not the current one, which is {newest(walk).sha256[:12]}." in str(
        refused.value
    )
    assert not AuditEntry.objects.filter(action="plan.approved").exists()


# --- approved, and kept to --------------------------------------------------------------------------------------------


@vcenter
def test_who_starts_the_deployment_approves_the_plan(walk: Walk) -> None:
    task = walk.to("checked").done("deploy_ova")
    plan = newest(walk)
    assert task.inputs == {"plan_sha256": plan.sha256}
    assert plan.approved_by == walk.operator
    assert plan.approved_at is not None
    assert deployment_plan.shown(walk.deployment) == plan
    entry = AuditEntry.objects.get(action="plan.approved")
    assert str(entry.sentence) == f"oskar approved the plan {plan.sha256[:12]} of {walk.deployment.name}."
    assert entry.after == {
        "plan_sha256": plan.sha256,
        "made_at": plan.made_at.isoformat(),
        "task": str(task.pk),
    }


def test_a_launch_that_is_refused_approves_nothing(operator: Operator, db: None) -> None:
    deployment = stories.answered(operator, "checked")
    stories.running(deployment, "preflight", operator)
    with pytest.raises(Conflict, match="is under way"):
        tasks.launch("deploy_ova", deployment=deployment, actor=operator, inputs=stories.approval(deployment))
    assert deployment.plans.get().approved_at is None
    assert not AuditEntry.objects.filter(action="plan.approved").exists()


@vcenter
def test_what_is_not_as_it_was_approved_is_named_and_nothing_is_made(walk: Walk) -> None:
    walk.to("checked")
    before = walk.control.leases()
    walk.enter_password("administrator")
    walk.done("sign_in_vcenter")
    failure = walk.failed("deploy_ova")
    assert failure.code == "plan_changed"
    assert "Privileges, account: asr-operator@vsphere.local before, administrator@vsphere.local now" in (
        failure.message
    )
    assert "Nothing was changed." in failure.message
    assert "approve the plan anew" in failure.remedy
    assert walk.machines() == []
    assert walk.control.leases() == before
    assert walk.state == "checked"
    walk.done("plan_deployment")
    walk.done("deploy_ova")


@vcenter
def test_a_failed_deployment_is_started_again_with_the_plan_it_had(walk: Walk) -> None:
    walk.to("checked")
    walk.control.add_fault("PowerOnVM_Task", "InsufficientResourcesFault", message="no memory left", count=1)
    task = walk.failed("deploy_ova").task
    again = walk.execute(tasks.retry(task, actor=walk.operator))
    assert again.state == TaskState.SUCCEEDED
    assert again.inputs == task.inputs
    assert AuditEntry.objects.filter(action="plan.approved").count() == 2


@vcenter
def test_a_stored_plan_that_somebody_changed_is_not_carried_out(walk: Walk) -> None:
    walk.to("checked")
    plan = newest(walk)
    plan.record["parts"]["placement"]["datastore"]["name"] = "ClusterDS_0"
    plan.save()
    failure = walk.failed("deploy_ova")
    assert failure.code == "plan_damaged"
    assert failure.message == "The plan that was approved is not there any more as it was recorded."
    assert walk.machines() == []
