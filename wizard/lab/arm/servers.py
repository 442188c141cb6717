"""Servers that register, change and go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from wizard.lab.arm.classic import health_error
from wizard.lab.arm.jobs import Job
from wizard.lab.arm.orders import Described, Orders, numbered
from wizard.lab.arm.state import VERSION, Fabric, Server, Vault, digest, guid, server_id

# What `set_server` knows by a word of its own; all else is a member of the server's documents.
_CERTIFIED_DAYS = 900
_WORDS = ("heartbeat", "address", "version", "health", "errors", "certificate_days", "new_name")


class ServerOrders(Orders):
    """Those of the machines that registered with a vault."""

    def register_configuration_server(
        self,
        vault: str,
        name: str,
        address: str,
        *,
        after_s: float = 0,
        accounts: Sequence[str] = ("vcenter",),
        version: str = VERSION,
    ) -> Described:
        """A classic fabric appears after `after_s`, with the process server and master target that are built in.

        `accounts` are the run-as accounts that somebody entered on the server. Returns names and ids that it will have.
        One that registers again keeps what it has, and takes address, version and accounts from now.
        """
        with self._lock:
            place = self._vault(vault)
            known = self._fabric_of(place, name)
            owner = Server(
                id=server_id(place.path, "server", name),
                name=name,
                address=address,
                roles=frozenset({"cs", "ps", "mt"}),
                version=version,
                certificate_ends=self._certified(),
            )
            fabric = known or Fabric(
                vault_id=place.site_recovery_id,
                name=digest(f"{place.path}/{name}"),
                friendly_name=name,
                internal_id=guid(place.path, name),
                kind="VMware",
                servers=[owner],
            )

            def appear() -> None:
                place.fabrics[fabric.name] = fabric
                first = fabric.servers[0]
                first.address, first.version, first.silent_since = address, version, None
                fabric.accounts = numbered(accounts)

            self._register(place, fabric, name, appear, after_s)
            return _described(fabric, fabric.servers[0])

    def register_process_server(
        self,
        vault: str,
        name: str,
        address: str,
        *,
        fabric: str | None = None,
        azure: bool = False,
        after_s: float = 0,
        version: str = VERSION,
    ) -> Described:
        """A scale-out one; with `azure` the machine that the image in Azure makes: 8 cores, 16 GiB.

        It shows among the master targets as well, as every process server does.
        """
        server = Server(
            id="",
            name=name,
            address=address,
            roles=frozenset({"ps", "mt"}),
            memory_gb=16 if azure else 32,
            version=version,
            certificate_ends=self._certified(),
        )
        return self._join(vault, fabric, server, after_s)

    def register_master_target(
        self,
        vault: str,
        name: str,
        address: str,
        *,
        fabric: str | None = None,
        os_type: str = "Linux",
        after_s: float = 0,
        version: str = VERSION,
    ) -> Described:
        """A machine that is nothing but a master target."""
        server = Server(
            id="",
            name=name,
            address=address,
            roles=frozenset({"mt"}),
            os_type=os_type,
            memory_gb=16,
            version=version,
            certificate_ends=self._certified(),
        )
        return self._join(vault, fabric, server, after_s)

    def register_appliance(
        self,
        vault: str,
        name: str,
        address: str,
        *,
        fabric: str | None = None,
        after_s: float = 0,
        version: str = VERSION,
    ) -> Described:
        """A replication appliance, in the vault's modernized fabric, which the first one brings along."""
        with self._lock:
            place = self._vault(vault)
            label = fabric or f"{place.name}-vmwarefabric"
            found = place.fabrics.get(label.lower()) or Fabric(
                vault_id=place.site_recovery_id,
                name=label,
                friendly_name=label,
                internal_id=guid(place.path, label),
                kind="InMageRcm",
            )
            server = Server(
                id="",
                name=name,
                address=address,
                roles=frozenset({"appliance", "ps"}),
                version=version,
                certificate_ends=self._certified(),
            )
            return self._appear_in(place, found, server, after_s)

    def remove_server(self, name: str, *, vault: str | None = None) -> None:
        """Take one away, as its deregistration does; a configuration server goes with its fabric."""
        with self._lock:
            place, fabric, server = self._server(name, vault)
            fabric.servers.remove(server)
            if "cs" in server.roles or not fabric.servers:
                place.fabrics.pop(fabric.name.lower())

    def set_server(self, name: str, *, vault: str | None = None, **fields: Any) -> None:
        """Change how a server looks.

        heartbeat: False lets it fall silent now, True ends that, a number is how many seconds ago it was last heard of.
        address, version, new_name: of the machine. certificate_days: how many its certificate has left from now on. health: Normal, Warning, Critical, or None for what
        follows from its heartbeat. errors: health errors, whole or as {"code", "message"}.
        Everything else is a member of its documents by its name on the wire: `cpuLoad="97%"`, `psServiceStatus=None`.
        """
        with self._lock:
            _place, fabric, server = self._server(name, vault)
            now = self._world.clock.now()
            if "heartbeat" in fields:
                beat = fields["heartbeat"]
                if beat is True:
                    server.silent_since = None
                else:
                    server.silent_since = now - timedelta(seconds=20 if beat is False else float(beat))
            if "errors" in fields:
                server.errors = [
                    health_error(**row) if "code" in row else dict(row) for row in fields["errors"]
                ]
            for key in ("address", "version", "health"):
                if key in fields:
                    setattr(server, key, fields[key])
            if "certificate_days" in fields:
                server.certificate_ends = self._certified(fields["certificate_days"])
            if "new_name" in fields:
                server.name = fields["new_name"]
                if "cs" in server.roles:
                    fabric.friendly_name = server.name
            server.said |= {key: value for key, value in fields.items() if key not in _WORDS}

    def set_accounts(self, vault: str, accounts: Sequence[str], *, fabric: str | None = None) -> None:
        """The run-as accounts of a configuration server, numbered from 1."""
        with self._lock:
            found = self._fabric(self._vault(vault), fabric)
            found.accounts = [
                {"accountId": str(number), "accountName": account}
                for number, account in enumerate(accounts, 1)
            ]

    def _certified(self, days: float = _CERTIFIED_DAYS) -> datetime:
        return self._world.clock.now() + timedelta(days=days)

    def _join(self, vault: str, fabric: str | None, server: Server, after_s: float) -> Described:
        with self._lock:
            place = self._vault(vault)
            return self._appear_in(place, self._fabric(place, fabric), server, after_s)

    def _appear_in(self, place: Vault, fabric: Fabric, server: Server, after_s: float) -> Described:
        """It gets its id here; one that registers again takes the place of what it was."""
        server.id = server_id(fabric.id, server.name)

        def appear() -> None:
            place.fabrics[fabric.name.lower()] = fabric
            fabric.servers[:] = [row for row in fabric.servers if row.id != server.id] + [server]

        self._register(place, fabric, server.name, appear, after_s)
        return _described(fabric, server)

    def _register(
        self, place: Vault, fabric: Fabric, name: str, appear: Callable[[], None], after_s: float
    ) -> None:
        now = self._world.clock.now()
        job = Job(
            scenario="RegisterDra",
            friendly_name="Register the server",
            target_type="Server",
            target_id=fabric.internal_id,
            target_name=name,
            fabric=fabric.friendly_name,
            location=fabric.id,
            started=now,
            ends_at=now + timedelta(seconds=after_s),
            effect=appear,
        )
        lag = self._world.faults.take({"visibility_lag": 1}, "POST", fabric.id)
        if lag:
            job.hidden_for = timedelta(seconds=lag.options.get("seconds", 900))
        place.jobs[job.id] = job
        self._world.settle()


def _described(fabric: Fabric, server: Server) -> Described:
    return {
        "fabric": fabric.name,
        "fabric_id": fabric.id,
        "provider": fabric.internal_id,
        "container": fabric.container,
        "server_id": server.id,
    }
