"""A Linux master target that meets every requirement: Ubuntu 16.04 on VMware (asr-facts 3.1, 3.2, 3.10, 10)."""

from __future__ import annotations

from typing import Any, Final

from wizard.lab.collector_order import Order, reach

_GB: Final = 2**30


def linux_facts(order: Order, *, name: str, address: str, machine_id: str) -> dict[str, Any]:
    """All facts of the Linux collector. `name` is the full DNS name."""
    host = name.partition(".")[0]
    return {
        "identity.computer_name": host,
        "identity.bios_uuid": machine_id,
        "identity.architecture": "x86_64",
        "os.release": {"id": "ubuntu", "version_id": "16.04", "pretty_name": "Ubuntu 16.04.2 LTS"},
        "os.kernel": "4.4.0-62-generic",
        "os.automatic_updates": False,
        "hardware.logical_processors": 4,
        "hardware.memory_bytes": 8 * _GB,
        "hardware.disks": [
            {"name": "sda", "size_bytes": 120 * _GB},
            {"name": "sdb", "size_bytes": 1024 * _GB},
        ],
        "hardware.mounts": [
            _mount("/", "/dev/sda1", 118, 104),
            _mount("/mnt/retention", "/dev/mapper/36000c295a51d4a3b", 1023, 1020),
        ],
        "packages.installed": [
            "multipath-tools",
            "lsscsi",
            "python-pyasn1",
            "lvm2",
            "kpartx",
            "open-vm-tools",
            "openssh-server",
            "openssl",
        ],
        "network.addresses": [address],
        "network.hosts_file": [
            {"name": "localhost", "addresses": ["127.0.0.1"]},
            {"name": host, "addresses": [address]},
        ],
        "services.states": [{"name": "open-vm-tools", "state": "active"}, {"name": "ssh", "state": "active"}],
        "proxy.environment": f"http://{order.proxy[0]}:{order.proxy[1]}" if order.proxy else None,
        **reach(order, {name: [address], address: [name]}),
    }


def _mount(target: str, source: str, size_gb: int, free_gb: int) -> dict[str, Any]:
    return {
        "target": target,
        "source": source,
        "file_system": "ext4",
        "size_bytes": size_gb * _GB,
        "free_bytes": free_gb * _GB,
        "lvm": False,
    }
