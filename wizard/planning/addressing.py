"""IPv4 rules: what may be the appliance's own address, what its neighbours'.

Every function gives back the canonical form or raises ValueError with a `Text`.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network

from wizard.planning import naming
from wizard.planning.quoting import refusal, shown
from wizard.text import Text, _

DEFAULT_DATA_PORT = 9443

_MISREAD_DATA_PORT = 9433  # the parameter table of Unified Setup prints it (asr-facts 14, C9)
_RESERVED = IPv4Network("240.0.0.0/4")
_THIS_NETWORK = IPv4Network("0.0.0.0/8")
_LOOKS_LIKE_IPV4 = re.compile(r"[0-9.]+", re.ASCII)


def ipv4(value: str) -> IPv4Address:
    """Four decimal numbers. Says what is wrong with a colon, a mask, and leading zeros."""
    try:
        return IPv4Address(value)
    except ValueError:
        pass
    if ":" in value:
        raise refusal(
            _("“%(found)s” contains a colon. Expected is an IPv4 address alone: no IPv6, no port."),
            found=shown(value),
        )
    if "/" in value:
        raise refusal(
            _("“%(found)s” contains a slash. Give the address without the mask."), found=shown(value)
        )
    parts = value.split(".")
    if len(parts) == 4 and any(len(part) > 1 and part.startswith("0") and part.isdecimal() for part in parts):
        raise refusal(
            _(
                "“%(found)s” has a number with a leading zero, which programs read in different ways. "
                "Drop the zero."
            ),
            found=shown(value),
        )
    raise refusal(
        _("“%(found)s” is not an IPv4 address. Expected are four numbers from 0 to 255, such as 192.0.2.10."),
        found=shown(value),
    )


def own_address(value: str) -> str:
    """An address that the appliance itself may have: a unicast one that other machines can reach."""
    address = ipv4(value)
    kind = _why_not_unicast(address) or (_("a loopback address") if address.is_loopback else None)
    if kind is not None:
        raise refusal(
            _("%(found)s is %(kind)s. Other machines could never reach the appliance there."),
            found=str(address),
            kind=Text(kind),
        )
    return str(address)


def server_address(value: str) -> str:
    """An address at which a service answers; loopback is allowed, since a service may run on this machine."""
    address = ipv4(value)
    kind = _why_not_unicast(address)
    if kind is not None:
        raise refusal(
            _("%(found)s is %(kind)s. No server answers there."), found=str(address), kind=Text(kind)
        )
    return str(address)


def server_name(value: str) -> str:
    """A DNS name, or an IPv4 address at which a service answers."""
    if _LOOKS_LIKE_IPV4.fullmatch(value) or ":" in value:
        return server_address(value)
    return naming.dns_name(value)


def netmask(value: str) -> str:
    """A mask in dotted form; `/24` and `24` are read too.

    Between /8 and /29: smaller subnets have no room for the appliance, its gateway and one neighbour.
    """
    text = value.removeprefix("/")
    if text.isascii() and text.isdecimal() and len(text) <= 2:
        prefix = int(text)
        if prefix > 32:
            raise refusal(_("“%(found)s” is not a mask. A prefix length is at most 32."), found=shown(value))
    else:
        prefix = _prefix_of(ipv4(text), value)
    if not 8 <= prefix <= 29:
        raise refusal(
            _(
                "“%(found)s” is a mask of %(prefix)s bits. Expected are 8 to 29, such as 255.255.255.0 "
                "(24 bits)."
            ),
            found=shown(value),
            prefix=prefix,
        )
    return str(IPv4Network((0, prefix)).netmask)


def check_place_in_subnet(address: str, mask: str) -> None:
    """The address must be neither the subnet's own nor its broadcast address."""
    subnet = IPv4Network((address, mask), strict=False)
    own = IPv4Address(address)
    if own == subnet.network_address:
        raise refusal(
            _(
                "%(found)s is the address of the subnet %(subnet)s itself. Choose one from %(first)s "
                "to %(last)s."
            ),
            found=address,
            **_span(subnet),
        )
    if own == subnet.broadcast_address:
        raise refusal(
            _("%(found)s is the broadcast address of %(subnet)s. Choose one from %(first)s to %(last)s."),
            found=address,
            **_span(subnet),
        )


