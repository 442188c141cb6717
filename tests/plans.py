"""A plan of an import as vCenter and the template of `tests.far_side` would have it recorded."""

from __future__ import annotations

from typing import Any

from wizard.vsphere.import_record import ImportRecord

HIDDEN = "pbkdf2-sha256:" + "5e" * 32
WARNING = (
    "Line 31: OVF hardware element 'ResourceType' with instance ID '7': No support for the virtual hardware."
)


def recorded(salt: str = "ab" * 16, **parts: Any) -> ImportRecord:
    """The record; what is named in `parts` takes the place of that part's entries, None removes one."""
    known = _parts()
    for name, changes in parts.items():
        if isinstance(known[name], list):
            known[name] = changes
        else:
            merged = {**known[name], **changes}
            known[name] = {key: value for key, value in merged.items() if value is not None}
    return ImportRecord(salt=salt, parts=known)


def _parts() -> dict[str, Any]:
    return {
        "vcenter": {
            "address": "vcenter.lab.test:443",
            "instance_uuid": "11111111-2222-3333-4444-555555555555",
        },
        "template": {
            "name": "asr.ova",
            "product": "Site Recovery configuration server",
            "version": "9.57",
            "files": {f"disk{number}.vmdk": 3 * 2**30 for number in (1, 2, 3)},
            "sent": [{"path": f"disk{number}.vmdk", "create": False} for number in (1, 2, 3)],
            "content": "manifest-sha256:" + "c0" * 32,
            "signer": None,
        },
        "placement": {
            "vm_name": "lyon-cs01",
            "datacenter": _named("Datacenter", "DC0"),
            "folder": _named("Folder", "vm", ""),
            "compute": _named("ClusterComputeResource", "DC0_C0"),
            "resource_pool": "resgroup-1",
            "host": None,
            "datastore": _named("Datastore", "shared"),
            "disk_provisioning": "eagerZeroedThick",
            "deployment_option": "",
        },
        "networks": {"Network 1": _named("Network", "VM Network")},
        "properties": {"site.name": "lyon", "admin.password": HIDDEN},
        "spec": {
            "_type": "VirtualMachineImportSpec",
            "configSpec": {
                "_type": "VirtualMachineConfigSpec",
                "name": "lyon-cs01",
                "version": "vmx-11",
                "guestId": "windows9Server64Guest",
                "numCPUs": 8,
                "memoryMB": 16384,
                "deviceChange": [
                    _added("VirtualLsiLogicSASController", key=-1, busNumber=0, sharedBus="noSharing"),
                    *(_disk(number, gb) for number, gb in enumerate((80, 600, 600))),
                    _added(
                        "VirtualVmxnet3",
                        key=-5,
                        backing={
                            "_type": "VirtualEthernetCardNetworkBackingInfo",
                            "deviceName": "VM Network",
                        },
                    ),
                ],
            },
            "resPoolEntity": {"_ref": "ResourcePool", "moid": "resgroup-1"},
        },
        "privileges": {
            "account": "asr@vsphere.local",
            "used": ["Datastore.AllocateSpace", "Network.Assign", "VApp.Import"],
        },
        "warnings": [],
    }


def _named(kind: str, name: str, path: str | None = None) -> dict[str, str]:
    return {"type": kind, "moid": f"{kind}-{name}", "name": name, "path": name if path is None else path}


def _added(kind: str, **fields: Any) -> dict[str, Any]:
    return {"_type": "VirtualDeviceConfigSpec", "operation": "add", "device": {"_type": kind, **fields}}


def _disk(number: int, gb: int) -> dict[str, Any]:
    return _added(
        "VirtualDisk",
        key=-2 - number,
        deviceInfo={"_type": "Description", "label": f"Hard disk {number + 1}", "summary": ""},
        backing={
            "_type": "VirtualDiskFlatVer2BackingInfo",
            "fileName": f"[shared] lyon-cs01/disk-{number}.vmdk",
            "datastore": {"_ref": "Datastore", "moid": "Datastore-shared"},
            "diskMode": "persistent",
            "thinProvisioned": False,
            "eagerlyScrub": True,
        },
        controllerKey=-1,
        unitNumber=number,
        capacityInKB=gb * 2**20,
    )
