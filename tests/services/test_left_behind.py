"""Whatever becomes of the work: no half-made machine stays in vCenter unsaid, and no stranger is taken for one."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from tests.services.conftest import Begin
from tests.walk import VM_NAME, Failure, Walk
from wizard.models import Task, TaskState
from wizard.services import deployments, templates
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.runner import claim
from wizard.services.vcenter_access import open_session
from wizard.vsphere.import_plan import ImportPlan
from wizard.vsphere.ova_import import import_ova
from wizard.vsphere.template import open_template


def die_in_mid_import(walk: Walk, *, mark: str | None = None) -> Task:
    """Leave things as a worker does that dies after vCenter has made the machine, and before it learnt its id."""
    task = walk.launch("deploy_ova")
    claimed = claim(task.pk, "worker-that-dies")
    assert claimed is not None
    Progress(claimed).leave(vm_name=VM_NAME)
    answers = deployments.answers_of(walk.deployment)
    place, template = answers["placement"], answers["template"]
    with (
        open_session(answers["vcenter"], walk.deployment) as session,
        open_template(templates.local_path(template)) as opened,
    ):
        import_ova(
            session,
            opened,
            ImportPlan(
                vm_name=VM_NAME,
                datacenter=place["datacenter"],
                folder=place["folder"],
                compute=place["compute"],
                datastore=place["datastore"],
                networks=template["networks"],
                disk_provisioning=place["disk_provisioning"],
                properties={},
                accept_license=True,
            ),
            mark=mark or task.pk.hex,
            on_phase=lambda text: None,
            on_transfer=lambda transfer: None,
            on_created=lambda moid: None,
            should_stop=lambda: False,
        )
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    return task


def test_a_machine_whose_id_the_dead_worker_never_learnt_is_removed(begin: Begin) -> None:
    walk = begin().to("checked")
    task = walk.execute(die_in_mid_import(walk))
    assert Failure(task).code == "worker_lost"
    assert walk.machines() == []


def test_a_stranger_of_the_same_name_is_left_alone(begin: Begin) -> None:
    walk = begin().to("checked")
    task = walk.execute(die_in_mid_import(walk, mark="somebody-else"))
    assert Failure(task).code == "worker_lost"
    assert len(walk.machines()) == 1
    walk.control.remove_machine(VM_NAME)


def test_what_could_not_be_removed_after_a_dead_worker_is_said(begin: Begin) -> None:
    walk = begin().to("checked")
    task = die_in_mid_import(walk)
    walk.control.set_gone(True)
    failure = Failure(walk.execute(task))
    assert failure.code == "left_behind"
    assert VM_NAME in failure.message
    walk.control.set_gone(False)
    walk.control.remove_machine(VM_NAME)


def test_what_could_not_be_removed_after_a_failed_start_is_said(begin: Begin) -> None:
    walk = begin().to("checked")
    walk.control.add_fault("PowerOnVM_Task", "InsufficientResourcesFault", message="no memory left")
    walk.control.add_fault("Destroy_Task", "NoPermission")
    failure = walk.failed("deploy_ova")
    assert failure.code == "left_behind"
    assert VM_NAME in failure.message
    assert failure.task.state == TaskState.FAILED
    walk.control.clear_faults()
    walk.control.remove_machine(VM_NAME)
