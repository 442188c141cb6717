"""Everything that a vault says about the on-premises side, read at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from wizard.azure.connection import Arm
from wizard.azure.errors import AzureError, NotFound, NotPermitted, Refused, ServiceFailed
from wizard.azure.job_view import Job
from wizard.azure.long_running import begin_job
from wizard.azure.reading import document, pages
from wizard.azure.translation import translated
from wizard.azure.vaults import CLASSIC, VaultRef, instance_type, read_vault

# What the built-in roles leave out, and clouds may not have yet: without these there is still a picture.
BESIDES: tuple[type[AzureError], ...] = (NotPermitted, NotFound, Refused, ServiceFailed)

# Of a protected item: how it does, where it is, and what it goes through. Disks, network cards and errors of each machine
# are most of an answer, and a vault may have ten thousand machines.
ITEM: Final = ("id", "name", "type")
ITEM_PROPERTIES: Final = ("friendlyName", "protectableItemId", "replicationHealth")
ITEM_DETAILS: Final = (
    "instanceType", "processServerId", "masterTargetId", "reprotectAgentId", "activeSiteType", "discoveryType",
    "vCenterInfrastructureId", "targetvCenterId", "multiVmGroupName", "runAsAccountId",
)  # fmt: skip


def read_documents(arm: Arm, ref: VaultRef, *, protected_items: bool = True) -> dict[str, Any]:
    """The vault and what is below it, with wire names, as the service answered; of protected items ITEM, ITEM_PROPERTIES and
    ITEM_DETAILS alone.

    Shape: `{"vault": {}, "fabrics": [], "providers": {fabric: []}, "containers": {fabric: []}, "vcenters": {fabric: []},
    "protected_items": [], "appliances": [], "vault_health": {} | None, "skipped": [{"part", "reason", "text"}],
    "read_at": RFC 3339}`. Each fabric is the answer of its own address, as the list leaves the components of modernized
    ones empty. Parts that this account may not read are named in `skipped`: `reason` is the error's code, `text` a Text.
    Raises AzureError.
    """
    reading = _Reading(arm, ref)
    first: list[Callable[[], Any]] = [
        partial(read_vault, arm, ref),
        partial(list_fabrics, arm, ref),
        partial(reading.or_skipped, "appliances", reading.appliances, [], BESIDES),
        partial(reading.or_skipped, "vault_health", reading.vault_health, None, BESIDES),
    ]
    vault, fabrics, appliances, vault_health = arm.at_once(first)
    names = [str(fabric.get("name") or "") for fabric in fabrics]
    classic = {name for name, fabric in zip(names, fabrics, strict=True) if instance_type(fabric) == CLASSIC}
    whole = arm.at_once(
        partial(
            reading.or_skipped, f"fabrics/{name}", partial(get_fabric, arm, ref, name), listed, (NotFound,)
        )
        for name, listed in zip(names, fabrics, strict=True)
    )
    providers = reading.below("providers", names, reading.providers)
    containers = reading.below("containers", names, reading.containers)
    vcenters = reading.below("vcenters", [name for name in names if name in classic], reading.vcenters)
    items: list[dict[str, Any]] = []
    if protected_items:
        for found in reading.protected_items(containers):
            items += found
    return {
        "vault": vault,
        "fabrics": whole,
        "providers": providers,
        "containers": containers,
        "vcenters": {name: vcenters.get(name, []) for name in names},
        "protected_items": items,
        "appliances": appliances,
        "vault_health": vault_health,
        "skipped": reading.skipped,
        "read_at": datetime.now(UTC).isoformat(),
    }


def list_fabrics(arm: Arm, ref: VaultRef) -> list[dict[str, Any]]:
    """The fabrics as they are listed: the components of modernized ones are empty here. Raises AzureError."""
    client = arm.site_recovery(ref.subscription)
    return list(pages(arm, "list_fabrics", client.replication_fabrics.list(ref.resource_group, ref.vault)))


def get_fabric(arm: Arm, ref: VaultRef, fabric: str) -> dict[str, Any]:
    """One fabric with everything in it. Raises AzureError."""
    step = "get_fabric"
    with translated(arm, step):
        client = arm.site_recovery(ref.subscription)
        return document(arm, step, client.replication_fabrics.get(ref.resource_group, ref.vault, fabric))


def refresh_provider(arm: Arm, ref: VaultRef, fabric: str, provider: str) -> Job:
    """Have a configuration server report at once, as the portal's “Refresh Server” does. Raises AzureError."""
    providers = arm.site_recovery(ref.subscription).replication_recovery_services_providers
    return begin_job(
        arm,
        "refresh_provider",
        providers.begin_refresh_provider,
        ref.resource_group,
        ref.vault,
        fabric,
        provider,
    )


