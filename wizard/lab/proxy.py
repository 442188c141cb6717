"""An HTTP proxy as large networks have one between themselves and the Internet."""

from __future__ import annotations

import base64
import hmac
import http.client
import selectors
import socket
import socketserver
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from wizard.lab.background import Background, TcpServer

TIMEOUT_S = 30.0
_PIECE = 65536


class HttpProxy(Background):
    """Forwards every request to one `target`, whatever host was asked for: behind it lies the lab, not the Internet.

    With `credentials` ("user", "password") it answers 407 to callers without them. `denied` hosts get 403,
    `asked` lists HOST:PORT of all requests.
    """

    def __init__(
        self, target: tuple[str, int], port: int = 0, *, credentials: tuple[str, str] | None = None
    ) -> None:
        super().__init__(port)
        self._target = target
        self.credentials = credentials
        self.denied: set[str] = set()
        self.asked: list[str] = []

    def objection(self, host: str, authorization: str | None) -> int | None:
        """The status with which a request is refused, None where it is not."""
        if self.credentials is not None:
            expected = "Basic " + base64.b64encode(":".join(self.credentials).encode()).decode()
            if authorization is None or not hmac.compare_digest(authorization, expected):
                return 407
        return 403 if host in self.denied else None

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            server_version = "foothold-lab-proxy"
            sys_version = ""

            def do_CONNECT(self) -> None:
                host, _, port = self.path.rpartition(":")
                if self._refused(host, port):
                    return
                with socket.create_connection(owner._target, TIMEOUT_S) as far:
                    self.send_response(200, "Connection established")
                    self.end_headers()
                    _relay(self.connection, far)
                self.close_connection = True

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                if url.hostname is None or self._refused(url.hostname, str(url.port or 80)):
                    return
                far = http.client.HTTPConnection(*owner._target, timeout=TIMEOUT_S)
                try:
                    far.request(self.command, url.path or "/", headers={"Host": url.netloc})
                    response = far.getresponse()
                    body = response.read()
                finally:
                    far.close()
                self._respond(response.status, body)

            do_HEAD = do_GET  # noqa: N815 - the base class looks for this name

            def _refused(self, host: str, port: str) -> bool:
                owner.asked.append(f"{host}:{port}")
                status = owner.objection(host, self.headers.get("Proxy-Authorization"))
                if status is not None:
                    self._respond(status, b"")
                return status is not None

            def _respond(self, status: int, body: bytes) -> None:
                self.send_response(status)
                if status == 407:
                    self.send_header("Proxy-Authenticate", 'Basic realm="Foothold lab"')
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing; `asked` tells."""

        return TcpServer(address, Handler)


def _relay(near: socket.socket, far: socket.socket) -> None:
    """Pass bytes both ways until one side ends or nothing moves for a while."""
    with selectors.DefaultSelector() as selector:
        selector.register(near, selectors.EVENT_READ, far)
        selector.register(far, selectors.EVENT_READ, near)
        while ready := selector.select(TIMEOUT_S):
            for key, _events in ready:
                source = key.fileobj
                if not isinstance(source, socket.socket):
                    return
                content = source.recv(_PIECE)
                if not content:
                    return
                key.data.sendall(content)
