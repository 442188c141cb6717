"""The addresses a guest reports through VMware Tools."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from pyVmomi import vim


def addresses_of(primary: str | None, nics: Iterable[vim.vm.GuestInfo.NicInfo]) -> tuple[str, ...]:
    """The primary address first, then those of each adapter; without link-local ones, of use to nobody."""
    return of_use([primary or "", *(address for nic in nics for address in nic.ipAddress)])


def of_use(told: Iterable[str]) -> tuple[str, ...]:
    """The addresses among `told`, each once, in their order, without link-local ones."""
    return tuple(dict.fromkeys(address for address in told if _is_of_use(address)))


def _is_of_use(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address).is_link_local
    except ValueError:
        return False
