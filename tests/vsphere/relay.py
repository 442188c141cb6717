"""A relay in front of the simulator: it counts what passes, and may change the answers on the way."""

from __future__ import annotations

import contextlib
import http.client
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from wizard.lab.certificates import KeyPair
from wizard.lab.vcenter import LabVCenter

Edit = Callable[[str, bytes], bytes]  # the call's name and the answer's body; returns the body to pass on


@dataclass(slots=True)
class Relay:
    port: int
    pair: KeyPair
    calls: list[str] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)
    connections: list[object] = field(default_factory=list)
    edit: Edit = lambda _call, body: body
    statuses: dict[str, int] = field(default_factory=dict)  # by the call's name, in place of the server's own

    def count(self, call: str) -> int:
        return self.calls.count(call)


@contextlib.contextmanager
def relaying(vcenter: LabVCenter) -> Iterator[Relay]:
    """Terminates TLS with a certificate of its own and hands each request on, over TLS, to the simulator."""
    pair = vcenter.other_certificate("relay")
    relay = Relay(port=0, pair=pair)
    unverified = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            relay.connections.append(self.connection)
            self.upstream = http.client.HTTPSConnection(
                "127.0.0.1", vcenter.port, timeout=30, context=unverified
            )

        def finish(self) -> None:
            self.upstream.close()
            super().finish()

        def do_GET(self) -> None:
            self._relay("GET", b"")

        def do_POST(self) -> None:
            self._relay("POST", self.rfile.read(int(self.headers["Content-Length"])))

        def _relay(self, verb: str, body: bytes) -> None:
            call = _call_of(body) or self.path.rpartition("/")[2]
            relay.calls.append(call)
            relay.requests.append(body)
            headers = {name: value for name, value in self.headers.items() if name != "Accept-Encoding"}
            self.upstream.request(verb, self.path, body, headers)
            response = self.upstream.getresponse()
            answer = relay.edit(call, response.read())
            self.send_response(relay.statuses.get(call, response.status))
            for name, value in response.getheaders():
                if name not in ("Content-Length", "Transfer-Encoding", "Connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Nothing of the tests' traffic on the terminal."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: object) -> None:
            """A client that hangs up is part of the tests."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    relay.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield relay
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _call_of(body: bytes) -> str:
    found = re.search(rb"Body[^>]*>\s*<(?:\w+:)?(\w+)", body)
    return found[1].decode() if found else ""
