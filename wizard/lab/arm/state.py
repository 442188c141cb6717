"""What the emulator knows: vaults, fabrics, servers, vCenters, machines. Plain data that handlers and control change."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from wizard.lab.arm.answers import Json, not_found
from wizard.lab.arm.clock import Clock
from wizard.lab.arm.faults import Faults
from wizard.lab.arm.jobs import Job

SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000001"
TENANT: Final = "00000000-0000-0000-0000-000000000002"
PROVIDER: Final = "Microsoft.RecoveryServices"
# Changes that nobody fetched with "Refresh Server" show after that long.
VISIBLE_AFTER: Final = timedelta(minutes=15)
# A server that was silent for longer than this counts as lost.
LOST_AFTER: Final = timedelta(minutes=15)
VERSION: Final = "9.64.7220.1"
Kind = Literal["VMware", "InMageRcm"]


@dataclass(slots=True, kw_only=True)
class Server:
    """One machine. A configuration server is also the process server and master target that are built into it."""

    id: str
    name: str
    address: str
    roles: frozenset[str]
    version: str = VERSION
    os_type: str = "Windows"
    memory_gb: float = 32
    space_gb: float = 600
    # A day of its own: a certificate does not last longer because somebody looks later.
    certificate_ends: datetime
    # The last sign of life of one that went silent.
    silent_since: datetime | None = None
    health: str | None = None
    errors: list[Json] = field(default_factory=list)
    # Members of its documents that somebody set, by their names on the wire.
    said: Json = field(default_factory=dict)

    def heartbeat(self, now: datetime) -> datetime:
        return self.silent_since or now - timedelta(seconds=20)

    def lost(self, now: datetime) -> bool:
        return now - self.heartbeat(now) > LOST_AFTER


@dataclass(slots=True, kw_only=True)
class VCenter:
    name: str
    friendly_name: str
    address: str
    port: str
    process_server_id: str
    account_id: str
    internal_id: str
    # Empty until it was discovered.
    infrastructure_id: str = ""
    heartbeat_at: datetime | None = None

    @property
    def status(self) -> str:
        return "Completed" if self.infrastructure_id else "Pending"


@dataclass(slots=True, kw_only=True)
class Item:
    """A machine that could be protected, and how it is once it is."""

    name: str
    friendly_name: str
    discovery_type: Literal["vCenter", "Physical"]
    os_type: str
    addresses: tuple[str, ...]
    powered_on: bool = True
    infrastructure_id: str = ""
    disks_mb: tuple[int, ...] = (65536,)
    bios_id: str = ""
    protection: Protection | None = None


@dataclass(slots=True, kw_only=True)
class Protection:
    name: str
    # InMageAzureV2, InMage (failback), InMageRcm
    kind: str
    process_server_id: str
    master_target_id: str = ""
    group: str = ""
    # Of a modernized one: with what the appliance signs in to the machine.
    run_as_account: str = ""


@dataclass(slots=True, kw_only=True)
class Fabric:
    vault_id: str
    name: str
    friendly_name: str
    internal_id: str
    kind: Kind
    servers: list[Server] = field(default_factory=list)
    accounts: list[dict[str, str]] = field(default_factory=list)
    vcenters: dict[str, VCenter] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return f"{self.vault_id}/replicationFabrics/{self.name}"

    @property
    def container(self) -> str:
        return f"cloud_{self.internal_id}"

    @property
    def container_id(self) -> str:
        return f"{self.id}/replicationProtectionContainers/{self.container}"

    def with_role(self, role: str) -> list[Server]:
        return [server for server in self.servers if role in server.roles]

    def server(self, identity: str) -> Server | None:
        return next((server for server in self.servers if server.id.lower() == identity.lower()), None)

    def served_by(self, server: Server) -> list[Item]:
        """The protected machines that replicate through it."""
        return [
            item
            for item in self.items.values()
            if item.protection and item.protection.process_server_id.lower() == server.id.lower()
        ]

    def find_vcenter(self, name: str) -> VCenter:
        try:
            return self.vcenters[name.lower()]
        except KeyError:
            raise not_found("vCenter", name) from None


@dataclass(slots=True, kw_only=True)
class Pending:
    """A change that the fabric does not show yet."""

    due: datetime
    apply: Callable[[], None]


@dataclass(slots=True, kw_only=True)
class Vault:
    subscription: str
    group: str
    name: str
    region: str
    sku: str = "RS0"
    private_endpoints: bool = False
    fabrics: dict[str, Fabric] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    pending: list[Pending] = field(default_factory=list)
    extended_info: Json | None = None

    @property
    def path(self) -> str:
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}"
            f"/providers/{PROVIDER}/vaults/{self.name}"
        )

    @property
    def site_recovery_id(self) -> str:
        """Site Recovery writes Subscriptions with a capital, the vaults' own provider does not."""
        return "/S" + self.path.removeprefix("/s")

    @property
    def number(self) -> int:
        """Its numeric id: above 2^53, as real ones are."""
        return 2**60 + int(digest(self.path)[:12], 16)

    def find_fabric(self, name: str) -> Fabric:
        try:
            return self.fabrics[name.lower()]
        except KeyError:
            raise not_found("fabric", name) from None

    def settle(self, now: datetime) -> None:
        """Let happen what was due by now."""
        for job in sorted(self.jobs.values(), key=lambda job: job.started):
            if job.settle(now):
                due = now if not job.hidden_for else job.ends_at + job.hidden_for
                self.pending.append(Pending(due=due, apply=job.effect))
        # Taken out before: one of them may be a refresh, which shows all that is left.
        due_now = [change for change in self.pending if change.due <= now]
        self.pending = [change for change in self.pending if change.due > now]
        for change in due_now:
            change.apply()

    def show_pending(self) -> None:
        """What "Refresh Server" does."""
        for change in self.pending:
            change.apply()
        self.pending.clear()


