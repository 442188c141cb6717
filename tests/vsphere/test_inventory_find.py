"""Finding by name: the one meant, or a message that names what there is."""

from __future__ import annotations

import pytest

from wizard.vsphere.errors import Ambiguous, NotFound
from wizard.vsphere.placement import (
    DatacenterInfo,
    DatastoreInfo,
    FolderInfo,
    ObjectRef,
    PlacementInventory,
)


def folder(path: str) -> FolderInfo:
    name = path.rpartition("/")[2] or "vm"
    return FolderInfo(ref=ObjectRef(type="Folder", moid=f"group-{path}", name=name, path=path))


def datastore(path: str) -> DatastoreInfo:
    return DatastoreInfo(
        ref=ObjectRef(type="Datastore", moid=f"datastore-{path}", name=path.rpartition("/")[2], path=path),
        type="VMFS",
        capacity_gb=1.0,
        free_gb=1.0,
        accessible=True,
        maintenance_mode="normal",
        host_moids=(),
    )


def datacenter(*, path: str = "DC0", stores: tuple[str, ...] = ()) -> DatacenterInfo:
    return DatacenterInfo(
        ref=ObjectRef(type="Datacenter", moid="datacenter-" + path, name=path.rpartition("/")[2], path=path),
        folders=tuple(folder(one) for one in ("", "A", "A/Prod", "B", "B/Prod", "vm")),
        compute=(),
        datastores=tuple(datastore(one) for one in stores),
        networks=(),
        vms=(),
    )


@pytest.mark.parametrize(
    ("name", "path"), [("", ""), ("A", "A"), ("A/Prod", "A/Prod"), ("B/Prod", "B/Prod"), ("vm", "vm")]
)
def test_a_path_comes_before_a_name(name: str, path: str) -> None:
    assert datacenter().find_folder(name).ref.path == path


def test_a_bare_name_will_do_where_it_is_the_only_one() -> None:
    assert datacenter(stores=("Pod/Gold", "Silver")).find_datastore("Gold").ref.path == "Pod/Gold"


def test_a_name_that_several_bear_asks_for_the_path() -> None:
    with pytest.raises(Ambiguous) as refused:
        datacenter().find_folder("Prod")
    assert "“Prod” is the name of several objects" in str(refused.value)
    assert "A/Prod, B/Prod" in str(refused.value.remedy)


def test_a_name_that_nobody_bears_is_answered_with_what_there_is() -> None:
    with pytest.raises(NotFound) as refused:
        datacenter(stores=("Gold", "Silver")).find_datastore("Bronze")
    assert str(refused.value) == "The datastore “Bronze” is not in datacenter DC0."
    assert "Gold, Silver" in str(refused.value.remedy)


def test_a_long_list_of_possible_names_is_cut() -> None:
    with pytest.raises(NotFound) as refused:
        datacenter(stores=tuple(f"store-{number:03d}" for number in range(300))).find_datastore("other")
    assert "store-019, …" in str(refused.value.remedy)
    assert len(str(refused.value.remedy)) < 400


@pytest.mark.parametrize("kind", ["compute", "network"])
def test_an_empty_list_is_said_to_be_empty(kind: str) -> None:
    with pytest.raises(NotFound, match="“x” is not in datacenter DC0") as refused:
        getattr(datacenter(), f"find_{kind}")("x")
    assert "Choose one of: –" in str(refused.value.remedy)


def test_datacenters_are_found_by_path_and_by_name() -> None:
    inventory = PlacementInventory(
        datacenters=(datacenter(path="EU/Lyon"), datacenter(path="US/Lyon"), datacenter())
    )
    assert inventory.datacenter("US/Lyon").ref.path == "US/Lyon"
    assert inventory.datacenter("DC0").ref.path == "DC0"
    with pytest.raises(Ambiguous):
        inventory.datacenter("Lyon")
    with pytest.raises(NotFound, match="“Paris” is not in this vCenter"):
        inventory.datacenter("Paris")
