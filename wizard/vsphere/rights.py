"""Which vSphere privileges Site Recovery and the import of its template need: asr-facts section 5 as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["discovery", "full", "appliance", "ova"]
LEVELS: tuple[Level, ...] = ("discovery", "full", "appliance", "ova")

# Where a privilege is used; `target` is both what runs the machine and the folder that holds it.
Scope = Literal["any", "datacenter", "folder", "pool", "target", "datastore", "network"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """`privilege_id` as the API names it, `name` as the vSphere Client's role editor does."""

    privilege_id: str
    name: str
    scope: Scope


# The role editor's own words, so that an administrator finds them; asr-facts 5.2 to 5.4.
PRIVILEGE_NAMES: dict[str, str] = {
    "System.Anonymous": "System > Anonymous",
    "System.View": "System > View",
    "System.Read": "System > Read",
    "Datastore.AllocateSpace": "Datastore > Allocate space",
    "Datastore.Browse": "Datastore > Browse datastore",
    "Datastore.FileManagement": "Datastore > Low level file operations",
    "Datastore.DeleteFile": "Datastore > Remove file",
    "Datastore.UpdateVirtualMachineFiles": "Datastore > Update virtual machine files",
    "Network.Assign": "Network > Assign network",
    "Resource.AssignVMToPool": "Resource > Assign virtual machine to resource pool",
    "Resource.ColdMigrate": "Resource > Migrate powered off virtual machine",
    "Resource.HotMigrate": "Resource > Migrate powered on virtual machine",
    "Task.Create": "Tasks > Create task",
    "Task.Update": "Tasks > Update task",
    "VirtualMachine.Config.AddExistingDisk": "Virtual machine > Change Configuration > Add existing disk",
    "VirtualMachine.Config.AddNewDisk": "Virtual machine > Change Configuration > Add new disk",
    "VirtualMachine.Config.AddRemoveDevice": "Virtual machine > Change Configuration > Add or remove device",
    "VirtualMachine.Config.AdvancedConfig": "Virtual machine > Change Configuration > Advanced configuration",
    "VirtualMachine.Config.Annotation": "Virtual machine > Change Configuration > Set annotation",
    "VirtualMachine.Config.CPUCount": "Virtual machine > Change Configuration > Change CPU count",
    "VirtualMachine.Config.ChangeTracking": "Virtual machine > Change Configuration > Toggle disk change "
    "tracking",
    "VirtualMachine.Config.DiskExtend": "Virtual machine > Change Configuration > Extend virtual disk",
    "VirtualMachine.Config.DiskLease": "Virtual machine > Change Configuration > Acquire disk lease",
    "VirtualMachine.Config.EditDevice": "Virtual machine > Change Configuration > Modify device settings",
    "VirtualMachine.Config.HostUSBDevice": "Virtual machine > Change Configuration > Configure Host USB "
    "device",
    "VirtualMachine.Config.ManagedBy": "Virtual machine > Change Configuration > Configure managedBy",
    "VirtualMachine.Config.Memory": "Virtual machine > Change Configuration > Change Memory",
    "VirtualMachine.Config.MksControl": "Virtual machine > Change Configuration > Display connection "
    "settings",
    "VirtualMachine.Config.QueryFTCompatibility": (
        "Virtual machine > Change Configuration > Query Fault Tolerance compatibility"
    ),
    "VirtualMachine.Config.QueryUnownedFiles": "Virtual machine > Change Configuration > Query unowned files",
    "VirtualMachine.Config.RawDevice": "Virtual machine > Change Configuration > Configure Raw device",
    "VirtualMachine.Config.ReloadFromPath": "Virtual machine > Change Configuration > Reload from path",
    "VirtualMachine.Config.RemoveDisk": "Virtual machine > Change Configuration > Remove disk",
    "VirtualMachine.Config.Rename": "Virtual machine > Change Configuration > Rename",
    "VirtualMachine.Config.ResetGuestInfo": "Virtual machine > Change Configuration > Reset guest "
    "information",
    "VirtualMachine.Config.Resource": "Virtual machine > Change Configuration > Change resource",
    "VirtualMachine.Config.Settings": "Virtual machine > Change Configuration > Change Settings",
    "VirtualMachine.Config.SwapPlacement": "Virtual machine > Change Configuration > Change Swapfile "
    "placement",
    "VirtualMachine.Config.ToggleForkParent": "Virtual machine > Change Configuration > Toggle fork parent",
    "VirtualMachine.Config.UpgradeVirtualHardware": (
        "Virtual machine > Change Configuration > Upgrade virtual machine compatibility"
    ),
    "VirtualMachine.Interact.AnswerQuestion": "Virtual machine > Interaction > Answer question",
    "VirtualMachine.Interact.DeviceConnection": "Virtual machine > Interaction > Connect devices",
    "VirtualMachine.Interact.SetCDMedia": "Virtual machine > Interaction > Configure CD media",
    "VirtualMachine.Interact.SetFloppyMedia": "Virtual machine > Interaction > Configure floppy media",
    "VirtualMachine.Interact.PowerOff": "Virtual machine > Interaction > Power off",
    "VirtualMachine.Interact.PowerOn": "Virtual machine > Interaction > Power on",
    "VirtualMachine.Interact.ToolsInstall": "Virtual machine > Interaction > Install VMware Tools",
    "VirtualMachine.Inventory.Create": "Virtual machine > Edit Inventory > Create new",
    "VirtualMachine.Inventory.Delete": "Virtual machine > Edit Inventory > Remove",
    "VirtualMachine.Inventory.Register": "Virtual machine > Edit Inventory > Register",
    "VirtualMachine.Inventory.Unregister": "Virtual machine > Edit Inventory > Unregister",
    "VirtualMachine.Provisioning.GetVmFiles": "Virtual machine > Provisioning > Allow virtual machine "
    "download",
    "VirtualMachine.Provisioning.PutVmFiles": (
        "Virtual machine > Provisioning > Allow virtual machine files upload"
    ),
    "VirtualMachine.State.RemoveSnapshot": "Virtual machine > Snapshot management > Remove snapshot",
    "VirtualMachine.State.CreateSnapshot": "Virtual machine > Snapshot management > Create snapshot",
    "VirtualMachine.State.RevertToSnapshot": "Virtual machine > Snapshot management > Revert to snapshot",
    "VApp.Import": "vApp > Import",
    "VApp.ApplicationConfig": "vApp > vApp application configuration",
    "VApp.InstanceConfig": "vApp > vApp instance configuration",
}

