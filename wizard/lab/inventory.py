"""The virtual data centre of the lab, as plain data for the simulator.

Two datacenters with the same names for some of their parts, a host in maintenance, a datastore that is too
small, one in maintenance, one that is gone, a network of one host alone: what placement has to tell apart.
"""

from __future__ import annotations

from typing import Any

from wizard.lab import large, worldly
from wizard.lab.peculiar import with_peculiarities

INSTANCE_UUID = "5f1c3c60-6f1e-4c0e-9a70-f007401d0001"
DOMAIN = "lab.test"

Data = dict[str, Any]

_GUESTS: tuple[tuple[str, str, str, str], ...] = (
    # guest id, full name, firmware, stem of the machine's name
    ("windows2019srv_64Guest", "Microsoft Windows Server 2019 (64-bit)", "efi", "app"),
    ("windows9Server64Guest", "Microsoft Windows Server 2016 (64-bit)", "bios", "sql"),
    ("rhel8_64Guest", "Red Hat Enterprise Linux 8 (64-bit)", "bios", "web"),
    ("ubuntu64Guest", "Ubuntu Linux (64-bit)", "efi", "api"),
    ("sles12_64Guest", "SUSE Linux Enterprise 12 (64-bit)", "bios", "erp"),
    ("windows8Server64Guest", "Microsoft Windows Server 2012 (64-bit)", "bios", "file"),
    ("centos7_64Guest", "CentOS 7 (64-bit)", "bios", "build"),
    ("freebsd12_64Guest", "FreeBSD 12 (64-bit)", "bios", "edge"),
)


def default_inventory() -> Data:
    """A fresh copy of the lab's inventory; change it at will before the simulator starts."""
    return {
        "instance_uuid": INSTANCE_UUID,
        "version": "8.0.2",
        "build": "22617221",
        "api_version": "8.0.2.0",
        "device_urls": "host",
        "guest_delay_s": 1.0,
        "datacenters": [_first(), _second()],
    }


def many_machines(count: int) -> Data:
    """One datacenter with `count` machines on 32 hosts, for measurements; the simulator builds thousands a second."""
    clusters = [
        {
            "name": f"DC0_C{index}",
            "hosts": [
                _host(1 + index * large.HOSTS_PER_CLUSTER + number)
                for number in range(large.HOSTS_PER_CLUSTER)
            ],
            "pools": ["Production"],
        }
        for index in range(large.CLUSTERS)
    ]
    datacenter = {
        "name": "DC0",
        "clusters": clusters,
        "hosts": [],
        "datastores": [
            _datastore(f"Datastore_{number:02d}", 65536, 16384) for number in range(large.DATASTORES)
        ],
        "networks": [{"name": f"VLAN {100 + number}"} for number in range(large.NETWORKS)],
        "port_groups": ["DC0_DVPG0", "DC0_DVPG1"],
        "folders": [f"Estate/Site {site}/Tier {tier}" for site in range(5) for tier in range(3)],
        "vms": large.machines("DC0", count, _GUESTS),
    }
    return {**default_inventory(), "datacenters": [datacenter]}


def worldly_inventory() -> Data:
    """Names and arrangements as they are met in practice; see `wizard.lab.worldly`."""
    return {**default_inventory(), "datacenters": worldly.datacenters(_host, _datastore)}


def standalone_host() -> Data:
    """An ESXi host that no vCenter manages: it speaks the same language, with one datacenter and no folders."""
    return {
        **default_inventory(),
        "api_type": "HostAgent",
        "datacenters": [
            {
                "name": "ha-datacenter",
                "clusters": [],
                "hosts": [_host(61, cpu_cores=16, memory_gb=128)],
                "datastores": [_datastore("datastore1", 2048, 1500), _datastore("SmallDS", 128, 100)],
                "networks": [{"name": "VM Network"}, {"name": "Lab / guests"}],
                "port_groups": [],
                "folders": [],
                "vms": [
                    {
                        **_machine("DC0", 2),
                        "folder": "",
                        "compute": f"esx-61.{DOMAIN}",
                        "datastore": "datastore1",
                        "networks": ["VM Network"],
                    }
                ],
            }
        ],
    }


def hosts(inventory: Data) -> list[Data]:
    """All ESXi hosts of an inventory, standalone ones and those of clusters."""
    found: list[Data] = []
    for dc in inventory["datacenters"]:
        found.extend(dc["hosts"])
        for cluster in dc["clusters"]:
            found.extend(cluster["hosts"])
    return found


def host_names(inventory: Data) -> tuple[str, ...]:
    """The names of all ESXi hosts of an inventory."""
    return tuple(host["name"] for host in hosts(inventory))


def disk_sizes(machine: Data) -> list[int]:
    """The sizes of a machine's disks in GB, plain ones first."""
    others = machine.get("disks", ())
    return [
        *machine.get("disks_gb", ()),
        *(disk if isinstance(disk, int) else disk["gb"] for disk in others),
    ]


