"""The few statements of PowerShell that the lab's host understands: constants written out, pauses, and the end.

Everything else in a script is passed over. This is no interpreter: it lets somebody see lines, errors and exit
codes travel, without a Windows machine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from wizard.lab.windows_host.events import Asked, Error, Event, Exit, Failure, Line, Pause, Warn, Written

_TEXT = r"'((?:[^']|'')*)'"
_STATEMENT = re.compile(
    rf"""^\s*(?:
        (?:Write-Output\s+)?{_TEXT}
        |(?P<verb>Write-Host|Write-Warning|Write-Error|Read-Host|throw)\s+{_TEXT}
        |Start-Sleep\s+-Milliseconds\s+(?P<pause>\d+)
        |exit\s+(?P<exit>\d+)
    )\s*;?\s*$""",
    re.VERBOSE | re.MULTILINE,
)
_EVENTS: dict[str, Callable[[str], Event]] = {
    "Write-Host": Written,
    "Write-Warning": Warn,
    "Write-Error": Error,
    "Read-Host": Asked,
    "throw": Failure,
}


def run(script: str) -> Iterator[Event]:
    """What the statements of the script do, up to the first `exit` or `throw`."""
    for found in _STATEMENT.finditer(script):
        text = (found[1] or found[3] or "").replace("''", "'")
        if found["pause"]:
            yield Pause(int(found["pause"]) / 1000)
        elif found["exit"]:
            yield Exit(int(found["exit"]))
            return
        elif found["verb"]:
            yield _EVENTS[found["verb"]](text)
            if found["verb"] == "throw":
                return
        else:
            yield Line(text)
