"""The lines by which an installation script says how far it is, and how it is started from afar.

Both scripts print them, at the console as well as over WinRM; everything else they print is output of others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

LineKind = Literal["progress", "warning", "logs", "result"]

INSTALLED: Final = 0
FAILED: Final = 1
REFUSED: Final = 2
REBOOT_NEEDED: Final = 3010

_KINDS: Final[tuple[LineKind, ...]] = ("progress", "warning", "logs", "result")
_LINE: Final = re.compile(rf"FOOTHOLD ({'|'.join(_KINDS)}) (?:(\d{{1,5}}) )?(.*)", re.ASCII)
_WITH_NUMBER: Final = ("progress", "result")
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallLine:
    """One line. `number` is the percentage of `progress` (0 to 100) and the exit code of `result`, else None.

    `text` is what the script said, in English, cut to 1,000 characters; for `logs` it is the path of a zip on the
    machine.
    """

    kind: LineKind
    number: int | None
    text: str


def read_line(line: str) -> InstallLine | None:
    """The meaning of a line of output; None for a line of somebody else."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return None
    kind = next(known for known in _KINDS if known == match[1])
    number, text = match[2], match[3]
    if kind not in _WITH_NUMBER:
        # The text of a warning may begin with a number.
        return InstallLine(kind=kind, number=None, text=(f"{number} {text}" if number else text)[:_LONGEST])
    if number is None:
        return None
    value = min(int(number), 100) if kind == "progress" else int(number)
    return InstallLine(kind=kind, number=value, text=text[:_LONGEST])


def start_command(folder: str, script: str, *, dry_run: bool = False, timeout_minutes: int = 180) -> str:
    """PowerShell that runs `script` in `folder` and ends with its exit code (`INSTALLED` and the others here).

    A process of its own, so that the script's `exit` and its output are the same as at the console.
    """
    path = f"{folder.rstrip(chr(92))}\\{script}".replace("'", "''")
    switches = f" -TimeoutMinutes {int(timeout_minutes)}" + (" -DryRun" if dry_run else "")
    return (
        f"& powershell.exe -NoProfile -ExecutionPolicy Bypass -File '{path}'{switches}\nexit $LASTEXITCODE\n"
    )
