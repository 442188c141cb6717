"""Sockets to vSphere: names resolved, TCP opened and TLS agreed upon, each within a deadline."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.errors import DestinationRefused, TlsFailed, Unreachable
from wizard.wire import destinations, tcp, tls
from wizard.wire.destinations import Destination, Purpose
from wizard.wire.tcp import SocketAddress


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock after which nobody waits any longer."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def left(self) -> float:
        """Seconds that remain; never 0 or less, as a socket takes 0 for "do not block"."""
        return max(self.at - time.monotonic(), 0.001)

    def over(self) -> bool:
        return time.monotonic() >= self.at

    def pause(self) -> float:
        """Seconds that one may wait. Raises TimeoutError where none are left."""
        if self.over():
            raise TimeoutError
        return self.left()


def resolve(host: str, port: int, *, deadline: Deadline) -> tuple[SocketAddress, ...]:
    """The addresses of a name, in the resolver's order. Raises Unreachable with step `dns`."""
    try:
        found = tcp.look_up(host, port, pause=deadline.pause)
    except TimeoutError:
        raise Unreachable(
            Text(
                _("The name %(host)s could not be looked up in time: no answer from the name server."),
                host=host,
            ),
            remedy=Text(_("Check the name servers of this machine, or enter the IP address.")),
            address=f"{host}:{port}",
            step="dns",
        ) from None
    if not found:
        raise Unreachable.unknown_name(host, address=f"{host}:{port}")
    return found


def open_tcp(
    host: str,
    port: int,
    *,
    book: AddressBook,
    deadline: Deadline,
    purpose: Purpose = Purpose.VSPHERE,
) -> socket.socket:
    """Resolve and connect, by way of the address book.

    Raises Unreachable with step `dns` or `tcp`; DestinationRefused, one of them, where this server does not want to.
    """
    real_host, real_port = book.locate(host, port)
    to = Destination(purpose=purpose, host=host, port=port, detour=(real_host, real_port) != (host, port))
    return connect_any(resolve(real_host, real_port, deadline=deadline), to, deadline=deadline)


def connect_any(addresses: Sequence[SocketAddress], to: Destination, *, deadline: Deadline) -> socket.socket:
    """The first of `addresses` that accepts; each gets an even share of the time that is left."""
    try:
        return tcp.connect_any(addresses, to=to, pause=deadline.pause, left=deadline.left)
    except destinations.DestinationRefused as refused:
        raise DestinationRefused(
            refused.text, remedy=refused.remedy, address=refused.address, step=refused.step
        ) from None
    except OSError as error:
        raise Unreachable.not_connected(error, address=f"{to.host}:{to.port}") from None


def start_tls(sock: socket.socket, host: str, address: str, *, deadline: Deadline) -> ssl.SSLSocket:
    """Agree on TLS without judging the certificate: the caller compares it with the pin, or shows it to a
    person.

    Raises TlsFailed, and closes the socket then.
    """
    try:
        return tls.start(sock, host, timeout_s=deadline.left())
    except (OSError, ValueError) as error:
        raise TlsFailed.no_tls(error, address=address) from None
