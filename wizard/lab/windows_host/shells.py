"""What WS-Management asks of a host's shells, and how the scenario lets it answer."""

from __future__ import annotations

import threading
import uuid
from typing import Final

from wizard.lab.windows_host import soap
from wizard.lab.windows_host.machine import Machine
from wizard.lab.windows_host.remoting import Shell

_MUTE_S: Final = 30.0


class Shells:
    """The open shells of one machine; called by the threads of connections."""

    def __init__(self, machine: Machine, ended: threading.Event) -> None:
        """`ended` is set when the host is switched off for good."""
        self._machine = machine
        self._ended = ended
        self._open: dict[uuid.UUID | None, Shell] = {}
        self.stopped_commands = 0

    def end_all(self) -> None:
        """The host goes down."""
        for shell in list(self._open.values()):
            shell.end()
        self._open.clear()

    def answer(self, request: soap.Request) -> bytes:
        """Raises Fault, and ConnectionAbortedError where the scenario wants the connection gone."""
        if self._machine.scenario.behaviour == "not_admin":
            raise soap.Fault(soap.ACCESS_DENIED, "Access is denied.")
        shell = self._open.get(request.shell_id)
        if request.action == soap.CREATE:
            assert request.shell_id is not None  # noqa: S101 - PowerShell remoting names its shells itself
            shell = self._open[request.shell_id] = Shell(request.shell_id, self._machine)
            shell.feed(request.stdin, None)
            return soap.created(request)
        if shell is None:
            raise soap.Fault(soap.UNEXPECTED_SELECTORS, "The shell was not found on the server.")
        if request.action == soap.COMMAND:
            shell.feed(request.stdin, request.command_id)
            return soap.command_started(request)
        if request.action == soap.RECEIVE:
            return self._receive(shell, request)
        if request.action == soap.SEND:
            shell.feed(request.stdin, request.command_id)
        elif request.action == soap.SIGNAL:
            if request.command_id is not None and shell.stop(request.command_id):
                self.stopped_commands += 1
        elif request.action == soap.DELETE:
            shell.end()
            del self._open[request.shell_id]
        else:
            raise soap.Fault(soap.NOT_SUPPORTED, "The WS-Management service does not support the action.")
        return soap.accepted(request)

    def _receive(self, shell: Shell, request: soap.Request) -> bytes:
        found = shell.receive(request.command_id, request.timeout_s)
        if found is not None:
            payloads, done = found
            return soap.received(request, payloads, done=done)
        if shell.ended or self._machine.scenario.behaviour == "drops":
            raise ConnectionAbortedError
        if self._machine.scenario.behaviour == "mute" and request.command_id is not None:
            self._ended.wait(_MUTE_S)
            raise ConnectionAbortedError
        raise soap.Fault(soap.OPERATION_TIMED_OUT, "The operation did not complete within the time.")
