"""Subscriptions and vaults that an account sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal, Self

from wizard.azure.connection import Arm
from wizard.azure.errors import NotFound, NotPermitted, NotRegistered, Refused, ServiceFailed
from wizard.azure.reading import document, pages
from wizard.azure.translation import translated

Experience = Literal["classic", "modernized", "empty", "unknown"]
CLASSIC, MODERNIZED = "vmware", "inmagercm"  # instanceType of a fabric, lower-cased
_ID = re.compile(
    r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/providers/Microsoft\.RecoveryServices/vaults/([^/]+)/?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`state` is the service's word (`Enabled`); `tenant` is empty where the service does not say it."""

    id: str
    name: str
    state: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultRef:
    """Where a vault is: the id of the subscription, and two names."""

    subscription: str
    resource_group: str
    vault: str

    @property
    def id(self) -> str:
        """The ARM id. Compare ids without regard to case: the service spells them in several ways."""
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.RecoveryServices/vaults/{self.vault}"
        )

    @classmethod
    def of_id(cls, arm_id: str) -> Self:
        """Read an ARM id. Raises ValueError for what is not the id of a vault."""
        match = _ID.fullmatch(arm_id.strip())
        if match is None:
            raise ValueError(f"{arm_id!r} is not the id of a Recovery Services vault")
        return cls(subscription=match[1], resource_group=match[2], vault=match[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """A vault as it is now. `raw` is the answer of the service.

    `experience` follows from its fabrics: VMware is classic, InMageRcm modernized, none is empty. It is `unknown` where
    the fabrics may not or cannot be read, or were not asked for.
    """

    ref: VaultRef
    name: str
    resource_group: str
    region: str
    sku: str
    private_endpoints: bool
    experience: Experience
    raw: Mapping[str, Any] = field(repr=False)


def list_subscriptions(arm: Arm) -> list[Subscription]:
    """What this account sees, by name. Raises AzureError."""
    step = "list_subscriptions"
    found = [_subscription(one) for one in pages(arm, step, arm.subscriptions().subscriptions.list())]
    return sorted(found, key=lambda one: (one.name.lower(), one.id))


def list_vaults(arm: Arm, subscription: str = "", *, experience: bool = True) -> list[Vault]:
    """The vaults of a subscription, by name. `experience` costs one request for each of them. Raises AzureError."""
    subscription = subscription or arm.subscription
    listed = pages(arm, "list_vaults", arm.vaults(subscription).vaults.list_by_subscription_id())
    try:
        found = [vault for one in listed if (vault := vault_of(one)) is not None]
    except NotRegistered:
        return []
    if experience:
        found = arm.at_once([partial(_with_experience, arm, vault) for vault in found])
    return sorted(found, key=lambda vault: (vault.name.lower(), vault.resource_group.lower()))


def get_vault(arm: Arm, ref: VaultRef) -> Vault:
    """One vault with its experience. Raises AzureError; NotFound says which part of the path does not exist."""
    raw = read_vault(arm, ref)
    return _with_experience(arm, vault_of(raw) or _vault(ref, raw))


def read_vault(arm: Arm, ref: VaultRef) -> dict[str, Any]:
    """The vault as the service answers. Raises AzureError."""
    step = "get_vault"
    with translated(arm, step):
        return document(arm, step, arm.vaults(ref.subscription).vaults.get(ref.resource_group, ref.vault))


def vault_of(raw: Mapping[str, Any]) -> Vault | None:
    """Read one entry of a list; None for what is not a vault."""
    try:
        ref = VaultRef.of_id(str(raw.get("id") or ""))
    except ValueError:
        return None
    return _vault(ref, raw)


def experience_of(fabrics: list[dict[str, Any]]) -> Experience:
    """Classic wins where a vault has both, as it can for as long as it is being moved."""
    kinds = {instance_type(fabric) for fabric in fabrics}
    if CLASSIC in kinds:
        return "classic"
    return "modernized" if MODERNIZED in kinds else "empty"


def instance_type(fabric: Mapping[str, Any]) -> str:
    """What kind of fabric it is, lower-cased; empty where it does not say."""
    details = (fabric.get("properties") or {}).get("customDetails") or {}
    return str(details.get("instanceType") or "").lower()


def _with_experience(arm: Arm, vault: Vault) -> Vault:
    ref = vault.ref
    listed = arm.site_recovery(ref.subscription).replication_fabrics.list(ref.resource_group, ref.vault)
    try:
        fabrics = list(pages(arm, "list_fabrics", listed))
    except (NotPermitted, NotFound, Refused, ServiceFailed):
        # Site Recovery may be ill, or not offered, where one of many vaults is.
        return vault
    return replace(vault, experience=experience_of(fabrics))


def _vault(ref: VaultRef, raw: Mapping[str, Any]) -> Vault:
    properties, sku = raw.get("properties") or {}, raw.get("sku") or {}
    state = str(properties.get("privateEndpointStateForSiteRecovery") or "")
    return Vault(
        ref=ref,
        name=str(raw.get("name") or ref.vault),
        resource_group=ref.resource_group,
        region=str(raw.get("location") or ""),
        sku=str(sku.get("name") or ""),
        private_endpoints=state.lower() == "enabled",
        experience="unknown",
        raw=raw,
    )


def _subscription(raw: Mapping[str, Any]) -> Subscription:
    return Subscription(
        id=str(raw.get("subscriptionId") or str(raw.get("id") or "").rsplit("/", 1)[-1]),
        name=str(raw.get("displayName") or ""),
        state=str(raw.get("state") or ""),
        tenant=str(raw.get("tenantId") or ""),
    )
