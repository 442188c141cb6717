"""Subscriptions, vaults, and everything below one of them, read from the lab's Azure through the SDK."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from wizard.azure import errors
from wizard.azure.connection import Arm
from wizard.azure.fabrics import read_documents, refresh_provider
from wizard.azure.jobs import follow
from wizard.azure.required_actions import PURPOSES, role_definition
from wizard.azure.vaults import VaultRef, get_vault, list_subscriptions, list_vaults
from wizard.lab.arm import LabAzure
from wizard.planning.protected_machines import read_machines
from wizard.topology.observed.items import loads


def test_the_subscriptions_of_an_account_are_listed(arm: Arm, azure: LabAzure) -> None:
    (found,) = list_subscriptions(arm)
    assert (found.id, found.state) == (azure.subscription, "Enabled")
    assert found.name
    assert found.tenant


def test_vaults_are_listed_by_name_with_what_one_chooses_them_by(
    arm: Arm, azure: LabAzure, fabric: str
) -> None:
    azure.control.add_vault("a-private-vault", "westeurope", private_endpoints=True, sku="Standard")
    azure.control.register_appliance("lyon-appliance-vault", "appliance01", "192.0.2.20")
    found = list_vaults(arm)
    assert [(vault.name, vault.region, vault.experience, vault.private_endpoints) for vault in found] == [
        ("a-private-vault", "westeurope", "empty", True),
        ("essen-vault", "germanywestcentral", "empty", False),
        ("lyon-appliance-vault", "francecentral", "modernized", False),
        ("lyon-vault", "francecentral", "classic", False),
    ]
    assert found[0].sku == "Standard"
    assert found[3].resource_group == "rg-lyon-dr"
    assert get_vault(arm, found[3].ref) == found[3]


def test_a_vault_whose_fabrics_nobody_may_read_is_listed_all_the_same(arm: Arm, azure: LabAzure) -> None:
    azure.control.fault("forbidden", path="/lyon-vault/replicationFabrics", count=0)
    experiences = {vault.name: vault.experience for vault in list_vaults(arm)}
    assert experiences["lyon-vault"] == "unknown"
    assert experiences["essen-vault"] == "empty"


@pytest.mark.parametrize(
    ("fault", "options"), [("always_503", {}), ("older_cloud", {"newest": "2020-01-01"})]
)
def test_one_vault_that_cannot_be_looked_into_does_not_hide_the_others(
    arm: Arm, azure: LabAzure, fault: str, options: dict[str, str]
) -> None:
    azure.control.fault(fault, path="/lyon-vault/replicationFabrics", **options)
    experiences = {vault.name: vault.experience for vault in list_vaults(arm)}
    assert (experiences["lyon-vault"], experiences["essen-vault"]) == ("unknown", "empty")


def test_a_subscription_that_never_used_recovery_services_has_no_vaults_and_is_left_as_it_is(
    arm: Arm, azure: LabAzure
) -> None:
    azure.control.fault("unregistered", path="/providers/Microsoft.RecoveryServices/")
    assert list_vaults(arm) == []
    assert {row["method"] for row in azure.control.requests()} == {"GET"}, "nobody asked to register anything"


def test_what_registration_lacks_is_told_and_not_waited_for(arm: Arm, ref: VaultRef, azure: LabAzure) -> None:
    azure.control.fault("unregistered", path="/providers/Microsoft.RecoveryServices/")
    with pytest.raises(errors.NotRegistered, match="not registered to use namespace"):
        get_vault(arm, ref)
    assert {row["method"] for row in azure.control.requests()} == {"GET"}


def test_vaults_are_found_in_a_cloud_that_gets_new_versions_late(
    arm: Arm, ref: VaultRef, azure: LabAzure
) -> None:
    azure.control.fault("older_cloud", path=r"/vaults(/[^/]+)?$", newest="2023-04-01")
    assert "lyon-vault" in {vault.name for vault in list_vaults(arm)}
    assert get_vault(arm, ref).region == "francecentral"


def test_vaults_can_be_listed_without_looking_into_them(arm: Arm, azure: LabAzure) -> None:
    azure.control.clear_requests()
    assert {vault.experience for vault in list_vaults(arm, experience=False)} == {"unknown"}
    assert len(azure.control.requests()) == 1


def test_the_id_of_a_vault_is_read_whatever_its_case(ref: VaultRef) -> None:
    assert VaultRef.of_id(ref.id) == ref
    assert (
        VaultRef.of_id(ref.id.replace("/subscriptions/", "/Subscriptions/").replace("vaults", "Vaults"))
        == ref
    )
    for wrong in ("", "/", ref.id + "/replicationFabrics/x", ref.id.rsplit("/", 1)[0]):
        with pytest.raises(ValueError, match="not the id"):
            VaultRef.of_id(wrong)


def test_an_empty_vault_is_read_without_complaint(arm: Arm, ref: VaultRef) -> None:
    found = read_documents(arm, ref)
    assert found["vault"]["name"] == "lyon-vault"
    assert (found["fabrics"], found["protected_items"], found["appliances"], found["skipped"]) == (
        [],
        [],
        [],
        [],
    )
    assert found["vault_health"]["properties"]
    assert datetime.fromisoformat(found["read_at"]).tzinfo is not None


def test_a_classic_vault_is_read_whole(arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str) -> None:
    control = azure.control
    control.register_process_server("lyon-vault", "ps02", "192.0.2.11")
    control.register_master_target("lyon-vault", "mt01", "192.0.2.12")
    control.configure(page_size=3)
    control.add_protected_items("lyon-vault", fabric, 7, "ps02")
    found = read_documents(arm, ref)
    (read,) = found["fabrics"]
    details = read["properties"]["customDetails"]
    assert {server["friendlyName"] for server in details["processServers"]} == {"cs01", "ps02"}
    assert "mt01" in {server["name"] for server in details["masterTargetServers"]}
    # The service's own spelling stays, and so does what the SDK does not know.
    assert isinstance(details["processServerCount"], str)
    assert "historicHealth" in details["processServers"][0]
    assert isinstance(details["lastHeartbeat"], str)
    (provider,) = found["providers"][fabric]
    assert provider["name"] == read["properties"]["internalIdentifier"]
    (container,) = found["containers"][fabric]
    assert container["name"] == f"cloud_{provider['name']}"
    assert found["vcenters"] == {fabric: []}
    assert len({item["name"] for item in found["protected_items"]}) == 7
    assert found["skipped"] == []
    assert json.loads(json.dumps(found)) == found


def test_of_replicated_machines_no_more_is_read_than_is_needed(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.add_vcenter("lyon-vault", "vcenter", "192.0.2.5", fabric=fabric)
    azure.control.add_protected_items("lyon-vault", fabric, 1, "cs01", disks=60)
    (item,) = read_documents(arm, ref)["protected_items"]
    assert len(json.dumps(item)) < 1_500, "a vault may have ten thousand of them"
    (machine,) = read_machines({"protected_items": [item]})
    assert (machine.name, machine.fabric, machine.item) == ("machine001", fabric, item["name"])
    assert machine.server
    assert machine.id != machine.item
    (load,) = loads([item])
    assert (load.fabric, load.direction, load.count) == (fabric.lower(), "to_azure", 1)
    assert load.states == {"ok": 1}
    assert (len(load.servers), len(load.vcenters)) == (1, 1)


def test_the_components_of_a_modernized_fabric_are_read_though_its_list_hides_them(
    arm: Arm, azure: LabAzure
) -> None:
    azure.control.register_appliance("lyon-appliance-vault", "appliance01", "192.0.2.20")
    place = VaultRef(
        subscription=azure.subscription, resource_group="rg-lyon-dr", vault="lyon-appliance-vault"
    )
    found = read_documents(arm, place)
    (read,) = found["fabrics"]
    assert [server["name"] for server in read["properties"]["customDetails"]["processServers"]] == [
        "appliance01"
    ]
    assert found["appliances"]
    assert found["vcenters"] == {read["name"]: []}


@pytest.mark.parametrize(
    ("path", "part", "empty"),
    [
        ("/replicationVaultHealth", "vault_health", None),
        ("/replicationAppliances", "appliances", []),
        ("/replicationRecoveryServicesProviders", "providers/{fabric}", {"{fabric}": []}),
        ("/replicationvCenters", "vcenters/{fabric}", {"{fabric}": []}),
        ("/replicationProtectionContainers$", "containers/{fabric}", {"{fabric}": []}),
        ("/replicationProtectedItems", "protected_items/{fabric}", []),
    ],
)
def test_what_a_role_does_not_include_is_left_out_and_named(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, path: str, part: str, empty: object
) -> None:
    azure.control.fault("forbidden", path=path, count=0)
    found = read_documents(arm, ref)
    (skipped,) = found["skipped"]
    assert skipped["part"] == part.replace("{fabric}", fabric)
    assert skipped["reason"] == "not_permitted"
    assert "lacks the action" in skipped["text"]["text"]
    expected = {fabric: []} if isinstance(empty, dict) else empty
    assert found[part.split("/")[0]] == expected
    assert len(found["fabrics"]) == 1


@pytest.mark.parametrize("fault", ["always_503", "not_found"])
@pytest.mark.parametrize(("path", "part"), [("Appliances", "appliances"), ("VaultHealth", "vault_health")])
def test_what_only_rounds_the_picture_off_may_fail(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, path: str, part: str, fault: str
) -> None:
    azure.control.fault(fault, path=f"/replication{path}", count=0)
    found = read_documents(arm, ref)
    assert [row["part"] for row in found["skipped"]] == [part]
    assert len(found["fabrics"]) == 1


@pytest.mark.parametrize("path", ["/lyon-vault$", "/replicationFabrics$"])
def test_without_the_vault_or_its_fabrics_there_is_nothing_to_tell(
    arm: Arm, ref: VaultRef, azure: LabAzure, path: str
) -> None:
    azure.control.fault("forbidden", path=path, count=0)
    with pytest.raises(errors.NotPermitted):
        read_documents(arm, ref)


def test_a_fabric_that_goes_while_it_is_read_is_told_as_it_was_listed(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.fault("not_found", path=f"/replicationFabrics/{fabric}$")
    found = read_documents(arm, ref)
    assert [read["name"] for read in found["fabrics"]] == [fabric]
    assert [row["part"] for row in found["skipped"]] == [f"fabrics/{fabric}"]


def test_machines_are_left_out_where_nobody_asks_for_them(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.add_protected_items("lyon-vault", fabric, 2, "cs01")
    azure.control.clear_requests()
    assert read_documents(arm, ref, protected_items=False)["protected_items"] == []
    assert not any("ProtectedItems" in row["path"] for row in azure.control.requests())


def test_no_list_of_the_whole_vault_is_asked_for_that_the_built_in_roles_leave_out(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    azure.control.clear_requests()
    read_documents(arm, ref)
    below = {
        row["path"].lower().split("/vaults/lyon-vault/")[-1].split("/")[0] for row in azure.control.requests()
    }
    assert not below & {"replicationvcenters", "replicationprotecteditems", "replicationprotectioncontainers"}


@pytest.mark.parametrize("fault", ["naive_dates", "extreme_dates"])
def test_dates_of_every_spelling_are_handed_on_as_they_are(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str, fault: str
) -> None:
    azure.control.fault(fault)
    (read,) = read_documents(arm, ref)["fabrics"]
    heartbeat = read["properties"]["customDetails"]["lastHeartbeat"]
    assert heartbeat == "0001-01-01T00:00:00" if fault == "extreme_dates" else not heartbeat.endswith("Z")


def test_a_server_is_refreshed_by_a_job(arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str) -> None:
    (provider,) = read_documents(arm, ref)["providers"][fabric]
    job = refresh_provider(arm, ref, fabric, provider["name"])
    assert follow(arm, ref, job).ok


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_role_for_each_purpose_can_be_made_from_its_file(purpose: str, ref: VaultRef) -> None:
    role = role_definition(purpose, subscription=ref.subscription, resource_group=ref.resource_group)  # type: ignore[arg-type]
    assert role["AssignableScopes"] == [f"/subscriptions/{ref.subscription}/resourceGroups/rg-lyon-dr"]
    assert len(set(role["Actions"])) == len(role["Actions"])
    writes = [action for action in role["Actions"] if not action.endswith("/read")]
    assert bool(writes) is (purpose != "read")
    assert json.dumps(role)


def test_the_role_includes_what_the_lab_sees_asked(
    arm: Arm, ref: VaultRef, azure: LabAzure, fabric: str
) -> None:
    """The lab knows the action of every path, from the same table of the documentation."""
    from wizard.lab.arm.application import ROUTES
    from wizard.lab.arm.routing import find

    azure.control.clear_requests()
    read_documents(arm, ref)
    allowed = {action.lower() for action in role_definition("read", subscription="s")["Actions"]}
    for row in azure.control.requests():
        found = find(ROUTES, row["method"], row["path"])
        assert found
        action = found[0].action.lower()
        # The actions of appliances stand in no list of operations.
        if "replicationappliances" not in action:
            prefix = "" if action.startswith("microsoft.") else "microsoft.recoveryservices/"
            assert f"{prefix}{action}" in allowed
