"""Small servers that run in a thread of their own for as long as a `with` block lasts."""

from __future__ import annotations

import socketserver
import threading
from types import TracebackType
from typing import Any, Self, cast

ADDRESS = "127.0.0.1"


class Background:
    """Base of the lab's servers: a `socketserver` on loopback. A subclass makes it in `_make_server`.

    Port 0 takes a free one; `port` tells which.
    """

    def __init__(self, port: int = 0) -> None:
        self._wanted = port
        self._server: socketserver.BaseServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def host(self) -> str:
        return ADDRESS

    @property
    def port(self) -> int:
        """Where it listens. Raises RuntimeError while it does not."""
        if self._server is None:
            raise RuntimeError(f"{type(self).__name__} is not running.")
        return cast("tuple[str, int]", self._server.server_address)[1]

    def start(self) -> None:
        """Listen and answer. Raises OSError where the port is taken."""
        self._server = self._make_server((ADDRESS, self._wanted))
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=type(self).__name__,
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        if self._thread is not None:
            self._thread.join(5.0)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        raise NotImplementedError


class UdpServer(socketserver.ThreadingUDPServer):
    daemon_threads = True
    block_on_close = False


class TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: callers that break off are what these servers are for."""
