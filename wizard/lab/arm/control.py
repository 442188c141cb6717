"""What happens beyond the API: servers register, machines appear, time passes, and things go wrong on order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from wizard.lab.arm import vcenters
from wizard.lab.arm.answers import Refused, not_found
from wizard.lab.arm.jobs import Job
from wizard.lab.arm.state import (
    SUBSCRIPTION,
    VERSION,
    Fabric,
    Item,
    Protection,
    Server,
    Vault,
    VCenter,
    World,
    digest,
    guid,
    server_id,
)

Described = dict[str, Any]
# What `set_server` knows by a word of its own; all else is a member of the server's documents.
_WORDS = ("heartbeat", "address", "version", "health", "errors", "certificate_days", "new_name")


class Control:
    """Thread-safe. Vaults are named by their name or their ARM id, servers by their name; case does not matter.

    Every method raises Refused (404) for a vault, fabric or server that does not exist.
    """

    def __init__(self, world: World, lock: threading.RLock) -> None:
        self._world, self._lock = world, lock

    # --- vaults and servers ------------------------------------------------------------------------------------------

    def vaults(self) -> list[Described]:
        with self._lock:
            return [_describe(vault) for vault in self._world.vaults.values()]

    def add_vault(
        self,
        name: str,
        region: str,
        *,
        resource_group: str = "rg-lab",
        subscription: str = SUBSCRIPTION,
        sku: str = "RS0",
        private_endpoints: bool = False,
    ) -> Described:
        """An empty one."""
        vault = Vault(
            subscription=subscription.lower(),
            group=resource_group,
            name=name,
            region=region,
            sku=sku,
            private_endpoints=private_endpoints,
        )
        with self._lock:
            self._world.add_vault(vault)
            return _describe(vault)

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
                fabric.accounts = [
                    {"accountId": str(number), "accountName": account}
                    for number, account in enumerate(accounts, 1)
                ]

            self._register(place, fabric, name, appear, after_s)
            return _describe_fabric(fabric, fabric.servers[0])

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
        memory = 16 if azure else 32
        roles = frozenset({"ps", "mt"})
        return self._add(vault, fabric, name, address, roles, "Windows", memory, after_s, version)

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
        return self._add(vault, fabric, name, address, frozenset({"mt"}), os_type, 16, after_s, version)

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
            roles = frozenset({"appliance", "ps"})
            return self._join(place, found, name, address, roles, "Windows", 32, after_s, version)

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
        address, version, new_name, certificate_days: of the machine. health: Normal, Warning, Critical, or None for what
        follows from its heartbeat. errors: health errors, whole or as {"code", "message"}.
        Everything else is a member of its documents by its name on the wire: `cpuLoad="97%"`, `psServiceStatus=None`.
        """
        from wizard.lab.arm.classic import health_error

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
            for key in ("address", "version", "health", "certificate_days"):
                if key in fields:
                    setattr(server, key, fields[key])
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

    def add_vcenter(
        self,
        vault: str,
        name: str,
        address: str,
        *,
        fabric: str | None = None,
        friendly_name: str = "",
        port: int = 443,
        account: str = "1",
    ) -> Described:
        """One that somebody added in the portal, discovered already, through the built-in process server."""
        with self._lock:
            found = self._fabric(self._vault(vault), fabric)
            row = VCenter(
                name=name,
                friendly_name=friendly_name or name,
                address=address,
                port=str(port),
                process_server_id=found.with_role("ps")[0].id,
                account_id=account,
                internal_id=address,
            )
            found.vcenters[name.lower()] = row
            vcenters.complete(self._world, found, row)
            return {"name": name, "infrastructure_id": row.infrastructure_id}

    # --- machines ----------------------------------------------------------------------------------------------------

    def set_machines(self, addresses: Sequence[str], machines: Sequence[Mapping[str, Any]]) -> None:
        """What stands behind a vCenter, under each of its addresses; discovery brings it in.

        Each machine: friendly_name, os_type (LINUX, WINDOWS), addresses, and powered_on, disks_mb, bios_id if so wished.
        """
        with self._lock:
            for address in addresses:
                self._world.set_machines(address, machines)

    def add_protected_items(
        self,
        vault: str,
        fabric: str | None,
        count: int,
        process_server: str,
        *,
        kind: str | None = None,
        master_target: str = "",
        prefix: str = "machine",
        disks: int = 2,
    ) -> list[Described]:
        """Machines that replicate through a process server: InMageAzureV2 in a classic fabric, InMageRcm in a modernized
        one, or the `kind` that is named. Returns `name` and `friendly_name` of each."""
        with self._lock:
            found = self._fabric(self._vault(vault), fabric)
            server = self._in_fabric(found, process_server)
            target = self._in_fabric(found, master_target).id if master_target else ""
            row = next(iter(found.vcenters.values()), None)
            added = []
            first = 1 + sum(1 for item in found.items.values() if item.friendly_name.startswith(prefix))
            for number in range(first, first + count):
                label = f"{prefix}{number:03}"
                item = Item(
                    name=guid(found.id, label),
                    friendly_name=label,
                    discovery_type="vCenter" if row else "Physical",
                    os_type="WINDOWS",
                    addresses=(f"198.51.100.{number % 250 + 1}",),
                    infrastructure_id=row.infrastructure_id if row else "0",
                    disks_mb=(65536,) * disks,
                    protection=Protection(
                        name=guid(found.id, label, "protected"),
                        kind=kind or ("InMageAzureV2" if found.kind == "VMware" else "InMageRcm"),
                        process_server_id=server.id,
                        master_target_id=target,
                    ),
                )
                found.items[item.name] = item
                added.append({"name": item.name, "friendly_name": label})
            return added

    # --- time and faults ---------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Let time pass: jobs end, what was pending shows, silent servers count as lost."""
        with self._lock:
            self._world.clock.advance(seconds)
            self._world.settle()

    def now(self) -> str:
        """What time it is here, as ISO 8601."""
        return self._world.clock.now().isoformat()

    def configure(
        self,
        *,
        job_seconds: float | None = None,
        retry_after_s: int | None = None,
        page_size: int | None = None,
    ) -> None:
        """How long jobs take from now on, what Retry-After says with a 202, how many rows fit on a page."""
        with self._lock:
            world = self._world
            world.job_seconds = world.job_seconds if job_seconds is None else job_seconds
            world.retry_after_s = world.retry_after_s if retry_after_s is None else retry_after_s
            world.page_size = world.page_size if page_size is None else page_size

    @property
    def job_seconds(self) -> float:
        return self._world.job_seconds

    @job_seconds.setter
    def job_seconds(self, seconds: float) -> None:
        self.configure(job_seconds=seconds)

    def fault(
        self,
        name: str,
        *,
        method: str | None = None,
        path: str | None = None,
        count: int | None = None,
        **options: Any,
    ) -> None:
        """Order one of `wizard.lab.arm.faults.NAMES` for the next `count` (0: until cleared) requests that are meant.

        `path` is a regular expression, found anywhere in the path. Options: throttled `retry_after` (None: no header);
        slow `seconds`; truncated `on_the_wire` (False: whole on the wire, half a document); forbidden `action`; html `status`; job_fails `code`, `message`, `causes`, `recommendation`,
        `provider_code`, `provider_message`; visibility_lag `seconds`. Raises ValueError for an unknown name.
        """
        with self._lock:
            self._world.faults.order(name, method=method, path=path, count=count, options=options)

    def clear_faults(self) -> None:
        with self._lock:
            self._world.faults.clear()

    def requests(self) -> list[Described]:
        """All so far, the oldest first: `method`, `path`, `query`, `status`, `fault`, `at`."""
        with self._lock:
            return list(self._world.requests)

    def clear_requests(self) -> None:
        with self._lock:
            self._world.requests.clear()

    def jobs(self, vault: str) -> list[Described]:
        """`id`, `scenario` and `state` of a vault's jobs, the oldest first."""
        with self._lock:
            self._world.settle()
            now = self._world.clock.now()
            return [
                {"id": job.id, "scenario": job.scenario, "state": job.state(now)}
                for job in self._vault(vault).jobs.values()
                if job.is_listed
            ]

    def reset(self) -> None:
        """As it was at the beginning."""
        with self._lock:
            self._world.reset()

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """One of these methods by its name, for those who come over HTTP. Raises TypeError, ValueError, Refused."""
        method: Callable[..., Any] | None = getattr(self, name, None) if name in REMOTE else None
        if method is None:
            raise ValueError(f"There is no order “{name}”; choose from: {', '.join(REMOTE)}.")
        return method(**arguments)

    # --- how --------------------------------------------------------------------------------------------------------

    def _add(
        self,
        vault: str,
        fabric: str | None,
        name: str,
        address: str,
        roles: frozenset[str],
        os_type: str,
        memory_gb: float,
        after_s: float,
        version: str,
    ) -> Described:
        with self._lock:
            place = self._vault(vault)
            found = self._fabric(place, fabric)
            return self._join(place, found, name, address, roles, os_type, memory_gb, after_s, version)

    def _join(
        self,
        place: Vault,
        fabric: Fabric,
        name: str,
        address: str,
        roles: frozenset[str],
        os_type: str,
        memory_gb: float,
        after_s: float,
        version: str,
    ) -> Described:
        server = Server(
            id=server_id(fabric.id, name),
            name=name,
            address=address,
            roles=roles,
            os_type=os_type,
            memory_gb=memory_gb,
            version=version,
        )

        def appear() -> None:
            place.fabrics[fabric.name.lower()] = fabric
            fabric.servers[:] = [row for row in fabric.servers if row.id != server.id] + [server]

        self._register(place, fabric, name, appear, after_s)
        return _describe_fabric(fabric, server)

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


REMOTE = (
    *("vaults", "add_vault", "register_configuration_server", "register_process_server"),
    *("register_master_target", "register_appliance", "remove_server", "set_server", "set_accounts"),
    *(
        "add_vcenter",
        "set_machines",
        "add_protected_items",
        "advance",
        "now",
        "configure",
        "fault",
        "clear_faults",
    ),
    *("requests", "clear_requests", "jobs", "reset"),
)


def _describe(vault: Vault) -> Described:
    return {
        "name": vault.name,
        "subscription": vault.subscription,
        "resource_group": vault.group,
        "region": vault.region,
        "id": vault.path,
    }


def _describe_fabric(fabric: Fabric, server: Server) -> Described:
    return {
        "fabric": fabric.name,
        "fabric_id": fabric.id,
        "provider": fabric.internal_id,
        "container": fabric.container,
        "server_id": server.id,
    }
