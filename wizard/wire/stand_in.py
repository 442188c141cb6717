"""An object in the place of `http.client`'s socket, so that somebody looks up while it waits."""

from __future__ import annotations

import abc
import io
import socket
from collections.abc import Callable
from functools import partial

SLICE_BYTES = 64 * 2**10  # how much the kernel is given at once


class SocketStandIn(abc.ABC):
    """Reads and writes `sock` by way of `_patiently`."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._readers = 0
        self._closed = False

    @abc.abstractmethod
    def _patiently(self, move: Callable[[], int]) -> int:
        """Call `move`, again where its time-out is not the end, and give back its number of bytes."""

    def sendall(self, data: bytes | memoryview, /) -> None:
        view = memoryview(data)
        while view:
            # After a time-out TLS wants the very same bytes again, so a slice is only left once it was taken.
            piece = view[:SLICE_BYTES]
            view = view[self._patiently(partial(self._sock.send, piece)) :]

    def recv_into(self, buffer: memoryview, /) -> int:
        return self._patiently(partial(self._sock.recv_into, buffer))

    def makefile(self, _mode: str) -> io.BufferedReader:
        self._readers += 1
        return io.BufferedReader(_Incoming(self))

    def close(self) -> None:
        """As with real sockets, an answer being read keeps it open; `http.client` counts on that."""
        self._closed = True
        self._close_unless_read()

    def reader_closed(self) -> None:
        self._readers -= 1
        self._close_unless_read()

    def _close_unless_read(self) -> None:
        if self._closed and self._readers <= 0:
            self._sock.close()


class _Incoming(io.RawIOBase):
    """`_sock` goes by that name because pypsrp looks there for the certificate that NTLM binds itself to."""

    def __init__(self, sock: SocketStandIn) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        return self._sock.recv_into(memoryview(buffer))

    def close(self) -> None:
        if not self.closed:
            self._sock.reader_closed()
        super().close()
