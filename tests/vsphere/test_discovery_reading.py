"""Discovery: every machine and object once, page by page, exactly as plain pyVmomi would read it."""
# mypy: untyped-calls-exclude=pyVmomi

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import fields
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import account_of, endpoint_of
from tests.vsphere.plain_reading import read_plainly
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from wizard.lab.inventory import default_inventory, many_machines, worldly_inventory
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.discovery import InventoryWatch
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.guest_addresses import addresses_of
from wizard.vsphere.machines import InventoryObject, MachineFacts
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter


@pytest.fixture
def machines(session: Session) -> dict[str, MachineFacts]:
    return {facts.name: facts for facts in everything(session)[0].values()}


@pytest.fixture(params=["worldly", "large"])
def other_session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    inventory = worldly_inventory() if request.param == "worldly" else many_machines(120)
    with (
        LabVCenter(directory=tmp_path, inventory=inventory) as vcenter,
        connect(endpoint_of(vcenter), account_of(vcenter), book=vcenter.book) as session,
    ):
        yield session


def test_every_machine_of_both_datacenters_is_listed(machines: dict[str, MachineFacts]) -> None:
    wanted = {machine["name"]: machine for dc in default_inventory()["datacenters"] for machine in dc["vms"]}
    assert set(machines) == set(wanted)
    for name, config in wanted.items():
        facts = machines[name]
        assert facts.moid.startswith("vm-")
        assert (facts.cpu_count, facts.memory_mb) == (config["cpus"], config["memory_mb"])
        assert (facts.guest_id, facts.guest_full_name) == (config["guest_id"], config["guest_full_name"])
        assert facts.firmware == config["firmware"]
        assert facts.is_template is config["template"]
        assert facts.power_state == ("poweredOn" if config["powered_on"] else "poweredOff")
        assert facts.host_name == config["host_name"]
        assert set(facts.ip_addresses) == set(config["addresses"])
        assert facts.host_moid.startswith("host-")
        assert facts.snapshot_count == config.get("snapshots", 0)
        assert facts.secure_boot is config.get("secure_boot", False)
        assert facts.encrypted is config.get("encrypted", False)
    # The lab has one pair that shares an id, as copied machines may.
    assert len({facts.instance_uuid for facts in machines.values()}) == len(wanted) - 1
    assert all(len(facts.bios_uuid) == 36 for facts in machines.values())


def test_the_bulk_reader_agrees_with_pyvmomi_on_the_lab(session: Session) -> None:
    agrees(session)


def test_the_bulk_reader_agrees_with_pyvmomi_on_other_inventories(other_session: Session) -> None:
    agrees(other_session)


def test_facts_are_plain_json_with_their_own_field_names(session: Session) -> None:
    machines, objects = everything(session)
    every: list[MachineFacts | InventoryObject] = [*machines.values(), *objects.values()]
    for facts in every:
        stored = facts.to_json()
        assert json.loads(json.dumps(stored)) == stored
        assert set(stored) == {field.name for field in fields(facts)}
    assert any(
        stored["disks"] and stored["controllers"] and stored["adapters"]
        for stored in (facts.to_json() for facts in machines.values())
    )


def test_round_trips_follow_the_pages_and_all_is_taken_down(relay: Relay, vcenter: LabVCenter) -> None:
    with through(relay, vcenter) as session:
        relay.calls.clear()
        watch = InventoryWatch(session, page_size=40)
        assert [len(batch.machines) + len(batch.objects) for batch in watch.read_all()] == [40, 40, 10]
        watch.close()
        assert relay.calls == [
            "CreateContainerView",
            "CreatePropertyCollector",
            "CreateFilter",
            "WaitForUpdatesEx",
            "RetrievePropertiesEx",
            "RetrievePropertiesEx",
            "RetrievePropertiesEx",
            "DestroyPropertyCollector",
            "DestroyView",
        ]


def test_a_reader_who_stops_early_leaves_nothing_open(relay: Relay, vcenter: LabVCenter) -> None:
    with through(relay, vcenter) as session:
        watch = InventoryWatch(session, page_size=5)
        batches = watch.read_all()
        assert len(next(batches).machines) + len(next(batches).machines) <= 10
        relay.calls.clear()
        batches.close()
        # The pages that were under way may be counted before or after.
        taken_down = [call for call in relay.calls if call != "RetrievePropertiesEx"]
        assert taken_down == ["DestroyPropertyCollector", "DestroyView"]
        assert watch.version == ""


def test_the_next_pages_are_asked_for_before_one_is_read(relay: Relay, vcenter: LabVCenter) -> None:
    with through(relay, vcenter) as session:
        batches = InventoryWatch(session, page_size=10).read_all()
        next(batches)
        assert len(list(batches)) == 8
        assert relay.count("RetrievePropertiesEx") == 9
        # They wait at the other end of connections of their own until somebody wants them.
        assert len(relay.connections) == 3


def test_what_the_account_may_not_read_is_left_out(relay: Relay, vcenter: LabVCenter) -> None:
    def hide(call: str, body: bytes) -> bytes:
        if call == "RetrievePropertiesEx":
            first = body.index(b'type="VirtualMachine">')
            begin, end = body.index(b"<propSet>", first), body.index(b"</objects>", first)
            fault = (
                b'<missingSet><path>name</path><fault><fault xsi:type="NoPermission"/></fault></missingSet>'
            )
            body = body[:begin] + fault + body[end:]
        return body

    relay.edit = hide
    with through(relay, vcenter) as session:
        machines, _objects = everything(session)
    assert len(machines) == 39


def test_a_type_that_nobody_knows_yet_is_left_out(relay: Relay, vcenter: LabVCenter) -> None:
    relay.edit = lambda call, body: (
        body.replace(b'<obj type="Folder">', b'<obj type="Gadget">', 1)
        if call == "RetrievePropertiesEx"
        else body
    )
    with through(relay, vcenter) as session:
        machines, objects = everything(session)
    assert (len(machines), len(objects)) == (40, 49)


def test_addresses_of_no_use_are_left_out_and_the_primary_one_comes_first() -> None:
    nics = [
        vim.vm.GuestInfo.NicInfo(ipAddress=["fe80::1", "10.0.0.5", "10.0.0.6"]),
        vim.vm.GuestInfo.NicInfo(
            ipAddress=["169.254.7.7", "2001:db8::7", "not an address", "ü", "fe80::1%eth0"]
        ),
        vim.vm.GuestInfo.NicInfo(),
    ]
    assert addresses_of("10.0.0.6", nics) == ("10.0.0.6", "10.0.0.5", "2001:db8::7")
    assert addresses_of(None, []) == ()


def agrees(session: Session) -> None:
    machines, objects = everything(session)
    plain_machines, plain_objects = read_plainly(session)
    assert machines.keys() == plain_machines.keys()
    assert objects.keys() == plain_objects.keys()
    for moid, facts in plain_machines.items():
        assert machines[moid] == facts
    for moid, described in plain_objects.items():
        assert objects[moid] == described


def everything(session: Session) -> tuple[dict[str, MachineFacts], dict[str, InventoryObject]]:
    watch = InventoryWatch(session)
    machines: dict[str, MachineFacts] = {}
    objects: dict[str, InventoryObject] = {}
    for batch in watch.read_all():
        machines |= {facts.moid: facts for facts in batch.machines}
        objects |= {described.moid: described for described in batch.objects}
    watch.close()
    return machines, objects


def through(relay: Relay, vcenter: LabVCenter) -> AbstractContextManager[Session]:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    return connect(endpoint, account_of(vcenter))
