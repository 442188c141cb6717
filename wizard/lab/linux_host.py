"""The lab's Linux machine: an SSH server on loopback that takes scripts by `sh -s` and files by SFTP."""

from __future__ import annotations

import contextlib
import logging
import socketserver
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_NO_SUCH_FILE, SFTP_OK

from wizard.hosts.fingerprint import of_host_key
from wizard.lab.background import Background, TcpServer
from wizard.lab.linux_machine import BEHAVIOURS, Ended, LinuxMachine, Vanished, Waited, Wrote

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

USERNAME, PASSWORD = "root", "Lab-Linux-1"
DOWN_S = 1.0
_IDLE_S = 30.0
_LOOK_S = 0.02
_MUTE_S = 5.0

# Connections that break off are what this server is for.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


class LinuxHost(Background):
    """Runs while the `with` block lasts; `machine` is what it is, `sign_ins` the user names that tried."""

    def __init__(
        self,
        scenario: str = "linuxmt",
        *,
        name: str = "",
        directory: Path | None = None,
        port: int = 0,
        address: str = "192.0.2.16",
        passwords: bool = True,
    ) -> None:
        """Without `passwords` only keys open it. `directory` keeps the host key (None: a new one for this run). `address` is the machine's own belief."""
        super().__init__(port)
        self.scenario = scenario
        self.name = name or f"{scenario.replace('_', '-')}.lab.test"
        self.username, self.password = USERNAME, PASSWORD
        self.sign_ins: list[str] = []
        self.passwords = passwords
        self.machine = LinuxMachine(
            BEHAVIOURS[scenario], name=self.name, address=address, restart=self._restart
        )
        self._key = _host_key(directory / f"linux-{self.name}.key" if directory else None)
        self._transports: set[paramiko.Transport] = set()
        self._kept_port: int | None = None
        self._restarting: threading.Thread | None = None
        self._ended = threading.Event()

    @property
    def thumbprint_sha256(self) -> str:
        """Of the host key, as `ssh-keygen -lf` prints it."""
        return of_host_key(self._key.asbytes())

    @property
    def port(self) -> int:
        """The same one again after a restart."""
        return self._kept_port or super().port

    def __enter__(self) -> Self:
        super().__enter__()
        self._wanted = self._kept_port = super().port
        return self

    def __exit__(self, *error: Any) -> None:
        self._ended.set()
        if self._restarting is not None:
            self._restarting.join(5.0)
        self._go_down()

    def describe(self) -> dict[str, Any]:
        """Its entry in `lab.json`."""
        return {
            "scenario": self.scenario,
            "name": self.name,
            "address": self.host,
            "port": self.port,
            "transport": "ssh",
            "thumbprint_sha256": self.thumbprint_sha256,
            "username": self.username,
            "password": self.password,
        }

    def _restart(self) -> None:
        if self.machine.behaviour == "stays":
            return

        def reboot() -> None:
            self._go_down()
            if self.machine.behaviour == "gone" or self._ended.wait(DOWN_S):
                return
            self.machine.booted()
            self.start()

        self._restarting = threading.Thread(target=reboot, name="lab restart", daemon=True)
        self._restarting.start()

    def _go_down(self) -> None:
        self.stop()
        for transport in list(self._transports):
            transport.close()

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                transport = paramiko.Transport(self.request)
                transport.local_version = "SSH-2.0-OpenSSH_7.2p2 Ubuntu-4ubuntu2.1"
                transport.add_server_key(owner._key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, owner.machine)
                owner._transports.add(transport)
                try:
                    with contextlib.suppress(paramiko.SSHException, EOFError, OSError):
                        transport.start_server(server=_Server(owner, transport))
                    transport.join()
                finally:
                    transport.close()
                    owner._transports.discard(transport)

        return TcpServer(address, Handler)


class _Server(paramiko.ServerInterface):
    """One connection."""

    def __init__(self, owner: LinuxHost, transport: paramiko.Transport) -> None:
        self._owner = owner
        self._transport = transport

    def get_allowed_auths(self, username: str) -> str:
        return "password" if self._owner.passwords else "publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        self._owner.sign_ins.append(username)
        if self._owner.machine.behaviour == "mute":
            time.sleep(_MUTE_S)
        known = (username, password) == (self._owner.username, self._owner.password)
        if known and self._owner.passwords and self._owner.machine.behaviour != "access_denied":
            return AUTH_SUCCESSFUL
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        if command != b"sh -s":
            return False
        threading.Thread(target=self._run, args=(channel,), name="lab shell", daemon=True).start()
        return True

    def _run(self, channel: paramiko.Channel) -> None:
        channel.settimeout(_IDLE_S)
        with contextlib.suppress(OSError, EOFError):
            script = channel.makefile("rb").read().decode()
            for event in self._owner.machine.play(script):
                if isinstance(event, Wrote):
                    (channel.sendall_stderr if event.error else channel.sendall)(event.data)
                elif isinstance(event, Waited):
                    until = time.monotonic() + event.seconds
                    while time.monotonic() < until and not channel.closed:
                        time.sleep(_LOOK_S)
                elif isinstance(event, Ended):
                    channel.send_exit_status(event.code)
                elif isinstance(event, Vanished):
                    self._transport.close()
        with contextlib.suppress(OSError, EOFError):
            channel.close()


class _Files(paramiko.SFTPServerInterface):
    """Writing files and giving them their names; they live in the machine's memory."""

    def __init__(self, server: paramiko.ServerInterface, machine: LinuxMachine) -> None:
        super().__init__(server)
        self._machine = machine

    def open(self, path: str, flags: int, attr: paramiko.SFTPAttributes) -> paramiko.SFTPHandle | int:
        if path.count("/") > 1 and not path.startswith(("/tmp/", "/root/")):  # noqa: S108 - of the simulated machine
            return SFTP_NO_SUCH_FILE
        self._machine.files[path] = b""
        return _File(self._machine, path)

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        content = self._machine.files.get(path)
        if content is None:
            return SFTP_NO_SUCH_FILE
        attributes = paramiko.SFTPAttributes()
        attributes.st_size = len(content)
        attributes.st_mode = stat.S_IFREG | 0o600
        return attributes

    def posix_rename(self, oldpath: str, newpath: str) -> int:
        content = self._machine.files.pop(oldpath, None)
        if content is None:
            return SFTP_NO_SUCH_FILE
        self._machine.files[newpath] = content
        return SFTP_OK


class _File(paramiko.SFTPHandle):
    def __init__(self, machine: LinuxMachine, path: str) -> None:
        super().__init__()
        self._machine = machine
        self._path = path

    def write(self, offset: int, data: ReadableBuffer) -> int:
        content = self._machine.files[self._path]
        self._machine.files[self._path] = content[:offset] + bytes(data)
        return SFTP_OK


def _host_key(file: Path | None) -> paramiko.ECDSAKey:
    """Kept like the certificates, so that a fingerprint that was confirmed once stays right."""
    if file is not None and file.exists():
        return paramiko.ECDSAKey.from_private_key_file(str(file))
    key = paramiko.ECDSAKey.generate()
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        key.write_private_key_file(str(file))
    return key
