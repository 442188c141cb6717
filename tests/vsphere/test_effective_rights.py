"""Missing and excess, as they follow from what vCenter answered."""

from __future__ import annotations

import json

import pytest

from tests.vsphere.conftest import SignIn, account_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.effective_rights import EffectiveRights, wanted
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import NotFound
from wizard.vsphere.inventory import ObjectRef, read_placement
from wizard.vsphere.privileges import LEVELS, effective, root_of
from wizard.vsphere.session import connect

ROOT = ObjectRef(type="Folder", moid="group-d1", name="Datacenters", path="/")
DATACENTER = ObjectRef(type="Datacenter", moid="datacenter-2", name="DC0", path="/DC0")
STORE = ObjectRef(type="Datastore", moid="datastore-3", name="ds", path="/DC0/datastore/ds")
READER = frozenset({"System.Anonymous", "System.View", "System.Read"})


def rights(
    *granted: tuple[ObjectRef, frozenset[str]], known: int = 400, unknown: frozenset[str] = frozenset()
) -> EffectiveRights:
    return EffectiveRights(
        objects=tuple(item for item, _ids in granted),
        granted={item.moid: ids for item, ids in granted},
        known_count=known,
        unknown=unknown,
    )


def test_the_root_needs_no_more_than_to_be_seen() -> None:
    (root,) = rights((ROOT, READER)).compare(LEVELS)
    assert root.exact
    (blind,) = rights((ROOT, frozenset({"System.Anonymous"}))).compare(["full"])
    assert [right.privilege_id for right in blind.missing["full"]] == ["System.View", "System.Read"]


def test_what_another_level_needs_elsewhere_is_no_excess() -> None:
    whole = frozenset(wanted(LEVELS))
    compared = rights((DATACENTER, whole), (STORE, whole)).compare(LEVELS)
    assert all(item.exact for item in compared)


def test_what_only_a_level_that_is_not_wanted_needs_is_excess() -> None:
    (found,) = rights((DATACENTER, frozenset(wanted(["full", "appliance"])))).compare(["full"])
    assert found.missing == {"full": ()}
    assert found.excess == ("VirtualMachine.State.CreateSnapshot", "VirtualMachine.State.RevertToSnapshot")
    assert not found.exact
    assert not found.administrator


def test_missing_and_excess_are_told_apart_on_one_object() -> None:
    (found,) = rights((STORE, READER | {"Datastore.Browse", "Datastore.Config"})).compare(["ova"])
    assert [right.privilege_id for right in found.missing["ova"]] == ["Datastore.AllocateSpace"]
    assert found.excess == ("Datastore.Config",)


def test_a_privilege_that_this_vcenter_does_not_know_is_not_missing_here_either() -> None:
    granted = frozenset(wanted(["ova"])) - {"VApp.InstanceConfig"} | READER
    (found,) = rights((DATACENTER, granted), unknown=frozenset({"VApp.InstanceConfig"})).compare(["ova"])
    assert found.missing == {"ova": ()}


def test_where_nothing_is_deployed_the_right_to_import_is_neither_missing_nor_too_much() -> None:
    other = ObjectRef(type="Datacenter", moid="datacenter-7", name="DC1", path="/DC1")
    full, whole = frozenset(wanted(["full"])), frozenset(wanted(["full", "ova"]))
    for granted in (full, whole):
        (found,) = rights((other, granted)).compare(["full", "ova"], no_import={other.moid})
        assert found.exact
    (lacking,) = rights((other, READER)).compare(["full", "ova"], no_import={other.moid})
    assert lacking.missing["full"]
    assert lacking.missing["ova"] == ()


@pytest.mark.parametrize(
    ("gives_rights", "others", "administrator"), [(True, 360, True), (True, 350, False), (False, 399, False)]
)
def test_who_may_give_rights_and_has_nearly_all_of_them_is_an_administrator(
    gives_rights: bool, others: int, administrator: bool
) -> None:
    granted = {f"Vendor.P{number}" for number in range(others)}
    granted |= {"Authorization.ModifyPermissions"} if gives_rights else set()
    (found,) = rights((DATACENTER, frozenset(granted))).compare(["discovery"])
    assert found.administrator is administrator


def test_rights_survive_being_stored_with_each_set_once() -> None:
    before = rights((ROOT, READER), (DATACENTER, READER), (STORE, frozenset({"Datastore.Browse"})))
    stored = json.loads(json.dumps(before.to_json()))
    assert len(stored["sets"]) == 2
    assert EffectiveRights.from_json(stored) == before


@pytest.mark.vcenter
def test_an_administrator_has_everything_beyond_the_levels(sign_in: SignIn) -> None:
    with sign_in("administrator") as session:
        root = root_of(session)
        assert (root.type, root.path) == ("Folder", "/")
        found = effective(session, [root, read_placement(session).datacenter("DC0").ref])
    for item in found.compare(LEVELS):
        assert item.administrator
        assert item.granted_count == found.known_count > 200
        assert len(item.excess) == found.known_count - len(wanted(LEVELS))


@pytest.mark.vcenter
def test_a_role_that_differs_below_the_datacenter_is_compared_object_by_object(sign_in: SignIn) -> None:
    with sign_in("asr-partial") as session:
        datacenter = read_placement(session).datacenter("DC0")
        objects = [datacenter.ref, datacenter.find_datastore("LocalDS_0").ref]
        above, below = effective(session, objects).compare(["full", "appliance"])
    assert above.exact
    assert [right.privilege_id for right in below.missing["full"]] == ["Datastore.AllocateSpace"]
    assert below.excess == ()


@pytest.mark.vcenter
def test_all_rights_on_all_objects_are_two_round_trips(relay: Relay, vcenter: LabVCenter) -> None:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter, "asr-operator")) as session:
        datacenter = read_placement(session).datacenter("DC0")
        objects = [datacenter.ref, *(store.ref for store in datacenter.datastores)]
        before = len(relay.calls)
        found = effective(session, objects)
        assert len(relay.calls) - before == 2
    assert all(item.missing == dict.fromkeys(LEVELS, ()) for item in found.compare(LEVELS))


@pytest.mark.vcenter
def test_an_object_that_is_gone_is_not_taken_for_one_without_rights(sign_in: SignIn) -> None:
    gone = ObjectRef(type="Datastore", moid="datastore-99999", name="gone", path="/gone")
    with pytest.raises(NotFound, match="Datastore datastore-99999 is no longer"), sign_in() as session:
        effective(session, [gone])