class World:
    """All of it. Whoever reads or changes it holds the server's lock."""

    def __init__(
        self,
        vaults: Sequence[Mapping[str, Any]],
        *,
        machines: Mapping[str, Sequence[Mapping[str, Any]]],
        job_seconds: float,
    ) -> None:
        self.clock = Clock()
        self.faults = Faults()
        self._seed = tuple(vaults)
        self._job_seconds = job_seconds
        self._machines = dict(machines)
        self.reset()

    def reset(self) -> None:
        """As it was at the beginning."""
        self.clock.reset()
        self.faults.clear()
        self.vaults: dict[str, Vault] = {}
        self.requests: list[dict[str, Any]] = []
        self.left = {"reads": 11999, "writes": 1199, "deletes": 14999}
        self.job_seconds = self._job_seconds
        self.retry_after_s = 30
        self.page_size = 50
        # {address of a vCenter, lower case: its machines}, in the shape of Item's fields.
        self.machines_of: dict[str, Sequence[Mapping[str, Any]]] = {}
        for address, rows in self._machines.items():
            self.set_machines(address, rows)
        for vault in self._seed:
            self.add_vault(Vault(**vault))

    def add_vault(self, vault: Vault) -> None:
        self.vaults[vault.path.lower()] = vault

    def set_machines(self, address: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self.machines_of[address.lower()] = [
            {**row, "addresses": tuple(row["addresses"]), "disks_mb": tuple(row.get("disks_mb", (65536,)))}
            for row in rows
        ]

    @property
    def subscriptions(self) -> list[str]:
        return list(dict.fromkeys([SUBSCRIPTION, *(vault.subscription for vault in self.vaults.values())]))

    def in_subscription(self, subscription: str) -> list[Vault]:
        """Raises Refused for one that does not exist."""
        if subscription.lower() not in self.subscriptions:
            raise not_found("subscription", subscription, code="SubscriptionNotFound")
        return [vault for vault in self.vaults.values() if vault.subscription == subscription.lower()]

    def in_group(self, subscription: str, group: str) -> list[Vault]:
        found = [
            vault for vault in self.in_subscription(subscription) if vault.group.lower() == group.lower()
        ]
        if not found:
            raise not_found("resource group", group, code="ResourceGroupNotFound")
        return found

    def find_vault(self, subscription: str, group: str, name: str) -> Vault:
        for vault in self.in_group(subscription, group):
            if vault.name.lower() == name.lower():
                return vault
        raise not_found("resource", f"{PROVIDER}/vaults/{name}")

    def settle(self) -> None:
        now = self.clock.now()
        for vault in self.vaults.values():
            vault.settle(now)


def digest(text: str) -> str:
    return hashlib.sha256(text.lower().encode()).hexdigest()


def server_id(*parts: str) -> str:
    """Four groups of 8, 4, 4 and 16 digits: what servers are known by is no UUID."""
    plain = digest("/".join(parts)).upper()
    return f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:32]}"


def guid(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(parts).lower()))
