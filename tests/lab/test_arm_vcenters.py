"""The lab's Azure through the SDK: vCenters, the jobs that add, change and remove them, and the machines behind them."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError

from tests.lab.arm_client import MODERNIZED, PLACE, VAULT, Client
from tests.lab.arm_story import ADDRESS, Story
from wizard.lab.arm import LabAzure

MACHINES = [
    {"friendly_name": "sql01", "os_type": "WINDOWS", "addresses": ["192.0.2.70"], "disks_mb": [1024, 2048]},
    {"friendly_name": "web01", "os_type": "LINUX", "addresses": [], "powered_on": False},
]


def test_a_vcenter_is_discovered_again_for_as_long_as_its_server_lives(story: Story) -> None:
    story.add_vcenter()
    story.finish()
    first = story.vcenter().last_heartbeat
    story.control.advance(3600)
    later = story.vcenter().last_heartbeat
    assert (later - first).total_seconds() >= 3500
    story.control.set_server("cs01", heartbeat=False)
    story.control.advance(3600)
    assert (story.vcenter().last_heartbeat - later).total_seconds() < 60


def test_a_vcenter_is_pending_until_its_job_has_succeeded(story: Story) -> None:
    job = story.add_vcenter()
    vcenter = story.vcenter()
    assert (vcenter.discovery_status, vcenter.infrastructure_id) == ("Pending", None)
    assert (vcenter.internal_id, vcenter.last_heartbeat) == (ADDRESS, None)
    assert story.job(job).state == "NotStarted"
    story.control.advance(50)
    running = story.job(job)
    assert (running.state, running.end_time, running.allowed_actions) == ("InProgress", None, ["Cancel"])
    assert (running.scenario_name, running.target_object_id) == ("DiscoverVCenter", ADDRESS)
    assert story.items() == []
    story.finish()
    done = story.job(job)
    assert (done.state, done.state_description, done.allowed_actions) == ("Succeeded", "Completed", [])
    assert done.end_time > done.start_time
    [task] = done.tasks
    assert (task.name, task.state) == ("DiscoverVCenterTask", "Succeeded")
    vcenter = story.vcenter()
    assert vcenter.discovery_status == "Completed"
    assert vcenter.infrastructure_id == vcenter.internal_id
    assert vcenter.infrastructure_id.isdecimal()
    assert vcenter.last_heartbeat >= done.end_time
    assert vcenter.fabric_arm_resource_name == story.fabric
    assert [item.properties.friendly_name for item in story.items()] == [f"app0{n}" for n in range(1, 6)]
    for listed in (
        story.sr.replicationv_centers.list(*PLACE),
        story.sr.replicationv_centers.list_by_replication_fabrics(*PLACE, story.fabric),
    ):
        assert [row.name for row in listed] == ["lyon"]


def test_one_that_somebody_added_in_the_portal_is_there_at_once(story: Story) -> None:
    known = story.control.add_vcenter(VAULT, "oslo", "oslo.lab.test", friendly_name="Oslo", port=8443)
    found = story.vcenter("oslo")
    assert (found.friendly_name, found.port, found.discovery_status) == ("Oslo", "8443", "Completed")
    assert found.infrastructure_id == known["infrastructure_id"]
    assert len(story.items()) == 5


def test_the_sdk_follows_the_operation_to_its_end(story: Story) -> None:
    story.control.configure(job_seconds=0.02)
    made = story.sr.replicationv_centers.begin_create(*PLACE, story.fabric, "lyon", story.body()).result()
    assert made.properties.discovery_status == "Completed"
    assert story.sr.replicationv_centers.begin_delete(*PLACE, story.fabric, "lyon").result() is None


def test_an_unknown_account_fails_the_job_and_leaves_no_vcenter(story: Story) -> None:
    job = story.add_vcenter(runAsAccountId="9")
    assert story.vcenter().discovery_status == "Pending"
    story.finish()
    failed = story.job(job)
    assert failed.state == "Failed"
    [error] = failed.errors
    assert error.service_error_details.code == "78045"
    assert "password" in error.service_error_details.recommended_action
    assert error.provider_error_details.error_code == 31020
    assert failed.tasks[0].state == "Failed"
    with pytest.raises(ResourceNotFoundError):
        story.vcenter()


def test_what_cannot_be_registered_is_refused_at_once(story: Story, client: Client) -> None:
    create = story.sr.replicationv_centers.begin_create
    for body, code in (
        (story.body(processServerId="00000000-0000-0000-0000000000000000"), "InvalidProcessServer"),
        ({"properties": {"friendlyName": "Lyon"}}, "InvalidVCenter"),
        ({"properties": {"port": 443}}, "InvalidRequestContent"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            create(*PLACE, story.fabric, "lyon", body)
        assert (caught.value.status_code, caught.value.error.code) == (400, code)
    story.control.register_appliance(MODERNIZED[1], "appliance", "192.0.2.13")
    [fabric] = client.site_recovery.replication_fabrics.list(*MODERNIZED)
    with pytest.raises(HttpResponseError, match="OperationNotSupported"):
        create(*MODERNIZED, fabric.name, "lyon", story.body())


def test_a_change_shows_when_its_job_is_done_and_keeps_what_is_not_said(story: Story) -> None:
    story.add_vcenter()
    story.finish()
    update = story.sr.replicationv_centers.begin_update
    job = story.begin(
        update, *PLACE, story.fabric, "lyon", {"properties": {"port": "8443", "friendlyName": "Lyon 2"}}
    )
    assert (story.vcenter().port, story.vcenter().friendly_name) == ("443", "Lyon")
    story.finish()
    assert story.job(job).scenario_name == "UpdateVCenter"
    after = story.vcenter()
    assert (after.port, after.friendly_name, after.ip_address) == ("8443", "Lyon 2", ADDRESS)


def test_machines_come_and_go_with_the_address_and_protected_ones_stay(story: Story) -> None:
    story.control.set_machines(["other.lab.test", "192.0.2.21"], MACHINES)
    story.add_vcenter()
    story.finish()
    story.control.add_protected_items(VAULT, None, 1, "CS01", prefix="kept")
    update = story.sr.replicationv_centers.begin_update
    story.begin(update, *PLACE, story.fabric, "lyon", {"properties": {"ipAddress": "OTHER.lab.test"}})
    assert len(story.items()) == 6
    story.finish()
    assert sorted(item.properties.friendly_name for item in story.items()) == ["kept001", "sql01", "web01"]


def test_a_put_on_a_vcenter_that_is_there_changes_it(story: Story) -> None:
    story.add_vcenter()
    story.finish()
    job = story.add_vcenter(port="8443")
    assert story.job(job).scenario_name == "UpdateVCenter"
    story.finish()
    assert story.vcenter().port == "8443"


def test_a_removed_vcenter_is_gone_and_removing_it_again_is_no_mistake(story: Story) -> None:
    story.add_vcenter()
    story.finish()
    delete = story.sr.replicationv_centers.begin_delete
    job = story.begin(delete, *PLACE, story.fabric, "lyon")
    assert story.vcenter().discovery_status == "Completed"
    story.finish()
    assert story.job(job).scenario_name == "RemoveVCenter"
    with pytest.raises(ResourceNotFoundError):
        story.vcenter()
    assert story.items() == []
    assert delete(*PLACE, story.fabric, "lyon").result() is None


def test_one_vcenter_has_one_job_at_a_time(story: Story) -> None:
    job = story.add_vcenter()
    with pytest.raises(ResourceExistsError) as caught:
        story.add_vcenter()
    assert job in caught.value.error.message
    story.finish()
    story.add_vcenter()


def test_machines_are_described_as_the_service_does(story: Story) -> None:
    story.control.set_machines([ADDRESS], MACHINES)
    story.add_vcenter()
    story.finish()
    sql, web = (item.properties for item in story.items())
    assert (sql.custom_details.os_type, sql.custom_details.ip_address) == ("WINDOWS", "192.0.2.70")
    assert [disk["diskSizeInMB"] for disk in sql.custom_details["diskDetails"]] == ["1024", "2048"]
    assert sql.custom_details.v_center_infrastructure_id == story.vcenter().infrastructure_id
    assert (sql.protection_status, sql.custom_details.discovery_type) == ("Unprotected", "vCenter")
    assert (web.custom_details.ip_address, web.custom_details.powered_on) == ("", "Off")
    assert [error.error_code for error in web.custom_details.validation_errors] == ["78145"]


def test_machines_come_in_two_pages_at_least_and_unprotected_ones_alone_on_request(story: Story) -> None:
    story.add_vcenter()
    story.finish()
    operations = story.sr.replication_protectable_items
    place = (*PLACE, story.fabric, story.container)
    pages = [
        [item.properties.friendly_name for item in page]
        for page in operations.list_by_replication_protection_containers(*place).by_page()
    ]
    assert pages == [["app01", "app02", "app03"], ["app04", "app05"]]
    story.control.configure(page_size=2)
    listed = operations.list_by_replication_protection_containers
    assert [len(list(page)) for page in listed(*place).by_page()] == [2, 2, 1]
    story.control.add_protected_items(VAULT, "CS01", 2, "CS01")
    assert len(list(listed(*place))) == 7
    assert len(list(listed(*place, filter="state eq 'Unprotected'"))) == 5


def test_a_physical_server_is_discovered_by_a_job(story: Story) -> None:
    job = story.discover("192.0.2.66", "Linux")
    assert story.items() == []
    story.finish()
    assert story.job(job).scenario_name == "DiscoverPhysicalMachine"
    [item] = story.items()
    assert item.properties.friendly_name == "erp01"
    details = item.properties.custom_details
    assert (details.discovery_type, details.ip_address, details.os_type) == (
        "Physical",
        "192.0.2.66",
        "LINUX",
    )
    assert details.v_center_infrastructure_id == "0"
    with pytest.raises(HttpResponseError, match="must be Windows or Linux"):
        story.discover("192.0.2.67", "BeOS")


@pytest.mark.parametrize("way", ["some", "all"])
def test_machines_move_between_process_servers(story: Story, way: str) -> None:
    target = story.control.register_process_server(VAULT, "PS02", "192.0.2.12")["server_id"]
    machines = story.control.add_protected_items(VAULT, None, 5, "CS01", disks=3)
    moved = [machine["name"] for machine in machines[:2]] if way == "some" else []
    body = {
        "containerName": story.container,
        "sourceProcessServerId": story.known["server_id"],
        "targetProcessServerId": target,
        "vmsToMigrate": moved,
        "updateType": "ServerLevel" if way == "some" else "SystemLevel",
    }

    def counts() -> list[tuple[str, str]]:
        return [(row.machine_count, row.replication_pair_count) for row in story.details().process_servers]

    assert counts() == [("5", "15"), ("0", "0")]
    operation = story.sr.replication_fabrics.begin_reassociate_gateway
    job = story.begin(operation, *PLACE, story.fabric, {"properties": body})
    assert counts() == [("5", "15"), ("0", "0")]
    story.finish()
    shown = story.job(job)
    assert (shown.scenario_name, shown.target_object_id) == (
        "ProcessServerFailover",
        story.known["server_id"],
    )
    assert counts() == ([("3", "9"), ("2", "6")] if way == "some" else [("0", "0"), ("5", "15")])
    items = story.sr.replication_protected_items.list(*PLACE)
    now = {
        item.properties.protectable_item_id.rpartition("/")[2]
        for item in items
        if item.properties.provider_specific_details.process_server_id == target
    }
    assert now == set(moved or [machine["name"] for machine in machines])


def test_a_move_that_makes_no_sense_is_refused(story: Story) -> None:
    target = story.control.register_process_server(VAULT, "PS02", "192.0.2.12")["server_id"]
    [machine] = story.control.add_protected_items(VAULT, None, 1, "CS01")
    right = {
        "containerName": story.container,
        "sourceProcessServerId": story.known["server_id"],
        "targetProcessServerId": target,
        "vmsToMigrate": [machine["name"]],
        "updateType": "ServerLevel",
    }
    for wrong in (
        {"targetProcessServerId": story.known["server_id"]},
        {"targetProcessServerId": "unknown"},
        {"sourceProcessServerId": target, "targetProcessServerId": story.known["server_id"]},
        {"vmsToMigrate": [machine["friendly_name"]]},
        {"vmsToMigrate": []},
        {"updateType": "Both"},
        {"containerName": "cloud_nowhere"},
    ):
        with pytest.raises(HttpResponseError) as caught:
            story.sr.replication_fabrics.begin_reassociate_gateway(
                *PLACE, story.fabric, {"properties": {**right, **wrong}}
            )
        assert caught.value.status_code == 400, wrong


def test_failback_machines_name_their_master_target(story: Story) -> None:
    linux = story.control.register_master_target(VAULT, "mt01", "192.0.2.16")["server_id"]
    story.control.add_protected_items(VAULT, None, 1, "CS01", kind="InMage", master_target="mt01")
    [item] = story.sr.replication_protected_items.list_by_replication_protection_containers(
        *PLACE, story.fabric, story.container
    )
    details = item.properties.provider_specific_details
    assert (details.instance_type, details.master_target_id, details.active_site_type) == (
        "InMage",
        linux,
        "Azure",
    )


def test_a_machine_moves_between_appliances(azure: LabAzure, client: Client) -> None:
    azure.control.configure(job_seconds=0, retry_after_s=0)
    vault = MODERNIZED[1]
    azure.control.register_appliance(vault, "appliance", "192.0.2.13")
    second = azure.control.register_appliance(vault, "second", "192.0.2.23")
    azure.control.add_protected_items(vault, None, 1, "appliance")
    operations = client.site_recovery.replication_protected_items
    [item] = operations.list(*MODERNIZED)
    body = {
        "properties": {
            "targetApplianceId": second["server_id"],
            "providerSpecificDetails": {"instanceType": "InMageRcm", "runAsAccountId": "1"},
        }
    }
    place = (*MODERNIZED, second["fabric"], second["container"], item.name)
    moved = operations.begin_update_appliance(*place, body).result()
    assert moved.properties.provider_specific_details.process_server_name == "second"
    fabric = client.site_recovery.replication_fabrics.get(*MODERNIZED, second["fabric"])
    counts = [row.protected_item_count for row in fabric.properties.custom_details.process_servers]
    assert counts == [0, 1]


def test_a_running_job_can_be_cancelled_and_an_ended_one_cannot(story: Story) -> None:
    job = story.add_vcenter()
    cancel = story.sr.replication_jobs.begin_cancel
    story.begin(cancel, *PLACE, job)
    assert story.job(job).state == "Cancelling"
    story.finish()
    assert story.job(job).state == "Cancelled"
    assert job in {row.name for row in story.sr.replication_jobs.list(*PLACE)}
    with pytest.raises(ResourceNotFoundError):
        story.vcenter()
    with pytest.raises(ResourceExistsError, match="cannot be cancelled"):
        cancel(*PLACE, job)
    with pytest.raises(ResourceNotFoundError):
        story.job("00000000-0000-0000-0000-000000000000")
