"""A socket for long transfers: it can be stopped at any moment, and tells a slow peer from a stalled one."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from functools import partial

# How long one call to the kernel waits before somebody looks up, and how much it is given at once.
SLICE_S = 0.5
SLICE_BYTES = 64 * 2**10


class Stalled(Exception):
    """Not a single byte moved for as long as was agreed."""


class Broken(Exception):
    """The connection ended or failed; `str` names the error of the system."""


class PatientSocket:
    """Stands in for `http.client`'s socket.

    `check` is called before each slice and each half second of waiting; what it raises ends the transfer and
    comes out as it is. What the network does comes out as Stalled, after `stall_s` seconds, or Broken.
    """

    def __init__(self, sock: socket.socket, *, check: Callable[[], None], stall_s: float) -> None:
        self._sock = sock
        self._check = check
        self.stall_s = stall_s
        self._readers = 0
        self._closed = False
        sock.settimeout(min(SLICE_S, stall_s))

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

    def _patiently(self, move: Callable[[], int]) -> int:
        give_up = time.monotonic() + self.stall_s
        while True:
            self._check()
            try:
                return move()
            except TimeoutError:
                if time.monotonic() >= give_up:
                    raise Stalled from None
            except OSError as error:
                raise Broken(type(error).__name__) from error


class _Incoming(io.RawIOBase):
    def __init__(self, sock: PatientSocket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        return self._sock.recv_into(memoryview(buffer))

    def close(self) -> None:
        if not self.closed:
            self._sock.reader_closed()
        super().close()
