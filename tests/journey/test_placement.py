from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.journey.complete import PLACEMENT, wrong
from wizard.journey.placement import PlacementAnswers, choices, conflicts, default_vm_name
from wizard.vsphere.placement import (
    ComputeInfo,
    DatacenterInfo,
    DatastoreInfo,
    FolderInfo,
    HostInfo,
    NetworkInfo,
    ObjectRef,
    PlacementInventory,
)

NEED_GB = 1280


def ref(kind: str, name: str, path: str | None = None) -> ObjectRef:
    return ObjectRef(type=kind, moid=f"{kind}-{path or name}", name=name, path=name if path is None else path)


def host(
    name: str, *, state: str = "connected", maintenance: bool = False, power: str = "poweredOn"
) -> HostInfo:
    return HostInfo(
        ref=ref("host", name),
        connection_state=state,
        in_maintenance=maintenance,
        power_state=power,
        cpu_cores=16,
        memory_gb=128,
        api_version="8.0.3",
        address=name,
    )


def datastore(name: str, hosts: list[HostInfo], **changed: Any) -> DatastoreInfo:
    values: dict[str, Any] = {
        "type": "VMFS",
        "capacity_gb": 4096,
        "free_gb": 2000.5,
        "accessible": True,
        "maintenance_mode": "normal",
        **changed,
    }
    return DatastoreInfo(
        ref=ref("datastore", name), host_moids=tuple(found.ref.moid for found in hosts), **values
    )


A, B = host("esx-a"), host("esx-b")
RESTING = host("esx-c", maintenance=True)
LOST = host("esx-d", state="notResponding")
OFF = host("esx-e", power="standBy")

DATASTORES = (
    datastore("shared", [A, B]),
    datastore("exact", [A, B], free_gb=NEED_GB),
    datastore("local-a", [A]),
    datastore("full", [A, B], free_gb=100),
    datastore("gone", [A, B], accessible=False),
    datastore("leaving", [A, B], maintenance_mode="enteringMaintenance"),
    datastore("elsewhere", [LOST]),
)
NETWORKS = (
    NetworkInfo(ref=ref("network", "VM Network"), kind="standard", host_moids=(A.ref.moid, B.ref.moid)),
    NetworkInfo(ref=ref("network", "only-a"), kind="standard", host_moids=(A.ref.moid,)),
    NetworkInfo(ref=ref("network", "dpg/1", "net/dpg%2f1"), kind="distributed", host_moids=(LOST.ref.moid,)),
)
REACHED = tuple(store.ref.moid for store in DATASTORES if store.ref.name != "elsewhere")


def compute(name: str, kind: Any, hosts: tuple[HostInfo, ...], path: str | None = None) -> ComputeInfo:
    return ComputeInfo(
        ref=ref("compute", name, path),
        kind=kind,
        hosts=hosts,
        resource_pool_moid=f"pool-{name}",
        datastore_moids=REACHED,
        network_moids=tuple(network.ref.moid for network in NETWORKS[:2]),
    )


INVENTORY = PlacementInventory(
    datacenters=(
        DatacenterInfo(
            ref=ref("datacenter", "DC0"),
            folders=(FolderInfo(ref=ref("folder", "vm", "")), FolderInfo(ref=ref("folder", "servers"))),
            compute=(
                compute("C0", "cluster", (A, B, RESTING)),
                compute("pool1", "resource_pool", (A, B, RESTING), "C0/Resources/pool1"),
                compute("esx-a", "host", (A,)),
                compute("C1", "cluster", (RESTING, LOST, OFF)),
                compute("C2", "cluster", ()),
            ),
            datastores=DATASTORES,
            networks=NETWORKS,
            vms=("taken", "other"),
        ),
    )
).to_json()

TWO = {"datacenters": [*INVENTORY["datacenters"], {**INVENTORY["datacenters"][0], "compute": []}]}
TWO["datacenters"][1] = {**TWO["datacenters"][1], "ref": ref("datacenter", "DC1").to_json()}

ANSWERS = {**PLACEMENT, "compute": "C0", "datastore": "shared", "folder": "", "vm_name": "lyon-cs01"}


