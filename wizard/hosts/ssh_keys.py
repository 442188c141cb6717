"""The beginning of an SSH connection: keys are agreed upon, and nobody has signed in."""

from __future__ import annotations

import logging
import socket
import threading

import paramiko

from wizard.hosts.errors import HandshakeFailed, TimedOut
from wizard.hosts.guard import GRACE_S, SLICE_S, Guard
from wizard.text import Text, _

# It writes down every packet at DEBUG, and at ERROR the stack of each connection that ends; we tell that ourselves.
logging.getLogger("paramiko").setLevel(logging.CRITICAL)


def agree_on_keys(sock: socket.socket, *, guard: Guard) -> paramiko.Transport:
    """An SSH connection on which nobody is signed in yet. Raises HandshakeFailed, and closes the socket then."""
    transport = paramiko.Transport(sock)
    agreed = threading.Event()

    def wait() -> None:
        if not agreed.wait(SLICE_S):
            raise TimeoutError

    try:
        # Its own clock would wait for less than the guard allows.
        transport.banner_timeout = transport.handshake_timeout = guard.left + GRACE_S
        transport.start_client(agreed)
        guard.patiently(wait)
        if not transport.is_active():
            raise transport.get_exception() or EOFError("closed")
    except BaseException as error:
        transport.close()
        sock.close()
        if not isinstance(error, paramiko.SSHException | EOFError | OSError | TimedOut):
            raise
        raise HandshakeFailed(
            Text(
                _("No SSH session with %(address)s: %(reason)s."),
                address=guard.address,
                reason="no answer" if isinstance(error, TimedOut) else str(error) or type(error).__name__,
            ),
            address=guard.address,
            step="host_key",
        ) from None
    return transport
