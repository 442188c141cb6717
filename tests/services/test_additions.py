"""Components added after the first setup: planned, checked against real rows and ports, seen in the vault, recorded, removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tests import stories, vault_stories
from tests.builders import make_deployment
from tests.vault_stories import SERVER, VAULT, look
from wizard.lab.arm import LabAzure
from wizard.models import (
    Addition,
    AuditEntry,
    Deployment,
    InventoryObject,
    Machine,
    Notice,
    Operator,
    Severity,
    Task,
    TaskState,
)
from wizard.services import (
    additions,
    additions_advice,
    additions_checking,
    additions_schedule,
    expiry,
    tasks,
    topology,
)
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotReady
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.runner import claim

pytestmark = pytest.mark.django_db

SCALEOUT = {"name": "ps01", "address": "192.0.2.20", "size": "M"}
FAILBACK = {"name": "ps-az1", "network": "vnet-lyon", "address": "10.8.0.4", "path": "vpn"}
LINUX = {"name": "mt-lin1", "address": "192.0.2.30"}


@pytest.fixture
def deployment(azure: LabAzure, operator: Operator, nowhere: None) -> Deployment:
    """A recorded one whose vault shows its configuration server; nothing else on the network answers."""
    found = vault_stories.watched(operator)
    azure.control.configure(job_seconds=0)
    vault_stories.set_up(azure)
    return found


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    """Without an account: nobody can ask its vault."""
    return stories.answered(operator, "recorded")


def run(kind: str, row: Addition, actor: Operator, **inputs: Any) -> Task:
    task = tasks.launch(
        kind, deployment=row.deployment, actor=actor, inputs={"addition": str(row.pk), **inputs}
    )
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    row.refresh_from_db()
    return task


def check(row: Addition, actor: Operator) -> dict[str, str]:
    task = run("check_addition", row, actor)
    assert task.state == TaskState.SUCCEEDED, task.error
    return {finding.rule: finding.status for finding in additions.findings_of(row)}


def own_machine(deployment: Deployment, name: str, **fields: Any) -> Machine:
    """The first machine of the deployment's vCenter, made into the one that is meant."""
    row = Machine.objects.filter(vcenter__deployments=deployment).order_by("pk").first()
    assert row is not None
    for field, value in {"name": name, **fields}.items():
        setattr(row, field, value)
    row.save()
    return row


# --- planning -----------------------------------------------------------------------------------------------------------


def test_what_is_planned_is_kept_with_its_answers_and_written_down(
    recorded: Deployment, operator: Operator
) -> None:
    row = additions.plan(recorded, "ps_scaleout", SCALEOUT, actor=operator)
    assert (row.state, row.name, row.address) == ("planned", "ps01", "192.0.2.20")
    assert row.answers == {"size": "M", "runs_on": "vmware", "data_port": 9443}
    entry = AuditEntry.objects.get(action="addition.planned")
    assert "ps01" in str(entry.sentence)


