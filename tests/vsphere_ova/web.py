"""Web servers and a proxy on loopback, for downloads that go well and for all the others."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from wizard.lab.certificates import KeyPair

Page = Callable[[BaseHTTPRequestHandler], None]


def file(content: bytes, **headers: str) -> Page:
    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(content)

    return page


def unmeasured(content: bytes) -> Page:
    """Without a length: it ends when the connection does."""

    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(content)

    return page


def chunked(content: bytes, *, whole: bool = True) -> Page:
    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        for start in range(0, len(content), 10_000):
            piece = content[start : start + 10_000]
            request.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if whole:
            request.wfile.write(b"0\r\n\r\n")

    return page


def cut_off(content: bytes, *, after: int) -> Page:
    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content[:after])

    return page


def stalling(content: bytes, *, after: int, until: threading.Event) -> Page:
    def page(request: BaseHTTPRequestHandler) -> None:
        cut_off(content, after=after)(request)
        request.wfile.flush()
        until.wait(10)

    return page


def redirect(location: str, status: int = 302) -> Page:
    def page(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Location", location)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return page


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """A client that hangs up is part of the tests."""


@contextlib.contextmanager
def serving(pages: Mapping[str, Page], *, pair: KeyPair | None = None) -> Iterator[int]:
    """The port of a server with these pages; over TLS if it has a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            if page is None:
                self.send_error(403, "Authentication failed")
            else:
                page(self)
            self.wfile.flush()

        def log_message(self, *_arguments: object) -> None:
            """Nothing of the tests' traffic on the terminal."""

    server = _Server(("127.0.0.1", 0), Handler)
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with _running(server):
        yield server.server_address[1]


@contextlib.contextmanager
def proxying(to_port: int, *, sign_in: str = "", seen: list[str]) -> Iterator[int]:
    """A proxy that brings every request to one port of this machine, and notes what it was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            if not self._welcome():
                return
            with socket.create_connection(("127.0.0.1", to_port), timeout=10) as upstream:
                self.send_response(200, "Connection established")
                self.end_headers()
                self.wfile.flush()
                back = threading.Thread(target=_pump, args=(upstream, self.connection))
                back.start()
                _pump(self.connection, upstream)
                back.join()

        def do_GET(self) -> None:
            if not self._welcome():
                return
            path = "/" + self.path.split("/", 3)[3]
            with socket.create_connection(("127.0.0.1", to_port), timeout=10) as upstream:
                upstream.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
                _pump(upstream, self.connection)

        def _welcome(self) -> bool:
            seen.append(f"{self.command} {self.path}")
            if sign_in and self.headers["Proxy-Authorization"] != sign_in:
                self.send_error(407, "Proxy Authentication Required")
                return False
            return True

        def log_message(self, *_arguments: object) -> None:
            """Nothing of the tests' traffic on the terminal."""

    with _running(_Server(("127.0.0.1", 0), Handler)) as server:
        yield server.server_address[1]


@contextlib.contextmanager
def _running(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
