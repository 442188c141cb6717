"""A vault with a configuration server in it, and the orders that tests give there through the SDK."""

from __future__ import annotations

from typing import Any

from tests.lab.arm_client import PLACE, Client
from wizard.lab.arm import LabAzure

ADDRESS = "vcenter.lab.test"


class Story:
    """Jobs take 100 seconds of the emulator's time, so nothing happens until it is sent ahead."""

    def __init__(self, azure: LabAzure, client: Client) -> None:
        self.azure, self.control, self.client = azure, azure.control, client
        self.control.configure(job_seconds=100, retry_after_s=0)
        self.known = self.control.register_configuration_server(PLACE[1], "CS01", "192.0.2.10")
        self.fabric: str = self.known["fabric"]
        self.container: str = self.known["container"]

    @property
    def sr(self) -> Any:
        return self.client.site_recovery

    def details(self) -> Any:
        return self.sr.replication_fabrics.get(*PLACE, self.fabric).properties.custom_details

    def body(self, **changes: str) -> dict[str, Any]:
        properties = {
            "friendlyName": "Lyon",
            "ipAddress": ADDRESS,
            "port": "443",
            "processServerId": self.known["server_id"],
            "runAsAccountId": "1",
            **changes,
        }
        return {"properties": properties}

    def add_vcenter(self, name: str = "lyon", **changes: str) -> str:
        """Order it, and return the id of the job."""
        operation = self.sr.replicationv_centers.begin_create
        return self.begin(operation, *PLACE, self.fabric, name, self.body(**changes))

    def begin(self, operation: Any, *arguments: Any) -> str:
        """Send one request and follow nothing: the way in which a job's id is had."""
        seen: list[Any] = []
        operation(*arguments, polling=False, raw_response_hook=lambda found: seen.append(found.http_response))
        assert seen[-1].status_code == 202, seen[-1].text()
        return str(seen[-1].headers["Azure-AsyncOperation"]).partition("?")[0].rpartition("/")[2]

    def job(self, identity: str) -> Any:
        return self.sr.replication_jobs.get(*PLACE, identity).properties

    def finish(self) -> None:
        self.control.advance(101)

    def vcenter(self, name: str = "lyon") -> Any:
        return self.sr.replicationv_centers.get(*PLACE, self.fabric, name).properties

    def items(self) -> list[Any]:
        operations = self.sr.replication_protectable_items
        found = operations.list_by_replication_protection_containers(*PLACE, self.fabric, self.container)
        return list(found)

    def discover(self, address: str, os_type: str = "Windows") -> str:
        """Make a physical server known, and return the id of the job."""
        containers = self.sr.replication_protection_containers
        body = {"properties": {"friendlyName": "erp01", "ipAddress": address, "osType": os_type}}
        return self.begin(
            containers.begin_discover_protectable_item, *PLACE, self.fabric, self.container, body
        )
