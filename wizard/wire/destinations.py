"""Where this server may connect to, when it was a person who entered the address.

Whoever may enter an address could otherwise make this server speak to what only it can reach: the metadata service of a
cloud, which hands out credentials, or what listens on this machine for itself alone. Every connection of that kind is
judged here by the address that is really connected to, at the moment of connecting: a name is looked up once, so another
answer later on changes nothing, and what a redirect leads to is judged like what was entered.

A detour of the address book is a setting, not an answer, so it may lead to this machine and to any port. What is never
connected to stays so by detours, too. Private addresses are those of data centres, and allowed.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from wizard.text import Text, _
from wizard.wire.errors import RemoteError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Kind = Literal["metadata", "link_local", "unspecified", "multicast", "reserved", "loopback"]
Field = Literal["host", "port"]


class Purpose(StrEnum):
    """What a connection is for; it says which ports it needs."""

    VSPHERE = "vsphere"
    WINRM = "winrm"
    SSH = "ssh"
    DOWNLOAD = "download"
    PROXY = "proxy"
    NAME_SERVER = "name_server"
    TIME_SERVER = "time_server"
    DATA = "data"  # replication data; the port is an answer of the network step
    REQUIREMENT = "requirement"  # host and port are those of the requirement catalogue
    WEBHOOK = "webhook"
    PLAIN_WEBHOOK = "plain_webhook"  # http://


# What those services listen on by default, and their usual alternatives; PROBE_PORTS adds to them. Where a purpose is not
# named here, its port is not entered by anybody.
_PORTS: Final[dict[Purpose, frozenset[int]]] = {
    Purpose.VSPHERE: frozenset({443, 8443, 9443}),
    Purpose.WINRM: frozenset({5985, 5986}),
    Purpose.SSH: frozenset({22}),
    Purpose.DOWNLOAD: frozenset({80, 443, 8080, 8443}),
    Purpose.PROXY: frozenset({80, 443, 3128, 3129, 8000, 8080, 8081, 8088, 8443, 8888, 9090}),
    # Unified Setup takes any port for replication data, 9443 as a rule (asr-facts 1.6, T09); well-known ones are never it.
    Purpose.DATA: frozenset({443, *range(1024, 65536)}),
}
# Of services without a password, or whose first bytes do harm: not even where a whole range is open.
_NEVER_PORTS: Final = frozenset(
    {1433, 1521, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5984, 6379, 6443}
    | {8500, 9042, 9200, 9300, 10250, 11211, 15672, 27017}
)

_METADATA: Final = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google Cloud, Oracle, OpenStack
        "169.254.170.2",  # AWS, containers
        "100.100.100.200",  # Alibaba Cloud
        "168.63.129.16",  # Azure, the host of a virtual machine
        "192.0.0.192",  # Oracle Cloud, classic
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS, identities of pods
        "fd00:42::42",  # Scaleway
        "fd20:ce::254",  # Google Cloud
        "fd00:c1::a9fe:a9fe",  # Oracle Cloud
    )
)
# An IPv4 address is written into the last 32 bits of those (RFC 4291 2.5.5, RFC 2765, RFC 6052, RFC 8215).
_EMBEDDING: Final = tuple(
    ipaddress.IPv6Network(text)
    for text in ("::ffff:0:0/96", "::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
# Here a site may let the IPv4 address begin earlier, around the octet in the middle that stays zero (RFC 6052 2.2); what comes
# behind it is not looked at, so the last 32 bits alone would say nothing.
_LOCAL_TRANSLATION: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_BEGINNINGS: Final = (48, 56, 64)
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})  # RFC 5214: the upper half of the interface identifier
_THIS_NETWORK: Final = ipaddress.IPv4Network("0.0.0.0/8")
_SITE_LOCAL: Final = ipaddress.IPv6Network("fec0::/10")

_WHY: Final[dict[Kind, str]] = {
    "metadata": _("that is the metadata service of a cloud, which hands out credentials."),
    "link_local": _("that is a link-local address, which machines give themselves."),
    "unspecified": _("that stands for no machine in particular."),
    "multicast": _("that is a multicast address, of many machines at once."),
    "reserved": _("that address is reserved and belongs to no machine."),
    "loopback": _("that is this server itself."),
}


class DestinationRefused(RemoteError):
    """This server itself does not want to go there; nothing was sent. `field` is what would have to be another."""

    code = "destination_refused"

    def __init__(
        self,
        text: Text,
        *,
        remedy: Text | None = None,
        address: str = "",
        step: str = "tcp",
        field: Field = "host",
    ) -> None:
        super().__init__(text, remedy=remedy, address=address, step=step)
        self.field: Field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What this installation allows besides: targets on this machine, ports of whatever is entered, and of webhooks."""

    loopback: bool = False
    ports: frozenset[int] = frozenset()
    webhook_ports: frozenset[int] = frozenset({443})


_rules: Callable[[], Rules] = Rules


def configure(rules: Callable[[], Rules]) -> None:
    """Let `rules` be asked for whenever a destination is judged. Without, the strict ones hold."""
    global _rules
    _rules = rules


