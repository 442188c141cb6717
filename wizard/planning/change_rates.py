"""How much each machine changes in a day: from a CSV file, or as a share of what all of them change."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from wizard.planning.carrying import Carried
from wizard.planning.protected_machines import ProtectedMachine
from wizard.planning.quoting import shown
from wizard.text import Text, _

COLUMNS: Final = ("name", "daily_change_gb", "peak_mb_s")
ROWS_MOST: Final = 10_000
NAME_MOST: Final = 255
BYTES_MOST: Final = 2 * 2**20
_SEPARATORS: Final = ",;\t"
_MOST: Final = 1_000_000.0


class RatesRefused(ValueError):
    """A file that cannot be read. `text` says which line, what was found there, and what was expected."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """GB a day, and MB/s at the peak where somebody measured it."""

    daily_change_gb: float
    peak_mb_s: float | None = None


def read_rates(text: str) -> dict[str, Rate]:
    """The rates by name, from a CSV file with the columns `name`, `daily_change_gb` and, if known, `peak_mb_s`.

    Separated by commas, semicolons or tabs; where it is no comma, decimals may have one. Raises RatesRefused.
    """
    lines = text.removeprefix("\ufeff").strip().splitlines()
    if not lines:
        raise RatesRefused(Text(_("The file is empty.")))
    separator = max(_SEPARATORS, key=lines[0].count)
    try:
        rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator, strict=True))
    except csv.Error:
        # A quotation mark that nobody closed makes one cell of the whole file.
        problem = _("The file is no CSV file: a cell of it does not end. Look for a single quotation mark.")
        raise RatesRefused(Text(problem)) from None
    heading = [cell.strip().casefold() for cell in rows[0]]
    missing = [column for column in COLUMNS[:2] if column not in heading]
    if missing:
        raise RatesRefused(
            Text(
                _("The first line must name the columns; not there: %(missing)s. Expected are: %(columns)s."),
                missing=missing,
                columns=list(COLUMNS),
            )
        )
    places = {column: heading.index(column) for column in COLUMNS if column in heading}
    found: dict[str, Rate] = {}
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(found) >= ROWS_MOST:
            raise RatesRefused(Text(_("The file has more than %(most)s machines."), most=ROWS_MOST))
        cells = {column: row[place].strip() if place < len(row) else "" for column, place in places.items()}
        name = cells["name"]
        if not name:
            raise RatesRefused(Text(_("Line %(line)s has no name."), line=number))
        if len(name) > NAME_MOST:
            raise RatesRefused(
                Text(_("Line %(line)s: a name has at most %(most)s characters."), line=number, most=NAME_MOST)
            )
        if name.casefold() in found:
            raise RatesRefused(
                Text(_("Line %(line)s: %(name)s occurs twice."), line=number, name=shown(name))
            )
        peak = cells.get("peak_mb_s", "")
        found[name.casefold()] = Rate(
            daily_change_gb=_number(cells["daily_change_gb"], number, separator),
            peak_mb_s=_number(peak, number, separator) if peak else None,
        )
    return found


def carried(
    machines: Iterable[ProtectedMachine], rates: Mapping[str, Rate], *, total_gb: float | None
) -> tuple[Carried, ...]:
    """The machines with what they change. Those that `rates` (by name in small letters) does not know share the rest.

    The rest is what `total_gb` leaves over the known ones; without a total it is the average of the known ones, and 0
    where nothing is known: then only their number counts.
    """
    all_of_them = tuple(machines)
    known = {
        machine.key: rates[machine.name.casefold()]
        for machine in all_of_them
        if machine.name.casefold() in rates
    }
    measured = sum(rate.daily_change_gb for rate in known.values())
    unknown = len(all_of_them) - len(known)
    share = 0.0
    if unknown and total_gb is not None:
        share = max(0.0, total_gb - measured) / unknown
    elif unknown and known:
        share = measured / len(known)
    return tuple(
        Carried(
            id=machine.key,
            name=machine.name,
            server=machine.server,
            daily_change_gb=known[machine.key].daily_change_gb if machine.key in known else share,
            assumed=machine.key not in known,
            peak_mb_s=known[machine.key].peak_mb_s if machine.key in known else None,
            group=machine.group,
            held=machine.held,
        )
        for machine in all_of_them
    )


def _number(cell: str, line: int, separator: str) -> float:
    plain = cell.replace(",", ".") if separator != "," else cell
    try:
        value = float(plain)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _MOST:
        raise RatesRefused(
            Text(
                _("Line %(line)s: “%(found)s” is not a number from 0 to 1,000,000."),
                line=line,
                found=shown(cell),
            )
        )
    return value
