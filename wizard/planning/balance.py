"""Which machines to move between process servers so that each stays within its limits (asr-facts 4 and 9).

Machines move between process servers of the same configuration server only, never to one that is critical, and those of
a replication group that share a server move together, or not at all where one of them cannot. Few moves are better than
an even load.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from wizard.planning.balance_remarks import remarks
from wizard.planning.carrying import (
    Carried,
    Carrier,
    CarrierLoad,
    Unbearable,
    loads,
    unbearable,
)
from wizard.planning.quoting import amount
from wizard.text import Text, _

# Sums of fractions of a GB must not make a full server an overloaded one.
_NOISE_GB = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One machine from one server to another; all three by their ids."""

    machine: str
    name: str
    source: str
    target: str
    change_gb: float
    assumed: bool

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancePlan:
    """`before` and `after`: the load of each server, in the order of the servers, without the `unbearable` machines.

    `why_not` is empty where the plan brings every server within its limits; `remarks` are what else to know.
    """

    moves: tuple[Move, ...]
    before: tuple[CarrierLoad, ...]
    after: tuple[CarrierLoad, ...]
    unbearable: tuple[Unbearable, ...]
    why_not: tuple[Text, ...]
    remarks: tuple[Text, ...]

    @property
    def resolved(self) -> bool:
        return not self.why_not

    def to_json(self) -> dict[str, Any]:
        """Texts as `Text.to_json` gives them."""
        return {
            "resolved": self.resolved,
            "moves": [move.to_json() for move in self.moves],
            "before": [load.to_json() for load in self.before],
            "after": [load.to_json() for load in self.after],
            "unbearable": [flag.to_json() for flag in self.unbearable],
            "why_not": [text.to_json() for text in self.why_not],
            "remarks": [text.to_json() for text in self.remarks],
        }


def plan(
    servers: Sequence[Carrier], machines: Sequence[Carried], *, leave: Collection[str] = ()
) -> BalancePlan:
    """The moves that bring every server within its limits, and those of `leave` (ids) to carry nothing at all.

    Machines that no server may carry stay where they are and count nowhere: they have to leave replication. Whatever
    cannot be brought within the limits is said in `why_not`, with the moves that help as far as it goes.
    """
    flags = unbearable(machines)
    out = {flag.machine for flag in flags}
    bearable = [machine for machine in machines if machine.id not in out]
    emptied = frozenset(leave)
    staying = frozenset(
        (machine.server, machine.group)
        for machine in machines
        if machine.group and (machine.held or machine.id in out)
    )
    state = _relieved(_start(servers, bearable, emptied, staying))
    if state.overloaded():
        packed = _packed(_start(servers, bearable, emptied, staying))
        # Moving much is worth it only where it leads somewhere.
        if not packed.overloaded():
            state = packed
    placed = {machine.id: unit.server for unit in state.units for machine in unit.machines}
    moved = [replace(machine, server=placed.get(machine.id, machine.server)) for machine in bearable]
    moves = [
        Move(
            machine=machine.id,
            name=machine.name,
            source=machine.server,
            target=placed[machine.id],
            change_gb=machine.daily_change_gb,
            assumed=machine.assumed,
        )
        for machine in bearable
        if placed.get(machine.id, machine.server) != machine.server
    ]
    return BalancePlan(
        moves=tuple(sorted(moves, key=lambda move: (move.source, move.target, move.name, move.machine))),
        before=loads(servers, bearable),
        after=loads(servers, moved),
        unbearable=flags,
        why_not=tuple(_why_not(state, emptied)),
        remarks=remarks(servers, bearable, emptied, staying),
    )


# --- inside -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Unit:
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
class _State:
    servers: dict[str, Carrier]
    emptied: frozenset[str]
    units: list[_Unit]
    machines: dict[str, int] = field(default_factory=dict)
    change: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.machines = dict.fromkeys(self.servers, 0)
        self.change = dict.fromkeys(self.servers, 0.0)
        for unit in self.units:
            self._count(unit, unit.server, 1)

    def move(self, unit: _Unit, target: str) -> None:
        self._count(unit, unit.server, -1)
        unit.server = target
        self._count(unit, target, 1)

    def _count(self, unit: _Unit, server: str, sign: int) -> None:
        self.machines[server] += sign * unit.count
        self.change[server] += sign * unit.change_gb

    def limits(self, server: str) -> tuple[int, float]:
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
        return max(0, self.machines[server] - most_machines), over_gb if over_gb > _NOISE_GB else 0.0

    def over(self, server: str) -> bool:
        return any(self.excess(server))

    def overloaded(self) -> list[str]:
        return [server for server in self.servers if self.over(server)]

    def fits(self, unit: _Unit, server: str) -> bool:
        most_machines, most_change = self.limits(server)
        return (
            self.machines[server] + unit.count <= most_machines
            and self.change[server] + unit.change_gb <= most_change + _NOISE_GB
        )

    def targets(self, unit: _Unit) -> list[str]:
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

    def _share(self, server: str, unit: _Unit) -> float:
        most_machines, most_change = self.limits(server)
        return max(
            (self.machines[server] + unit.count) / most_machines,
            (self.change[server] + unit.change_gb) / most_change,
        )


