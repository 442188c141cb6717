"""Physical servers from a CSV file (RFC 4180), as spreadsheets write it: with `,`, `;` or tabs, with a BOM or without."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from wizard.planning.eligibility.physical_server import COLUMNS, Column, PhysicalServer, read_server
from wizard.planning.quoting import shown
from wizard.text import Text, _

__all__ = [
    "BYTES_MOST",
    "COLUMNS",
    "ROWS_MOST",
    "Column",
    "CsvFault",
    "PhysicalServer",
    "read_csv",
    "template",
]

ROWS_MOST: Final = 5_000
BYTES_MOST: Final = 1_000_000
FAULTS_MOST: Final = 100

_DELIMITERS: Final = (",", ";", "\t")
_KEYS: Final = {column.heading.lower(): key for key, column in COLUMNS.items()}
_HEADINGS: Final = [column.heading for column in COLUMNS.values()]
_MUST_DIFFER: Final = ("name", "address")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFault:
    """What is wrong where. `row` counts from 1, the header, as a spreadsheet does; 0: the file as a whole.

    `column` is a heading, "" where it is no single one.
    """

    row: int
    column: str
    text: Text


def template() -> str:
    """A file to fill in: the header and one example, in CSV with commas; lines end in CR LF."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_HEADINGS)
    writer.writerow([column.example for column in COLUMNS.values()])
    return out.getvalue()


def read_csv(content: str | bytes) -> tuple[list[PhysicalServer], list[CsvFault]]:
    """The servers of the rows that are right, and every fault of the others.

    At most 5,000 rows and 1 MB (10^6 bytes); bytes are taken as UTF-8. Reading ends after a hundred faults, and where
    the file is no CSV any more. Nothing is ever raised.
    """
    size = len(content) if isinstance(content, bytes) else len(content.encode("utf-8", "surrogatepass"))
    if size > BYTES_MOST:
        return [], [
            _file(_("The file has %(size)s bytes; expected at most %(limit)s."), size=size, limit=BYTES_MOST)
        ]
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        return [], [
            _file(
                _("Byte %(place)s is not UTF-8; save the file as “CSV UTF-8”, expected in every language."),
                place=error.start + 1,
            )
        ]
    return _read(text.removeprefix("\ufeff"))


def _read(text: str) -> tuple[list[PhysicalServer], list[CsvFault]]:
    faults: list[CsvFault] = []
    rows = _rows(text, _delimiter_of(text), faults)
    keys = _header(next(rows, (1, []))[1], faults)
    if faults:
        return [], faults
    servers: list[PhysicalServer] = []
    seen: dict[tuple[str, str], int] = {}
    filled = 0
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        filled += 1
        if filled > ROWS_MOST:
            text_ = Text(_("The file has more than %(limit)s servers; divide it."), limit=ROWS_MOST)
            faults.append(CsvFault(row=number, column="", text=text_))
            break
        server, wrong = _server(number, keys, cells)
        wrong += _repeated(number, keys, cells, seen)
        if server is not None and not wrong:
            servers.append(server)
        faults += wrong
        if len(faults) >= FAULTS_MOST:
            faults.append(_file(_("There are a hundred faults and more; the rows behind were not read.")))
            break
    if not filled and not faults:
        faults.append(_file(_("The file has a header and no server; expected is one server in each row.")))
    return servers, faults


def _rows(text: str, delimiter: str, faults: list[CsvFault]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            text_ = Text(
                _(
                    "This row cannot be read (%(found)s); expected cells in quotes closed before the next delimiter."
                ),
                found=str(error),
            )
            faults.append(CsvFault(row=number, column="", text=text_))
            return
        yield number, cells


def _delimiter_of(text: str) -> str:
    """The one under which most headings are known."""

    def known(delimiter: str) -> int:
        _number, cells = next(_rows(text, delimiter, []), (1, []))
        return sum(_plain(cell) in _KEYS for cell in cells)

    return max(_DELIMITERS, key=known)


def _header(cells: Sequence[str], faults: list[CsvFault]) -> list[str]:
    """The key of each column; what is missing, unknown or there twice is added to `faults`."""
    headings = [_plain(cell) for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    missing = [
        column.heading
        for column in COLUMNS.values()
        if column.required and column.heading.lower() not in headings
    ]
    if missing and not faults:
        text = Text(
            _("The header has no column %(missing)s; expected in the first row: %(headings)s."),
            missing=missing,
            headings=_HEADINGS,
        )
        faults.append(CsvFault(row=1, column="", text=text))
    for place, heading in enumerate(headings):
        column = shown(cells[place])
        if heading not in _KEYS:
            text = Text(
                _("Column “%(found)s” is not known; expected are: %(headings)s."),
                found=column,
                headings=_HEADINGS,
            )
            faults.append(CsvFault(row=1, column=column, text=text))
        elif heading in headings[:place]:
            text = Text(_("Column “%(found)s” is there twice; expected is one."), found=column)
            faults.append(CsvFault(row=1, column=column, text=text))
        if len(faults) >= FAULTS_MOST:
            break
    return [_KEYS.get(heading, "") for heading in headings]


def _server(
    number: int, keys: Sequence[str], cells: Sequence[str]
) -> tuple[PhysicalServer | None, list[CsvFault]]:
    if any(cell.strip() for cell in cells[len(keys) :]):
        text = Text.counted(
            "The row has %(count)s cell; expected %(expected)s, as in the header. Put cells with a delimiter in quotes.",
            "The row has %(count)s cells; expected %(expected)s, as in the header. Put cells with a delimiter in quotes.",
            "count",
            count=len(cells),
            expected=len(keys),
        )
        return None, [CsvFault(row=number, column="", text=text)]
    server, wrong = read_server(dict(zip(keys, cells, strict=False)))
    return server, [
        CsvFault(row=number, column=COLUMNS[key].heading, text=text) for key, text in wrong.items()
    ]


def _repeated(
    number: int, keys: Sequence[str], cells: Sequence[str], seen: dict[tuple[str, str], int]
) -> list[CsvFault]:
    faults = []
    for key, cell in zip(keys, cells, strict=False):
        value = cell.strip().casefold()
        if key in _MUST_DIFFER and value:
            first = seen.setdefault((key, value), number)
            if first != number:
                text = Text(
                    _("“%(found)s” stands in row %(first)s already; expected once in the file."),
                    found=shown(cell),
                    first=first,
                )
                faults.append(CsvFault(row=number, column=COLUMNS[key].heading, text=text))
    return faults


def _plain(heading: str) -> str:
    return " ".join(heading.replace("_", " ").lower().split())


def _file(text: str, /, **values: int) -> CsvFault:
    return CsvFault(row=0, column="", text=Text(text, **values))
