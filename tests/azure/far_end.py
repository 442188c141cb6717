"""An HTTP server on loopback that answers what a test tells it to: what the lab's Azure is too well-behaved for."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    method: str
    path: str
    token: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Answering = Callable[[Request], Answer]


def as_json(document: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(
        status=status,
        body=json.dumps(document).encode(),
        headers={"Content-Type": "application/json", **headers},
    )


@dataclass(slots=True, kw_only=True)
class FarEnd:
    """`answering` may be set anew at any time; `requests` are those that came."""

    url: str
    port: int
    answering: Answering
    requests: list[Request] = field(default_factory=list)


@contextmanager
def far_end(answering: Answering, *, tls: SSLContext | None = None) -> Iterator[FarEnd]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # headers and body in one segment

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = Request(
                method=self.command,
                path=self.path,
                token=self.headers.get("Authorization", ""),
                body=body,
            )
            end.requests.append(request)
            answer = end.answering(request)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the server looks for these names

        def log_message(self, *_what: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    port = server.server_address[1]
    end = FarEnd(url=f"{'https' if tls else 'http'}://127.0.0.1:{port}/", port=port, answering=answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield end
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
