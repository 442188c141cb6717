"""Machines that a configuration server has discovered, or is told of (classic only; dossier 2.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from wizard.azure.connection import Arm
from wizard.azure.job_view import Job
from wizard.azure.long_running import begin_job
from wizard.azure.reading import pages
from wizard.azure.vaults import VaultRef


def iterate_items(arm: Arm, ref: VaultRef, fabric: str, container: str) -> Iterator[dict[str, Any]]:
    """Every machine with wire names, asked for page by page: one vCenter's list has hundreds of kilobytes.

    Raises AzureError while it is iterated.
    """
    items = arm.site_recovery(ref.subscription).replication_protectable_items
    listed = items.list_by_replication_protection_containers(ref.resource_group, ref.vault, fabric, container)
    return pages(arm, "list_protectable_items", listed)


def discover_physical(
    arm: Arm,
    ref: VaultRef,
    fabric: str,
    container: str,
    *,
    name: str,
    address: str,
    os_type: Literal["Windows", "Linux"],
) -> Job:
    """Tell the configuration server of a physical machine. Raises AzureError."""
    containers = arm.site_recovery(ref.subscription).replication_protection_containers
    return begin_job(
        arm,
        "discover_physical",
        containers.begin_discover_protectable_item,
        ref.resource_group,
        ref.vault,
        fabric,
        container,
        {"properties": {"friendlyName": name, "ipAddress": address, "osType": os_type}},
    )
