"""What process servers carry and what they can: the plain data of the balance planner (asr-facts 4.1, 4.2, 4.4 and 4.5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from wizard.planning import sizing_tables as tables
from wizard.planning.quoting import amount
from wizard.planning.sizing_tables import TableRow
from wizard.text import Text, _

ServerKind = Literal["ps_builtin", "ps_scaleout", "ps_failback", "appliance"]
Health = Literal["ok", "warning", "critical", "unknown"]

PEAK_LIMIT_MB_S: Final = 54.0
"""Peak churn over all disks of a machine that can be replicated, in MB/s (asr-facts 4.5)."""

_ROWS: Final[dict[ServerKind, tuple[TableRow, ...]]] = {
    "ps_builtin": tables.CONFIGURATION_SERVER,
    "ps_scaleout": tables.PROCESS_SERVERS,
    # In Azure it serves failback for as long as that lasts; no table sizes it.
    "ps_failback": (),
    "appliance": tables.APPLIANCE,
}
# A machine of 16 GB reports a little less, as firmware and graphics keep some; a cache of 600 GB loses some to its file
# system.
_REPORTED_LESS: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A process server or an appliance. `site` is the configuration server it belongs to, or the fabric of appliances.

    `row` is how much it can carry; None where nothing is published (failback) or nothing known: it gets and gives
    nothing then.
    """

    id: str
    name: str
    kind: ServerKind
    site: str
    health: Health = "unknown"
    row: TableRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A protected machine. `daily_change_gb` is GB a day; `assumed` says that it is a share and was not measured.

    `peak_mb_s` is None where nobody knows; `group` is its replication group, "" for none. `held`: it counts where it is,
    and cannot be moved, as the vault names no run-as account for it.
    """

    id: str
    name: str
    server: str
    daily_change_gb: float
    assumed: bool = False
    peak_mb_s: float | None = None
    group: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierLoad:
    """What a server carries against what it can. `change_gb` is GB a day; limits are None where nothing is published."""

    server: str
    name: str
    row: str
    machines: int
    change_gb: float
    most_machines: int | None
    most_change_gb: float | None

    @property
    def over(self) -> bool:
        return _beyond(self.machines, self.most_machines) or _beyond(self.change_gb, self.most_change_gb)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"over": self.over}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbearable:
    """A machine that no process server may carry, and why."""

    machine: str
    name: str
    text: Text

    def to_json(self) -> dict[str, Any]:
        return {"machine": self.machine, "name": self.name, "text": self.text.to_json()}


def rows_of(kind: ServerKind) -> tuple[TableRow, ...]:
    """The published sizes of that kind, the smallest first; none for a failback process server."""
    return _ROWS[kind]


def row_of(kind: ServerKind, *, memory_gb: float | None, cache_gb: float | None) -> TableRow | None:
    """The largest row whose memory and cache the machine has, as it reports them; None where nobody knows either.

    A machine below the smallest row gets that row: the tables say nothing of smaller ones.
    """
    rows = _ROWS[kind]
    if not rows or (memory_gb is None and cache_gb is None):
        return None
    fitting = [
        row
        for row in rows
        if (memory_gb is None or memory_gb >= row.memory_gb * _REPORTED_LESS)
        and (cache_gb is None or cache_gb >= row.cache_gb * _REPORTED_LESS)
    ]
    return fitting[-1] if fitting else rows[0]


def unbearable(machines: Iterable[Carried]) -> tuple[Unbearable, ...]:
    """The machines above 2 TB a day or 54 MB/s at their peak (asr-facts 4.5 and 4.7)."""
    found = []
    for machine in machines:
        if machine.daily_change_gb > tables.MACHINE_CHANGE_LIMIT_GB:
            text = Text(
                _("It changes %(found)s GB a day; no process server carries more than 2 TB (%(limit)s GB)."),
                found=amount(machine.daily_change_gb),
                limit=tables.MACHINE_CHANGE_LIMIT_GB,
            )
        elif machine.peak_mb_s is not None and machine.peak_mb_s > PEAK_LIMIT_MB_S:
            text = Text(
                _("It changes %(found)s MB/s at its peak; more than %(limit)s MB/s cannot be replicated."),
                found=amount(machine.peak_mb_s),
                limit=amount(PEAK_LIMIT_MB_S),
            )
        else:
            continue
        found.append(Unbearable(machine=machine.id, name=machine.name, text=text))
    return tuple(found)


def loads(servers: Sequence[Carrier], machines: Iterable[Carried]) -> tuple[CarrierLoad, ...]:
    """The load of each server, in their order; machines on other servers are left out."""
    count = dict.fromkeys((server.id for server in servers), 0)
    change = dict.fromkeys((server.id for server in servers), 0.0)
    for machine in machines:
        if machine.server in count:
            count[machine.server] += 1
            change[machine.server] += machine.daily_change_gb
    return tuple(
        CarrierLoad(
            server=server.id,
            name=server.name,
            row=server.row.label if server.row else "",
            machines=count[server.id],
            change_gb=round(change[server.id], 3),
            most_machines=server.row.most_machines if server.row else None,
            most_change_gb=server.row.most_change_gb if server.row else None,
        )
        for server in servers
    )


def _beyond(found: float, most: float | None) -> bool:
    return most is not None and found > most
