"""A far network on loopback: what passes through comes later, as over a long line."""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import threading
import time

from wizard.lab.background import Background, TcpServer


class LongLine(Background):
    """Leads to a port on loopback. A connection comes about after `latency_s`, and each answer is late by as much."""

    def __init__(self, to_port: int, latency_s: float) -> None:
        super().__init__()
        self._to = ("127.0.0.1", to_port)
        self._latency_s = latency_s

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        line = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                time.sleep(line._latency_s)
                with contextlib.suppress(OSError), socket.create_connection(line._to, 10) as far:
                    line._carry(self.request, far)

        return TcpServer(address, Handler)

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        there = threading.Thread(target=self._copy, args=(near, far, 0.0), daemon=True)
        there.start()
        self._copy(far, near, self._latency_s)
        there.join(5)

    def _copy(self, source: socket.socket, sink: socket.socket, late_s: float) -> None:
        with contextlib.suppress(OSError), selectors.DefaultSelector() as ready:
            ready.register(source, selectors.EVENT_READ)
            while ready.select(30) and (data := source.recv(65536)):
                # What is under way travels together: one wait for a burst, as on a real line.
                time.sleep(late_s)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
