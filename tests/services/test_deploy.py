"""The virtual machine is made whole or not at all: whatever breaks, nothing half-made stays, and one can start again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from tests.services.conftest import Begin
from tests.waiting import PATIENCE_S
from tests.walk import TEMPLATE, VM_NAME, Walk
from wizard.models import AuditEntry, Task, TaskState
from wizard.services import appliance, deployments, tasks
from wizard.services.errors import Conflict, NotReady
from wizard.vsphere.import_attempt import Patience

pytestmark = pytest.mark.vcenter

MEGABYTE = 2**20


@pytest.fixture
def slow(walk: Walk) -> Walk:
    """Ready to deploy a template whose upload takes some three seconds, all its disks side by side."""
    walk.to("checked", file_mb=24)
    walk.control.limit_uploads(bytes_per_s=MEGABYTE * 8 // 3)
    return walk


@contextmanager
def in_mid_upload(walk: Walk, act: Callable[[], object]) -> Iterator[None]:
    """Do something, once, when the upload is well under way."""

    def watch() -> None:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if any(upload["bytes"] > 2 * MEGABYTE for upload in walk.control.uploads()):
                act()
                return
            time.sleep(0.05)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        watcher.join()


def on_its_own(act: Callable[[], object]) -> Callable[[], None]:
    """For another thread: with a database connection that does not outlive it."""

    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    return run


def starts_again(walk: Walk) -> None:
    """Whatever went wrong, starting again with nothing done in between is enough."""
    assert walk.state == "checked"
    assert walk.machines() == []
    assert walk.control.open_leases() == []
    walk.control.limit_uploads()
    walk.done("deploy_ova")
    assert len(walk.machines()) == 1
    assert walk.state == "deployed"


def test_a_machine_is_imported_started_and_found_at_its_address(walk: Walk) -> None:
    task = walk.to("checked").done("deploy_ova")
    (machine,) = walk.machines()
    assert machine["path"] == f"/DC0/vm/Infrastructure/Recovery/{VM_NAME}"
    assert machine["powered_on"]
    assert task.result is not None
    assert task.result["moid"] == machine["moid"]
    assert task.result["guest"]["addresses"] == ["192.0.2.10"]
    assert walk.control.leases()[-1]["state"] == "complete"
    assert [upload["state"] for upload in walk.control.uploads()] == ["done"] * 3
    assert walk.state == "deployed"
    said = str(AuditEntry.objects.get(action="appliance.deployed").sentence)
    assert said == f"oskar deployed the virtual machine {VM_NAME} for {walk.deployment.name}."
    levels = {event.level for event in task.events.all()}
    assert levels == {"info"}


def test_nothing_is_deployed_twice(walk: Walk) -> None:
    walk.to("deployed")
    with pytest.raises(Conflict, match="was deployed already") as refused:
        walk.launch("deploy_ova")
    assert refused.value.code == "already_deployed"
    assert len(walk.machines()) == 1


def test_before_a_preflight_passed_nothing_is_deployed(walk: Walk) -> None:
    walk.to("vault")
    with pytest.raises(NotReady) as refused:
        walk.launch("deploy_ova")
    assert "a preflight without blocking findings, run after the last change" in str(refused.value.remedy)


def test_of_many_clicks_on_deploy_one_counts(walk: Walk) -> None:
    walk.to("checked")
    outcomes: list[str] = []
    ready = threading.Barrier(5)

    def click() -> None:
        ready.wait()
        try:
            walk.launch("deploy_ova")
            outcomes.append("started")
        except Conflict as refused:
            outcomes.append(f"{refused.code}: {refused}")

    threads = [threading.Thread(target=on_its_own(click)) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [
        "started",
        *["task_running: “Deploy the appliance” is under way for this deployment."] * 4,
    ]
    walk.execute(Task.objects.get(kind="deploy_ova"))
    assert len(walk.machines()) == 1


def test_while_it_deploys_no_answer_changes(walk: Walk) -> None:
    walk.to("checked")
    task = walk.launch("deploy_ova")
    with pytest.raises(Conflict) as refused:
        walk.answer("capacity", machines=130)
    assert refused.value.code == "task_running"
    tasks.cancel(task, actor=walk.operator)
    walk.answer("capacity", machines=130)
    assert walk.state == "vault", "a change of answers takes it back to draft"


# --- broken off ---------------------------------------------------------------------------------------------------


def test_a_cancel_in_mid_upload_leaves_nothing(slow: Walk) -> None:
    task = slow.launch("deploy_ova")
    cancel = on_its_own(lambda: tasks.cancel(Task.objects.get(pk=task.pk), actor=slow.operator))
    with in_mid_upload(slow, cancel):
        slow.execute(task)
    assert task.state == TaskState.CANCELLED
    assert str(task.events.last().message) == "Cancelled as asked."  # type: ignore[union-attr]
    assert task.progress < 88
    starts_again(slow)


def test_a_cancel_while_the_guest_boots_leaves_nothing(walk: Walk) -> None:
    walk.to("checked")
    walk.control.set_guests(silent=True)
    task = walk.launch("deploy_ova")

    def cancel_when_it_runs() -> None:
        end = time.monotonic() + PATIENCE_S
        while not any(machine["powered_on"] for machine in walk.machines()):
            assert time.monotonic() < end
            time.sleep(0.05)
        tasks.cancel(Task.objects.get(pk=task.pk), actor=walk.operator)

    watcher = threading.Thread(target=on_its_own(cancel_when_it_runs))
    watcher.start()
    walk.execute(task)
    watcher.join()
    assert task.state == TaskState.CANCELLED
    walk.control.set_guests(delay_s=0, address="192.0.2.10")
    starts_again(walk)


def test_a_connection_that_breaks_every_time_names_host_and_remedy(
    slow: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appliance, "PATIENCE", Patience(again_s=0.05))
    slow.control.limit_uploads(kill_after=3 * MEGABYTE)
    failure = slow.failed("deploy_ova")
    assert failure.code == "upload_failed"
    assert "esx-0" in failure.message
    assert "vmdk” was sent" in failure.message
    assert "reach it on TCP 443" in failure.remedy
    starts_again(slow)


def test_a_vcenter_that_is_gone_for_a_moment_in_mid_upload_gets_the_disks_again(slow: Walk) -> None:
    back = threading.Timer(1.0, slow.control.set_gone, [False])

    def gone() -> None:
        slow.control.set_gone(True)
        slow.control.limit_uploads()
        back.start()

    with in_mid_upload(slow, gone):
        task = slow.done("deploy_ova")
    back.join()
    assert slow.state == "deployed"
    assert any("sent again from its beginning" in str(event.message) for event in task.events.all())


def test_a_session_that_ends_in_mid_upload_leaves_nothing(
    slow: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can neither abort the lease nor remove the machine; a fresh one does."""
    monkeypatch.setattr(appliance, "PATIENCE", Patience(removal_s=1.0))
    with in_mid_upload(slow, slow.control.expire_sessions):
        failure = slow.failed("deploy_ova")
    assert failure.code == "lease_failed"
    assert "vcenter.lab.test:443 no longer knows the lease of this import" in failure.message
    assert "Start the work again; it signs in anew" in failure.remedy
    assert slow.machines() == []
    starts_again(slow)


