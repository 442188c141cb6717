"""vCenters, physical servers and moves between process servers: begun through the SDK, followed as jobs."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from wizard.azure import errors
from wizard.azure.connection import Arm
from wizard.azure.fabrics import read_documents
from wizard.azure.gateways import reassociate, update_appliance
from wizard.azure.jobs import follow
from wizard.azure.protectable_items import discover_physical, iterate_items
from wizard.azure.vaults import VaultRef
from wizard.azure.vcenters import (
    VCenterBody,
    check_name,
    delete_vcenter,
    list_vcenters,
    name_for,
    patch_vcenter,
    put_vcenter,
)
from wizard.lab.arm import LabAzure


@pytest.fixture
def body(azure: LabAzure, fabric: str) -> VCenterBody:
    described = azure.control.register_configuration_server("lyon-vault", "cs01", "192.0.2.10")
    return VCenterBody(
        friendly_name="vcenter.lyon.example",
        address="192.0.2.50",
        port=443,
        process_server_id=described["server_id"],
        run_as_account_id="1",
    )


def add(arm: Arm, ref: VaultRef, fabric: str, body: VCenterBody) -> None:
    job = put_vcenter(arm, ref, fabric, "vcenter-lyon", body)
    assert job
    follow(arm, ref, job)


def test_a_vcenter_is_added_changed_and_removed(
    arm: Arm, ref: VaultRef, fabric: str, body: VCenterBody
) -> None:
    job = put_vcenter(arm, ref, fabric, "vcenter-lyon", body)
    assert job
    (pending,) = list_vcenters(arm, ref, fabric)
    assert pending["properties"]["discoveryStatus"] == "Pending"
    assert follow(arm, ref, job).scenario == "DiscoverVCenter"
    (added,) = list_vcenters(arm, ref, fabric)
    assert added["name"] == "vcenter-lyon"
    assert added["properties"]["discoveryStatus"] == "Completed"
    assert added["properties"]["port"] == "443"

    change = patch_vcenter(arm, ref, fabric, "vcenter-lyon", replace(body, address="192.0.2.51", port=8443))
    assert change
    assert follow(arm, ref, change).scenario == "UpdateVCenter"
    (changed,) = list_vcenters(arm, ref, fabric)
    assert (changed["properties"]["ipAddress"], changed["properties"]["port"]) == ("192.0.2.51", "8443")
    assert changed["properties"]["runAsAccountId"] == "1"

    removal = delete_vcenter(arm, ref, fabric, "vcenter-lyon")
    assert removal
    assert follow(arm, ref, removal).scenario == "RemoveVCenter"
    assert list_vcenters(arm, ref, fabric) == []
    assert delete_vcenter(arm, ref, fabric, "vcenter-lyon") is None


def test_a_wrong_account_fails_in_the_words_of_the_server(
    arm: Arm, ref: VaultRef, fabric: str, body: VCenterBody
) -> None:
    job = put_vcenter(arm, ref, fabric, "vcenter-lyon", replace(body, run_as_account_id="99"))
    assert job
    with pytest.raises(errors.JobFailed) as failed:
        follow(arm, ref, job)
    assert "could not be discovered" in str(failed.value)
    assert "cannot sign in to the vCenter server" in str(failed.value)
    assert "its password is right" in str(failed.value.remedy)
    assert failed.value.state == "Failed"
    assert failed.value.errors[0].code == "78045"


def test_a_second_order_while_the_first_is_worked_on_is_told_as_busy(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, body: VCenterBody
) -> None:
    azure.control.job_seconds = 3600
    put_vcenter(arm, ref, fabric, "vcenter-lyon", body)
    with pytest.raises(errors.Busy, match="still running"):
        patch_vcenter(arm, ref, fabric, "vcenter-lyon", body)


def test_a_process_server_that_does_not_exist_is_refused_before_there_is_a_job(
    arm: Arm, ref: VaultRef, fabric: str, body: VCenterBody
) -> None:
    with pytest.raises(errors.Refused, match="does not exist"):
        put_vcenter(arm, ref, fabric, "vcenter-lyon", replace(body, process_server_id="00000000-0000"))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("vcenter.lyon.example", "vcenter-lyon-example"),
        ("  Rhône/Alpes (prod) ", "Rhone-Alpes-prod"),
        ("--", "vcenter"),
        ("日本", "vcenter"),
        ("a", "a"),
        ("x" * 62 + ".y", "x" * 62),
    ],
)
def test_a_name_that_people_gave_becomes_one_that_the_service_takes(given: str, name: str) -> None:
    assert name_for(given) == name
    check_name(name)


@pytest.mark.parametrize("wrong", ["", "-a", "a-", "a.b", "a b", "ä", "a/b", "x" * 64])
def test_a_name_that_the_service_would_not_take_is_not_sent(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, body: VCenterBody, wrong: str
) -> None:
    azure.control.clear_requests()
    with pytest.raises(ValueError, match="cannot name a vCenter"):
        put_vcenter(arm, ref, fabric, wrong, body)
    assert azure.control.requests() == []


def test_machines_are_asked_for_page_by_page(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, body: VCenterBody
) -> None:
    azure.control.configure(page_size=2)
    add(arm, ref, fabric, body)
    (container,) = read_documents(arm, ref)["containers"][fabric]
    azure.control.clear_requests()
    first = list(islice(iterate_items(arm, ref, fabric, container["name"]), 2))
    assert len(azure.control.requests()) == 1
    found = list(iterate_items(arm, ref, fabric, container["name"]))
    assert len(found) == 5
    assert found[:2] == first
    assert found[0]["properties"]["customDetails"]["discoveryType"] == "vCenter"


def test_a_failure_on_a_later_page_comes_out_where_it_is_read(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, body: VCenterBody
) -> None:
    azure.control.configure(page_size=2)
    add(arm, ref, fabric, body)
    (container,) = read_documents(arm, ref)["containers"][fabric]
    items = iterate_items(arm, ref, fabric, container["name"])
    assert [next(items), next(items)]
    azure.control.fault("forbidden", count=0)
    with pytest.raises(errors.NotPermitted):
        next(items)


def test_a_physical_server_is_made_known(arm: Arm, ref: VaultRef, fabric: str) -> None:
    (container,) = read_documents(arm, ref)["containers"][fabric]
    job = discover_physical(
        arm, ref, fabric, container["name"], name="blade7", address="192.0.2.77", os_type="Linux"
    )
    assert follow(arm, ref, job).scenario == "DiscoverPhysicalMachine"
    (item,) = iterate_items(arm, ref, fabric, container["name"])
    assert item["properties"]["friendlyName"] == "blade7"
    assert item["properties"]["customDetails"]["discoveryType"] == "Physical"


@pytest.mark.parametrize("how_many", [2, 0])
def test_machines_move_to_another_process_server_some_or_all(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, how_many: int
) -> None:
    target = azure.control.register_process_server("lyon-vault", "ps02", "192.0.2.11")["server_id"]
    azure.control.add_protected_items("lyon-vault", fabric, 3, "cs01")
    before = read_documents(arm, ref)
    (container,) = before["containers"][fabric]
    source = before["protected_items"][0]["properties"]["providerSpecificDetails"]["processServerId"]
    moving = [
        item["properties"]["protectableItemId"].rsplit("/", 1)[-1] for item in before["protected_items"]
    ][:how_many]
    job = reassociate(
        arm, ref, fabric, container=container["name"], source=source, target=target, items=moving
    )
    assert follow(arm, ref, job).scenario == "ProcessServerFailover"
    servers = [
        item["properties"]["providerSpecificDetails"]["processServerId"]
        for item in read_documents(arm, ref)["protected_items"]
    ]
    assert servers.count(target) == (how_many or 3)


def test_a_machine_moves_to_another_appliance(arm: Arm, azure: LabAzure) -> None:
    place = VaultRef(
        subscription=azure.subscription, resource_group="rg-lyon-dr", vault="lyon-appliance-vault"
    )
    made = azure.control.register_appliance("lyon-appliance-vault", "appliance01", "192.0.2.20")
    target = azure.control.register_appliance("lyon-appliance-vault", "appliance02", "192.0.2.21")[
        "server_id"
    ]
    azure.control.add_protected_items("lyon-appliance-vault", made["fabric"], 1, "appliance01")
    (item,) = read_documents(arm, place)["protected_items"]
    job = update_appliance(
        arm,
        place,
        made["fabric"],
        made["container"],
        item["name"],
        appliance=target,
        run_as_account="1",
    )
    assert follow(arm, place, job).ok
    (moved,) = read_documents(arm, place)["protected_items"]
    assert moved["properties"]["providerSpecificDetails"]["processServerId"] == target