def reasons(field: str, **answers: str) -> dict[str, str]:
    found = choices(INVENTORY, answers, NEED_GB)[field]
    assert all(choice.usable == (not choice.reason) for choice in found)
    return {choice.value: str(choice.reason) for choice in found}


def test_compute_resources_say_why_they_cannot_run_the_machine() -> None:
    assert reasons("compute") == {
        "C0": "",
        "C0/Resources/pool1": "",
        "esx-a": "",
        "C1": "None of its hosts can run a virtual machine now: esx-c is in maintenance mode, esx-d is not "
        "connected to vCenter, esx-e is powered off.",
        "C2": "It has no hosts.",
    }


def test_datastores_say_why_they_cannot_take_the_machine() -> None:
    assert reasons("datastore", compute="C0") == {
        "shared": "",
        "exact": "",
        "local-a": "Not mounted on all hosts of C0: missing on esx-b.",
        "full": "No space: free 100 GB of 1280 GB needed.",
        "gone": "The datastore is not accessible.",
        "leaving": "The datastore is in maintenance mode.",
        "elsewhere": "Not mounted on any host of C0.",
    }


def test_a_local_datastore_serves_the_one_host_that_has_it() -> None:
    assert reasons("datastore", compute="esx-a")["local-a"] == ""


def test_without_a_compute_resource_datastores_and_networks_are_judged_for_themselves() -> None:
    assert {name for name, reason in reasons("datastore").items() if not reason} == {
        "shared",
        "exact",
        "local-a",
        "elsewhere",
    }
    assert set(reasons("network").values()) == {""}


def test_networks_say_on_which_hosts_they_are_missing() -> None:
    assert reasons("network", compute="C0/Resources/pool1") == {
        "VM Network": "",
        "only-a": "Not on all hosts of C0/Resources/pool1: missing on esx-b.",
        "net/dpg%2f1": "Not on any host of C0/Resources/pool1.",
    }


def test_labels_show_names_as_people_know_them() -> None:
    found = choices(INVENTORY, {}, NEED_GB)
    assert [choice.label for choice in found["network"]] == ["VM Network", "only-a", "net › dpg/1"]
    assert [(choice.value, choice.label) for choice in found["folder"]] == [
        ("", "vm"),
        ("servers", "servers"),
    ]


def test_a_vapp_and_a_datastore_cluster_are_told_by_name() -> None:
    record = INVENTORY["datacenters"][0]
    vapp = compute("shop", "vapp", (A, B), "C0/Resources/shop")
    store = datastore("Pod/vol1", [A, B], cluster="Pod")
    changed = PlacementInventory.from_json({"datacenters": [record]}).datacenters[0]
    changed = replace(changed, compute=(*changed.compute, vapp), datastores=(store,))
    found = choices(PlacementInventory(datacenters=(changed,)).to_json(), {}, NEED_GB)
    assert (found["compute"][-1].usable, str(found["compute"][-1].detail)) == (
        False,
        "vApp, hosts available: 2 of 2",
    )
    assert "Choose a cluster, a host or a resource pool" in str(found["compute"][-1].reason)
    assert str(found["datastore"][0].detail) == "VMFS, 2000.5 GB free of 4096 GB, in datastore cluster Pod"


def test_an_inventory_that_was_read_before_datastore_clusters_were_still_serves() -> None:
    stored = json.loads(json.dumps(INVENTORY))
    for store in stored["datacenters"][0]["datastores"]:
        del store["cluster"]
    assert [str(c.detail) for c in choices(stored, {}, NEED_GB)["datastore"]] == [
        str(c.detail) for c in choices(INVENTORY, {}, NEED_GB)["datastore"]
    ]
    assert PlacementInventory.from_json(stored).to_json() == INVENTORY


def test_a_name_is_taken_only_in_its_own_folder() -> None:
    deep = json.loads(json.dumps(INVENTORY))
    deep["datacenters"][0]["vms"] = ["servers/taken", "50%25"]
    assert conflicts(deep, {**ANSWERS, "vm_name": "taken"}, NEED_GB) == []
    (found,) = conflicts(deep, {**ANSWERS, "vm_name": "taken", "folder": "servers"}, NEED_GB)
    assert str(found.message) == (
        "A virtual machine called “taken” exists in servers already. Choose another name."
    )


