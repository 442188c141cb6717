"""The console that PowerShell sees: it takes down what is written there, and has nobody to answer questions."""

from __future__ import annotations

from typing import Any

from pypsrp.complex_objects import HostMethodIdentifier
from pypsrp.host import PSHost, PSHostUserInterface

from wizard.hosts.errors import RemoteFault
from wizard.hosts.guard import Guard
from wizard.text import Text, _

# Numbers of MS-PSRP 2.2.3.17.
_SET_SHOULD_EXIT = 6
_WRITE, _WRITE_IN_COLOUR = 13, 14
_NEW_LINE, _WRITE_LINE, _WRITE_LINE_IN_COLOUR = 15, 16, 17
_WRITE_ERROR, _WRITE_WARNING = 18, 22
_ASKS = {11, 12, 23, 24, 25, 26, 46, 56}  # lines, secrets, credentials, choices and keys


class QuietHost(PSHost):
    """Write-Host ends up in `taken`, `exit` in `rc`."""

    def __init__(self, guard: Guard) -> None:
        super().__init__(None, None, False, "foothold", None, PSHostUserInterface(), "1.0")
        self._guard = guard
        self._lines: list[str] = []
        self._begun = ""

    def begin(self) -> None:
        """A script begins."""
        self.rc = None
        self._lines.clear()
        self._begun = ""

    def taken(self) -> list[str]:
        """The whole lines since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def run_method(
        self, method_identifier: HostMethodIdentifier, args: list[Any], runspace: Any, pipeline: Any = None
    ) -> None:
        number = method_identifier.value
        if number == _SET_SHOULD_EXIT:
            self.rc = int(args[0])
        elif number in (_WRITE, _WRITE_IN_COLOUR):
            self._begun += str(args[-1])
        elif number in (_NEW_LINE, _WRITE_LINE, _WRITE_LINE_IN_COLOUR, _WRITE_ERROR, _WRITE_WARNING):
            text = str(args[-1]) if args else ""
            self._lines.append((self._begun + text).removesuffix("\n"))
            self._begun = ""
        elif number in _ASKS:
            raise RemoteFault(
                Text(
                    _("The script on %(address)s asks a question, and nobody is there to answer it."),
                    address=self._guard.address,
                ),
                address=self._guard.address,
                step=self._guard.step,
            )
