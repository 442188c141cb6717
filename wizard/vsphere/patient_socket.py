"""A socket for long transfers: it can be stopped at any moment, and tells a slow peer from a stalled one."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from wizard.wire.stand_in import SocketStandIn

# How long one call to the kernel waits before somebody looks up.
SLICE_S = 0.5


class Stalled(Exception):
    """Not a single byte moved for as long as was agreed."""


class Broken(Exception):
    """The connection ended or failed; `str` names the error of the system."""


class PatientSocket(SocketStandIn):
    """Stands in for `http.client`'s socket.

    `check` is called before each slice and each half second of waiting; what it raises ends the transfer and
    comes out as it is. What the network does comes out as Stalled, after `stall_s` seconds, or Broken.
    """

    def __init__(self, sock: socket.socket, *, check: Callable[[], None], stall_s: float) -> None:
        super().__init__(sock)
        self._check = check
        self.stall_s = stall_s
        sock.settimeout(min(SLICE_S, stall_s))

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
