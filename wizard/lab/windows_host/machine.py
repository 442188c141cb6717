"""What is on the lab's Windows machine, and what scripts do there."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from wizard.hosts import remote_commands
from wizard.lab.collector_order import Order, answer, read_powershell
from wizard.lab.windows_host import statements
from wizard.lab.windows_host.defects import spoil
from wizard.lab.windows_host.events import Event, Failure, Line, Pause, Progress
from wizard.lab.windows_host.facts import base_facts, ordered_facts
from wizard.lab.windows_host.installed import install
from wizard.lab.windows_host.installing import is_dry_run, progress, starts_installation
from wizard.lab.windows_host.scenarios import Scenario

DAYS_UP = 12
_DULL = "All work and no play makes Jack a dull boy. "


class Machine:
    """The state that outlives connections, scripts and restarts."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        name: str,
        address: str,
        thumbprint: str,
        restart: Callable[[], None],
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """`changes` are facts that differ from those of the scenario; `thumbprint` is of its certificate.

        `restart` takes the host off the network and brings it back; it returns at once.
        """
        self.name = name
        self.address = address
        self.scenario = scenario
        self.machine_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, name)).upper()
        self.installed_at: float | None = None
        self.restarts = 0
        self._thumbprint = thumbprint
        self._changes = dict(changes or {})
        self.boot_time = time.time() - DAYS_UP * 86400
        self.files: dict[str, bytes] = {}
        self.scripts: list[str] = []
        self._restart = restart

    @property
    def version(self) -> str:
        """Of Windows, as WS-Management tells it to everybody."""
        return "10.0.20348" if self.scenario.kind == "appliance" else "10.0.14393"

    def booted(self) -> None:
        """It comes up again after a restart."""
        self.boot_time = time.time()
        self.restarts += 1

    def facts(self, order: Order) -> dict[str, Any]:
        """What a collector finds out now."""
        kind = self.scenario.kind
        found = base_facts(
            kind,
            name=self.name,
            address=self.address,
            machine_id=self.machine_id,
            boot_time=self.boot_time,
        ) | ordered_facts(order, name=self.name, address=self.address)
        if self.scenario.pending_reboot and not self.restarts:
            found["os.pending_reboot"] = ["Windows Update"]
        if self.scenario.needs_work:
            found = spoil(found)
        if self.installed_at is not None:
            found = install(found, kind, thumbprint=self._thumbprint, installed_at=self.installed_at)
        return found | self._changes

    def play(self, script: str, parameters: dict[str, Any]) -> Iterator[Event]:
        """What a script does. Nothing is executed: it is recognised."""
        self.scripts.append(script)
        if script == remote_commands.WRITE_PIECE:
            yield from self._write(parameters)
        elif script == remote_commands.FINISH_FILE:
            yield from self._finish(parameters)
        elif script == remote_commands.BOOT_TIME:
            yield Line(str(int(self.boot_time)))
        elif script == remote_commands.RESTART:
            self._restart()
        elif self.scenario.behaviour == "floods":
            yield from _endless(Line(_DULL * 200))
        elif self.scenario.behaviour == "babbles":
            yield from _endless(Progress(_DULL * 2000))
        elif self.scenario.behaviour in ("hung", "mute", "drops"):
            yield Line("One moment ...")
            yield Pause(float("inf"))
        elif (order := read_powershell(script)) is not None:
            document = answer(
                order,
                name=self.name.partition(".")[0].upper(),
                machine_id=self.machine_id,
                facts=self.facts(order),
            )
            yield Line(document.decode())
        elif starts_installation(script):
            yield from self._install(script)
        else:
            yield from statements.run(script)

    def _install(self, script: str) -> Iterator[Event]:
        yield from progress(script)
        if not is_dry_run(script):
            self.installed_at = time.time()

    def _write(self, parameters: dict[str, Any]) -> Iterator[Event]:
        path, offset = parameters["Path"], int(parameters["Offset"])
        before = self.files.get(path, b"") if offset else b""
        if len(before) != offset:
            yield Failure(f"The file has {len(before)} bytes instead of {offset}.")
            return
        self.files[path] = before + bytes(parameters["Data"])

    def _finish(self, parameters: dict[str, Any]) -> Iterator[Event]:
        content = self.files.pop(parameters["Part"], b"")
        found = hashlib.sha256(content).hexdigest().upper()
        if found != parameters["Sha256"]:
            yield Failure(f"The file arrived damaged: its SHA-256 is {found}.")
            return
        self.files[parameters["Path"]] = content


def _endless(event: Event) -> Iterator[Event]:
    while True:
        yield event
