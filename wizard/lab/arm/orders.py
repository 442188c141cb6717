"""How orders find what they are about: vaults by their name or ARM id, servers by their name, whatever the case."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from wizard.lab.arm.answers import Refused, not_found
from wizard.lab.arm.state import Fabric, Server, Vault, World

Described = dict[str, Any]


class Orders:
    """Base of the orders of each subject. Thread-safe; raises Refused (404) for what does not exist."""

    def __init__(self, world: World, lock: threading.RLock) -> None:
        self._world, self._lock = world, lock

    def _vault(self, name: str) -> Vault:
        for vault in self._world.vaults.values():
            if name.lower() in (vault.name.lower(), vault.path.lower()):
                return vault
        raise not_found("vault", name)

    def _fabric_of(self, place: Vault, name: str) -> Fabric | None:
        wanted = name.lower()
        for fabric in place.fabrics.values():
            names = {fabric.name.lower(), fabric.friendly_name.lower()}
            if wanted in names or wanted in {row.name.lower() for row in fabric.with_role("cs")}:
                return fabric
        return None

    def _fabric(self, place: Vault, name: str | None) -> Fabric:
        """The one of that name, or of that configuration server; the only one where no name is given."""
        if name is not None:
            found = self._fabric_of(place, name)
            if found is None:
                raise not_found("fabric", name)
            return found
        if len(place.fabrics) != 1:
            raise Refused(
                404, "ResourceNotFound", f"{place.name} has {len(place.fabrics)} fabrics: name one."
            )
        return next(iter(place.fabrics.values()))

    def _in_fabric(self, fabric: Fabric, name: str) -> Server:
        for server in fabric.servers:
            if name.lower() in (server.name.lower(), server.id.lower()):
                return server
        raise not_found("server", name)

    def _server(self, name: str, vault: str | None) -> tuple[Vault, Fabric, Server]:
        places = [self._vault(vault)] if vault else list(self._world.vaults.values())
        for place in places:
            for fabric in place.fabrics.values():
                for server in fabric.servers:
                    if name.lower() in (server.name.lower(), server.id.lower()):
                        return place, fabric, server
        raise not_found("server", name)


def numbered(accounts: Sequence[str]) -> list[dict[str, str]]:
    """Run-as accounts as a configuration server numbers them."""
    return [{"accountId": str(number), "accountName": account} for number, account in enumerate(accounts, 1)]
