"""PowerShell remoting on the side of the host: runspace pools and the pipelines that run in them."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import psrpcore
from psrpcore.types import (
    HostMethodIdentifier,
    NETException,
    PSInvocationState,
    PSVersion,
)

from wizard.lab.windows_host.events import (
    Asked,
    Error,
    Event,
    Exit,
    Failure,
    Line,
    Pause,
    Progress,
    Warn,
    Written,
)
from wizard.lab.windows_host.machine import Machine

_FRAGMENT = 150_000  # bytes; twice in base64 it still fits an envelope of 512 kB
_STOP_LOOK_S = 0.02
_WAITING = 20  # payloads


@dataclass(slots=True)
class _Outgoing:
    """What waits for the next Receive of a shell (key None) or of one of its commands."""

    payloads: list[bytes] = field(default_factory=list)
    done: bool = False


class Shell:
    """One runspace pool. Its methods are called by the threads of connections and pipelines."""

    def __init__(self, shell_id: uuid.UUID, machine: Machine) -> None:
        self._machine = machine
        self._pool = psrpcore.ServerRunspacePool(
            application_private_data={
                "PSVersionTable": {
                    "PSVersion": PSVersion("5.1"),
                    "PSRemotingProtocolVersion": PSVersion("2.3"),
                }
            }
        )
        self._pool.runspace_pool_id = shell_id
        self._changed = threading.Condition()
        self._outgoing: dict[uuid.UUID | None, _Outgoing] = {None: _Outgoing()}
        self._stopped: set[uuid.UUID] = set()
        self.ended = False

    def feed(self, data: bytes, command: uuid.UUID | None) -> None:
        """What the client sends; a pipeline starts as soon as it is there as a whole."""
        with self._changed:
            if command is not None and command not in self._outgoing:
                self._outgoing[command] = _Outgoing()
                psrpcore.ServerPipeline(self._pool, command)
            self._pool.receive_data(psrpcore.PSRPPayload(data, psrpcore.StreamType.default, command))
            while event := self._pool.next_event():
                if isinstance(event, psrpcore.CreatePipelineEvent):
                    self._start(event)
            self._collect()

    def receive(self, command: uuid.UUID | None, timeout_s: float) -> tuple[list[bytes], bool] | None:
        """What there is within the time, and whether that was all; None where there was nothing."""
        with self._changed:
            outgoing = self._outgoing.get(command)
            if outgoing is None:
                return None
            self._changed.wait_for(lambda: outgoing.payloads or outgoing.done or self.ended, timeout_s)
            if not outgoing.payloads and not outgoing.done:
                return None
            # As Windows does: not everything at once, however much there is.
            taken = [outgoing.payloads.pop(0)]
            self._changed.notify_all()
            return taken, outgoing.done and not outgoing.payloads

    def stop(self, command: uuid.UUID) -> bool:
        """Whether the command was still running."""
        with self._changed:
            self._stopped.add(command)
            pipeline = self._pool.pipeline_table.get(command)
            running = pipeline is not None and pipeline.state == PSInvocationState.Running
            if pipeline is not None and running:
                pipeline.stop()
                self._collect()
                self._outgoing[command].done = True
            self._changed.notify_all()
            return running

    def end(self) -> None:
        """The client closes the shell, or the host goes down."""
        with self._changed:
            self.ended = True
            self._stopped.update(self._pool.pipeline_table)
            self._changed.notify_all()

    def _start(self, event: psrpcore.CreatePipelineEvent) -> None:
        commands = event.pipeline.commands
        parameters = {str(name): value for command in commands for name, value in command.parameters}
        script = "\n".join(command.command_text for command in commands)
        pipeline = self._pool.pipeline_table[event.pipeline_id]
        pipeline.start()
        threading.Thread(
            target=self._run,
            args=(pipeline, self._machine.play(script, parameters)),
            name="lab pipeline",
            daemon=True,
        ).start()

    def _run(self, pipeline: psrpcore.ServerPipeline, play: Iterator[Event]) -> None:
        number = pipeline.pipeline_id
        for event in play:
            if isinstance(event, Pause):
                until = time.monotonic() + event.seconds
                while time.monotonic() < until and number not in self._stopped:
                    time.sleep(_STOP_LOOK_S)
            with self._changed:
                # As in Windows, a script that writes faster than the client reads has to wait.
                self._changed.wait_for(partial(self._has_room, number))
                if number in self._stopped:
                    return
                self._tell(pipeline, event)
                self._collect()
                if pipeline.state == PSInvocationState.Failed:
                    self._finish(number)
                    return
        with self._changed:
            if number not in self._stopped:
                pipeline.complete()
                self._collect()
                self._finish(number)

    def _has_room(self, number: uuid.UUID) -> bool:
        return len(self._outgoing[number].payloads) < _WAITING or number in self._stopped

    def _tell(self, pipeline: psrpcore.ServerPipeline, event: Event) -> None:
        if isinstance(event, Line):
            pipeline.write_output(event.text)
        elif isinstance(event, Written):
            pipeline.host_call(HostMethodIdentifier.WriteLine2, [event.text])
        elif isinstance(event, Asked):
            pipeline.host_call(HostMethodIdentifier.ReadLine)
        elif isinstance(event, Progress):
            pipeline.write_progress("Working", 1, event.text)
        elif isinstance(event, Warn):
            pipeline.write_warning(event.text)
        elif isinstance(event, Error):
            pipeline.write_error(NETException(Message=event.text))
        elif isinstance(event, Exit):
            pipeline.host_call(HostMethodIdentifier.SetShouldExit, [event.code])
        elif isinstance(event, Failure):
            record = psrpcore.types.ErrorRecord(
                Exception=NETException(Message=event.text),
                CategoryInfo=psrpcore.types.ErrorCategoryInfo(),
                FullyQualifiedErrorId="RuntimeException",
            )
            pipeline._change_state(PSInvocationState.Failed, error=record)

    def _finish(self, command: uuid.UUID) -> None:
        self._outgoing[command].done = True
        self._changed.notify_all()

    def _collect(self) -> None:
        """Move what psrpcore has ready to where the next Receive finds it."""
        while payload := self._pool.data_to_send(_FRAGMENT):
            self._outgoing.setdefault(payload.pipeline_id, _Outgoing()).payloads.append(payload.data)
        self._changed.notify_all()
