"""The lab's Windows host: WinRM over HTTPS or HTTP on loopback."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Self

from spnego.exceptions import SpnegoError

from wizard.lab.background import Background, TcpServer
from wizard.lab.certificates import Authority, KeyPair
from wizard.lab.windows_host import soap
from wizard.lab.windows_host.machine import Machine
from wizard.lab.windows_host.scenarios import SCENARIOS
from wizard.lab.windows_host.shells import Shells
from wizard.lab.windows_host.sign_in import ENCRYPTED_TYPE, Accounts, SignIn, der_of

USERNAME, PASSWORD = "administrator", "Lab-Windows-1"
DOWN_S = 1.0
IDLE_S = 30.0
_SOAP_TYPE = "application/soap+xml;charset=UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request that arrived; `credential` is the kind of its Authorization header, empty without one."""

    credential: str
    status: int


class WindowsHost(Background):
    """Runs while the `with` block lasts; `machine` is what it is, `seen` what arrived.

    `bodies_in_clear` counts requests over plain HTTP that were not encrypted; `password_after_restart` is what
    somebody sets it to meanwhile.

    NTLM and Negotiate work everywhere, Basic over HTTPS alone. Over plain HTTP it demands encrypted messages.
    """

    def __init__(
        self,
        scenario: str = "healthy",
        *,
        name: str = "",
        authority: Authority | None = None,
        port: int = 0,
        tls: bool = True,
        offers: tuple[str, ...] = ("Negotiate", "Basic"),
        encrypts: bool = True,
        expired: bool = False,
        address: str = "192.0.2.11",
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """`authority` issues the certificate (None: one of its own, for this run alone). `address` is the one that
        the machine believes to have, `changes` are facts that differ from those of the scenario.

        `offers` are the ways of signing in that it tells about; without `encrypts` its answers over HTTP are
        plain, as they would be from somebody in between. `expired` is its certificate then.
        """
        super().__init__(port)
        self.scenario = scenario
        self.name = name or f"{scenario.replace('_', '-')}.lab.test"
        self.tls = tls
        self.username, self.password = USERNAME, PASSWORD
        self.seen: list[Seen] = []
        self._offers = offers
        self._encrypts = encrypts
        self._directory = tempfile.TemporaryDirectory(prefix="foothold-lab-")
        directory = Path(self._directory.name)
        authority = authority or Authority(directory)
        yesterday = datetime.now(UTC) - timedelta(days=1) if expired else None
        self.pair: KeyPair = authority.issue(f"windows-{self.name}", (self.name,), not_after=yesterday)
        self.thumbprint_sha256 = self.pair.sha256
        self._ended = threading.Event()
        self.accounts = Accounts(
            directory / "accounts",
            {self.username: self.password},
            domain=self.name.partition(".")[0].upper(),
        )
        self.machine = Machine(
            SCENARIOS[scenario],
            name=self.name,
            address=address,
            thumbprint=hashlib.sha1(der_of(self.pair.certificate), usedforsecurity=False).hexdigest().upper(),
            restart=self._restart,
            changes=changes,
        )
        self.shells = Shells(self.machine, self._ended)
        self.bodies_in_clear = 0
        self.password_after_restart = ""
        self._connections: set[socket.socket] = set()
        self._kept_port: int | None = None
        self._restarting: threading.Thread | None = None

    @property
    def stopped_commands(self) -> int:
        """Scripts that were told to end while they ran."""
        return self.shells.stopped_commands

    @property
    def port(self) -> int:
        """The same one again after a restart."""
        return self._kept_port or super().port

    def __enter__(self) -> Self:
        try:
            super().__enter__()
        except BaseException:
            self._directory.cleanup()
            raise
        self._wanted = self._kept_port = super().port
        return self

    def __exit__(self, *error: Any) -> None:
        self._ended.set()
        if self._restarting is not None:
            self._restarting.join(5.0)
        self._go_down()
        self._directory.cleanup()

    def describe(self) -> dict[str, Any]:
        """Its entry in `lab.json`."""
        return {
            "scenario": self.scenario,
            "name": self.name,
            "address": self.host,
            "port": self.port,
            "transport": "winrm_https" if self.tls else "winrm_http",
            "thumbprint_sha256": self.thumbprint_sha256 if self.tls else None,
            "username": self.username,
            "password": self.password,
        }

    def _restart(self) -> None:
        behaviour = self.machine.scenario.behaviour
        if behaviour == "stays":
            return

        def reboot() -> None:
            self._go_down()
            if behaviour == "gone" or self._ended.wait(DOWN_S):
                return
            if self.password_after_restart:
                self.accounts.change_password(self.username, self.password_after_restart)
            self.machine.booted()
            self.start()

        self._restarting = threading.Thread(target=reboot, name="lab restart", daemon=True)
        self._restarting.start()

    def _go_down(self) -> None:
        self.stop()
        self.shells.end_all()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        owner = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.pair.certificate, self.pair.key)
        certificate = der_of(self.pair.certificate)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "Microsoft-HTTPAPI/2.0"
            sys_version = ""
            disable_nagle_algorithm = True

            def setup(self) -> None:
                self.request.settimeout(IDLE_S)
                owner._connections.add(self.request)
                self._plain = self.request
                if owner.tls:
                    self.request = context.wrap_socket(self.request, server_side=True)
                    owner._connections.discard(self._plain)
                    owner._connections.add(self.request)
                self._last_word = ""
                self._sign_in = SignIn(owner.accounts, certificate=certificate if owner.tls else None)
                super().setup()

            def finish(self) -> None:
                super().finish()
                owner._connections.discard(self.request)
                # The server closes the plain socket, which wrapping has emptied.
                self.request.close()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path.partition("?")[0] != "/wsman":
                    self._send(404, b"")
                elif self.headers.get("WSMANIDENTIFY", "").lower() == "unauthenticated":
                    self._send(200, soap.identified(owner.machine.version))
                elif self._admitted():
                    self._serve(body)

            def _admitted(self) -> bool:
                if owner.machine.scenario.behaviour == "access_denied":
                    self._refuse(self._deny())
                    return False
                header = self.headers.get("Authorization", "")
                if owner.tls and "Basic" in owner._offers and self._sign_in.basic(header):
                    return True
                if self._sign_in.done:
                    return True
                if not header.startswith("Negotiate ") or "Negotiate" not in owner._offers:
                    self._refuse()
                    return False
                answer, done = self._sign_in.negotiate(header)
                if done:
                    # The client checks it, and starts its encryption anew with it.
                    self._last_word = answer
                else:
                    self._refuse(answer)
                return done

            def _deny(self) -> str | None:
                """Lets a client that negotiates say all it has to say."""
                header = self.headers.get("Authorization", "")
                if not header.startswith("Negotiate "):
                    return None
                answer, done = self._sign_in.negotiate(header)
                return "Negotiate" if done else answer

            def _serve(self, body: bytes) -> None:
                encrypted = self.headers.get("Content-Type", "").startswith("multipart/encrypted")
                try:
                    if encrypted:
                        body = self._sign_in.decrypt(body)
                    elif not owner.tls and body:
                        # AllowUnencrypted is false, as Windows has it from the start.
                        owner.bodies_in_clear += 1
                        self._send(500, b"")
                        return
                    if not body:
                        self._send(200, b"")
                        return
                    request = soap.parse(body)
                except (ValueError, SpnegoError):
                    self._send(400, b"")
                    return
                status = 200
                try:
                    answer = owner.shells.answer(request)
                except soap.Fault as found:
                    status, answer = 500, soap.fault(request, found)
                except ConnectionAbortedError:
                    self.close_connection = True
                    return
                if encrypted and owner._encrypts:
                    self._send(status, self._sign_in.encrypt(answer), ENCRYPTED_TYPE)
                else:
                    self._send(status, answer)

            def _refuse(self, answer: str | None = None) -> None:
                self._note(401)
                self.send_response(401)
                for way in (answer,) if answer else owner._offers:
                    self.send_header("WWW-Authenticate", 'Basic realm="WSMAN"' if way == "Basic" else way)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _send(self, status: int, body: bytes, kind: str = _SOAP_TYPE) -> None:
                self._note(status)
                self.send_response(status)
                if self._last_word:
                    self.send_header("WWW-Authenticate", self._last_word)
                    self._last_word = ""
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _note(self, status: int) -> None:
                kind = self.headers.get("Authorization", "").partition(" ")[0]
                owner.seen.append(Seen(credential=kind, status=status))

            def log_message(self, *_arguments: object) -> None:
                """Say nothing; `seen` tells."""

        return TcpServer(address, Handler)
