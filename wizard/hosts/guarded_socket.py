"""A socket that looks at the guard while it waits, so that no host can keep a thread for longer than agreed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

from wizard.hosts.errors import OutputFlood
from wizard.hosts.guard import SLICE_S, Guard
from wizard.text import Text, _
from wizard.wire.stand_in import SocketStandIn

# One answer of WinRM is an envelope of at most 512 kB; encryption and encoding may not make more of it than this.
LARGEST_ANSWER = 4 * 2**20


class GuardedSocket(SocketStandIn):
    """Stands in for the socket of `http.client`. Raises TimedOut, Stopped, Dropped and OutputFlood."""

    def __init__(self, sock: socket.socket, *, guard: Guard) -> None:
        super().__init__(sock)
        self._guard = guard
        self._received = 0
        sock.settimeout(SLICE_S)

    def settimeout(self, _seconds: float | None) -> None:
        """The guard decides how long anything waits, and nobody else."""

    def fileno(self) -> int:
        return self._sock.fileno()

    def getpeercert(self, binary_form: bool) -> bytes | None:
        """For the channel binding of NTLM; None on a connection without TLS."""
        if isinstance(self._sock, ssl.SSLSocket) and binary_form:
            return self._sock.getpeercert(binary_form=True)
        raise AttributeError("not a TLS connection")

    def sendall(self, data: bytes | memoryview, /) -> None:
        self._received = 0
        super().sendall(data)

    def recv_into(self, buffer: memoryview, /) -> int:
        count = super().recv_into(buffer)
        self._received += count
        self._guard.received += count
        if self._received > LARGEST_ANSWER:
            raise OutputFlood(
                Text(
                    _("%(address)s sent an answer of more than %(megabytes)s MB; reading was broken off."),
                    address=self._guard.address,
                    megabytes=LARGEST_ANSWER // 2**20,
                ),
                address=self._guard.address,
                step=self._guard.step,
            )
        return count

    def kill(self) -> None:
        """Close for good, whoever reads."""
        self._sock.close()

    def _patiently(self, move: Callable[[], int]) -> int:
        try:
            return self._guard.patiently(move)
        except OSError as error:
            raise self._guard.dropped(type(error).__name__) from None
