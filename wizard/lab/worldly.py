"""A data centre named and arranged as people do it, as plain data for the simulator.

Names with `/`, `\\`, `%`, quotes, `&`, emoji and of 80 characters; the same name in several places; datacenters,
clusters, datastores and networks in folders; datastore clusters; vApps; networks of NSX; hosts that cannot be used.
Names are as people type them; paths (`folder`, `compute`, `datastore`, `networks`) are as vSphere writes them.
"""

from __future__ import annotations

from typing import Any

Data = dict[str, Any]

LONG = "Replication appliance of the finance department in Lyon, second site, wave three"

DATACENTERS = ("R&D / 50% “Lab”", "Malmö 🏭", "DC0")


def datacenters(host: Any, datastore: Any) -> list[Data]:
    """The datacenters; `host` and `datastore` make one of each, as in `wizard.lab.inventory`."""
    return [_research(host, datastore), _factory(host, datastore), _plain(host, datastore)]


def _machine(name: str, number: int, **changes: Any) -> Data:
    return {
        "name": name,
        "guest_id": "ubuntu64Guest",
        "guest_full_name": "Ubuntu Linux (64-bit)",
        "firmware": "efi",
        "cpus": 2,
        "memory_mb": 4096,
        "disks": [40],
        "powered_on": True,
        "tools": "toolsOk",
        "host_name": f"host-{number}.lab.test",
        "addresses": [f"198.51.100.{number}"],
        **changes,
    }


def _research(host: Any, datastore: Any) -> Data:
    place = {
        "compute": "Racks %2f 1-4/Gold %25 “fast”/Prod & Test%5cA",
        "datastore": "SAN/Pod %2f Gold/ssd%25 01",
        "networks": ["VLAN 10%2f20 & “guests”"],
    }
    return {
        "name": DATACENTERS[0],
        "folder": "Europe/Nordics & Baltics",
        "clusters": [
            {
                "name": "Gold % “fast”",
                "folder": "Racks %2f 1-4",
                "hosts": [
                    host(21),
                    host(22),
                    host(23, maintenance=True),
                    host(24, connection="disconnected"),
                ],
                "pools": ["Prod & Test%5cA", "Prod & Test%5cA/Inner %2f pool", "Empty"],
                "vapps": [
                    {"name": "Shop / “web” & db", "pool": "", "folder": "Apps"},
                    {"name": "Nested ☁", "pool": "Prod & Test%5cA", "folder": ""},
                ],
            },
            {"name": "Asleep", "folder": "", "hosts": [host(25, maintenance=True)], "pools": []},
        ],
        "hosts": [host(26), host(27, connection="disconnected")],
        "pods": ["SAN/Pod %2f Gold", "Empty pod"],
        "datastores": [
            datastore("ssd% 01", 4096, 2048, folder="SAN/Pod %2f Gold"),
            datastore("ssd% 02", 4096, 3000, folder="SAN/Pod %2f Gold"),
            datastore("nfs\\archive 📦", 8192, 6000, folder="SAN", type="NFS"),
            datastore("O'Brien's \"local\" <disk> & more", 2048, 1500),
        ],
        "networks": [
            {"name": "VM Network"},
            {"name": "VLAN 10/20 & “guests”"},
            {"name": "Segment % 7 \\ web", "opaque": True},
            {"name": "Tier 0 / uplink", "opaque": True, "folder": "NSX"},
            {"name": "Deep & <low>", "folder": "Old/VLANs %2f 2019"},
        ],
        "port_groups": ["dv/prod 100%", "dv 🌐 “backup”"],
        "folders": [
            "Apps",
            "Customers/A%2fB GmbH & Co/50%25 “east”/Tier 1",
            "Customers/A%2fB GmbH & Co/50%25 “west”/Tier 1",
            LONG,
            "C:%5cImages",
        ],
        "vms": [
            _machine("db/01 100%", 31, **place, folder="Customers/A%2fB GmbH & Co/50%25 “east”/Tier 1"),
            _machine("db/01 100%", 32, **place, folder="Customers/A%2fB GmbH & Co/50%25 “west”/Tier 1"),
            _machine('O\'Brien "the" <first> & last', 33, **place, folder="Apps"),
            _machine("🚀 launch ☕", 34, **place, folder=""),
            _machine(LONG, 35, **place, folder=LONG),
            _machine("back\\slash", 36, **place, folder="C:%5cImages"),
            _machine(
                "shop web/1",
                37,
                folder="",
                compute="Racks %2f 1-4/Gold %25 “fast”/Shop %2f “web” & db",
                datastore="SAN/nfs%5carchive 📦",
                networks=["Segment %25 7 %5c web", "dv%2fprod 100%25"],
            ),
            _machine(
                "nested in a vApp",
                38,
                folder="",
                compute="Racks %2f 1-4/Gold %25 “fast”/Prod & Test%5cA/Nested ☁",
                datastore="O'Brien's \"local\" <disk> & more",
                networks=["NSX/Tier 0 %2f uplink"],
            ),
        ],
    }


def _factory(host: Any, datastore: Any) -> Data:
    """The same names as in the first one, where vSphere lets them be the same."""
    return {
        "name": DATACENTERS[1],
        "folder": "Europe/Nordics & Baltics",
        "clusters": [
            {"name": "Gold % “fast”", "folder": "", "hosts": [host(41)], "pools": ["Prod & Test%5cA"]}
        ],
        "hosts": [],
        "pods": [],
        "datastores": [datastore("ssd% 01", 1024, 800)],
        "networks": [{"name": "VM Network"}, {"name": "VLAN 10/20 & “guests”"}],
        "port_groups": [],
        "folders": ["Apps"],
        "vms": [
            _machine(
                "db/01 100%",
                51,
                folder="Apps",
                compute="Gold %25 “fast”",
                datastore="ssd%25 01",
                networks=["VLAN 10%2f20 & “guests”"],
            )
        ],
    }


def _plain(host: Any, datastore: Any) -> Data:
    return {
        "name": DATACENTERS[2],
        "folder": "",
        "clusters": [{"name": "DC0_C0", "folder": "", "hosts": [host(1), host(2)], "pools": []}],
        "hosts": [],
        "pods": ["DC0_POD0"],
        "datastores": [
            datastore("LocalDS_0", 6144, 4096),
            datastore("PodDS_0", 4096, 2000, folder="DC0_POD0"),
            datastore("PodDS_1", 4096, 1000, folder="DC0_POD0", maintenance="inMaintenance"),
        ],
        "networks": [{"name": "VM Network"}],
        "port_groups": [],
        "folders": [],
        "vms": [],
    }