def test_a_path_may_be_given_as_it_is_shown() -> None:
    for given in ("net/dpg%2f1", "net/dpg/1", "net › dpg/1"):
        (found,) = conflicts(INVENTORY, {**ANSWERS, "network": given}, NEED_GB)
        assert (found.path, found.code) == ("network", "not_usable")


def test_details_say_what_somebody_needs_to_choose() -> None:
    found = choices(INVENTORY, {}, NEED_GB)
    assert [str(choice.detail) for choice in found["compute"]][:3] == [
        "Cluster, hosts available: 2 of 3",
        "Resource pool, hosts available: 2 of 3",
        "Single host",
    ]
    assert str(found["datastore"][0].detail) == "VMFS, 2000.5 GB free of 4096 GB"
    assert str(found["datacenter"][0].detail) == "places to run: 5, datastores: 7, virtual machines: 2"


def test_with_several_datacenters_one_has_to_be_chosen_first() -> None:
    found = choices(TWO, {}, NEED_GB)
    assert [(choice.value, choice.usable) for choice in found["datacenter"]] == [
        ("DC0", True),
        ("DC1", False),
    ]
    assert str(found["datacenter"][1].reason) == "No host in this datacenter can run a virtual machine now."
    assert found["compute"] == found["datastore"] == found["network"] == found["folder"] == []
    assert choices(TWO, {"datacenter": "DC0"}, NEED_GB)["compute"]


def test_a_datacenter_that_is_not_there_offers_nothing_even_if_it_were_the_only_one() -> None:
    assert choices(INVENTORY, {"datacenter": "DC9"}, NEED_GB)["compute"] == []


def test_answers_that_fit_the_inventory_conflict_with_nothing() -> None:
    assert conflicts(INVENTORY, ANSWERS, NEED_GB) == []


def test_a_bare_name_will_do_where_it_is_unique() -> None:
    assert conflicts(INVENTORY, {**ANSWERS, "compute": "pool1"}, NEED_GB) == []


@pytest.mark.parametrize(
    ("change", "path", "message", "code"),
    [
        (
            {"vm_name": "taken"},
            "vm_name",
            "A virtual machine called “taken” exists in DC0 already. Choose another name.",
            "name_taken",
        ),
        ({"datastore": "full"}, "datastore", "No space: free 100 GB of 1280 GB needed.", "not_usable"),
        (
            {"network": "lost"},
            "network",
            "“lost” is not in the inventory of vCenter, or not unique there. Choose from the list.",
            "not_found",
        ),
        (
            {"datacenter": "DC9"},
            "datacenter",
            "“DC9” is not in the inventory of vCenter, or not unique there. Choose from the list.",
            "not_found",
        ),
        ({"compute": "C2"}, "compute", "It has no hosts.", "not_usable"),
    ],
)
def test_answers_that_no_longer_fit_are_named_with_the_reason(
    change: dict[str, str], path: str, message: str, code: str
) -> None:
    found = conflicts(INVENTORY, {**ANSWERS, **change}, NEED_GB)
    assert [(error.path, str(error.message), error.code) for error in found] == [(path, message, code)]


def test_disks_are_thick_and_zeroed_unless_somebody_says_otherwise() -> None:
    answers = PlacementAnswers.model_validate(PLACEMENT)
    assert (answers.disk_provisioning, answers.folder) == ("eagerZeroedThick", "")


def test_a_vm_name_that_vsphere_would_escape_is_refused() -> None:
    assert wrong(PlacementAnswers, {**PLACEMENT, "vm_name": "a/b"}) == {
        "vm_name": "“a/b” contains /. A VM name has no slash, backslash, percent sign or control character."
    }


def test_the_vm_name_follows_from_the_name_of_the_deployment() -> None:
    assert default_vm_name("lyon-cs01") == "lyon-cs01"
