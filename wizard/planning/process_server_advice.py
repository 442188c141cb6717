"""When a configuration server needs a further process server, and how many (asr-facts 4.5, 4.7 and 9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, Literal

from wizard.planning import sizing_tables as tables
from wizard.planning.quoting import amount
from wizard.planning.sizing_tables import TB, TableRow
from wizard.text import Text, _

ReasonId = Literal["machines", "change", "alerts"]

MOST_MACHINES: Final = 200
"""What a configuration server serves with its built-in process server (asr-facts 4.7 and 9, "scale out when")."""
MOST_CHANGE_GB: Final = 2 * TB
"""A day's change that one process server carries (asr-facts 4.5)."""

_LEARN: Final = "https://learn.microsoft.com/azure/site-recovery/"
_SOURCES: Final[dict[ReasonId, str]] = {
    "machines": _LEARN + "vmware-azure-set-up-process-server-scale",
    "change": _LEARN + "site-recovery-plan-capacity-vmware",
    "alerts": _LEARN + "vmware-physical-azure-monitor-process-server",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """An alert of a process server that stands (asr-facts 9.1). `what` says the metric and its value."""

    server: str
    what: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one configuration server has to carry; None is what nobody knows.

    `daily_change_gb` is GB a day over all machines, 1 TB being 1,024 GB. `scaleouts`: further process servers that are
    there already, beside the built-in one. `alerts`: those that stand, on whichever of its process servers.
    """

    machines: int | None
    daily_change_gb: float | None
    scaleouts: int = 0
    alerts: Sequence[Alert] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why one is needed; `source` is the page that says so."""

    id: ReasonId
    text: Text
    source: str

    def to_json(self) -> dict[str, Any]:
        return {"id": self.id, "text": self.text.to_json(), "source": self.source}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleOutAdvice:
    """`further`: how many process servers to add, each of `row`. `open`: what could not be judged, and why.

    `notes` hold in any case.
    """

    further: int
    row: TableRow
    reasons: tuple[Reason, ...]
    open: tuple[Text, ...]
    notes: tuple[Text, ...]

    @property
    def needed(self) -> bool:
        return self.further > 0

    def to_json(self) -> dict[str, Any]:
        return {
            "needed": self.needed,
            "further": self.further,
            "row": {
                "label": self.row.label,
                "vcpu": self.row.vcpu,
                "memory_gb": self.row.memory_gb,
                "cache_gb": self.row.cache_gb,
            },
            "reasons": [reason.to_json() for reason in self.reasons],
            "open": [text.to_json() for text in self.open],
            "notes": [text.to_json() for text in self.notes],
        }


def advise(load: Load) -> ScaleOutAdvice:
    """Whether to add process servers: more than 200 machines, more than 2 TB a day, or alerts that stay.

    Every further server of the largest row adds what that row carries; more load never asks for fewer.
    """
    row = tables.PROCESS_SERVER
    reasons: list[Reason] = []
    counts = [0]
    if load.machines is not None:
        carried = MOST_MACHINES + load.scaleouts * row.most_machines
        if load.machines > carried:
            lacking = ceil((load.machines - carried) / row.most_machines)
            counts.append(lacking)
            reasons.append(_too_many_machines(load.machines, carried, load.scaleouts))
    if load.daily_change_gb is not None:
        carried_gb = (1 + load.scaleouts) * MOST_CHANGE_GB
        if load.daily_change_gb > carried_gb:
            lacking = ceil((load.daily_change_gb - carried_gb) / MOST_CHANGE_GB)
            counts.append(lacking)
            reasons.append(_too_much_change(load.daily_change_gb, carried_gb, load.scaleouts))
    if load.alerts:
        counts.append(1)
    reasons += [
        Reason(
            id="alerts",
            text=Text(_("%(server)s stands under an alert: %(what)s."), server=alert.server, what=alert.what),
            source=_SOURCES["alerts"],
        )
        for alert in load.alerts
    ]
    return ScaleOutAdvice(
        further=max(counts),
        row=row,
        reasons=tuple(reasons),
        open=tuple(_unknown(load)),
        notes=tuple(_notes(load)),
    )


def _too_many_machines(machines: int, carried: int, scaleouts: int) -> Reason:
    text = (
        Text(
            _(
                "%(machines)s machines are more than the %(carried)s that a configuration server serves with its "
                "built-in process server."
            ),
            machines=machines,
            carried=carried,
        )
        if not scaleouts
        else Text.counted(
            "%(machines)s machines are more than the %(carried)s that the built-in and %(scaleouts)s further "
            "process server carry.",
            "%(machines)s machines are more than the %(carried)s that the built-in and %(scaleouts)s further "
            "process servers carry.",
            "scaleouts",
            machines=machines,
            carried=carried,
            scaleouts=scaleouts,
        )
    )
    return Reason(id="machines", text=text, source=_SOURCES["machines"])


def _too_much_change(change: float, carried: float, scaleouts: int) -> Reason:
    return Reason(
        id="change",
        text=Text(
            _(
                "%(change)s GB a day are more than the %(carried)s GB that %(servers)s process servers carry, "
                "2 TB (2,048 GB) each."
            )
            if scaleouts
            else _(
                "%(change)s GB a day are more than the 2 TB (%(carried)s GB) that one process server carries."
            ),
            change=amount(change),
            carried=amount(carried),
            servers=1 + scaleouts,
        ),
        source=_SOURCES["change"],
    )


def _unknown(load: Load) -> list[Text]:
    found = []
    if load.machines is None:
        found.append(Text(_("How many machines replicate is not known.")))
    if load.daily_change_gb is None:
        found.append(
            Text(_("How much the machines change in a day is not known; enter it to have it judged."))
        )
    return found


def _notes(load: Load) -> list[Text]:
    notes = []
    alone = tables.CONFIGURATION_SERVER_ALONE.most_machines
    if load.machines is not None and load.machines > alone:
        notes.append(
            Text(
                _(
                    "Beyond %(most)s machines no process server helps: set up a further configuration server, with a "
                    "deployment of its own."
                ),
                most=alone,
            )
        )
    if load.alerts:
        notes.append(
            Text(
                _(
                    "Before you add a server for its alerts, see whether machines can be moved to one that has room."
                )
            )
        )
    return notes
