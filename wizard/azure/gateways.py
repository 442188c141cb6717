"""Machines moved from one process server, or appliance, to another (dossier 2.5)."""

from __future__ import annotations

from collections.abc import Sequence

from wizard.azure.connection import Arm
from wizard.azure.job_view import Job
from wizard.azure.long_running import begin_job
from wizard.azure.vaults import VaultRef


def reassociate(
    arm: Arm,
    ref: VaultRef,
    fabric: str,
    *,
    container: str,
    source: str,
    target: str,
    items: Sequence[str] = (),
) -> Job:
    """Move machines between two process servers of a classic fabric, named by their ids.

    `items` are the last parts of the protected items' `protectableItemId`; without any, all machines of `source` move.
    Raises AzureError.
    """
    properties = {
        "containerName": container,
        "sourceProcessServerId": source,
        "targetProcessServerId": target,
        "updateType": "ServerLevel" if items else "SystemLevel",
    }
    body = {"properties": {**properties, **({"vmsToMigrate": list(items)} if items else {})}}
    return begin_job(
        arm,
        "reassociate_gateway",
        arm.site_recovery(ref.subscription).replication_fabrics.begin_reassociate_gateway,
        ref.resource_group,
        ref.vault,
        fabric,
        body,
    )


def update_appliance(
    arm: Arm, ref: VaultRef, fabric: str, container: str, item: str, *, appliance: str, run_as_account: str
) -> Job:
    """Move one protected item of a modernized fabric to another appliance, named by its id. Raises AzureError."""
    return begin_job(
        arm,
        "update_appliance",
        arm.site_recovery(ref.subscription).replication_protected_items.begin_update_appliance,
        ref.resource_group,
        ref.vault,
        fabric,
        container,
        item,
        {
            "properties": {
                "targetApplianceId": appliance,
                "providerSpecificDetails": {"instanceType": "InMageRcm", "runAsAccountId": run_as_account},
            }
        },
    )