def _needs_no_asking(host: str) -> Address | None:
    """The address that no name server is asked for: in any spelling that resolvers take, and localhost (RFC 6761 6.3)."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    with suppress(ValueError):
        return ipaddress.ip_address(name)
    with suppress(OSError, ValueError):
        return ipaddress.IPv4Address(socket.inet_aton(name))
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A host and a port as they were entered. `detour`: the address book leads elsewhere from there."""

    purpose: Purpose
    host: str
    port: int
    detour: bool = False

    def check(self, address: str) -> None:
        """Judge the address that is about to be connected to. Raises DestinationRefused."""
        rules = _rules()
        kind = kind_of(ipaddress.ip_address(address))
        if kind == "loopback" and (self.detour or rules.loopback):
            return
        if kind is not None:
            raise self._address_refused(kind, address)
        if not self.detour and not self._port_allowed(rules):
            raise self._port_refused(rules)

    def check_as_entered(self) -> None:
        """Judge what can be judged without looking a name up: addresses, and ports. Raises DestinationRefused."""
        rules = _rules()
        literal = _needs_no_asking(self.host)
        if literal is None:
            # A name may turn out to be one of this machine, where any port will do.
            if not self.detour and not rules.loopback and not self._port_allowed(rules):
                raise self._port_refused(rules)
        else:
            # The detour's own end is judged when it is connected to.
            if not self.detour or kind_of(literal) not in (None, "loopback"):
                self.check(str(literal))

    def _port_allowed(self, rules: Rules) -> bool:
        allowed = self._ports(rules)
        return allowed is None or self.port in allowed

    def _ports(self, rules: Rules) -> frozenset[int] | None:
        if self.purpose == Purpose.WEBHOOK:
            return rules.webhook_ports - {80}
        if self.purpose == Purpose.PLAIN_WEBHOOK:
            return rules.webhook_ports & {80}
        usual = _PORTS.get(self.purpose)
        return usual if usual is None else (usual - _NEVER_PORTS) | rules.ports

    def _address_refused(self, kind: Kind, address: str) -> DestinationRefused:
        remedy = (
            Text(
                _(
                    "Enter the address of another machine. Where this one is meant, set ALLOW_LOOPBACK_TARGETS."
                )
            )
            if kind == "loopback"
            else Text(
                _(
                    "Enter the address of the machine itself; have the DNS record corrected where a name leads here."
                )
            )
        )
        why = Text(_WHY[kind])
        if address == self.host:
            text = Text(_("This server does not connect to %(host)s: %(why)s"), host=self.host, why=why)
        else:
            text = Text(
                _("This server does not connect to %(host)s, which leads to %(address)s: %(why)s"),
                host=self.host,
                address=address,
                why=why,
            )
        return DestinationRefused(text, remedy=remedy, address=f"{self.host}:{self.port}")

    def _port_refused(self, rules: Rules) -> DestinationRefused:
        allowed = sorted(self._ports(rules) or ())
        if self.purpose in (Purpose.WEBHOOK, Purpose.PLAIN_WEBHOOK):
            setting = "WEBHOOK_PORTS"
        else:
            setting = "PROBE_PORTS"
        if not allowed:
            text = Text(_("Webhooks are sent by https://, and by http:// to this server alone."))
            remedy = Text(_("Enter an address that begins with https://, or have 80 added to WEBHOOK_PORTS."))
        elif len(allowed) > _MOST_SHOWN:
            text = Text(
                _(
                    "This server does not connect to port %(port)s of %(host)s: other services are known to use it."
                ),
                port=str(self.port),
                host=self.host,
            )
            remedy = Text(
                _("Choose another port, or have an administrator add it to %(setting)s."), setting=setting
            )
        else:
            text = Text(
                _(
                    "This server does not connect to port %(port)s of %(host)s; what is asked for here uses %(ports)s."
                ),
                port=str(self.port),
                host=self.host,
                ports=[str(port) for port in allowed],
            )
            remedy = Text(
                _("Correct the port, or have an administrator add it to %(setting)s."), setting=setting
            )
        return DestinationRefused(
            text, remedy=remedy, address=f"{self.host}:{self.port}", field="port" if allowed else "host"
        )


_MOST_SHOWN: Final = 40


def kind_of(address: Address) -> Kind | None:
    """What speaks against an address, also in its IPv6 wrappings; None for one that a machine can have."""
    if isinstance(address, ipaddress.IPv6Address):
        address = ipaddress.IPv6Address(int(address))  # without its zone
    if address in _METADATA:
        return "metadata"
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = _wrapped(address)
        if wrapped is not None:
            return kind_of(wrapped) or _kind_in_translation(address)
        if address in _SITE_LOCAL:
            return "reserved"
    elif address in _THIS_NETWORK:
        return "unspecified"
    judgements: tuple[tuple[Kind, bool], ...] = (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link_local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("reserved", address.is_reserved),
    )
    return next((kind for kind, true in judgements if true), None)


def _kind_in_translation(address: ipaddress.IPv6Address) -> Kind | None:
    """Where a site's own translation may lead that is worth a detour; the rest of it is as likely part of the prefix."""
    if address not in _LOCAL_TRANSLATION:
        return None
    digits = f"{int(address):0128b}"
    without_middle = digits[:64] + digits[72:]
    found = (
        kind_of(ipaddress.IPv4Address(int(without_middle[begin : begin + 32], 2))) for begin in _BEGINNINGS
    )
    return next((kind for kind in found if kind in ("metadata", "link_local", "loopback")), None)


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that the packets really go to, or may go to; None where there is none inside."""
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address.is_unspecified or address.is_loopback:
        return None
    number = int(address)
    if any(address in network for network in _EMBEDDING) or (number >> 32 & 0xFFFFFFFF) in _ISATAP:
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None