def test_a_lease_that_vcenter_gives_up_is_told_with_its_reason(slow: Walk) -> None:
    with in_mid_upload(slow, slow.control.expire_leases):
        failure = slow.failed("deploy_ova")
    assert failure.code == "lease_failed"
    assert "vcenter.lab.test:443 gave up the import: The lease timed out" in failure.message
    starts_again(slow)


def test_a_machine_that_cannot_be_started_is_removed_and_vcenters_reason_told(walk: Walk) -> None:
    walk.to("checked")
    walk.control.add_fault("PowerOnVM_Task", "InsufficientResourcesFault", message="no memory left", count=1)
    failure = walk.failed("deploy_ova")
    assert failure.code == "call_failed"
    assert "no memory left" in failure.message
    starts_again(walk)


# --- changed since it was checked ---------------------------------------------------------------------------------


def test_a_name_that_was_taken_meanwhile_is_told_and_the_stranger_left_alone(walk: Walk) -> None:
    walk.to("checked")
    place = {"datacenter": "DC0", "folder": "Infrastructure/Recovery", "compute": "DC0_C0"}
    walk.control.add_machine({**place, "datastore": "LocalDS_0", "name": VM_NAME, "disks_gb": [1]})
    failure = walk.failed("deploy_ova")
    assert failure.code == "name_taken"
    assert f"already holds a virtual machine or folder named “{VM_NAME}”" in failure.message
    assert "Choose another name" in failure.remedy
    assert len(walk.machines()) == 1
    walk.control.remove_machine(VM_NAME)
    starts_again(walk)


