"""Who may sign in to the lab's vCenter, and what each may do there.

The roles are those of asr-facts 5.1 to 5.4: discovery, replication with failback, and importing the template.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DOMAIN = "vsphere.local"

_BASE = ("System.Anonymous", "System.View", "System.Read")
# asr-facts 5.3
_CONFIG = tuple(
    f"VirtualMachine.Config.{name}"
    for name in (
        "AddExistingDisk",
        "AddNewDisk",
        "AddRemoveDevice",
        "AdvancedConfig",
        "Annotation",
        "CPUCount",
        "ChangeTracking",
        "DiskExtend",
        "DiskLease",
        "EditDevice",
        "HostUSBDevice",
        "ManagedBy",
        "Memory",
        "MksControl",
        "QueryFTCompatibility",
        "QueryUnownedFiles",
        "RawDevice",
        "ReloadFromPath",
        "RemoveDisk",
        "Rename",
        "ResetGuestInfo",
        "Resource",
        "Settings",
        "SwapPlacement",
        "ToggleForkParent",
        "UpgradeVirtualHardware",
    )
)
# asr-facts 5.2
_REPLICATION = (
    *_BASE,
    "Datastore.AllocateSpace",
    "Datastore.Browse",
    "Datastore.FileManagement",
    "Datastore.DeleteFile",
    "Datastore.UpdateVirtualMachineFiles",
    "Network.Assign",
    "Resource.AssignVMToPool",
    "Resource.ColdMigrate",
    "Resource.HotMigrate",
    "Task.Create",
    "Task.Update",
    *_CONFIG,
    "VirtualMachine.Interact.AnswerQuestion",
    "VirtualMachine.Interact.DeviceConnection",
    "VirtualMachine.Interact.SetCDMedia",
    "VirtualMachine.Interact.SetFloppyMedia",
    "VirtualMachine.Interact.PowerOff",
    "VirtualMachine.Interact.PowerOn",
    "VirtualMachine.Interact.ToolsInstall",
    "VirtualMachine.Inventory.Create",
    "VirtualMachine.Inventory.Register",
    "VirtualMachine.Inventory.Unregister",
    "VirtualMachine.Provisioning.GetVmFiles",
    "VirtualMachine.Provisioning.PutVmFiles",
    "VirtualMachine.State.RemoveSnapshot",
    "VirtualMachine.State.CreateSnapshot",
    "VirtualMachine.State.RevertToSnapshot",
)
# asr-facts 5.4; Inventory.Delete on top, with which what a broken import left behind can be removed
_IMPORT = (
    "VApp.Import",
    "VApp.ApplicationConfig",
    "VApp.InstanceConfig",
    "VApp.AssignResourcePool",
    "VirtualMachine.Inventory.Delete",
)

ROLES: dict[str, tuple[str, ...]] = {
    "ReadOnly-Discovery": _BASE,
    "Azure_Site_Recovery": _REPLICATION,
    "Azure_Site_Recovery_Import": (*_REPLICATION, *_IMPORT),
    "No-Import": tuple(right for right in _REPLICATION if right != "VApp.Import"),
    "No-Space": tuple(right for right in _REPLICATION if right != "Datastore.AllocateSpace"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabAccount:
    """One account; `grants` pairs an inventory path with a role that holds from there downwards."""

    key: str
    grants: tuple[tuple[str, str], ...]
    lock_after: int = 0
    password: str = field(default="", repr=False)

    @property
    def username(self) -> str:
        return f"{self.key}@{DOMAIN}"

    @property
    def secret(self) -> str:
        """The password; not worth hiding, but told apart by account."""
        return self.password or f"Lab!{self.key}"

    def to_json(self) -> dict[str, Any]:
        return {
            "user": self.username,
            "password": self.secret,
            "lock_after": self.lock_after,
            "grants": [{"path": path, "role": role} for path, role in self.grants],
        }


ACCOUNTS: tuple[LabAccount, ...] = (
    LabAccount(key="administrator", grants=(("/", "Admin"),)),
    LabAccount(key="asr-operator", grants=(("/", "Azure_Site_Recovery_Import"),)),
    LabAccount(key="asr-replication", grants=(("/", "Azure_Site_Recovery"),)),
    LabAccount(key="asr-readonly", grants=(("/", "ReadOnly-Discovery"),)),
    LabAccount(
        key="asr-partial",
        grants=(("/", "No-Import"), ("/DC0/datastore/LocalDS_0", "No-Space")),
    ),
    LabAccount(key="asr-fragile", grants=(("/", "Azure_Site_Recovery_Import"),), lock_after=3),
)


def accounts_json(accounts: tuple[LabAccount, ...] = ACCOUNTS) -> dict[str, Any]:
    """What the simulator reads: the roles and the accounts."""
    return {
        "roles": {name: list(rights) for name, rights in ROLES.items()},
        "accounts": [account.to_json() for account in accounts],
    }