def check_gateway(gateway: str, address: str, mask: str) -> None:
    """The gateway must be another machine in the subnet of the address."""
    subnet = IPv4Network((address, mask), strict=False)
    if IPv4Address(gateway) not in subnet:
        raise refusal(
            _(
                "The gateway %(found)s is not in the subnet %(subnet)s of %(address)s. "
                "Expected is one from %(first)s to %(last)s."
            ),
            found=gateway,
            address=address,
            **_span(subnet),
        )
    if gateway == address:
        raise refusal(
            _("The gateway %(found)s is the appliance's own address. Give the router's address."),
            found=gateway,
        )
    if IPv4Address(gateway) in (subnet.network_address, subnet.broadcast_address):
        raise refusal(
            _(
                "The gateway %(found)s is the network or broadcast address of %(subnet)s. "
                "Expected is one from %(first)s to %(last)s."
            ),
            found=gateway,
            **_span(subnet),
        )


def proxy(value: str) -> str:
    """An HTTP proxy as `http://host:port` (asr-facts 3.9, PRX-01).

    A name and password inside are refused and never repeated: answers hold no secrets, and the documents
    disagree whether Site Recovery works through an authenticated proxy (PRX-02, conflict C7).
    """
    if "@" in value:
        raise refusal(
            _(
                "The proxy address contains a user name. Give http://host:port alone, and let the "
                "proxy allow "
                "the appliance without authentication: Site Recovery is not reliable through an "
                "authenticated proxy."
            )
        )
    scheme, separator, rest = value.partition("://")
    if separator and scheme.lower() != "http":
        raise refusal(
            _("“%(found)s” is no HTTP proxy. Site Recovery accepts a proxy address with http:// only."),
            found=shown(value),
        )
    host, _colon, port = (rest if separator else value).removesuffix("/").rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise refusal(
            _(
                "“%(found)s” is not complete. Expected is http://host:port, such as "
                "http://proxy.example.net:3128."
            ),
            found=shown(value),
        )
    return f"http://{server_name(host)}:{int(port)}"


def data_port(value: int) -> int:
    """The port at which the process server receives replication data: never 443 (asr-facts 1.6, T09)."""
    if value == 443:
        raise refusal(
            _(
                "443 belongs to the configuration server's own web site. The data port is another one, "
                "as a rule %(usual)s."
            ),
            usual=DEFAULT_DATA_PORT,
        )
    if value == _MISREAD_DATA_PORT:
        raise refusal(
            _(
                "9433 is a known misprint in the parameter table of Unified Setup. The data port is "
                "%(usual)s."
            ),
            usual=DEFAULT_DATA_PORT,
        )
    if not 1 <= value <= 65535:
        raise refusal(_("%(found)s is not a port. Expected is a number from 1 to 65535."), found=value)
    return value


def _why_not_unicast(address: IPv4Address) -> str | None:
    if address in _THIS_NETWORK:
        return _("an unspecified address")
    if address.is_multicast:
        return _("a multicast address")
    if address == IPv4Address("255.255.255.255"):
        return _("the broadcast address")
    if address in _RESERVED:
        return _("a reserved address")
    if address.is_link_local:
        return _("a link-local address")
    return None


def _prefix_of(mask: IPv4Address, typed: str) -> int:
    inverse = 0xFFFFFFFF ^ int(mask)
    if inverse & (inverse + 1):
        raise refusal(
            _(
                "“%(found)s” is not a mask: its ones are not in one piece. Expected is, for example, "
                "255.255.255.0."
            ),
            found=shown(typed),
        )
    return 32 - inverse.bit_length()


def _span(subnet: IPv4Network) -> dict[str, str]:
    return {
        "subnet": str(subnet),
        "first": str(subnet.network_address + 1),
        "last": str(subnet.broadcast_address - 1),
    }
