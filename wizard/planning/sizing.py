"""How large the configuration server has to be, and how many machines share the work (asr-facts 4.7)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Literal

from wizard.planning import sizing_tables as tables
from wizard.planning.quoting import amount
from wizard.planning.sizing_tables import TB, TableRow, Tier
from wizard.planning.vocabulary import ProfileId
from wizard.text import Text, _

SizedComponent = Literal["cs", "ps_scaleout", "appliance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingInput:
    """`machines` ≥ 1; changes are GB a day, more than 0, 1 TB being 1,024 GB.

    `component`: what is installed; machines and changes are those that it will carry. The modernized profile knows the
    appliance alone, whatever is said here.
    """

    profile: ProfileId
    machines: int
    daily_change_gb: float
    failback: bool = False
    largest_machine_change_gb: float | None = None
    component: SizedComponent = "cs"


@dataclass(frozen=True, slots=True, kw_only=True)
class SizingAdvice:
    """What to build. vCPU, memory and disks are those of one machine of `row`; the totals count all machines.

    `configuration_servers` and `process_servers` (the further ones) are 0 for the modernized appliance,
    `appliances` is 0 for classic. Where a process server alone is sized, `row` is its row, `configuration_servers` is 0
    and `process_servers` counts all that share the work, this one included. `need_gb` is the room that one machine of `row` takes on its datastore when
    all its disks are thick. `retention_gb` is 0 without failback. `cache_hours` is how long all empty caches
    together hold the changes while the link to Azure is down (asr-facts 4.6).
    """

    tier: Tier
    row: TableRow
    vcpu: int
    memory_gb: int
    cache_gb: int
    retention_gb: int
    need_gb: int
    needs_scaleout: bool
    configuration_servers: int
    process_servers: int
    process_server_row: TableRow | None
    appliances: int
    total_vcpu: int
    total_memory_gb: int
    total_cache_gb: int
    cache_hours: float
    reasons: tuple[Text, ...]
    warnings: tuple[Text, ...]

    def to_json(self) -> dict[str, Any]:
        """All fields by name; rows as objects, texts as `Text.to_json` gives them."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {
            "row": asdict(self.row),
            "process_server_row": asdict(self.process_server_row) if self.process_server_row else None,
            "reasons": [text.to_json() for text in self.reasons],
            "warnings": [text.to_json() for text in self.warnings],
        }


def advise(asked: SizingInput) -> SizingAdvice:
    """The sizing that follows from the tables. More machines or more change never give less in total."""
    if asked.profile == "asr-modernized":
        return _advise_appliance(asked)
    if asked.component == "ps_scaleout":
        return _advise_process_server(asked)
    if asked.machines > 200 or asked.daily_change_gb > 2 * TB:
        return _advise_scaled_out(asked)
    return _advise_single(asked)


def _advise_single(asked: SizingInput) -> SizingAdvice:
    row, reasons = _highest_row(asked, tables.CONFIGURATION_SERVER)
    cache_gb = max(row.cache_gb, tables.CACHE_PREREQUISITE_GB)
    if cache_gb != row.cache_gb:
        reasons.append(_about_the_cache(row))
    return _classic(asked, row, cache_gb=cache_gb, servers=1, process_servers=0, reasons=reasons)


def _advise_scaled_out(asked: SizingInput) -> SizingAdvice:
    row, worker = tables.CONFIGURATION_SERVER_ALONE, tables.PROCESS_SERVER
    # One server after the other is filled, each with process servers of its own: a process server belongs to
    # exactly one configuration server (asr-facts T02), so rests cannot be shared.
    full, rest = divmod(asked.machines, row.most_machines)
    servers = full + (rest > 0)
    for_machines = full * ceil(row.most_machines / worker.most_machines) + ceil(rest / worker.most_machines)
    process_servers = max(for_machines, ceil(asked.daily_change_gb / worker.most_change_gb))
    reasons = []
    if asked.machines > 200:
        reasons.append(
            Text(
                _(
                    "%(machines)s machines are more than the 200 that a configuration server serves "
                    "with its built-in "
                    "process server. It is used without that one, and process servers of their own "
                    "carry the data."
                ),
                machines=asked.machines,
            )
        )
    if asked.daily_change_gb > 2 * TB:
        reasons.append(
            Text(
                _(
                    "%(change)s GB a day are more than the 2 TB (2,048 GB) that one process server carries. "
                    "%(count)s share them."
                ),
                change=amount(asked.daily_change_gb),
                count=process_servers,
            )
        )
    if asked.machines > row.most_machines:
        reasons.append(
            Text(
                _(
                    "Without its process server one configuration server serves %(taken)s machines by "
                    "the text on large "
                    "deployments, 650 by the text on capacity. The smaller number is taken: %(count)s "
                    "configuration "
                    "servers, each registered on its own."
                ),
                taken=row.most_machines,
                count=servers,
            )
        )
    return _classic(
        asked, row, cache_gb=row.cache_gb, servers=servers, process_servers=process_servers, reasons=reasons
    )


