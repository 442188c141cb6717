"""vCenter is registered once, under one address, and its machines are followed from one discovery to the next."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from tests.services.conftest import Begin
from tests.walk import VM_NAME, Walk
from wizard.lab.inventory import INSTANCE_UUID
from wizard.models import AuditEntry, Credential, Deployment, Machine, TaskEvent, TaskState, Team, VCenter
from wizard.services import deployment_progress, discovery, tasks
from wizard.services.errors import Conflict, NotReady

pytestmark = pytest.mark.vcenter

MACHINE = {"datacenter": "DC0", "folder": "Workloads/Test", "compute": "DC0_C0", "datastore": "LocalDS_0"}


def test_a_vcenter_is_registered_with_its_machines(walk: Walk) -> None:
    task = walk.to("deployed").done("register_vcenter")
    vcenter = VCenter.objects.get()
    assert (vcenter.host, vcenter.port, vcenter.friendly_name) == (
        "vcenter.lab.test",
        443,
        "vcenter.lab.test",
    )
    assert (vcenter.instance_uuid, vcenter.version) == (INSTANCE_UUID, "8.0.2")
    assert vcenter.thumbprint_sha256 == walk.vcenter.thumbprint_sha256
    assert list(vcenter.deployments.all()) == [walk.deployment]
    assert task.result is not None
    assert task.result["machines"] == vcenter.machines.filter(is_template=False).count() == 39
    assert task.result["templates"] == vcenter.machines.filter(is_template=True).count() == 2
    assert vcenter.machines.get(name=VM_NAME).ip_addresses == ["192.0.2.10"]
    machine = vcenter.machines.get(name="web-02")
    assert machine.guest_full_name == "Red Hat Enterprise Linux 8 (64-bit)"
    assert (machine.cpu_count, machine.memory_mb, machine.disk_count) == (4, 8192, 2)
    assert walk.state == "registered"
    entry = AuditEntry.objects.get(action="vcenter.registered")
    assert entry.deployment_id == walk.deployment.pk
    said = str(entry.sentence)
    assert said == f"oskar registered vCenter vcenter.lab.test for {walk.deployment.name}."


def test_before_the_appliance_is_deployed_there_is_nothing_to_register_for(walk: Walk) -> None:
    walk.to("checked")
    with pytest.raises(NotReady) as refused:
        walk.launch("register_vcenter")
    assert str(refused.value.remedy) == "Still missing: the deployed appliance"
    with pytest.raises(NotReady) as refused:
        walk.launch("discover_machines")
    assert str(refused.value.remedy) == "Still missing: a registered vCenter"


def test_registering_again_changes_nothing_but_the_time(walk: Walk) -> None:
    walk.to("registered")
    before = VCenter.objects.get()
    walk.done("register_vcenter")
    after = VCenter.objects.get()
    assert (after.pk, after.registered_at) == (before.pk, before.registered_at)
    assert before.discovered_at is not None
    assert after.discovered_at is not None
    assert after.discovered_at > before.discovered_at


def test_who_waited_for_a_first_registration_that_failed_is_told_so(walk: Walk) -> None:
    """Two deployments register one new vCenter at once; the first one fails, and takes its row away with it."""
    walk.to("deployed")
    row = VCenter.objects.create(
        friendly_name="first",
        host=walk.address["host"],
        port=walk.address["port"],
        thumbprint_sha256=walk.vcenter.thumbprint_sha256,
        instance_uuid=INSTANCE_UUID,
        credential=Credential.objects.get(name=walk.credential),
    )
    assert discovery.take(row.pk) is not None

    def fail_as_the_first() -> None:
        waits = "Another refresh of this vCenter is under way"
        while not any(waits in str(event.message) for event in TaskEvent.objects.all()):
            time.sleep(0.05)
        VCenter.objects.all().delete()
        connection.close()

    first = threading.Thread(target=fail_as_the_first, daemon=True)
    first.start()
    failure = walk.failed("register_vcenter")
    first.join(10)
    assert failure.code == "registration_undone"
    assert walk.done("register_vcenter").result


def test_the_same_vcenter_under_a_second_address_is_refused_with_a_pointer_to_the_first(
    begin: Begin,
) -> None:
    first, second = begin("first").to("deployed"), begin("second").to("capacity")
    second.enter_password()
    address = {**second.address, "host": second.vcenter.host, "port": second.vcenter.port}
    second.answer("vcenter", **address, credential=second.credential)
    second.done("sign_in_vcenter")
    second.answer("placement", vm_name="second-cs01")
    second.to("deployed")
    first.to("registered")
    failure = second.failed("register_vcenter")
    assert failure.code == "vcenter_registered"
    assert failure.message == (
        "This vCenter is registered already, as vcenter.lab.test at vcenter.lab.test, port 443."
    )
    assert "Use that address in the vCenter step" in failure.remedy
    assert VCenter.objects.get().host == "vcenter.lab.test"
    assert second.state == "deployed"


def test_the_second_address_is_refused_already_when_somebody_signs_in_there(begin: Begin) -> None:
    """Later, when the appliance is deployed, the address could not be changed any more."""
    begin("first").to("registered")
    second = begin("second").to("capacity")
    second.enter_password()
    address = {**second.address, "host": second.vcenter.host, "port": second.vcenter.port}
    second.answer("vcenter", **address, credential=second.credential)
    failure = second.failed("sign_in_vcenter")
    assert failure.code == "vcenter_registered"
    assert "as vcenter.lab.test at vcenter.lab.test, port 443" in failure.message
    assert "vcenter" not in deployment_progress.completed_steps(second.deployment)
    assert second.standing == "accepted", "the account is right, the address is not"
    second.answer("vcenter", **second.address, credential=second.credential)
    with pytest.raises(Conflict) as refused:
        second.launch("sign_in_vcenter")
    assert refused.value.code == "credential_bound"
    second.enter_password()
    second.done("sign_in_vcenter")


def test_a_vcenter_of_another_team_is_not_named_to_who_enters_it_under_another_address(begin: Begin) -> None:
    first = begin("first").to("registered")
    Deployment.objects.filter(pk=first.deployment.pk).update(team=Team.objects.create(name="Lyon"))
    second = begin("second").to("capacity")
    second.enter_password()
    address = {**second.address, "host": second.vcenter.host, "port": second.vcenter.port}
    second.answer("vcenter", **address, credential=second.credential)
    failure = second.failed("sign_in_vcenter")
    assert failure.code == "vcenter_registered"
    assert failure.message == "This vCenter is registered already, under another address."
    assert "vcenter.lab.test" not in f"{failure.message} {failure.remedy}"


def test_an_address_that_leads_to_another_instance_by_now_takes_the_deployment_along(walk: Walk) -> None:
    walk.to("registered")
    VCenter.objects.update(instance_uuid="5f1c3c60-6f1e-4c0e-9a70-00000000dead")
    walk.done("register_vcenter")
    assert VCenter.objects.count() == 2
    assert walk.deployment.vcenters.get().instance_uuid == INSTANCE_UUID
    walk.done("discover_machines")


def test_two_deployments_share_a_vcenter_of_one_address(begin: Begin) -> None:
    begin("first").to("registered")
    second = begin("second").to("vcenter")
    second.answer("placement", vm_name="second-cs01")
    second.to("registered")
    assert {row.name for row in VCenter.objects.get().deployments.all()} == {"first", "second"}
    assert Machine.objects.filter(name="second-cs01").count() == 1


def test_machines_come_go_change_their_name_and_come_back(walk: Walk) -> None:
    walk.to("registered")
    known = Machine.objects.count()
    gone, renamed = Machine.objects.get(name="app-08"), Machine.objects.get(name="web-02")
    walk.control.add_machine({**MACHINE, "name": "late-01", "disks_gb": [10]})
    walk.control.rename_machine("web-02", "web-two")
    removed = next(machine for machine in walk.control.machines() if machine["name"] == "late-01")
    walk.done("discover_machines")
    assert Machine.objects.count() == known + 1
    renamed.refresh_from_db()
    assert renamed.name == "web-two"

    walk.control.remove_machine("late-01")
    walk.control.rename_machine("web-two", "web-02")
    walk.done("discover_machines")
    late = Machine.objects.get(moid=removed["moid"])
    assert late.gone_at is not None
    missed_first = late.gone_at
    assert late.seen_at < missed_first
    gone.refresh_from_db()
    assert gone.gone_at is None
    walk.done("discover_machines")
    late.refresh_from_db()
    assert late.gone_at == missed_first, "when it was missed first, not last"

    Machine.objects.filter(pk=gone.pk).update(gone_at=missed_first)
    walk.done("discover_machines")
    gone.refresh_from_db()
    assert gone.gone_at is None, "a machine that is back is back"


def test_a_discovery_that_breaks_off_marks_nothing_as_gone(walk: Walk) -> None:
    walk.to("registered")
    walk.control.add_fault("RetrievePropertiesEx", "NotAuthenticated")
    failure = walk.failed("discover_machines")
    assert failure.code == "connection_lost"
    assert "The session at vcenter.lab.test:443 has ended" in failure.message
    assert not Machine.objects.exclude(gone_at=None).exists()


def test_an_account_that_can_only_read_registers_and_is_told_what_failback_lacks(walk: Walk) -> None:
    walk.to("deployed")
    walk.enter_password("asr-readonly")
    task = walk.done("register_vcenter")
    (warning,) = (str(event.message) for event in task.events.filter(level="warning"))
    assert warning == (
        "The account lacks 100 privileges of the full role: replication works, failback does not."
    )
    assert walk.state == "registered"


def test_a_cancelled_registration_registers_nothing(walk: Walk) -> None:
    walk.to("deployed")
    task = walk.launch("register_vcenter")
    tasks.cancel(task, actor=walk.operator)
    walk.execute(task)
    assert task.state == TaskState.CANCELLED
    assert not VCenter.objects.exists()
    assert walk.state == "deployed"
