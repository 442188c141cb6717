"""Two rules look at other rows: what these say changes verdicts that were written long before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from tests import stories
from tests.builders import make_deployment
from wizard.models import Component, Machine, Operator, Team, VCenter
from wizard.services import deployment_team, machines
from wizard.services.discovery import judging, rows
from wizard.services.discovery.refreshing import refuse_blindness
from wizard.services.errors import Conflict
from wizard.services.machines import Wish
from wizard.vsphere.machines import InventoryObject as ObjectFacts
from wizard.vsphere.machines import MachineFacts

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]

UUID_1 = "4230a1b2-0000-1111-2222-333344445555"
# The first three fields in the other byte order, as firmware before SMBIOS 2.6 may tell them.
UUID_1_SWAPPED = "b2a13042-0000-1111-2222-333344445555"


@pytest.fixture
def vcenter(operator: Operator) -> VCenter:
    return stories.register_only(make_deployment(operator), operator)


def fact(number: int, **changes: Any) -> MachineFacts:
    return replace(stories.machine_facts(number), **changes)


def write(vcenter: VCenter, *shown: MachineFacts) -> int:
    with transaction.atomic():
        written = rows.write_machines(vcenter, shown, judging.around(vcenter), timezone.now())
        judging.judge_again(vcenter)
    return written


def rules(moid: str) -> list[str]:
    return Machine.objects.get(moid=moid).rules.split()


def test_a_copy_with_the_same_instance_uuid_blocks_both_until_it_is_gone(vcenter: VCenter) -> None:
    write(vcenter, fact(1))
    assert "SM-17" not in rules("vm-1")
    copy = fact(2, instance_uuid=fact(1).instance_uuid)
    write(vcenter, copy)
    assert "SM-17" in rules("vm-1"), "it was written before anybody knew of the copy"
    assert Machine.objects.get(moid="vm-1").verdict_classic == "blocked"
    with transaction.atomic():
        rows.mark_gone(vcenter, ["vm-2"], timezone.now(), timezone.now())
        judging.judge_again(vcenter)
    assert "SM-17" not in rules("vm-1")


def test_a_row_that_was_judged_again_is_known_as_unchanged(vcenter: VCenter) -> None:
    pair = (fact(1), fact(2, instance_uuid=fact(1).instance_uuid))
    assert write(vcenter, *pair) == 2
    assert write(vcenter, *pair) == 0
    assert write(vcenter, replace(pair[0], name="other")) == 1


@pytest.mark.parametrize("spelled", [UUID_1, UUID_1.upper(), UUID_1_SWAPPED])
def test_a_recorded_machine_is_not_to_be_protected(vcenter: VCenter, spelled: str) -> None:
    write(vcenter, fact(1, bios_uuid=UUID_1), fact(2))
    deployment = vcenter.deployments.get()
    component = Component.objects.create(
        deployment=deployment,
        key="cs",
        kind="cs",
        name="cs01",
        zone="site",
        attributes={"bios_uuid": spelled},
    )
    judging.judge_again(vcenter)
    row = Machine.objects.get(moid="vm-1")
    assert (row.rules, row.verdict_classic, row.verdict_modernized) == ("SM-30", "hidden", "hidden")
    assert f"cs01 ({deployment.name})" in str(judging.findings_of(row)[0].text)
    assert "SM-30" not in rules("vm-2")
    component.delete()
    judging.judge_again(vcenter)
    assert "SM-30" not in rules("vm-1")


def test_a_machine_of_site_recovery_loses_its_name_when_another_team_comes_to_see_it(
    vcenter: VCenter, operator: Operator, admin: Operator
) -> None:
    deployment = vcenter.deployments.get()
    operator.teams.set([Team.objects.create(name="Oslo")])
    deployment_team.give(deployment, team="Oslo", actor=admin)
    stories.tell_facts(deployment, operator, {"identity.bios_uuid": {"value": UUID_1}})
    write(vcenter, fact(1, bios_uuid=UUID_1))

    def told() -> str:
        return str(judging.findings_of(Machine.objects.get(moid="vm-1"))[0].text)

    assert deployment.name in told()
    other = make_deployment(operator, "lyon")
    vcenter.deployments.add(other)
    with transaction.atomic():
        assert judging.judge_again(vcenter) == 1
        assert judging.judge_again(vcenter) == 0
    assert deployment.name not in told()
    # It is everybody's again, and then not any more.
    deployment_team.give(deployment, team="", actor=admin)
    assert deployment.name in told()
    deployment_team.give(deployment, team="Oslo", actor=admin)
    assert deployment.name not in told()


def test_a_vcenter_server_that_is_a_machine_itself_is_no_machine_of_site_recovery(vcenter: VCenter) -> None:
    write(vcenter, fact(1, instance_uuid=UUID_1))
    Component.objects.create(
        deployment=vcenter.deployments.get(),
        key="vc",
        kind="vcenter",
        name="vc",
        zone="vsphere",
        attributes={"instance_uuid": UUID_1},
    )
    judging.judge_again(vcenter)
    assert "SM-30" not in rules("vm-1")


def test_a_machine_that_told_of_itself_is_not_to_be_protected(vcenter: VCenter, operator: Operator) -> None:
    write(vcenter, fact(1, bios_uuid=UUID_1))
    stories.tell_facts(vcenter.deployments.get(), operator, {"identity.bios_uuid": {"value": UUID_1}})
    judging.judge_again(vcenter)
    assert rules("vm-1") == ["SM-30"]


def test_the_appliance_that_was_deployed_is_not_to_be_protected_nor_hides_its_clones(
    vcenter: VCenter, operator: Operator
) -> None:
    write(vcenter, fact(1, bios_uuid=UUID_1), fact(2, bios_uuid=UUID_1))
    deployment = vcenter.deployments.get()
    stories.succeeded(deployment, "deploy_ova", operator, result={"moid": "vm-1", "vm_name": "app-001"})
    judging.judge_again(vcenter)
    assert rules("vm-1") == ["SM-30"]
    assert "SM-30" not in rules("vm-2")


# --- rows -------------------------------------------------------------------------------------------------------------


def test_a_machine_told_of_twice_in_one_batch_is_as_the_last_word_says(vcenter: VCenter) -> None:
    write(vcenter, fact(1), fact(1, name="newer"))
    assert Machine.objects.get().name == "newer"


def test_what_a_complete_reading_did_not_show_is_gone_and_comes_back(vcenter: VCenter) -> None:
    write(vcenter, fact(1), fact(2))
    later = timezone.now() + timedelta(seconds=1)
    with transaction.atomic():
        rows.write_machines(vcenter, [fact(1)], judging.around(vcenter), later)
        assert rows.mark_unseen(vcenter, later, later) == 1
    assert Machine.objects.get(moid="vm-2").gone_at == later
    write(vcenter, fact(2))
    assert Machine.objects.get(moid="vm-2").gone_at is None


def test_a_vcenter_that_shows_nothing_any_more_is_not_taken_for_an_empty_one(vcenter: VCenter) -> None:
    """An account that lost its role is shown the root folder at most; whoever lost all machines still has hosts."""
    now = timezone.now()
    rows.write_objects(
        vcenter,
        [
            ObjectFacts(type="Folder", moid="group-d1", name="Datacenters", parent_moid="", values={}),
            ObjectFacts(type="HostSystem", moid="host-1", name="esx01", parent_moid="group-d1", values={}),
        ],
        now,
    )
    write(vcenter, fact(1))
    refuse_blindness(vcenter)
    rows.mark_gone(vcenter, ["vm-1"], timezone.now(), timezone.now())
    refuse_blindness(vcenter)
    rows.mark_gone(vcenter, ["host-1"], timezone.now(), timezone.now())
    with pytest.raises(Conflict) as refused:
        refuse_blindness(vcenter)
    assert refused.value.code == "nothing_shown"
    assert "shows asr@lab nothing any more" in str(refused.value.text)


def test_what_was_taken_away_and_shown_after_all_is_there(vcenter: VCenter) -> None:
    began = timezone.now()
    write(vcenter, fact(1))
    assert rows.mark_gone(vcenter, ["vm-1"], began, timezone.now()) == 0
    assert Machine.objects.get().gone_at is None


def test_what_a_guest_tells_of_itself_is_cut_to_what_a_row_holds(vcenter: VCenter) -> None:
    write(vcenter, fact(1, host_name="h" * 400))
    assert Machine.objects.get().host_name == "h" * 255
    assert write(vcenter, fact(1, host_name="h" * 400)) == 0


def test_a_rule_that_finds_something_in_one_profile_only_is_marked_so(vcenter: VCenter) -> None:
    large = replace(fact(1).disks[1], capacity_bytes=9000 * 2**30)
    write(vcenter, fact(1, disks=(fact(1).disks[0], large)))
    assert "SM-06c" in rules("vm-1")
    deployment = vcenter.deployments.get()
    assert [row.moid for row in machines.find(deployment, Wish(rule="SM-06"))] == ["vm-1"]
    deployment.profile = "asr-modernized"
    assert not machines.find(deployment, Wish(rule="SM-06")).exists()


def test_a_folder_that_is_renamed_moves_all_that_is_in_it(vcenter: VCenter) -> None:
    def folder(moid: str, name: str, parent: str) -> ObjectFacts:
        return ObjectFacts(type="Folder", moid=moid, name=name, parent_moid=parent, values={})

    now = timezone.now()
    rows.write_objects(
        vcenter,
        [
            folder("group-3", "c/d", "group-2"),
            folder("group-1", "root", ""),
            folder("group-2", "b", "group-1"),
        ],
        now,
    )
    rows.write_paths(vcenter)
    assert vcenter.objects_seen.get(moid="group-3").path == ["root", "b", "c/d"]
    rows.write_objects(vcenter, [folder("group-2", "new", "group-1")], now)
    rows.write_paths(vcenter)
    assert vcenter.objects_seen.get(moid="group-3").path == ["root", "new", "c/d"]


def test_folders_that_stand_in_each_other_end_somewhere(vcenter: VCenter) -> None:
    loop = [
        ObjectFacts(type="Folder", moid=moid, name=moid, parent_moid=parent, values={})
        for moid, parent in (("group-1", "group-2"), ("group-2", "group-1"))
    ]
    rows.write_objects(vcenter, loop, timezone.now())
    rows.write_paths(vcenter)
    assert vcenter.objects_seen.get(moid="group-1").path[-1] == "group-1"


def test_a_machine_is_of_a_vcenter_or_of_a_deployment(vcenter: VCenter) -> None:
    deployment, now = vcenter.deployments.get(), timezone.now()
    for wrong in (
        {"kind": "vm"},
        {"kind": "physical"},
        {"kind": "physical", "vcenter": vcenter},
        {"kind": "vm", "vcenter": vcenter, "deployment": deployment},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Machine.objects.create(name="x", moid="vm-9", seen_at=now, **wrong)
