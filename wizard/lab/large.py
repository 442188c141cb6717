"""A large data centre as plain data for the simulator: thousands of machines, each as rich as a real one."""

from __future__ import annotations

from typing import Any

Data = dict[str, Any]

CLUSTERS = 4
HOSTS_PER_CLUSTER = 8
DATASTORES = 12
NETWORKS = 8

# What vSphere keeps with every machine that was switched on once.
_SETTINGS = {
    "nvram": "%s.nvram",
    "pciBridge0.present": "TRUE",
    "svga.present": "TRUE",
    "hpet0.present": "TRUE",
    "viv.moid": "5f1c3c60-6f1e-4c0e-9a70-f007401d0001:%s",
    "vmware.tools.internalversion": "12389",
    "vmware.tools.requiredversion": "12389",
    "migrate.hostLogState": "none",
    "sched.cpu.latencySensitivity": "normal",
    "disk.EnableUUID": "TRUE",
}


def machines(datacenter: str, count: int, guests: tuple[tuple[str, str, str, str], ...]) -> list[Data]:
    """`count` machines; `guests` are guest id, full name, firmware and stem of the machine's name."""
    return [_machine(datacenter, number, guests) for number in range(1, count + 1)]


def _machine(datacenter: str, number: int, guests: tuple[tuple[str, str, str, str], ...]) -> Data:
    """Size and state follow from the number: varied, yet the same at every start."""
    guest_id, full_name, firmware, stem = guests[number % len(guests)]
    name = f"{stem}-{number:05d}"
    powered_on = number % 7 != 0
    disks: list[Any] = [40 + 20 * (number % 4), 100, 500][: 1 + number % 3]
    networks = [f"VLAN {100 + number % NETWORKS}", f"{datacenter}_DVPG{number % 2}"][: 1 + (number % 5 == 0)]
    high, low = divmod(number, 256)
    return {
        "name": name,
        "folder": f"Estate/Site {number % 5}/Tier {number % 3}",
        "compute": f"{datacenter}_C{number % CLUSTERS}/Production",
        "datastore": f"Datastore_{number % DATASTORES:02d}",
        "networks": networks,
        "guest_id": guest_id,
        "guest_full_name": full_name,
        "firmware": firmware,
        "secure_boot": firmware == "efi" and number % 2 == 0,
        "cpus": (1, 2, 4, 8)[number % 4],
        "memory_mb": 1024 * (2, 4, 8, 16, 32)[number % 5],
        "disks": disks,
        "snapshots": int(number % 50 == 0),
        "extra_config": {key: value.replace("%s", name) for key, value in _SETTINGS.items()},
        "powered_on": powered_on,
        "tools": "toolsOk" if powered_on else "toolsNotRunning",
        "host_name": f"{name}.lab.test" if powered_on else "",
        "addresses": [f"198.18.{high % 256}.{low}", f"2001:db8::{number:x}"] if powered_on else [],
    }
