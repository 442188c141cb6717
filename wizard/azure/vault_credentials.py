"""The vault credentials file, with which a configuration server is registered: what it says, and whether it fits.

The file is a secret. Nothing of `ManagementCert` or `ChannelIntegrityKey` leaves this module; of the certificate only
its subject, its thumbprint and its time do (dossier 4).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self

from lxml import etree

from wizard.azure import vault_certificate
from wizard.azure.clouds import cloud_of
from wizard.azure.vault_file_error import VaultFileError
from wizard.azure.vault_file_xml import load, required, text_at
from wizard.text import Text, _

__all__ = ["Mismatch", "VaultCredentials", "VaultFileError", "compare", "read"]

SOON = timedelta(hours=2)  # dossier 4.3: warn where less is left


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultCredentials:
    """What a file says. Nothing in here is secret.

    `resource_id` is a number too large for JavaScript, so it stays text. `thumbprint` is SHA-1 in upper-case hex; times
    are UTC. `cloud` is None where the addresses in the file belong to none that is known; `private_endpoints` is None
    where the file does not say.
    """

    kind: Literal["site_recovery"]
    subscription: str
    resource_group: str
    vault: str
    resource_id: str
    region: str
    subject: str
    thumbprint: str
    not_before: datetime
    not_after: datetime
    tenant: str
    client_id: str
    cloud: str | None
    private_endpoints: bool | None

    def left(self, now: datetime) -> timedelta:
        """How long it can still be used; negative after its end."""
        return self.not_after - now

    def ends_soon(self, now: datetime) -> bool:
        return self.left(now) < SOON

    def to_json(self) -> dict[str, Any]:
        """Shape: the fields under their own names; times as RFC 3339."""
        return {
            "kind": self.kind,
            "subscription": self.subscription,
            "resource_group": self.resource_group,
            "vault": self.vault,
            "resource_id": self.resource_id,
            "region": self.region,
            "subject": self.subject,
            "thumbprint": self.thumbprint,
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "tenant": self.tenant,
            "client_id": self.client_id,
            "cloud": self.cloud,
            "private_endpoints": self.private_endpoints,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        dates = {name: datetime.fromisoformat(stored[name]) for name in ("not_before", "not_after")}
        return cls(**{**stored, **dates})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One thing that the file says otherwise than the wizard. `field` is the name of the field in `VaultCredentials`."""

    field: str
    found: str
    expected: str
    text: Text

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"field", "found", "expected", "text": Text}`."""
        return {
            "field": self.field,
            "found": self.found,
            "expected": self.expected,
            "text": self.text.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            field=stored["field"],
            found=stored["found"],
            expected=stored["expected"],
            text=Text.from_json(stored["text"]),
        )


def read(content: bytes, *, now: datetime) -> VaultCredentials:
    """Read and check a file, as far as that goes without Azure (dossier 4.3). `now` has a zone. Raises VaultFileError."""
    root = load(content)
    subscription = _guid(root, "VaultDetails/SubscriptionId")
    resource_group = required(root, "VaultDetails/ResourceGroup")
    vault = required(root, "VaultDetails/ResourceName")
    resource_id = required(root, "VaultDetails/ResourceId")
    region = required(root, "VaultDetails/Location")
    management_cert = required(root, "ManagementCert")
    authority = required(root, "AadDetails/AadAuthority")
    tenant = _guid(root, "AadDetails/AadTenantId")
    client_id = _guid(root, "AadDetails/ServicePrincipalClientId")
    audience = required(root, "AadDetails/AadVaultAudience")
    endpoint = required(root, "AadDetails/ArmManagementEndpoint")
    required(root, "ChannelIntegrityKey")
    certificate = vault_certificate.load(management_cert, now=now)
    _check_audience(audience, region=region, vault=vault, resource_id=resource_id)
    return VaultCredentials(
        kind="site_recovery",
        subscription=subscription,
        resource_group=resource_group,
        vault=vault,
        resource_id=resource_id,
        region=region,
        subject=certificate.subject.rfc4514_string(),
        thumbprint=vault_certificate.thumbprint(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        tenant=tenant,
        client_id=client_id,
        cloud=_one_cloud(authority, endpoint),
        private_endpoints=_private_endpoints(root),
    )


def compare(
    credentials: VaultCredentials,
    *,
    subscription: str | None,
    resource_group: str | None,
    vault: str | None,
    region: str | None,
    cloud: str | None,
    private_endpoints: bool | None,
) -> tuple[Mismatch, ...]:
    """What the file says otherwise than the wizard, without regard to case, and to spaces in regions.

    What the wizard does not know (None or empty) is not compared, nor is what the file does not say.
    """
    texts = {
        "subscription": Text(_("The file belongs to another subscription.")),
        "resource_group": Text(_("The file belongs to a vault in another resource group.")),
        "vault": Text(_("The file belongs to another vault.")),
        "region": Text(_("The file belongs to a vault in another region.")),
        "cloud": Text(_("The file belongs to another cloud of Azure.")),
        "private_endpoints": Text(
            _("The use of private endpoints has changed since the file was made: download it again.")
        ),
    }
    pairs: tuple[tuple[str, str | bool | None, str | bool | None], ...] = (
        ("subscription", credentials.subscription, subscription),
        ("resource_group", credentials.resource_group, resource_group),
        ("vault", credentials.vault, vault),
        ("region", credentials.region, region),
        ("cloud", credentials.cloud, cloud),
        ("private_endpoints", credentials.private_endpoints, private_endpoints),
    )
    return tuple(
        Mismatch(field=field, found=str(found), expected=str(expected), text=texts[field])
        for field, found, expected in pairs
        if found not in (None, "")
        and expected not in (None, "")
        and _plain(field, found) != _plain(field, expected)
    )


def _plain(field: str, value: str | bool | None) -> str:
    plain = str(value).strip().lower()
    return re.sub(r"\s", "", plain) if field == "region" else plain


def _guid(root: etree._Element, path: str) -> str:
    found = required(root, path)
    if not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", found):
        raise VaultFileError(
            Text(_("<%(element)s> is “%(found)s”; a GUID was expected."), element=path, found=found[:60]),
            code="bad_guid",
        )
    return str(uuid.UUID(found))


def _check_audience(audience: str, *, region: str, vault: str, resource_id: str) -> None:
    """`https://RecoveryServiceVault/{location}/{vault}/{resourceId}`, ignoring case and the spaces of a region."""
    expected = f"https://RecoveryServiceVault/{region}/{vault}/{resource_id}"
    if _plain("region", audience.rstrip("/")) != _plain("region", expected):
        raise VaultFileError(
            Text(
                _("The file contradicts itself: its audience is “%(found)s”; “%(expected)s” was expected."),
                found=audience[:200],
                expected=expected[:200],
            ),
            code="audience_mismatch",
        )


def _one_cloud(authority: str, endpoint: str) -> str | None:
    signs_in, manages = cloud_of(authority), cloud_of(endpoint)
    if signs_in != manages:
        raise VaultFileError(
            Text(
                _(
                    "The file names two clouds of Azure: signing in at %(authority)s, managing at %(endpoint)s."
                ),
                authority=authority[:200],
                endpoint=endpoint[:200],
            ),
            code="mixed_clouds",
        )
    return signs_in


def _private_endpoints(root: etree._Element) -> bool | None:
    state = text_at(root, "PrivateEndpointStateForSiteRecovery").lower()
    return {"enabled": True, "none": False}.get(state)
