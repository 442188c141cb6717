"""One server in the place of all of Azure: enough to see whether an endpoint would be reached."""

from __future__ import annotations

import shutil
import socket
import socketserver
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from wizard.lab.background import Background, TcpServer
from wizard.lab.certificates import Authority

TIMEOUT_S = 30.0
_TLS_HANDSHAKE = 0x16
# What the real ones answer to somebody who is not signed in.
_STATUSES: tuple[tuple[str, int], ...] = (
    ("login.*", 200),
    ("www.*", 200),
    ("management.*", 401),
    ("graph.*", 401),
    ("*", 403),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request that arrived."""

    host: str
    path: str
    tls: bool


class AzureFront(Background):
    """Answers HTTPS and, on the same port, plain HTTP for `names` (wildcards allowed) with 200, 401 or 403.

    The certificate comes from `authority`. Some names can be made to fail: see `refuse` and `inspect`.
    """

    def __init__(self, names: Iterable[str], authority: Authority, port: int = 0) -> None:
        super().__init__(port)
        self._names = tuple(dict.fromkeys(name.lower() for name in names))
        self._context = _context(authority, "azure-front", self._names)
        self._refused: frozenset[str] = frozenset()
        self._inspected: frozenset[str] = frozenset()
        self._inspection: ssl.SSLContext | None = None
        self.statuses: dict[str, int] = {}
        self.seen: list[Seen] = []
        self._files: dict[str, Path] = {}

    def publish(self, url_path: str, file: Path) -> None:
        """Serve a file at `url_path`, under whatever name."""
        self._files[url_path] = file

    def refuse(self, *names: str) -> None:
        """Break the TLS handshake for these names, as a firewall does that filters by name; none lifts it."""
        self._refused = frozenset(name.lower() for name in names)

    def inspect(self, authority: Authority, *names: str) -> None:
        """Show a certificate of another CA for these names, as a proxy does that inspects TLS; none lifts it."""
        self._inspected = frozenset(name.lower() for name in names)
        self._inspection = _context(authority, "inspection", tuple(names)) if names else None

    def status(self, host: str) -> int:
        """What is answered for a host: as set in `statuses`, else what the real one would say."""
        if host in self.statuses:
            return self.statuses[host]
        return next(status for pattern, status in _STATUSES if fnmatchcase(host, pattern))

    def wrap(self, connection: socket.socket) -> socket.socket:
        """The connection, decrypted where it begins with a TLS handshake."""
        connection.settimeout(TIMEOUT_S)
        first = connection.recv(1, socket.MSG_PEEK)
        if not first or first[0] != _TLS_HANDSHAKE:
            return connection
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = self._choose
        return context.wrap_socket(connection, server_side=True)

    def _choose(
        self, tls: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext
    ) -> int | None:
        wanted = (name or "").lower()
        if wanted in self._refused:
            return ssl.ALERT_DESCRIPTION_ACCESS_DENIED
        inspection = self._inspection
        tls.context = inspection if inspection is not None and wanted in self._inspected else self._context
        return None

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "foothold-lab"
            sys_version = ""

            def setup(self) -> None:
                self.request = owner.wrap(self.request)
                super().setup()

            def finish(self) -> None:
                super().finish()
                # The server closes the plain socket, which wrapping has emptied.
                self.request.close()

            def do_GET(self) -> None:
                host = self.headers.get("Host", "").partition(":")[0].lower()
                tls = isinstance(self.request, ssl.SSLSocket)
                owner.seen.append(Seen(host=host, path=self.path, tls=tls))
                file = owner._files.get(self.path)
                if file is not None:
                    self._send(file)
                    return
                body = b'{"error": {"code": "Lab", "message": "This is the lab, not Azure."}}'
                self.send_response(owner.status(host))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def _send(self, file: Path) -> None:
                with file.open("rb") as content:
                    self.send_response(200)
                    self.send_header("Content-Type", "application/octet-stream")
                    self.send_header("Content-Length", str(file.stat().st_size))
                    self.end_headers()
                    if self.command != "HEAD":
                        shutil.copyfileobj(content, self.wfile, 2**20)

            do_HEAD = do_GET  # noqa: N815 - the base class looks for this name
            do_POST = do_GET  # noqa: N815

            def log_message(self, *_arguments: object) -> None:
                """Say nothing; `seen` tells."""

        return TcpServer(address, Handler)


def _context(authority: Authority, stem: str, names: tuple[str, ...]) -> ssl.SSLContext:
    pair = authority.issue(stem, names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context