def _start(
    servers: Sequence[Carrier],
    machines: Sequence[Carried],
    emptied: frozenset[str],
    staying: frozenset[tuple[str, str]],
) -> _State:
    """`staying`: server and group of those groups of which a machine cannot move."""
    known = {server.id: server for server in servers}
    together: dict[tuple[str, str], list[Carried]] = {}
    for machine in machines:
        server = known.get(machine.server)
        if server is not None and (server.row is not None or server.id in emptied):
            # An id never begins with a blank, so a machine alone is never taken for a group.
            name = machine.group or f" {machine.id}"
            together.setdefault((machine.server, name), []).append(machine)
    units = [
        _Unit(
            machines=tuple(members),
            home=server,
            server=server,
            change_gb=sum(member.daily_change_gb for member in members),
            fixed=(server, name) in staying or any(member.held for member in members),
        )
        for (server, name), members in together.items()
    ]
    return _State(servers=known, emptied=emptied, units=units)


def _relieved(state: _State) -> _State:
    """From each server that has too much, one unit after the other, until it has not: few moves."""
    for server in state.overloaded():
        left = sorted(
            (unit for unit in state.units if unit.server == server and not unit.fixed),
            key=lambda unit: (unit.change_gb, unit.count, unit.machines[0].id),
        )
        while left and state.over(server):
            unit = left.pop(_choice(left, state.excess(server), everything=server in state.emptied))
            if targets := state.targets(unit):
                state.move(unit, targets[0])
    return state


def _choice(left: Sequence[_Unit], excess: tuple[int, float], *, everything: bool) -> int:
    """Which of the units, by rising change, to move next: the place in the list."""
    too_many, too_much = excess
    if everything:
        return len(left) - 1
    if too_much:
        # One that is enough by itself, else the largest.
        place = bisect_left(left, too_much, key=lambda unit: unit.change_gb)
        return min(place, len(left) - 1)
    # Every machine counts the same: those that change least cost least. A group that goes beyond what is needed comes last.
    if left[0].count <= too_many:
        return 0
    return min(range(len(left)), key=lambda place: (max(0, left[place].count - too_many), place))


def _packed(state: _State) -> _State:
    """Everything put anew, what stays and then the largest first, at home where there is room.

    More moves, but it finds room more often.
    """
    units, state.units = state.units, []
    state.machines = dict.fromkeys(state.servers, 0)
    state.change = dict.fromkeys(state.servers, 0.0)
    for unit in sorted(units, key=_packing_order):
        state.units.append(unit)
        fits_at_home = state.fits(unit, unit.home)
        state.machines[unit.home] += unit.count
        state.change[unit.home] += unit.change_gb
        if not fits_at_home and not unit.fixed and (targets := state.targets(unit)):
            state.move(unit, targets[0])
    return state


def _packing_order(unit: _Unit) -> tuple[bool, float, int, str]:
    return not unit.fixed, -unit.change_gb, -unit.count, unit.machines[0].id


def _why_not(state: _State, emptied: frozenset[str]) -> list[Text]:
    texts = []
    for server_id in state.overloaded():
        server, (too_many, too_much) = state.servers[server_id], state.excess(server_id)
        if server_id in emptied:
            text = Text.counted(
                "%(name)s cannot be emptied: %(machines)s machine with %(change)s GB a day stays.",
                "%(name)s cannot be emptied: %(machines)s machines with %(change)s GB a day stay.",
                "machines",
                name=server.name,
                machines=too_many,
                change=amount(too_much),
            )
        else:
            text = Text.counted(
                "%(name)s stays beyond its limits by %(machines)s machine and %(change)s GB a day.",
                "%(name)s stays beyond its limits by %(machines)s machines and %(change)s GB a day.",
                "machines",
                name=server.name,
                machines=too_many,
                change=amount(too_much),
            )
        texts.append(text)
        texts.append(_cause(state, server))
    return list(dict.fromkeys(texts))


def _cause(state: _State, server: Carrier) -> Text:
    peers = [peer for peer in state.servers.values() if peer.site == server.site and peer.row is not None]
    open_ = [peer for peer in peers if peer.health != "critical" and peer.id not in state.emptied]
    others = [peer for peer in open_ if peer.id != server.id]
    if not others:
        return Text(
            _(
                "No other process server of the same configuration server may take machines: add one, or bring those "
                "that are critical back."
            )
        )
    staying = [peer for peer in peers if peer.id not in state.emptied]
    too_many = sum(state.machines[peer.id] for peer in peers) - sum(
        state.limits(peer.id)[0] for peer in staying
    )
    too_much = sum(state.change[peer.id] for peer in peers) - sum(
        state.limits(peer.id)[1] for peer in staying
    )
    if too_many > 0 or too_much > _NOISE_GB:
        largest = max((peer.row for peer in peers if peer.row), key=lambda row: row.most_change_gb)
        count = max(
            1, ceil(too_many / largest.most_machines), ceil(max(0.0, too_much) / largest.most_change_gb)
        )
        return Text.counted(
            "All of them together carry too little: %(machines)s machine or %(change)s GB a day too much. "
            "Further servers needed: %(count)s at least.",
            "All of them together carry too little: %(machines)s machines or %(change)s GB a day too much. "
            "Further servers needed: %(count)s at least.",
            "machines",
            machines=max(0, too_many),
            change=amount(max(0.0, too_much)),
            count=count,
        )
    return Text(
        _(
            "There is room, but not where it would be needed: what is left fits on no other server as a whole. Give a "
            "server more room, add one, or make replication groups smaller."
        )
    )
