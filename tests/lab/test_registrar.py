"""Machines of the lab register in the vault by themselves, once they are there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.arm_client import ESSEN, MODERNIZED, PLACE, Client
from tests.lab.arm_story import Story
from tests.waiting import wait_until
from wizard.hosts.install_protocol import start_command
from wizard.lab.arm import LabAzure
from wizard.lab.inventory import default_inventory
from wizard.lab.registrar import Registrar, machines_behind
from wizard.lab.vcenter import LabVCenter
from wizard.lab.windows_host import WindowsHost

PLACED = {
    "datacenter": "DC0",
    "folder": "Infrastructure/Recovery",
    "compute": "DC0_C0",
    "datastore": "LocalDS_0",
    "networks": ["VM Network"],
    "guest_id": "windows9Server64Guest",
    "disks_gb": [1],
    "powered_on": True,
    "tools": "toolsOk",
}


def install(host: WindowsHost, *, dry_run: bool = False) -> None:
    """Play the script that runs setup, to its end."""
    command = start_command("C:\\Temp\\Foothold", "Install.ps1", dry_run=dry_run)
    list(host.machine.play(command, {}))


@pytest.mark.vcenter
def test_what_is_deployed_in_vcenter_registers_and_what_was_there_before_does_not(
    vcenter: LabVCenter, azure: LabAzure, client: Client
) -> None:
    with Registrar(azure.control, vcenter.control, []) as registrar:
        for name, host_name, address in (
            ("lyon-cs01", "cs01.lab.test", "192.0.2.10"),
            ("lyon-app01", "appliance.lab.test", "192.0.2.13"),
        ):
            vcenter.control.add_machine(
                {**PLACED, "name": name, "host_name": host_name, "addresses": [address]}
            )
        try:
            registrar.look()
        finally:
            for name in ("lyon-cs01", "lyon-app01"):
                vcenter.control.remove_machine(name)
    fabrics = client.site_recovery.replication_fabrics
    [classic] = fabrics.list(*PLACE)
    details = classic.properties.custom_details
    assert (details.host_name, details.ip_address) == ("CS01", "192.0.2.10")
    assert [account.account_name for account in details.run_as_accounts] == ["vcenter"]
    [modernized] = fabrics.list(*MODERNIZED)
    found = fabrics.get(*MODERNIZED, modernized.name).properties.custom_details
    [appliance] = found.process_servers
    assert (appliance.fqdn, appliance.ip_addresses) == ("appliance.lab.test", ["192.0.2.13"])


@pytest.mark.parametrize(
    ("scenario", "place", "kind"), [("healthy", ESSEN, "VMware"), ("appliance", MODERNIZED, "InMageRcm")]
)
def test_a_machine_registers_after_setup_and_not_after_a_dry_run(
    azure: LabAzure, client: Client, scenario: str, place: tuple[str, str], kind: str
) -> None:
    def registered() -> list[Any]:
        return list(client.site_recovery.replication_fabrics.list(*place))

    host = WindowsHost(scenario, name="cs07.lab.test", address="192.0.2.17")
    with host, Registrar(azure.control, None, [host], every_s=0.05) as registrar:
        install(host, dry_run=True)
        registrar.look()
        assert registered() == []
        install(host)
        wait_until(registered)
        registrar.look()
    [fabric] = registered()
    assert fabric.properties.custom_details.instance_type == kind
    assert [job["scenario"] for job in azure.control.jobs(place[1])] == ["RegisterDra"]


def test_discovery_brings_the_machines_of_the_labs_inventory(story: Story) -> None:
    machines = machines_behind(default_inventory())
    story.control.set_machines(["vcenter.lab.test"], machines)
    story.add_vcenter()
    story.finish()
    found = {item.properties.friendly_name: item.properties.custom_details for item in story.items()}
    templates = {"erp-17", "web-34"} - set(found)
    assert len(found) == len(machines) == 40 - len(templates)
    assert (found["app-08"].os_type, found["app-08"].ip_address) == ("WINDOWS", "198.51.100.18")
    assert found["web-02"].os_type == "LINUX"