def datastore_paths(inventory: Data) -> tuple[str, ...]:
    """The inventory paths of all datastores, e.g. /DC0/datastore/LocalDS_0."""
    return tuple(
        f"/{dc['name']}/datastore/{store['name']}"
        for dc in inventory["datacenters"]
        for store in dc["datastores"]
    )


def _host(number: int, **changes: Any) -> Data:
    return {
        "name": f"esx-{number:02d}.{DOMAIN}",
        "address": f"192.0.2.{100 + number}",
        "version": "8.0.2",
        "cpu_cores": 32,
        "memory_gb": 256,
        **changes,
    }


def _datastore(name: str, capacity_gb: int, free_gb: int, **changes: Any) -> Data:
    return {"name": name, "type": "VMFS", "capacity_gb": capacity_gb, "free_gb": free_gb, **changes}


def _first() -> Data:
    cluster_hosts = [f"esx-{number:02d}.{DOMAIN}" for number in (1, 2, 3)]
    return {
        "name": "DC0",
        "clusters": [
            {"name": "DC0_C0", "hosts": [_host(1), _host(2), _host(3)], "pools": ["Management", "Production"]}
        ],
        "hosts": [_host(4, cpu_cores=8, memory_gb=32), _host(5, version="6.5.0", maintenance=True)],
        "datastores": [
            _datastore("LocalDS_0", 6144, 4096),
            _datastore("SmallDS_0", 512, 100),
            _datastore("MaintDS_0", 6144, 5000, maintenance="inMaintenance"),
            _datastore("GoneDS_0", 6144, 5000, accessible=False),
            _datastore("ClusterDS_0", 8192, 3000, type="vsan", hosts=cluster_hosts),
        ],
        "networks": [
            {"name": "VM Network"},
            {"name": "Backup Network", "hosts": cluster_hosts},
            {"name": "Island Network", "hosts": [cluster_hosts[0]]},
        ],
        "port_groups": ["DC0_DVPG0", "DC0_DVPG1"],
        "folders": ["Infrastructure/Recovery", "Workloads/Production", "Workloads/Test"],
        "vms": _machines("DC0", 34),
    }


def _second() -> Data:
    return {
        "name": "DC1",
        "clusters": [
            {"name": "DC1_C0", "hosts": [_host(11), _host(12, connection="notResponding")], "pools": []}
        ],
        "hosts": [],
        "datastores": [_datastore("LocalDS_0", 4096, 2048), _datastore("DC1_DS1", 2048, 1500)],
        "networks": [{"name": "VM Network"}],
        "port_groups": ["DC1_DVPG0"],
        "folders": ["Workloads"],
        "vms": _machines("DC1", 6),
    }


def _machines(dc: str, count: int) -> list[Data]:
    return [with_peculiarities(_machine(dc, number)) for number in range(1, count + 1)]


def _machine(dc: str, number: int) -> Data:
    """A machine whose size, state and tools follow from its number: varied, yet the same at every start."""
    guest_id, full_name, firmware, stem = _GUESTS[number % len(_GUESTS)]
    name = f"{stem}-{number:02d}" if dc == "DC0" else f"{stem}-{dc.lower()}-{number:02d}"
    powered_on = number % 7 != 0
    template = number % 17 == 0
    tools = ("toolsOk", "toolsOk", "toolsOld", "toolsOk", "toolsNotRunning", "toolsNotInstalled")[number % 6]
    reports = powered_on and not template and tools in {"toolsOk", "toolsOld"}
    subnet = "198.51.100" if dc == "DC0" else "203.0.113"
    addresses = [f"{subnet}.{10 + number}"]
    if number % 5 == 0:
        addresses.append(f"2001:db8:0:{number:x}::{number:x}")
    if dc == "DC0":
        compute = ("DC0_C0/Production", "DC0_C0", f"esx-04.{DOMAIN}")[number % 3]
        folder = ("Workloads/Production", "Workloads/Test", "")[number % 3]
        networks = ["VM Network"] if number % 4 else ["DC0_DVPG0"]
    else:
        compute, folder, networks = "DC1_C0", "Workloads", ["VM Network"]
    return {
        "name": name,
        "folder": folder,
        "compute": compute,
        "datastore": "LocalDS_0",
        "networks": networks,
        "guest_id": guest_id,
        "guest_full_name": full_name,
        "firmware": firmware,
        "cpus": (1, 2, 4, 8)[number % 4],
        "memory_mb": 1024 * (2, 4, 8, 16, 32)[number % 5],
        "disks_gb": [40 + 20 * (number % 4), *([100 * (number % 3)] if number % 3 else [])],
        "powered_on": powered_on and not template,
        "template": template,
        "tools": tools
        if (powered_on and not template) or tools == "toolsNotInstalled"
        else "toolsNotRunning",
        "host_name": f"{name}.{DOMAIN}" if reports else "",
        "addresses": addresses if reports else [],
    }