class _Reading:
    """The parts of one look at a vault, and those that were left out. Its methods run in several threads."""

    def __init__(self, arm: Arm, ref: VaultRef) -> None:
        self._arm = arm
        self._ref = ref
        self._path = (ref.resource_group, ref.vault)
        self.skipped: list[dict[str, Any]] = []

    def or_skipped(
        self, part: str, read: Callable[[], Any], instead: Any, besides: tuple[type[AzureError], ...]
    ) -> Any:
        try:
            return read()
        except besides as error:
            self.skipped.append({"part": part, "reason": error.code, "text": error.text.to_json()})
            return instead

    def below(
        self, part: str, fabrics: list[str], read: Callable[[str], list[dict[str, Any]]]
    ) -> dict[str, list[dict[str, Any]]]:
        found = self._arm.at_once(
            partial(self.or_skipped, f"{part}/{fabric}", partial(read, fabric), [], (NotPermitted, NotFound))
            for fabric in fabrics
        )
        return dict(zip(fabrics, found, strict=True))

    def protected_items(self, containers: dict[str, list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
        """Container by container: the built-in roles do not include the list of the whole vault."""
        return self._arm.at_once(
            partial(
                self.or_skipped,
                f"protected_items/{fabric}",
                partial(self._items, fabric, str(container.get("name") or "")),
                [],
                (NotPermitted, NotFound),
            )
            for fabric, found in containers.items()
            for container in found
        )

    def providers(self, fabric: str) -> list[dict[str, Any]]:
        listed = self._client.replication_recovery_services_providers.list_by_replication_fabrics(
            *self._path, fabric
        )
        return list(pages(self._arm, "list_providers", listed))

    def containers(self, fabric: str) -> list[dict[str, Any]]:
        listed = self._client.replication_protection_containers.list_by_replication_fabrics(
            *self._path, fabric
        )
        return list(pages(self._arm, "list_containers", listed))

    def vcenters(self, fabric: str) -> list[dict[str, Any]]:
        listed = self._client.replicationv_centers.list_by_replication_fabrics(*self._path, fabric)
        return list(pages(self._arm, "list_vcenters", listed))

    def appliances(self) -> list[dict[str, Any]]:
        return list(
            pages(self._arm, "list_appliances", self._client.replication_appliances.list(*self._path))
        )

    def vault_health(self) -> dict[str, Any]:
        step = "get_vault_health"
        with translated(self._arm, step):
            return document(self._arm, step, self._client.replication_vault_health.get(*self._path))

    def _items(self, fabric: str, container: str) -> list[dict[str, Any]]:
        listed = self._client.replication_protected_items.list_by_replication_protection_containers(
            *self._path, fabric, container
        )
        return [_item(found) for found in pages(self._arm, "list_protected_items", listed)]

    @property
    def _client(self) -> Any:
        return self._arm.site_recovery(self._ref.subscription)


def _item(document: Mapping[str, Any]) -> dict[str, Any]:
    properties = _mapping(document.get("properties"))
    details = _mapping(properties.get("providerSpecificDetails"))
    return {
        **_only(document, ITEM),
        "properties": {
            **_only(properties, ITEM_PROPERTIES),
            "providerSpecificDetails": _only(details, ITEM_DETAILS),
        },
    }


def _only(fields: Mapping[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    return {name: fields[name] for name in wanted if name in fields}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
