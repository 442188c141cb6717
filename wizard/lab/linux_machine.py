"""What is on the lab's Linux machine, and what scripts do there. Nothing is executed: scripts are recognised."""

from __future__ import annotations

import hashlib
import re
import shlex
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from wizard.hosts.remote_commands import LINUX_BOOT_ID, LINUX_RESTART
from wizard.lab.collector_order import answer, read_shell
from wizard.lab.linux_facts import linux_facts

Behaviour = Literal["well", "hung", "drops", "access_denied", "mute", "gone", "floods", "stays"]
BEHAVIOURS: Final[dict[str, Behaviour]] = {
    "linuxmt": "well",
    "hung": "hung",
    "drops": "drops",
    "access_denied": "access_denied",
    "mute": "mute",  # a sign-in takes longer than anybody waits
    "gone": "gone",
    "floods": "floods",
    "stays": "stays",
}
_STATEMENT: Final = re.compile(
    r"^\s*(?:echo (?P<text>.*?)(?P<err> >&2)?|sleep (?P<pause>[0-9.]+)|exit (?P<exit>\d+))\s*$", re.MULTILINE
)
_FOREVER_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Wrote:
    """Bytes on the output, or on the error output."""

    data: bytes
    error: bool = False


@dataclass(frozen=True, slots=True)
class Waited:
    seconds: float


@dataclass(frozen=True, slots=True)
class Ended:
    code: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """The connection goes, without a word."""


Event = Wrote | Waited | Ended | Vanished


class LinuxMachine:
    """The state that outlives connections, scripts and restarts."""

    def __init__(self, behaviour: Behaviour, *, name: str, address: str, restart: Callable[[], None]) -> None:
        self.behaviour = behaviour
        self.name = name
        self.address = address
        self.machine_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name)).upper()
        self.boot_id = uuid.uuid4()
        self.files: dict[str, bytes] = {}
        self._restart = restart

    def booted(self) -> None:
        """It comes up again after a restart."""
        self.boot_id = uuid.uuid4()

    def play(self, script: str) -> Iterator[Event]:
        """What `sh -s` does with a script; the last event is Ended or Vanished."""
        if script == LINUX_BOOT_ID:
            yield Wrote(f"{self.boot_id}\n".encode())
        elif script == LINUX_RESTART:
            self._restart()
        elif script.startswith("sha256sum < "):
            yield from self._hash(shlex.split(script)[2])
            return
        elif self.behaviour == "hung":
            yield Wrote(b"One moment ...\n")
            yield Waited(_FOREVER_S)
        elif self.behaviour == "drops":
            yield Wrote(b"One moment ...\n")
            yield Vanished()
        elif self.behaviour == "floods":
            while True:
                yield Wrote(b"All work and no play makes Jack a dull boy. " * 200 + b"\n")
        elif (order := read_shell(script)) is not None:
            facts = linux_facts(order, name=self.name, address=self.address, machine_id=self.machine_id)
            host = self.name.partition(".")[0]
            yield Wrote(answer(order, name=host, machine_id=self.machine_id, facts=facts) + b"\n")
        else:
            yield from _run(script)
            return
        yield Ended(0)

    def _hash(self, path: str) -> Iterator[Event]:
        content = self.files.get(path)
        if content is None:
            yield Wrote(f"sh: 1: cannot open {path}: No such file\n".encode(), error=True)
            yield Ended(2)
            return
        yield Wrote(f"{hashlib.sha256(content).hexdigest()}  -\n".encode())
        yield Ended(0)


def _run(script: str) -> Iterator[Event]:
    """The few statements that are understood: echo, sleep and exit; everything else is passed over."""
    for found in _STATEMENT.finditer(script):
        if found["text"] is not None:
            yield Wrote(f"{found['text']}\n".encode(), error=found["err"] is not None)
        elif found["pause"]:
            yield Waited(float(found["pause"]))
        else:
            yield Ended(int(found["exit"]))
            return
    yield Ended(0)
