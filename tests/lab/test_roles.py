"""Roles are enforced: what the questions answer, and what the calls do."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyVmomi import vim

from tests.lab.client import Client, Import
from wizard.lab.accounts import ROLES
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter


@pytest.fixture
def user(vcenter: LabVCenter) -> dict[str, str]:
    return {key: login.username for key, login in vcenter.accounts().items()}


def test_the_administrator_has_every_privilege_that_this_vcenter_knows(
    admin: Client, user: dict[str, str]
) -> None:
    known = {item.privId for item in admin.content.authorizationManager.privilegeList}
    assert len(known) > 300
    root = admin.content.rootFolder
    assert admin.granted(user["administrator"], root, *known) == known


def test_every_privilege_of_our_roles_is_known_to_this_vcenter(admin: Client) -> None:
    known = {item.privId for item in admin.content.authorizationManager.privilegeList}
    assert {right for role in ROLES.values() for right in role} <= known


def test_a_role_given_on_the_root_reaches_every_object_below(admin: Client, user: dict[str, str]) -> None:
    for item in (
        admin.find(vim.Datastore, "LocalDS_0"),
        admin.find(vim.Network, "VM Network"),
        admin.find(vim.dvs.DistributedVirtualPortgroup, "DC0_DVPG0"),
        admin.find(vim.ResourcePool, "Production"),
        admin.objects(vim.VirtualMachine)[0],
    ):
        assert admin.granted(user["asr-readonly"], item, "System.Read", "VApp.Import") == {"System.Read"}
        assert admin.granted(user["asr-operator"], item, "VApp.Import") == {"VApp.Import"}


def test_the_permission_nearest_to_an_object_decides(admin: Client, user: dict[str, str]) -> None:
    wanted = ("Datastore.AllocateSpace", "Datastore.Browse")
    restricted = admin.find(vim.Datastore, "LocalDS_0")
    other = admin.find(vim.Datastore, "SmallDS_0")
    assert admin.granted(user["asr-partial"], restricted, *wanted) == {"Datastore.Browse"}
    assert admin.granted(user["asr-partial"], other, *wanted) == set(wanted)


def test_somebody_without_any_permission_has_no_privilege(admin: Client) -> None:
    assert admin.granted("nobody@vsphere.local", admin.content.rootFolder, "System.View") == set()


def test_all_three_questions_give_the_same_answer(vcenter: LabVCenter, user: dict[str, str]) -> None:
    with Client.connect(vcenter, "asr-partial") as client:
        manager = client.content.authorizationManager
        store = client.find(vim.Datastore, "LocalDS_0")
        asked = ["Datastore.AllocateSpace", "Datastore.Browse"]
        key = client.content.sessionManager.currentSession.key
        by_session = manager.HasPrivilegeOnEntities([store], key, asked)[0].privAvailability
        fetched = manager.FetchUserPrivilegeOnEntities([store], user["asr-partial"])[0].privileges
        granted = client.granted(user["asr-partial"], store, *asked)
    assert {item.privId for item in by_session if item.isGranted} == granted == {"Datastore.Browse"}
    assert set(fetched) == set(ROLES["No-Space"])


def test_an_object_that_does_not_exist_is_a_fault(admin: Client, user: dict[str, str]) -> None:
    with pytest.raises(Exception, match="ManagedObjectNotFound"):
        admin.granted(user["administrator"], vim.Folder("group-999999", admin.si._stub), "System.Read")


def test_an_account_that_only_reads_cannot_switch_a_machine_on_or_remove_it(vcenter: LabVCenter) -> None:
    with Client.connect(vcenter, "asr-readonly") as client:
        machine = client.find(vim.VirtualMachine, "edge-07")
        for call in (machine.PowerOnVM_Task, machine.Destroy_Task):
            with pytest.raises(vim.fault.NoPermission) as refused:
                call()
            assert refused.value.object._moId == machine._moId
    assert "edge-07" in {item["name"] for item in vcenter.control.machines()}


@pytest.mark.parametrize("account", ["asr-readonly", "asr-replication", "asr-partial"])
def test_importing_needs_the_privilege_to_import(vcenter: LabVCenter, template: Path, account: str) -> None:
    with Client.connect(vcenter, account) as client, pytest.raises(vim.fault.NoPermission) as refused:
        Import(client, template, "refused")
    assert refused.value.privilegeId == "VApp.Import"
    assert vcenter.control.open_leases() == []
