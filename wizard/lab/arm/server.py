"""The emulator as a server: Waitress on loopback, in threads that end with it."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ThreadedTaskDispatcher

from wizard.lab.arm.application import Application
from wizard.lab.arm.control import Control
from wizard.lab.arm.seed import SEED
from wizard.lab.arm.state import SUBSCRIPTION, World

ADDRESS = "127.0.0.1"
THREADS = 8
# Answering takes milliseconds, so whoever is still busy then hangs.
STOP_S = 5.0


class LabAzure:
    """Runs while the `with` block lasts. Port 0 takes a free one; `url` tells which.

    `control` seeds, sends the clock ahead and orders faults; other processes reach it by `wizard.lab.arm.remote`.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        vaults: Sequence[Mapping[str, Any]] = SEED,
        machines: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
        job_seconds: float = 0.05,
    ) -> None:
        """`vaults` and `machines` (of vCenters, by address) are there from the beginning. A job takes `job_seconds`."""
        self._wanted = port
        self._world = World(vaults, machines=machines, job_seconds=job_seconds)
        self._lock = threading.RLock()
        self.control = Control(self._world, self._lock)
        self._server: TcpWSGIServer | None = None

    @property
    def subscription(self) -> str:
        return SUBSCRIPTION

    @property
    def vaults(self) -> list[dict[str, Any]]:
        """Name, resource group, region, ARM id and so on of each."""
        return self.control.vaults()

    @property
    def port(self) -> int:
        """Where it listens. Raises RuntimeError while it does not."""
        if self._server is None:
            raise RuntimeError("The lab's Azure is not running.")
        return int(self._server.effective_port)

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.port}/"

    def start(self) -> None:
        """Listen and answer. Raises OSError where the port is taken."""
        self._application = Application(self._world, self.control, self._lock)
        self._stopping = False
        self._map: dict[int, Any] = {}
        dispatcher = ThreadedTaskDispatcher()
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((ADDRESS, self._wanted))
            dispatcher.set_thread_count(THREADS)
            self._server = create_server(
                self._answer,
                map=self._map,
                _dispatcher=dispatcher,
                sockets=[listener],
                threads=THREADS,
                ident="foothold-lab",
                clear_untrusted_proxy_headers=True,
            )
        except BaseException:
            listener.close()
            raise
        self._thread = threading.Thread(target=self._run, name="LabAzure", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        self._application.stopping.set()
        self._stopping = True
        server.trigger.pull_trigger()
        self._thread.join(STOP_S)
        server.task_dispatcher.shutdown(timeout=STOP_S)
        wasyncore.close_all(self._map)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        while not self._stopping:
            wasyncore.loop(timeout=1.0, map=self._map, use_poll=True, count=1)

    def _answer(self, environ: dict[str, Any], start: Any) -> Any:
        # The one thing in the environment that leads to the connection.
        channel: HTTPChannel = environ["waitress.client_disconnected"].__self__
        environ["foothold.reset"] = lambda: _reset(channel)
        return self._application(environ, start)


def _reset(channel: HTTPChannel) -> None:
    """Break the connection off, as a firewall does: a reset instead of an answer.

    A socket that is closed without lingering sends RST. Waitress does that in the thread that watches them all, and ends the answer that it cannot write.
    """
    channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    channel.connected = False
    channel.will_close = True
    channel.server.pull_trigger()
