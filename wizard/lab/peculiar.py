"""Machines of the lab that are not like the others: what replication cannot take, or takes with care."""

from __future__ import annotations

from typing import Any

Data = dict[str, Any]

# By name. A `disks` replaces the plain disks of the machine; the rest is added to it.
_PECULIAR: dict[str, Data] = {
    "sql-09": {"disks": [60, {"gb": 200, "backing": "rdm_physical", "controller": "lsilogic_sas"}]},
    "web-10": {"disks": [80, {"gb": 100, "backing": "rdm_virtual", "mode": "independent_persistent"}]},
    "api-11": {"secure_boot": True, "disks": [100, {"gb": 200, "controller": "nvme"}]},
    "erp-12": {
        "disks": [
            40,
            {"gb": 300, "controller": "lsilogic_sas", "shared_bus": "physicalSharing", "thick": True},
        ]
    },
    "file-13": {"disks": [60, {"gb": 100, "mode": "independent_nonpersistent"}]},
    # Restored from a copy of web-02's files: vCenter keeps both identities as they are.
    "web-18": {"instance_uuid": "ae21c303-ec95-5833-8ad0-4bb375f6f148"},
    "api-19": {"secure_boot": True, "snapshots": 3},
    "build-22": {"encrypted": True},
    "app-24": {"extra_config": {"disk.EnableUUID": "FALSE", "snapshot.maxSnapshots": "0"}},
    "sql-25": {
        "disks": [60, {"gb": 100, "sharing": "sharingMultiWriter", "thick": True}],
        "extra_config": {"disk.EnableUUID": "TRUE"},
    },
    "web-26": {"connection_state": "inaccessible"},
    "api-27": {"adapter": "e1000e", "networks": ["VM Network", "Backup Network"]},
}


def with_peculiarities(machine: Data) -> Data:
    """The machine, changed where its name is one of those that are not like the others."""
    changes = _PECULIAR.get(machine["name"], {})
    if "disks" in changes:
        machine = {key: value for key, value in machine.items() if key != "disks_gb"}
    return {**machine, **changes}
