"""What each process server carries while moves are tried out, and where a machine, or a replication group, may go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wizard.planning.carrying import Carried, Carrier

# Sums of fractions of a GB must not make a full server an overloaded one.
NOISE_GB = 1e-6


@dataclass(slots=True)
class Unit:
    """What moves as one: a machine, or all machines of a replication group that share a server. `fixed` ones do not."""

    machines: tuple[Carried, ...]
    home: str
    server: str
    change_gb: float
    fixed: bool

    @property
    def count(self) -> int:
        return len(self.machines)


@dataclass(slots=True)
class State:
    """`machines` and `change` (GB a day) are what each server carries, by its id; `emptied` servers are to carry nothing."""

    servers: dict[str, Carrier]
    emptied: frozenset[str]
    units: list[Unit]
    machines: dict[str, int] = field(default_factory=dict)
    change: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.machines = dict.fromkeys(self.servers, 0)
        self.change = dict.fromkeys(self.servers, 0.0)
        for unit in self.units:
            self._count(unit, unit.server, 1)

    def move(self, unit: Unit, target: str) -> None:
        self._count(unit, unit.server, -1)
        unit.server = target
        self._count(unit, target, 1)

    def _count(self, unit: Unit, server: str, sign: int) -> None:
        self.machines[server] += sign * unit.count
        self.change[server] += sign * unit.change_gb

    def limits(self, server: str) -> tuple[int, float]:
        """Machines and GB a day."""
        row = self.servers[server].row
        if server in self.emptied or row is None:
            return 0, 0.0
        return row.most_machines, row.most_change_gb

    def excess(self, server: str) -> tuple[int, float]:
        """Machines and GB a day beyond the limits; never negative."""
        if self.servers[server].row is None and server not in self.emptied:
            return 0, 0.0
        most_machines, most_change = self.limits(server)
        over_gb = self.change[server] - most_change
        return max(0, self.machines[server] - most_machines), over_gb if over_gb > NOISE_GB else 0.0

    def over(self, server: str) -> bool:
        return any(self.excess(server))

    def overloaded(self) -> list[str]:
        return [server for server in self.servers if self.over(server)]

    def fits(self, unit: Unit, server: str) -> bool:
        most_machines, most_change = self.limits(server)
        return (
            self.machines[server] + unit.count <= most_machines
            and self.change[server] + unit.change_gb <= most_change + NOISE_GB
        )

    def targets(self, unit: Unit) -> list[str]:
        """Where the rules let it go and where it fits, the one with most room left first."""
        site = self.servers[unit.server].site
        found = [
            server.id
            for server in self.servers.values()
            if server.id != unit.server
            and server.site == site
            and server.health != "critical"
            and server.id not in self.emptied
            and server.row is not None
            and self.fits(unit, server.id)
        ]
        return sorted(found, key=lambda server: (self._share(server, unit), self.servers[server].name))

    def _share(self, server: str, unit: Unit) -> float:
        most_machines, most_change = self.limits(server)
        return max(
            (self.machines[server] + unit.count) / most_machines,
            (self.change[server] + unit.change_gb) / most_change,
        )


def start(
    servers: Sequence[Carrier],
    machines: Sequence[Carried],
    emptied: frozenset[str],
    staying: frozenset[tuple[str, str]],
) -> State:
    """As it is before the first move. `staying`: server and group of those groups of which a machine cannot move."""
    known = {server.id: server for server in servers}
    together: dict[tuple[str, str], list[Carried]] = {}
    for machine in machines:
        server = known.get(machine.server)
        if server is not None and (server.row is not None or server.id in emptied):
            # An id never begins with a blank, so a machine alone is never taken for a group.
            name = machine.group or f" {machine.id}"
            together.setdefault((machine.server, name), []).append(machine)
    units = [
        Unit(
            machines=tuple(members),
            home=server,
            server=server,
            change_gb=sum(member.daily_change_gb for member in members),
            fixed=(server, name) in staying or any(member.held for member in members),
        )
        for (server, name), members in together.items()
    ]
    return State(servers=known, emptied=emptied, units=units)
