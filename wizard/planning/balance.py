"""Which machines to move between process servers so that each stays within its limits (asr-facts 4 and 9).

Machines move between process servers of the same configuration server only, never to one that is critical, and those of
a replication group that share a server move together, or not at all where one of them cannot. Few moves are better than
an even load.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wizard.planning.balance_remarks import remarks
from wizard.planning.balance_shortfall import why_not
from wizard.planning.balance_state import State, Unit, start
from wizard.planning.carrying import (
    Carried,
    Carrier,
    CarrierLoad,
    Unbearable,
    loads,
    unbearable,
)
from wizard.text import Text


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
    state = _relieved(start(servers, bearable, emptied, staying))
    if state.overloaded():
        packed = _packed(start(servers, bearable, emptied, staying))
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
        why_not=tuple(why_not(state, emptied)),
        remarks=remarks(servers, bearable, emptied, staying),
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _relieved(state: State) -> State:
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


def _choice(left: Sequence[Unit], excess: tuple[int, float], *, everything: bool) -> int:
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


def _packed(state: State) -> State:
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


def _packing_order(unit: Unit) -> tuple[bool, float, int, str]:
    return not unit.fixed, -unit.change_gb, -unit.count, unit.machines[0].id
