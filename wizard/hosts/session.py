"""What can be done on a machine once somebody is signed in, whichever protocol carries it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from wizard.hosts.errors import OutputFlood
from wizard.hosts.guard import Guard, never
from wizard.text import Text, _

LARGEST_OUTPUT = 5 * 2**20  # bytes of UTF-8, both streams together; a collected document is below one tenth


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptResult:
    """`exit_code` is what the script said with `exit`; else 0, or 1 where an error ended it. None: not known.

    The streams have their lines joined with newlines.
    """

    exit_code: int | None
    stdout: str
    stderr: str


def ignore(_value: object) -> None:
    """The listener of somebody who only wants the end result."""


class HostSession(Protocol):
    """A signed-in session; it belongs to one thread at a time. Every method raises HostError."""

    @property
    def address(self) -> str:
        """`host:port`, as the operator entered it."""
        ...

    def run_script(
        self,
        script: str,
        *,
        deadline_s: float,
        on_line: Callable[[str], None] = ignore,
        should_stop: Callable[[], bool] = never,
    ) -> ScriptResult:
        """Run PowerShell (WinRM) or POSIX shell (SSH) and hand over each line as it arrives, of both streams.

        Raises TimedOut after `deadline_s` seconds, Stopped within about a second of the wish (two, where the
        host hangs), OutputFlood beyond 5 MB and Dropped. What runs on the host is told to end then.
        """
        ...

    def upload(
        self,
        chunks: Iterable[bytes],
        remote_path: str,
        *,
        on_bytes: Callable[[int], None] = ignore,
    ) -> None:
        """Write a file, whose folder must exist; it has its name only when it is whole and its hash was compared.

        `on_bytes` gets the number of bytes sent so far; what it raises ends the upload.
        """
        ...

    def restart(self, *, back_within_s: float, should_stop: Callable[[], bool] = never) -> None:
        """Ask for a reboot and wait until the host has booted anew and can be signed in to; the session goes on.

        Raises HostDidNotReturn after `back_within_s` seconds, Stopped.
        """
        ...


class Output:
    """Gathers what a script writes, line by line, up to LARGEST_OUTPUT."""

    def __init__(self, guard: Guard, on_line: Callable[[str], None]) -> None:
        self._guard = guard
        self._on_line = on_line
        self._stdout: list[str] = []
        self._stderr: list[str] = []
        self._size = 0

    def write(self, text: str) -> None:
        """Whole lines of the standard output."""
        self._add(self._stdout, text)

    def complain(self, text: str) -> None:
        """Whole lines of the error output."""
        self._add(self._stderr, text)

    def result(self, exit_code: int | None) -> ScriptResult:
        return ScriptResult(
            exit_code=exit_code, stdout="\n".join(self._stdout), stderr="\n".join(self._stderr)
        )

    def flood(self) -> OutputFlood:
        return OutputFlood(
            Text(
                _("The script on %(address)s wrote more than %(megabytes)s MB and was told to end."),
                address=self._guard.address,
                megabytes=LARGEST_OUTPUT // 2**20,
            ),
            address=self._guard.address,
            step=self._guard.step,
        )

    def _add(self, stream: list[str], text: str) -> None:
        # Only line feeds end a line: others may stand in a signed document, which must stay as it is.
        for line in text.removesuffix("\n").split("\n"):
            line = line.removesuffix("\r")
            self._size += len(line.encode(errors="replace")) + 1
            if self._size > LARGEST_OUTPUT:
                raise self.flood()
            stream.append(line)
            self._on_line(line)