@pytest.mark.parametrize(
    ("kind", "given", "field"),
    [
        ("ps_scaleout", {**SCALEOUT, "name": "much-too-long-a-name"}, "name"),
        ("ps_scaleout", {**SCALEOUT, "data_port": 443}, "data_port"),
        ("ps_scaleout", {**SCALEOUT, "address": "somewhere"}, "address"),
        ("ps_failback", {**FAILBACK, "network": ""}, "network"),
        ("ps_failback", {**FAILBACK, "remind_on": "soon"}, "remind_on"),
        ("mt_linux", {**LINUX, "retention_gb": -1}, "retention_gb"),
        ("cs", SCALEOUT, "kind"),
    ],
)
def test_answers_that_cannot_be_are_refused_by_field(
    recorded: Deployment, operator: Operator, kind: str, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        additions.plan(recorded, kind, given, actor=operator)
    assert [error.path for error in refused.value.errors] == [field]


def test_two_components_of_one_name_are_not_planned(recorded: Deployment, operator: Operator) -> None:
    additions.plan(recorded, "ps_scaleout", SCALEOUT, actor=operator)
    with pytest.raises(Invalid) as refused:
        additions.plan(recorded, "mt_linux", {**LINUX, "name": "PS01"}, actor=operator)
    assert refused.value.errors[0].code == "name_taken"


def test_only_a_deployment_with_a_configuration_server_takes_components(operator: Operator) -> None:
    deployment = make_deployment(operator)
    assert not additions.takes_additions(deployment)
    stories.answer(deployment, "source", operator)
    modern = Deployment.objects.create(name="modern", profile="asr-modernized", created_by=operator)
    assert "appliances" in str(additions.takes_additions(modern))
    with pytest.raises(Conflict, match="further appliances"):
        additions.plan(modern, "ps_scaleout", SCALEOUT, actor=operator)


def test_who_may_only_look_plans_nothing(recorded: Deployment, viewer: Operator) -> None:
    with pytest.raises(NotAllowed):
        additions.plan(recorded, "ps_scaleout", SCALEOUT, actor=viewer)


# --- checking -----------------------------------------------------------------------------------------------------------


def test_a_check_asks_dns_and_the_ports_and_keeps_what_it_found(
    deployment: Deployment, operator: Operator
) -> None:
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    found = check(row, operator)
    assert found == {
        "ADD-01": "pass",
        "ADD-02": "pass",
        "ADD-03": "warn",
        "ADD-04": "warn",
        "ADD-06": "info",
    }
    assert row.state == Addition.State.CHECKED
    assert row.checked_at is not None


def test_a_name_or_address_that_is_taken_blocks(deployment: Deployment, operator: Operator) -> None:
    named = additions.plan(deployment, "ps_scaleout", {**SCALEOUT, "name": SERVER}, actor=operator)
    assert check(named, operator)["ADD-01"] == "block"
    assert named.state == Addition.State.PLANNED
    addressed = additions.plan(
        deployment, "ps_scaleout", {**SCALEOUT, "name": "ps02", "address": "192.0.2.10"}, actor=operator
    )
    assert check(addressed, operator)["ADD-02"] == "block"


def test_an_address_of_a_machine_in_vcenter_is_taken_unless_it_is_the_machine_itself(
    deployment: Deployment, operator: Operator
) -> None:
    machine = own_machine(
        deployment, "other", ip_addresses=["192.0.2.20"], search_text="other 192.0.2.20", cpu_count=8
    )
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    assert check(row, operator)["ADD-02"] == "block"
    own_machine(deployment, "PS01", cpu_count=8, memory_mb=12 * 1024)
    found = check(row, operator)
    assert (found["ADD-02"], found["ADD-06"], found["ADD-07"]) == ("pass", "pass", "pass")
    own_machine(deployment, "ps01", cpu_count=4)
    assert check(row, operator)["ADD-06"] == "warn"
    twin = Machine.objects.filter(vcenter=machine.vcenter).exclude(pk=machine.pk).first()
    assert twin is not None
    machine.refresh_from_db()
    Machine.objects.filter(pk=twin.pk).update(bios_uuid=machine.bios_uuid.upper())
    assert check(row, operator)["ADD-07"] == "block"


def test_a_master_target_is_judged_from_what_vcenter_showed(
    deployment: Deployment, operator: Operator
) -> None:
    row = additions.plan(
        deployment, "mt_linux", {**LINUX, "returning_disks": 10, "retention_gb": 500}, actor=operator
    )
    assert check(row, operator)["MT-07"] == "unknown"
    machine = own_machine(
        deployment,
        "mt-lin1",
        guest_id="rhel8_64Guest",
        guest_full_name="Red Hat Enterprise Linux 8 (64-bit)",
        snapshot_count=1,
        extra_config={},
        power_state="poweredOn",
        tools_status="guestToolsRunning",
        controllers=[{"key": 1000, "kind": "pvscsi", "bus_number": 0, "shared_bus": "noSharing"}],
        host_moid="host-of-it",
    )
    InventoryObject.objects.create(
        vcenter=machine.vcenter,
        type="HostSystem",
        moid="host-of-it",
        name="esx-mt",
        values={"datastore": ["store-nfs"]},
        seen_at=timezone.now(),
    )
    InventoryObject.objects.create(
        vcenter=machine.vcenter,
        type="Datastore",
        moid="store-nfs",
        name="nfs01",
        values={"summary.type": "NFS41", "summary.accessible": True},
        seen_at=timezone.now(),
    )
    found = check(row, operator)
    blocked = {rule for rule, status in found.items() if status == "block"}
    assert blocked == {"MT-06", "MT-07", "MT-08", "MT-10"}
    assert (found["MT-05"], found["MT-09"], found["MT-15"]) == ("pass", "pass", "warn")


def test_a_process_server_in_azure_is_judged_by_its_plan(deployment: Deployment, operator: Operator) -> None:
    row = additions.plan(deployment, "ps_failback", {**FAILBACK, "cores_free": 4}, actor=operator)
    found = check(row, operator)
    assert (found["FP-03"], found["FP-02"]) == ("block", "unknown")
    assert "ADD-05" in found, "the data port is tried, too"


def test_what_is_changed_while_it_is_checked_was_not_checked(
    deployment: Deployment, operator: Operator
) -> None:
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    check(row, operator)
    additions.change(row, {**SCALEOUT, "size": "L"}, actor=operator)
    assert (row.state, row.findings, row.checked_at) == ("planned", [], None)


# --- in the vault, and on record ------------------------------------------------------------------------------------------


def test_what_appears_in_the_vault_is_noted_once_and_can_be_recorded(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    look(deployment, operator)
    additions_schedule.follow_up()
    row.refresh_from_db()
    assert row.state == Addition.State.PLANNED
    with pytest.raises(NotReady, match="cannot start"):
        run("record_addition", row, operator)

    azure.control.register_process_server(VAULT, "PS01", "192.0.2.20", version="9.57.1.1")
    look(deployment, operator)
    additions_schedule.follow_up()
    row.refresh_from_db()
    assert (row.state, row.appeared_at is not None) == ("appeared", True)

    task = run("record_addition", row, operator)
    assert task.state == TaskState.SUCCEEDED, task.error
    assert (row.state, row.recorded_at is not None) == ("recorded", True)
    assert deployment.snapshots.count() == 2
    graph = topology.graph_of(deployment)
    node = graph.node("ps_scaleout:ps01")
    assert (node.address, node.attributes["version"]) == ("192.0.2.20", "9.57.1.1")
    assert any(link.id == "E06" and link.source == node.key for link in graph.links)
    # And whoever records the whole topology again has it in, too.
    again = tasks.launch("record_topology", deployment=deployment, actor=operator)
    tasks.execute(again.pk, "test")
    assert deployment.snapshots.count() == 3
    assert topology.graph_of(deployment).node("ps_scaleout:ps01")


def test_without_an_account_a_person_says_that_it_is_there(recorded: Deployment, operator: Operator) -> None:
    row = additions.plan(recorded, "mt_linux", LINUX, actor=operator)
    with pytest.raises(NotReady):
        run("record_addition", row, operator)
    task = run("record_addition", row, operator, confirmed=True)
    assert task.state == TaskState.SUCCEEDED, task.error
    assert topology.graph_of(recorded).node("mt_linux:mt-lin1").attributes["hypervisor"] == "vmware"


def test_a_process_server_in_azure_without_a_way_home_breaks_the_topology(
    recorded: Deployment, operator: Operator
) -> None:
    row = additions.plan(recorded, "ps_failback", {**FAILBACK, "path": "none"}, actor=operator)
    task = run("record_addition", row, operator, confirmed=True)
    assert task.state == TaskState.FAILED
    assert task.error is not None
    assert task.error["code"] == "topology_invalid"
    assert row.state == Addition.State.PLANNED
    additions.change(row, FAILBACK, actor=operator)
    assert run("record_addition", row, operator, confirmed=True).state == TaskState.SUCCEEDED
    kinds = {node.kind for node in topology.graph_of(recorded).nodes}
    assert {"ps_failback", "s2s"} <= kinds


def test_name_and_address_of_a_recorded_one_stay(recorded: Deployment, operator: Operator) -> None:
    row = additions.plan(recorded, "ps_failback", FAILBACK, actor=operator)
    run("record_addition", row, operator, confirmed=True)
    with pytest.raises(Conflict, match="recorded under this name"):
        additions.change(row, {**FAILBACK, "name": "ps-az2"}, actor=operator)
    additions.change(row, {**FAILBACK, "remind_on": "2026-12-24"}, actor=operator)
    assert row.state == Addition.State.RECORDED
    assert row.remind_at is not None


# --- its end ------------------------------------------------------------------------------------------------------------


def test_what_is_removed_leaves_the_topology_and_keeps_its_beginning_and_end(
    recorded: Deployment, operator: Operator
) -> None:
    row = additions.plan(recorded, "mt_linux", LINUX, actor=operator)
    run("record_addition", row, operator, confirmed=True)
    additions.remove(row, actor=operator)
    assert (row.state, row.removed_at is not None, row.recorded_at is not None) == ("removed", True, True)
    assert recorded.snapshots.count() == 3
    assert topology.first_broken_snapshot(recorded) is None
    assert "mt_linux:mt-lin1" not in {node.key for node in topology.graph_of(recorded).nodes}
    entry = AuditEntry.objects.get(action="addition.removed")
    assert entry.after is not None
    assert entry.after["began"] < entry.after["ended"]
    with pytest.raises(Conflict, match="removed already"):
        additions.remove(row, actor=operator)
    # The name is free again.
    additions.plan(recorded, "mt_linux", LINUX, actor=operator)


def test_a_process_server_with_machines_is_not_removed(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    azure.control.add_protected_items(VAULT, None, 2, "ps01")
    look(deployment, operator)
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    assert row.state == Addition.State.APPEARED, "it was there before it was planned"
    with pytest.raises(Conflict) as refused:
        additions.remove(row, actor=operator)
    assert refused.value.code == "machines_remain"
    azure.control.remove_server("ps01")
    look(deployment, operator)
    additions.remove(row, actor=operator)
    assert row.removed_at is not None


def test_one_that_the_vault_shows_still_is_not_removed(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    look(deployment, operator)
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    with pytest.raises(Conflict) as refused:
        additions.remove(row, actor=operator)
    assert refused.value.code == "still_in_vault"


def test_a_reminder_is_in_the_calendar_and_becomes_one_notice_until_the_component_is_gone(
    deployment: Deployment, operator: Operator
) -> None:
    row = additions.plan(deployment, "ps_failback", {**FAILBACK, "remind_on": "2026-12-24"}, actor=operator)
    ends = [str(line.entry.title) for line in expiry.calendar_of(deployment, actor=operator)]
    assert any("ps-az1" in title for title in ends)
    assert b"ps-az1" in expiry.as_ics(deployment, actor=operator)

    Addition.objects.filter(pk=row.pk).update(
        state=Addition.State.CHECKED, remind_at=timezone.now() - timedelta(hours=1)
    )
    additions_schedule.follow_up()
    additions_schedule.follow_up()
    notice = Notice.objects.get(key=additions.reminder_key(row))
    assert (notice.severity, notice.ended_at) == (Severity.WARNING, None)
    assert "ps-az1" in str(notice.sentence)
    look(deployment, operator)
    notice.refresh_from_db()
    assert notice.ended_at is None, "a look at the vault ends no reminder"
    assert additions_schedule.reminders(deployment) == [row]
    row.refresh_from_db()
    additions.remove(row, actor=operator)
    notice.refresh_from_db()
    assert notice.ended_at is not None


def test_a_reminder_that_is_put_off_ends_its_notice(deployment: Deployment, operator: Operator) -> None:
    row = additions.plan(deployment, "ps_failback", FAILBACK, actor=operator)
    past = timezone.now() - timedelta(hours=1)
    Addition.objects.filter(pk=row.pk).update(state=Addition.State.CHECKED, remind_at=past)
    additions_schedule.follow_up()
    Addition.objects.filter(pk=row.pk).update(remind_at=timezone.now() + timedelta(days=9))
    additions_schedule.follow_up()
    assert Notice.objects.get(key=additions.reminder_key(row)).ended_at is not None


# --- advice -------------------------------------------------------------------------------------------------------------


def test_advice_counts_what_the_vault_shows_and_alerts_that_stay(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    assert not additions_advice.advice_for(deployment).needed
    azure.control.set_server(SERVER, cpuLoad="97%")
    look(deployment, operator)
    assert not additions_advice.advice_for(deployment).needed, "it has only just begun"
    Notice.objects.filter(deployment=deployment).update(began_at=timezone.now() - timedelta(minutes=16))
    advice = additions_advice.advice_for(deployment)
    assert [reason.id for reason in advice.reasons] == ["alerts"]
    assert "97" in str(advice.reasons[0].text)
    azure.control.set_server(SERVER, cpuLoad="21%")
    azure.control.add_protected_items(VAULT, None, 201, SERVER)
    look(deployment, operator)
    assert [reason.id for reason in additions_advice.advice_for(deployment).reasons] == ["machines"]


# --- what happens meanwhile -------------------------------------------------------------------------------------------


def test_a_look_at_the_vault_in_the_midst_of_a_check_does_not_undo_it(
    deployment: Deployment, operator: Operator
) -> None:
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    task = tasks.launch(
        "check_addition", deployment=deployment, actor=operator, inputs={"addition": str(row.pk)}
    )
    claimed = claim(task.pk, "test")
    assert claimed is not None
    with Progress(claimed) as progress:
        done = additions_checking.run(progress)
        # What the schedule writes when a look at the vault did not show it.
        Addition.objects.filter(pk=row.pk).update(changed_at=timezone.now())
        assert done.commit is not None
        with transaction.atomic():
            done.commit()
        row.refresh_from_db()
        assert row.state == Addition.State.CHECKED
        done = additions_checking.run(progress)
        additions.change(row, {**SCALEOUT, "address": "192.0.2.21"}, actor=operator)
        assert done.commit is not None
        with pytest.raises(Conflict, match="was changed while"), transaction.atomic():
            done.commit()


def test_a_recorded_component_is_changed_under_the_same_name_however_it_is_spelt(
    recorded: Deployment, operator: Operator
) -> None:
    row = additions.plan(recorded, "ps_scaleout", SCALEOUT, actor=operator)
    assert run("record_addition", row, operator, confirmed=True).state == TaskState.SUCCEEDED
    changed = additions.change(row, {**SCALEOUT, "name": " ps01 ", "size": "L"}, actor=operator)
    assert (changed.name, changed.answers["size"]) == ("ps01", "L")
    with pytest.raises(Conflict, match="recorded under this name"):
        additions.change(row, {**SCALEOUT, "name": "ps02"}, actor=operator)
    row.refresh_from_db()
    assert row.name == "ps01"


def test_who_can_ask_no_vault_any_more_is_believed_that_it_is_gone(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    look(deployment, operator)
    row = additions.plan(deployment, "ps_scaleout", SCALEOUT, actor=operator)
    with pytest.raises(Conflict, match="shows ps01 still"):
        additions.remove(row, actor=operator)
    vault_stories.choose(deployment, "")
    assert additions.remove(row, actor=operator).state == Addition.State.REMOVED


def test_the_master_target_that_a_process_server_carries_is_no_separate_one(
    azure: LabAzure, deployment: Deployment, operator: Operator
) -> None:
    azure.control.register_process_server(VAULT, "ps01", "192.0.2.20")
    look(deployment, operator)
    row = additions.plan(
        deployment, "mt_windows", {"name": "mt-win1", "address": "192.0.2.20"}, actor=operator
    )
    assert not additions.seen_in_vault(row).there
    assert row.state == Addition.State.PLANNED
