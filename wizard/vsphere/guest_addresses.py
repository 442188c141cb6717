"""The addresses a guest reports through VMware Tools."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from pyVmomi import vim


def addresses_of(primary: str | None, nics: Iterable[vim.vm.GuestInfo.NicInfo]) -> tuple[str, ...]:
    """The primary address first, then those of each adapter; without link-local ones, of use to nobody."""
    return of_use([primary or "", *(address for nic in nics for address in nic.ipAddress)])


def of_use(told: Iterable[str]) -> tuple[str, ...]:
    """The addresses among `told`, each once, in their order, without link-local ones."""
    return tuple(dict.fromkeys(address for address in told if _is_of_use(address)))


def _is_of_use(address: str) -> bool:
    # `ipaddress` takes ten times as long, and a discovery asks for tens of thousands.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        packed = socket.inet_pton(family, address)
    # A character that is none of ASCII's is a ValueError.
    except (OSError, ValueError):
        return False
    if family == socket.AF_INET6:
        return not (packed[0] == 0xFE and packed[1] & 0xC0 == 0x80)  # fe80::/10
    return packed[:2] != b"\xa9\xfe"  # 169.254.0.0/16