_BASELINE = ("System.Anonymous", "System.View", "System.Read")  # PV-28

# PV-26 and PV-27: the texts on the modernized appliance alone ask for them.
_APPLIANCE = ("VirtualMachine.State.CreateSnapshot", "VirtualMachine.State.RevertToSnapshot")

# PV-01 to PV-25.
_FULL = (
    *_BASELINE,
    *(
        identifier
        for identifier in PRIVILEGE_NAMES
        if identifier.startswith(("Datastore.", "Network.", "Resource.", "Task.", "VirtualMachine."))
        and identifier not in ("VirtualMachine.Inventory.Delete", *_APPLIANCE)
    ),
)

# asr-facts 5.4, without what only other ways of importing need (a vApp's pool, pulling from an address), and with the
# right to remove the machine again: without it a cancelled import would leave a half-made one behind.
_OVA = (
    "VApp.Import",
    "VApp.ApplicationConfig",
    "VApp.InstanceConfig",
    "Resource.AssignVMToPool",
    "Datastore.AllocateSpace",
    "Datastore.Browse",
    "Network.Assign",
    "VirtualMachine.Inventory.Create",
    "VirtualMachine.Inventory.Delete",
    "VirtualMachine.Config.AddNewDisk",
    "VirtualMachine.Config.AddRemoveDevice",
    "VirtualMachine.Config.EditDevice",
    "VirtualMachine.Config.AdvancedConfig",
    "VirtualMachine.Config.Memory",
    "VirtualMachine.Config.CPUCount",
    "VirtualMachine.Config.Settings",
    "VirtualMachine.Interact.PowerOn",
    "VirtualMachine.Interact.PowerOff",
)

_IDS: dict[Level, tuple[str, ...]] = {
    "discovery": _BASELINE,
    "full": _FULL,
    "appliance": _APPLIANCE,
    "ova": _OVA,
}

_SCOPES: dict[str, Scope] = {
    "System": "any",
    "Datastore": "datastore",
    "Network": "network",
    "Resource": "pool",
    "Task": "datacenter",
    "VirtualMachine": "folder",
    "VApp": "target",
}


def required(level: Level) -> tuple[Right, ...]:
    """What an account needs.

    `discovery` lists machines, `full` also replicates with failback (asr-facts 5.2, 5.3), `appliance` is what
    the modernized appliance needs on top of that, `ova` imports the template (5.4).
    """
    return tuple(
        Right(
            privilege_id=identifier,
            name=PRIVILEGE_NAMES[identifier],
            scope=_SCOPES[identifier.partition(".")[0]],
        )
        for identifier in _IDS[level]
    )


_SCOPES_OF_TYPES: dict[str, Scope] = {
    "Folder": "folder",
    "VirtualMachine": "folder",
    "ComputeResource": "pool",
    "ClusterComputeResource": "pool",
    "HostSystem": "pool",
    "ResourcePool": "pool",
    "VirtualApp": "pool",
    "Datastore": "datastore",
    "StoragePod": "datastore",
    "Network": "network",
    "DistributedVirtualPortgroup": "network",
    "OpaqueNetwork": "network",
}


def used_on(right: Right, type_name: str) -> bool:
    """Whether the privilege is used on objects of that vSphere type; roles are assigned at datacenters, so there all are."""
    scope = _SCOPES_OF_TYPES.get(type_name)
    return (
        type_name == "Datacenter"
        or right.scope in ("any", scope)
        or (right.scope == "target" and scope in ("folder", "pool"))
    )