def _classic(
    asked: SizingInput,
    row: TableRow,
    *,
    cache_gb: int,
    servers: int,
    process_servers: int,
    reasons: list[Text],
) -> SizingAdvice:
    worker = tables.PROCESS_SERVER if process_servers else None
    extra_vcpu, extra_memory, extra_cache = (
        (worker.vcpu, worker.memory_gb, worker.cache_gb) if worker else (0, 0, 0)
    )
    # Behind process servers of their own the configuration servers' caches take no replication data.
    caches_gb = process_servers * extra_cache if worker else cache_gb
    warnings = _about_busiest_machine(asked)
    if asked.failback:
        reasons.append(
            Text(
                _(
                    "Failback needs a retention disk of %(size)s GB. No formula is published; this is "
                    "the number in "
                    "the prerequisites."
                ),
                size=tables.RETENTION_GB,
            )
        )
        warnings.append(
            Text(
                _(
                    "Linux machines fail back only through a Linux master target, a further virtual "
                    "machine with a "
                    "retention disk of 1 TB."
                )
            )
        )
    return SizingAdvice(
        tier=row.tier,
        row=row,
        vcpu=row.vcpu,
        memory_gb=row.memory_gb,
        cache_gb=cache_gb,
        retention_gb=tables.RETENTION_GB if asked.failback else 0,
        # The template brings a retention disk whether failback is wished or not (asr-facts HW-03).
        need_gb=tables.OS_DISK_GB + cache_gb + tables.RETENTION_GB,
        needs_scaleout=process_servers > 0,
        configuration_servers=servers,
        process_servers=process_servers,
        process_server_row=worker,
        appliances=0,
        total_vcpu=servers * row.vcpu + process_servers * extra_vcpu,
        total_memory_gb=servers * row.memory_gb + process_servers * extra_memory,
        total_cache_gb=servers * cache_gb + process_servers * extra_cache,
        cache_hours=_hours(caches_gb, asked.daily_change_gb),
        reasons=(*reasons, *_about_terabytes(asked)),
        warnings=tuple(warnings),
    )


def _advise_process_server(asked: SizingInput) -> SizingAdvice:
    largest = tables.PROCESS_SERVER
    count = max(
        ceil(asked.machines / largest.most_machines), ceil(asked.daily_change_gb / largest.most_change_gb)
    )
    if count == 1:
        row, reasons = _highest_row(asked, tables.PROCESS_SERVERS)
    else:
        row = largest
        reasons = [
            Text(
                _(
                    "One process server carries at most %(machines)s machines and 2 TB (2,048 GB) a day. %(count)s "
                    "share the work."
                ),
                machines=largest.most_machines,
                count=count,
            )
        ]
    cache_gb = max(row.cache_gb, tables.CACHE_PREREQUISITE_GB)
    if cache_gb != row.cache_gb:
        reasons.append(_about_the_cache(row))
    vcpu, memory_gb = tables.CONFIGURATION_SERVER_NEXT_TO[row.tier]
    reasons.append(
        Text(
            _(
                "Next to a process server of this size the table of 2017 expects a configuration server with %(vcpu)s "
                "vCPU and %(memory)s GB of memory."
            ),
            vcpu=vcpu,
            memory=memory_gb,
        )
    )
    return SizingAdvice(
        tier=row.tier,
        row=row,
        vcpu=row.vcpu,
        memory_gb=row.memory_gb,
        cache_gb=cache_gb,
        retention_gb=0,
        need_gb=tables.OS_DISK_GB + cache_gb,
        needs_scaleout=count > 1,
        configuration_servers=0,
        process_servers=count,
        process_server_row=None,
        appliances=0,
        total_vcpu=count * row.vcpu,
        total_memory_gb=count * row.memory_gb,
        total_cache_gb=count * cache_gb,
        cache_hours=_hours(count * cache_gb, asked.daily_change_gb),
        reasons=(*reasons, *_about_terabytes(asked)),
        warnings=tuple(_about_busiest_machine(asked)),
    )


