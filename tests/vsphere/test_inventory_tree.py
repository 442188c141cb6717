"""From rows to datacenters, for what no simulator shows: uplinks, vApps, storage pods, objects that may not be read."""

from __future__ import annotations

from typing import Any

import pytest
from pyVmomi import vim

from wizard.vsphere.collector import Row
from wizard.vsphere.inventory_tree import assemble
from wizard.vsphere.names import shown
from wizard.vsphere.placement import DatacenterInfo


def managed(kind: str, moid: str) -> Any:
    return getattr(vim, kind)(moid)


def row(kind: str, moid: str, name: str, parent: tuple[str, str] | None, **values: Any) -> Row:
    up = {"parent": managed(*parent)} if parent else {}
    return Row(
        kind, moid, {"name": name, **up, **{key.replace("__", "."): value for key, value in values.items()}}
    )


def base() -> list[Row]:
    """One datacenter in a folder, with its four folders, a cluster of one host, and that cluster's pool."""
    folders = {
        kind: managed("Folder", kind)
        for kind in ("vmFolder", "hostFolder", "datastoreFolder", "networkFolder")
    }
    return [
        row("Folder", "root", "Datacenters", None),
        row("Folder", "region", "EU", ("Folder", "root")),
        row("Datacenter", "dc", "Lyon", ("Folder", "region"), **folders),
        *(row("Folder", kind, kind[:-6], ("Datacenter", "dc")) for kind in folders),
        row(
            "ClusterComputeResource",
            "cluster",
            "C1",
            ("Folder", "hostFolder"),
            resourcePool=managed("ResourcePool", "pool"),
        ),
        row(
            "ResourcePool",
            "pool",
            "Resources",
            ("ComputeResource", "cluster"),
            owner=managed("ComputeResource", "cluster"),
        ),
        row(
            "HostSystem",
            "host",
            "esx",
            ("ComputeResource", "cluster"),
            datastore=[managed("Datastore", "ds")],
            network=[managed("Network", "net")],
        ),
    ]


def only(*more: Row) -> DatacenterInfo:
    (datacenter,) = assemble([*base(), *more]).datacenters
    return datacenter


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert assemble(base()) == assemble(list(reversed(base())))


def test_a_datacenters_path_starts_below_the_root() -> None:
    assert only().ref.path == "EU/Lyon"


def test_a_storage_pod_is_part_of_its_datastores_path() -> None:
    datacenter = only(
        row("StoragePod", "pod", "Gold", ("Folder", "datastoreFolder")),
        row("Datastore", "ds", "vol1", ("Folder", "pod"), summary__capacity=3 * 2**29),
    )
    assert [(info.ref.path, info.capacity_gb) for info in datacenter.datastores] == [("Gold/vol1", 1.5)]
    assert datacenter.datastores[0].host_moids == ("host",)
    assert datacenter.find_datastore("vol1").ref.moid == "ds"


def test_the_uplinks_of_a_switch_are_no_network_for_machines() -> None:
    uplink = vim.Tag(key="SYSTEM/DVS.UPLINKPG")
    datacenter = only(
        row(
            "DistributedVirtualPortgroup", "up", "dvs-DVUplinks-1", ("Folder", "networkFolder"), tag=[uplink]
        ),
        row("DistributedVirtualPortgroup", "pg", "prod", ("Folder", "networkFolder"), tag=[]),
        row("DistributedVirtualSwitch", "dvs", "dvs", ("Folder", "networkFolder")),
        row("OpaqueNetwork", "nsx", "overlay", ("Folder", "networkFolder")),
    )
    assert [(info.ref.name, info.kind) for info in datacenter.networks] == [
        ("overlay", "opaque"),
        ("prod", "distributed"),
    ]


def test_a_vapp_is_neither_a_resource_pool_nor_a_machine() -> None:
    datacenter = only(
        row(
            "VirtualApp", "vapp", "shop", ("Folder", "vmFolder"), owner=managed("ComputeResource", "cluster")
        ),
        row("VirtualMachine", "vm", "web", ("Folder", "vmFolder")),
    )
    assert datacenter.vms == ("web",)
    assert [info.kind for info in datacenter.compute] == ["cluster", "host"]
    assert [info.ref.path for info in datacenter.folders] == [""]


def test_a_pool_within_a_pool_has_its_way_in_its_path() -> None:
    owner = managed("ComputeResource", "cluster")
    datacenter = only(
        row("ResourcePool", "p1", "Prod", ("ResourcePool", "pool"), owner=owner),
        row("ResourcePool", "p2", "Web", ("ResourcePool", "p1"), owner=owner),
    )
    assert [info.ref.path for info in datacenter.compute] == [
        "C1",
        "C1/Resources/Prod",
        "C1/Resources/Prod/Web",
        "C1/esx",
    ]
    assert datacenter.find_compute("Web").hosts[0].ref.moid == "host"


def test_what_may_not_be_read_is_left_out_with_all_below_it() -> None:
    hidden = Row("Folder", "hidden", {})
    datacenter = only(
        hidden,
        row("VirtualMachine", "vm", "secret", ("Folder", "hidden")),
        row("VirtualMachine", "in-vapp", "app", None),
        row("Datastore", "ds", "far", ("Folder", "elsewhere")),
    )
    assert datacenter.vms == ()
    assert datacenter.datastores == ()


def test_a_host_that_tells_nothing_is_still_listed() -> None:
    (host,) = only().find_compute("C1").hosts
    assert (host.connection_state, host.power_state, host.cpu_cores, host.memory_gb) == ("", "", 0, 0.0)
    assert not host.in_maintenance


def test_a_datastore_that_tells_nothing_counts_as_inaccessible() -> None:
    (store,) = only(row("Datastore", "ds", "mute", ("Folder", "datastoreFolder"))).datastores
    assert not store.accessible
    assert store.free_gb == 0.0


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("plain", "plain"),
        ("50%2f50", "50/50"),
        ("a%5Cb", "a\\b"),
        ("100%25", "100%"),
        ("%252f", "%2f"),
        ("a%20b", "a%20b"),
    ],
)
def test_names_are_shown_as_they_were_typed(stored: str, name: str) -> None:
    assert shown(stored) == name
