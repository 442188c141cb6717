"""What is compared between deployments, and what a conflict between them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from wizard.text import Text

CrossingKind = Literal[
    "vault_identity", "clone", "instance_uuid", "address", "host_name", "vcenter_name", "physical_server"
]
Severity = Literal["critical", "warning"]
HTTPS: Final = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: a deployment, and in it a machine where it is one of those. `what` names it for people."""

    site: str
    site_name: str
    what: Text
    machine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that a deployment sets up or has set up. `vault` is the ARM id; `registration` what the vault calls it.

    `friendly_name` is that of an appliance. UUIDs and names are compared without case.
    """

    place: Place
    name: str
    fqdn: str = ""
    addresses: tuple[str, ...] = ()
    instance_uuid: str = ""
    bios_uuid: str = ""
    vault: str = ""
    registration: str = ""
    friendly_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualMachine:
    """A machine of a registered vCenter; `places` are the deployments that vCenter is registered for."""

    places: tuple[Place, ...]
    vcenter: str
    instance_uuid: str
    bios_uuid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalServer:
    place: Place
    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VCenterName:
    """The name that a deployment, or its vault, gives to a vCenter. A vault does not know its `instance_uuid`."""

    place: Place
    name: str
    address: str = ""
    port: int = HTTPS
    instance_uuid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One conflict: `value` is what stands twice, `places` where, `hidden` in how many deployments that are not told of."""

    kind: CrossingKind
    severity: Severity
    value: str
    text: Text
    remedy: Text
    places: tuple[Place, ...]
    hidden: int = 0
