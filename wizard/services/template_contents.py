"""What an inspection found inside a template, as far as somebody is asked about it: options, properties, signature."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from pydantic import ValidationError

from wizard.models import Deployment, InstallationSecret
from wizard.models.sealing import SecretLost
from wizard.services import evidence
from wizard.text import Text, _
from wizard.vsphere.ovf_property import OvfProperty, PropertyKind
from wizard.vsphere.property_value import bounds_of
from wizard.vsphere.signature import Signature

_DIGESTS: Final[Mapping[str, str]] = {"sha1": "SHA-1", "sha256": "SHA-256", "sha512": "SHA-512"}

# Keys that templates commonly use, without the number of the adapter; what the operator filled in goes first.
_NETWORK_PROPERTIES: Final[Mapping[str, str]] = {
    "hostname": "host_name",
    "domain": "dns_suffix",
    "ip": "address",
    "netmask": "netmask",
    "gateway": "gateway",
    "dns": "dns",
    "ntp": "ntp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A deployment option. Memory is in MB; both are 0 where they are not known."""

    id: str
    label: str
    description: str
    default: bool
    cpu_count: int
    memory_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property that may be set. `label` and `description` are the template's own words, `bounds` what it lets be given.

    `default` is empty for a password. `from_network`: the network step answers it where nothing is given.
    """

    key: str
    label: str
    description: str
    kind: PropertyKind
    bounds: Text | None
    choices: tuple[str, ...]
    default: str
    password: bool
    needs_a_value: bool
    from_network: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """The certificate that signed the template's manifest; the signature itself holds, or there were no inspection."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    sha256: str
    self_signed: bool
    expired: bool
    not_yet_valid: bool
    remark: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """`algorithms` are the digests of the manifest, empty where there is none or where it was not noted."""

    is_folder: bool
    options: tuple[Option, ...]
    properties: tuple[Property, ...]
    algorithms: tuple[str, ...]
    signer: Signer | None
    warnings: tuple[Text, ...]

    @property
    def default_option(self) -> str:
        return next((option.id for option in self.options if option.default), "")


def contents(report: Mapping[str, Any]) -> Contents:
    """Read the result of an inspection; those of earlier versions, too."""
    manifest = report["manifest"]
    algorithms = tuple(manifest.get("algorithms", ()))
    signer = _signer(manifest["signature"]) if manifest.get("signature") else None
    return Contents(
        is_folder=report.get("kind") == "folder",
        options=tuple(_option(stored) for stored in report["descriptor"]["deployment_options"]),
        properties=tuple(_shown(item) for item in settable(report)),
        algorithms=tuple(_DIGESTS.get(name, name) for name in algorithms),
        signer=signer,
        warnings=tuple(_warnings(manifest["has_manifest"], algorithms, signer)),
    )


def settable(report: Mapping[str, Any]) -> tuple[OvfProperty, ...]:
    """The properties that whoever deploys the template may set."""
    found = map(OvfProperty.from_json, report["descriptor"]["properties"])
    return tuple(item for item in found if item.user_configurable)


def network_field(key: str) -> str | None:
    """The field of the network step that answers a property; its key may be wrapped, as in com.example.ip0.1."""
    parts = [part.lower().rstrip("0123456789") for part in key.split(".")]
    return next((_NETWORK_PROPERTIES[part] for part in reversed(parts) if part in _NETWORK_PROPERTIES), None)


def with_option(descriptor: Mapping[str, Any], option_id: str) -> dict[str, Any]:
    """The descriptor with the hardware of that deployment option; unchanged where it is not known."""
    offered: list[dict[str, Any]] = descriptor["deployment_options"]
    found = next((entry for entry in offered if entry["id"] == option_id), {})
    hardware = {name: found[name] for name in ("cpu_count", "memory_mb") if found.get(name)}
    return {**descriptor, **hardware}


def option_label(deployment: Deployment, template_answers: Mapping[str, Any]) -> str:
    """The template's name for the deployment option that was chosen, else its id."""
    task = evidence.inspected(deployment, template_answers)
    chosen: str = template_answers.get("deployment_option", "")
    offered = (task.result or {})["descriptor"]["deployment_options"] if task else []
    return next((entry["label"] for entry in offered if entry["id"] == chosen and entry["label"]), chosen)


def which(template_answers: Mapping[str, Any]) -> str:
    """A short name for the template itself: of its file or folder, else its checksum. "" where none is chosen."""
    try:
        place = evidence.where_template_is(template_answers)
    except ValidationError:
        return ""
    return place.get("file") or place["sha256"]


def sealed_row(deployment: Deployment) -> InstallationSecret | None:
    return deployment.installation_secrets.filter(kind=InstallationSecret.Kind.TEMPLATE).first()


def passwords_of(deployment: Deployment, template_answers: Mapping[str, Any]) -> dict[str, str]:
    """The passwords that were given for properties of this template, by key: for vCenter, never for a page or a file.

    What was sealed with a key that is gone, and what is damaged, was not given: it is asked for again.
    """
    row = sealed_row(deployment)
    if row is None or row.label != which(template_answers):
        return {}
    try:
        held = json.loads(row.reveal())
    except (SecretLost, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _option(stored: Mapping[str, Any]) -> Option:
    return Option(**{"cpu_count": 0, "memory_mb": 0, **stored})


def _shown(item: OvfProperty) -> Property:
    return Property(
        key=item.key,
        label=item.label or item.key,
        description=item.description,
        kind=item.kind,
        bounds=bounds_of(item),
        choices=item.choices,
        default="" if item.password else item.default,
        password=item.password,
        needs_a_value=item.needs_a_value,
        from_network=network_field(item.key) is not None,
    )


def _signer(stored: dict[str, Any]) -> Signer:
    signature, now = Signature.from_json(stored), timezone.now()
    not_before = datetime.fromisoformat(signature.not_before)
    not_after = datetime.fromisoformat(signature.not_after)
    return Signer(
        subject=signature.subject,
        issuer=signature.issuer,
        not_before=not_before,
        not_after=not_after,
        sha256=signature.sha256,
        self_signed=signature.self_signed,
        expired=now > not_after,
        not_yet_valid=now < not_before,
        # What follows it there are days in UTC; the page tells them in the reader's zone.
        remark=signature.remarks(now)[0],
    )


def _warnings(has_manifest: bool, algorithms: tuple[str, ...], signer: Signer | None) -> Iterator[Text]:
    if not has_manifest:
        yield Text(_("The template has no manifest: its files cannot be verified."))
    if "sha1" in algorithms:
        yield Text(
            _(
                "The manifest uses SHA-1: it finds damage, but not a file that somebody changed on purpose. "
                "Compare the template with its publisher's checksum."
            )
        )
    if signer is not None and signer.expired:
        yield Text(_("The certificate that signed the template has expired."))
    if signer is not None and signer.not_yet_valid:
        yield Text(_("The certificate that signed the template is not valid yet."))
