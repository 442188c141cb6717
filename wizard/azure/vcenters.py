"""vCenter Servers that a configuration server knows (classic only; dossier 2.3)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from wizard.azure.connection import Arm
from wizard.azure.job_view import Job
from wizard.azure.long_running import begin
from wizard.azure.reading import pages
from wizard.azure.vaults import VaultRef

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
NAME_LIMIT = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class VCenterBody:
    """What is registered. `address` is an IP address or a name, `process_server_id` that of the process server that
    discovers it, `run_as_account_id` one of the accounts that the configuration server lists; `port` is a number."""

    friendly_name: str
    address: str
    port: int
    process_server_id: str
    run_as_account_id: str

    def to_wire(self) -> dict[str, Any]:
        """The service takes every one of them as a string."""
        return {
            "properties": {
                "friendlyName": self.friendly_name,
                "ipAddress": self.address,
                "processServerId": self.process_server_id,
                "port": str(self.port),
                "runAsAccountId": self.run_as_account_id,
            }
        }


def list_vcenters(arm: Arm, ref: VaultRef, fabric: str) -> list[dict[str, Any]]:
    """Those of one configuration server: no built-in role may list those of the whole vault. Raises AzureError."""
    listed = arm.site_recovery(ref.subscription).replicationv_centers.list_by_replication_fabrics(
        ref.resource_group, ref.vault, fabric
    )
    return list(pages(arm, "list_vcenters", listed))


def put_vcenter(arm: Arm, ref: VaultRef, fabric: str, name: str, body: VCenterBody) -> Job | None:
    """Register a vCenter under `name`; None where that was done at once. Raises AzureError, ValueError for the name."""
    check_name(name)
    client = arm.site_recovery(ref.subscription).replicationv_centers
    return begin(arm, "put_vcenter", client.begin_create, *_path(ref, fabric, name), body.to_wire())


def patch_vcenter(arm: Arm, ref: VaultRef, fabric: str, name: str, body: VCenterBody) -> Job | None:
    """Change it; all five values are sent, as whether the service keeps those left out is not known. Raises AzureError."""
    client = arm.site_recovery(ref.subscription).replicationv_centers
    return begin(arm, "patch_vcenter", client.begin_update, *_path(ref, fabric, name), body.to_wire())


def delete_vcenter(arm: Arm, ref: VaultRef, fabric: str, name: str) -> Job | None:
    """Take it out; None where it was not there any more. Raises AzureError."""
    client = arm.site_recovery(ref.subscription).replicationv_centers
    return begin(arm, "delete_vcenter", client.begin_delete, *_path(ref, fabric, name))


def name_for(friendly_name: str) -> str:
    """A name that the service takes, made from one that people gave: letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", friendly_name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:NAME_LIMIT].strip("-")
    return name or "vcenter"


def check_name(name: str) -> None:
    """Raises ValueError for a name that a new vCenter cannot have."""
    if not NAME.fullmatch(name) or len(name) > NAME_LIMIT:
        raise ValueError(
            f"{name!r} cannot name a vCenter in the vault: letters, digits and hyphens between them, "
            f"at most {NAME_LIMIT}"
        )


def _path(ref: VaultRef, fabric: str, name: str) -> tuple[str, str, str, str]:
    return ref.resource_group, ref.vault, fabric, name