def test_a_template_that_was_replaced_is_not_deployed_before_it_is_inspected_and_checked_again(
    walk: Walk,
) -> None:
    walk.to("checked")
    walk.make_template(cpus=2, seed=7)
    failure = walk.failed("deploy_ova")
    assert failure.code == "template_changed"
    assert failure.message == "The template file was replaced after it was inspected."
    assert failure.remedy == "Inspect the template again, then run preflight again."
    assert walk.control.uploads() == []

    walk.done("inspect_template", file=TEMPLATE)
    with pytest.raises(NotReady, match="cannot start yet"):
        walk.launch("deploy_ova")
    assert walk.done("preflight").result["blocked"]  # type: ignore[index]


def test_a_template_that_is_gone_is_told_like_one_that_was_replaced(walk: Walk, settings: Any) -> None:
    walk.to("checked")
    (settings.TEMPLATE_DIR / TEMPLATE).unlink()
    assert walk.failed("deploy_ova").code == "template_changed"


def test_a_certificate_that_changed_stops_the_deployment_before_the_password_is_sent(walk: Walk) -> None:
    walk.to("checked")
    before = walk.control.logins()
    other = walk.vcenter.other_certificate()
    walk.control.present_certificate(other.certificate, other.key)
    failure = walk.failed("deploy_ova")
    assert failure.code == "certificate_changed"
    assert other.sha256 in failure.message
    assert walk.vcenter.thumbprint_sha256 in failure.message
    assert walk.control.logins() == before


def test_rights_that_were_taken_away_are_told_by_name_and_object(walk: Walk) -> None:
    walk.to("checked")
    walk.enter_password("asr-replication")
    walk.done("sign_in_vcenter")
    failure = walk.failed("deploy_ova")
    assert failure.code == "no_permission"
    assert "VApp.Import" in failure.message
    assert "Ask a vSphere administrator" in failure.remedy
    assert walk.machines() == []


# --- the guest ----------------------------------------------------------------------------------------------------


def test_a_guest_that_reports_nothing_in_time_is_deployed_with_a_word_to_whoever_sits_at_its_console(
    walk: Walk, settings: Any
) -> None:
    settings.GUEST_WAIT_SECONDS = 1
    walk.to("checked")
    walk.control.set_guests(silent=True)
    task = walk.done("deploy_ova")
    warnings = [str(event.message) for event in task.events.filter(level="warning")]
    assert "did not report the address 192.0.2.10 within 1 seconds" in warnings[0]
    assert warnings[1] == "Open the console of the virtual machine and set the static address 192.0.2.10."
    assert walk.state == "deployed"
    (machine,) = walk.machines()
    assert machine["powered_on"]


def test_a_guest_with_another_address_is_not_taken_for_ready(walk: Walk, settings: Any) -> None:
    settings.GUEST_WAIT_SECONDS = 1
    walk.to("checked")
    walk.control.set_guests(delay_s=0, address="192.0.2.77")
    task = walk.done("deploy_ova")
    warnings = [str(event.message) for event in task.events.filter(level="warning")]
    assert "addresses 192.0.2.77" in warnings[0]


# --- two at once --------------------------------------------------------------------------------------------------


def test_two_deployments_of_one_name_make_one_machine(begin: Begin) -> None:
    first, second = begin("first").to("checked"), begin("second").to("checked")
    first.done("deploy_ova")
    failure = second.failed("deploy_ova")
    assert failure.code == "name_taken"
    assert len(first.machines()) == 1
    assert deployments.get(second.deployment.pk, actor=second.operator).state == "checked"


def test_a_task_that_was_cancelled_before_a_worker_had_it_never_runs(walk: Walk) -> None:
    walk.to("checked")
    task = walk.launch("deploy_ova")
    tasks.cancel(task, actor=walk.operator)
    assert walk.execute(task).state == TaskState.CANCELLED
    assert walk.machines() == []
    again = tasks.retry(task, actor=walk.operator)
    assert walk.execute(again).state == TaskState.SUCCEEDED


def test_a_vcenter_that_is_gone_is_told_before_anything_was_begun(walk: Walk) -> None:
    walk.to("checked")
    walk.control.set_gone(True)
    failure = walk.failed("deploy_ova")
    walk.control.set_gone(False)
    assert failure.code in ("unreachable", "tls_failed")
    assert "vcenter.lab.test:443" in failure.message
    starts_again(walk)