def _advise_appliance(asked: SizingInput) -> SizingAdvice:
    largest = tables.APPLIANCE[-1]
    count = max(
        ceil(asked.machines / largest.most_machines), ceil(asked.daily_change_gb / largest.most_change_gb)
    )
    if count == 1:
        row, reasons = _highest_row(asked, tables.APPLIANCE)
    else:
        row = largest
        reasons = [
            Text(
                _(
                    "One appliance serves at most 200 machines and 2 TB (2,048 GB) a day. %(count)s "
                    "share the work."
                ),
                count=count,
            )
        ]
    warnings = _about_busiest_machine(asked)
    if row is tables.APPLIANCE[0]:
        reasons.append(
            Text(
                _(
                    "The documents name 16 GB of memory for the smallest appliance (2026) or 32 GB (2023). "
                    "32 GB is taken; below 16 GB the appliance is refused."
                )
            )
        )
    if asked.failback:
        warnings.append(
            Text(
                _(
                    "Physical servers cannot fail back at all with the modernized appliance; virtual "
                    "machines can."
                )
            )
        )
    return SizingAdvice(
        tier=row.tier,
        row=row,
        vcpu=row.vcpu,
        memory_gb=row.memory_gb,
        cache_gb=row.cache_gb,
        retention_gb=0,
        need_gb=tables.OS_DISK_GB + row.cache_gb,
        needs_scaleout=count > 1,
        configuration_servers=0,
        process_servers=0,
        process_server_row=None,
        appliances=count,
        total_vcpu=count * row.vcpu,
        total_memory_gb=count * row.memory_gb,
        total_cache_gb=count * row.cache_gb,
        cache_hours=_hours(count * row.cache_gb, asked.daily_change_gb),
        reasons=(*reasons, *_about_terabytes(asked)),
        warnings=tuple(warnings),
    )


def _highest_row(asked: SizingInput, rows: tuple[TableRow, ...]) -> tuple[TableRow, list[Text]]:
    by_machines = next(place for place, row in enumerate(rows) if asked.machines <= row.most_machines)
    by_change = next(place for place, row in enumerate(rows) if asked.daily_change_gb <= row.most_change_gb)
    reasons = [
        Text.counted(
            "%(machines)s machine falls into row %(row)s (%(range)s).",
            "%(machines)s machines fall into row %(row)s (%(range)s).",
            "machines",
            machines=asked.machines,
            row=rows[by_machines].label,
            range=rows[by_machines].machines,
        ),
        Text(
            _("%(change)s GB a day fall into row %(row)s (%(range)s)."),
            change=amount(asked.daily_change_gb),
            row=rows[by_change].label,
            range=rows[by_change].change,
        ),
    ]
    if by_machines != by_change:
        reasons.append(Text(_("The higher of the two rows counts.")))
    return rows[max(by_machines, by_change)], reasons


def _about_the_cache(row: TableRow) -> Text:
    return Text(
        _(
            "The sizing table asks for a cache disk of %(table)s GB, the prerequisites for %(prerequisite)s GB "
            "free. The larger number is taken; from %(table)s to %(below)s GB only a warning would follow."
        ),
        table=row.cache_gb,
        prerequisite=tables.CACHE_PREREQUISITE_GB,
        below=tables.CACHE_PREREQUISITE_GB - 1,
    )


def _about_terabytes(asked: SizingInput) -> tuple[Text, ...]:
    """Said only where the other reading of a terabyte would have led to another row."""
    change = asked.daily_change_gb
    if 1000 < change <= 1 * TB or 2000 < change <= 2 * TB:
        return (
            Text(
                _("1 TB counts as 1,024 GB here, so %(change)s GB still belong to this row."),
                change=amount(change),
            ),
        )
    return ()


def _about_busiest_machine(asked: SizingInput) -> list[Text]:
    busiest = asked.largest_machine_change_gb
    if busiest is None or busiest <= tables.MACHINE_CHANGE_LIMIT_GB:
        return []
    return [
        Text(
            _(
                "The busiest machine changes %(found)s GB a day. A machine above %(limit)s GB (2 TB) a "
                "day, or above "
                "54 MB/s at its peak, cannot be replicated: leave it out or split its load."
            ),
            found=amount(busiest),
            limit=tables.MACHINE_CHANGE_LIMIT_GB,
        )
    ]


def _hours(cache_gb: int, daily_change_gb: float) -> float:
    # Less than a megabyte a day is no measurement of anybody, and has no quotient that JSON could hold.
    return round(24 * cache_gb / max(daily_change_gb, 0.001), 1)
