"""When two writings of an address, a name or a UUID mean one thing, and which of them mean nothing at all."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

# What firmware tells that was never given a UUID of its own: many machines of one make tell the same.
_PLACEHOLDERS: Final = frozenset(
    {"03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc"}
)


def address_of(written: str) -> str:
    """The address or DNS name in one writing; empty for one that every machine may have, such as loopback."""
    text = written.strip().casefold().rstrip(".")
    address = _ip(text)
    if address is None:
        return "" if text == "localhost" or text.endswith(".localhost") else text
    if address.is_loopback or address.is_unspecified or address.is_link_local or address.is_multicast:
        return ""
    return str(address)


def uuid_of(written: str) -> str:
    """The BIOS UUID in one writing; empty for those that tell no machine from another."""
    text = written.strip().strip("{}").casefold()
    digits = set(text.replace("-", ""))
    return "" if digits <= {"0"} or digits <= {"f"} or text in _PLACEHOLDERS else text


def short_name(written: str) -> str:
    """The host name without its domain; an address has none."""
    text = written.strip().casefold().rstrip(".")
    return text if _ip(text) is not None else text.partition(".")[0]


def full_name(name: str, fqdn: str) -> str:
    """The name with its domain; empty where the domain is not known."""
    for written in (fqdn, name):
        text = written.strip().casefold().rstrip(".")
        if "." in text and _ip(text) is None:
            return text
    return ""


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
