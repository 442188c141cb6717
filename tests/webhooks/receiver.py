"""A program that listens to webhooks, on loopback, over HTTPS: what it was sent, and what it answers next."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wizard.lab.certificates import KeyPair

NAME = "hooks.example.test"


@dataclass(frozen=True, kw_only=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`answers` are given one after the other, 204 where there are none left; each a status, or something to be done."""

    port: int
    received: list[Received] = field(default_factory=list)
    answers: list[int | Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=list)
    let_go: threading.Event = field(default_factory=threading.Event)

    @property
    def events(self) -> list[str]:
        return [found.headers["Foothold-Event"] for found in self.received]

    def says_nothing(self, request: BaseHTTPRequestHandler) -> None:
        """Until the test is over."""
        self.let_go.wait(10)


def redirect(location: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", location)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def later(status: int, retry_after: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Retry-After", retry_after)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def endless(request: BaseHTTPRequestHandler) -> None:
    """200, and a body that does not end."""
    request.send_response(200)
    request.end_headers()
    request.wfile.write(b"x" * 100_000)


def dribble(request: BaseHTTPRequestHandler) -> None:
    """A header line that comes byte after byte."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _number in range(100):
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(0.05)


@contextmanager
def receiving(pair: KeyPair | None) -> Iterator[Receiver]:
    """Without a key pair it speaks plain HTTP."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append(Received(path=self.path, headers=dict(self.headers.items()), body=body))
            answer = receiver.answers.pop(0) if receiver.answers else 204
            try:
                if callable(answer):
                    answer(self)
                    return
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(port=server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.let_go.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
