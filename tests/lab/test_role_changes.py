"""Roles and permissions that are made through the API count as those of the lab's own accounts do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyVmomi import vim, vmodl

from tests.lab.client import Client
from wizard.lab.vcenter import LabVCenter

pytestmark = pytest.mark.vcenter

RIGHTS = ["Datastore.Browse", "VApp.Import"]


@pytest.fixture
def manager(admin: Client) -> Iterator[Any]:
    """The authorization manager; the roles of a test and what they gave are gone afterwards."""
    manager = admin.content.authorizationManager
    known = {role.roleId for role in manager.roleList}
    yield manager
    for role in manager.roleList:
        if role.roleId not in known:
            manager.RemoveAuthorizationRole(role.roleId, False)


def permission(user: str, role: int, *, propagate: bool = True) -> Any:
    return vim.AuthorizationManager.Permission(principal=user, group=False, roleId=role, propagate=propagate)


def test_a_role_of_ones_own_given_to_an_account_is_what_it_may_from_then_on(
    vcenter: LabVCenter, admin: Client, manager: Any
) -> None:
    user = vcenter.account("asr-readonly").username
    folder = admin.find(vim.Folder, "Workloads")
    machine = admin.objects(vim.VirtualMachine, folder)[0]
    role = manager.AddAuthorizationRole("Made here", RIGHTS)
    assert role > 0
    assert admin.granted(user, folder, *RIGHTS) == set()
    manager.SetEntityPermissions(folder, [permission(user, role)])
    for item in (folder, machine):
        assert admin.granted(user, item, *RIGHTS) == set(RIGHTS)
    assert admin.granted(user, admin.content.rootFolder, *RIGHTS) == set()
    assert [(item.entity, item.principal) for item in manager.RetrieveRolePermissions(role)] == [
        (folder, user)
    ]

    manager.UpdateAuthorizationRole(role, "Made here", ["VApp.Import"])
    assert admin.granted(user, machine, *RIGHTS) == {"VApp.Import"}
    manager.RemoveEntityPermission(folder, user, False)
    assert admin.granted(user, machine, *RIGHTS) == set()


def test_a_permission_that_does_not_propagate_stays_on_its_object(
    vcenter: LabVCenter, admin: Client, manager: Any
) -> None:
    user = vcenter.account("asr-readonly").username
    folder = admin.find(vim.Folder, "Workloads")
    role = manager.AddAuthorizationRole("Made here", RIGHTS)
    manager.SetEntityPermissions(folder, [permission(user, role, propagate=False)])
    assert admin.granted(user, folder, *RIGHTS) == set(RIGHTS)
    assert admin.granted(user, admin.objects(vim.VirtualMachine, folder)[0], *RIGHTS) == set()


def test_what_others_may_on_the_same_object_stays(vcenter: LabVCenter, admin: Client, manager: Any) -> None:
    operator, reader = (vcenter.account(key).username for key in ("asr-operator", "asr-readonly"))
    root = admin.content.rootFolder
    before = {item.principal: item.roleId for item in manager.RetrieveEntityPermissions(root, False)}
    role = manager.AddAuthorizationRole("Made here", RIGHTS)
    manager.SetEntityPermissions(root, [permission(reader, role)])
    after = {item.principal: item.roleId for item in manager.RetrieveEntityPermissions(root, False)}
    assert after == {**before, reader: role}
    assert admin.granted(operator, root, "VApp.Import") == {"VApp.Import"}
    manager.SetEntityPermissions(root, [permission(reader, before[reader])])


def test_a_role_that_is_used_is_not_removed_unless_it_has_to_be(
    vcenter: LabVCenter, admin: Client, manager: Any
) -> None:
    user = vcenter.account("asr-readonly").username
    folder = admin.find(vim.Folder, "Workloads")
    role = manager.AddAuthorizationRole("Made here", RIGHTS)
    manager.SetEntityPermissions(folder, [permission(user, role)])
    with pytest.raises(vim.fault.RemoveFailed):
        manager.RemoveAuthorizationRole(role, True)
    manager.RemoveAuthorizationRole(role, False)
    assert admin.granted(user, folder, *RIGHTS) == set()
    with pytest.raises(vim.fault.NotFound):
        manager.RetrieveRolePermissions(role)


def test_users_roles_and_privileges_have_to_exist(vcenter: LabVCenter, admin: Client, manager: Any) -> None:
    root = admin.content.rootFolder
    with pytest.raises(vmodl.fault.InvalidArgument):
        manager.AddAuthorizationRole("Made here", ["No.Such.Right"])
    with pytest.raises(vim.fault.UserNotFound):
        manager.SetEntityPermissions(root, [permission("nobody@vsphere.local", -1)])
    with pytest.raises(vim.fault.NotFound):
        manager.SetEntityPermissions(root, [permission(vcenter.account("asr-readonly").username, 4711)])
    manager.AddAuthorizationRole("Made here", RIGHTS)
    with pytest.raises(vim.fault.AlreadyExists):
        manager.AddAuthorizationRole("Made here", RIGHTS)


def test_only_who_may_changes_roles_and_permissions(vcenter: LabVCenter) -> None:
    with Client.connect(vcenter, "asr-operator") as client:
        manager = client.content.authorizationManager
        with pytest.raises(vim.fault.NoPermission) as refused:
            manager.AddAuthorizationRole("Made here", RIGHTS)
        assert refused.value.privilegeId == "Authorization.ModifyRoles"
        with pytest.raises(vim.fault.NoPermission) as refused:
            manager.SetEntityPermissions(
                client.content.rootFolder, [permission(vcenter.account("asr-operator").username, -1)]
            )
        assert refused.value.privilegeId == "Authorization.ModifyPermissions"
