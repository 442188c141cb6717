"""Sockets to target machines: names resolved, TCP opened and TLS agreed upon, each under the guard."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence

from wizard.addresses import AddressBook
from wizard.hosts.errors import DestinationRefused, HandshakeFailed, TimedOut, Unreachable, WrongCertificate
from wizard.hosts.fingerprint import of_certificate, same
from wizard.hosts.guard import SLICE_S, Guard
from wizard.wire import destinations, tcp, tls
from wizard.wire.destinations import Destination, Purpose
from wizard.wire.tcp import SocketAddress


def check_host(host: str, *, address: str) -> None:
    """Raises Unreachable with step `dns` for what can be no host."""
    if not tcp.is_host(host):
        raise Unreachable.no_host(host, address=address)


def resolve(host: str, port: int, *, guard: Guard) -> tuple[SocketAddress, ...]:
    """The addresses of a name, in the resolver's order. Raises Unreachable with step `dns`."""
    found = tcp.look_up(host, port, pause=guard.pause)
    if not found:
        raise Unreachable.unknown_name(host, address=guard.address)
    return found


def open_tcp(host: str, port: int, purpose: Purpose, *, book: AddressBook, guard: Guard) -> socket.socket:
    """Resolve and connect, by way of the address book. Raises Unreachable, TimedOut and Stopped."""
    check_host(host, address=guard.address)
    real_host, real_port = book.locate(host, port)
    to = Destination(purpose=purpose, host=host, port=port, detour=(real_host, real_port) != (host, port))
    return connect_any(resolve(real_host, real_port, guard=guard), to, guard=guard)


def connect_any(addresses: Sequence[SocketAddress], to: Destination, *, guard: Guard) -> socket.socket:
    """The first of `addresses` that accepts; each gets an even share of the time that is left.

    Raises Unreachable; DestinationRefused, one of them, where this server does not want to.
    """
    try:
        return tcp.connect_any(
            addresses, to=to, pause=guard.pause, left=lambda: min(guard.left, guard.stall_s)
        )
    except destinations.DestinationRefused as refused:
        raise DestinationRefused(
            refused.text, remedy=refused.remedy, address=refused.address, step=refused.step
        ) from None
    except OSError as error:
        raise Unreachable.not_connected(error, address=guard.address) from None


def start_tls(sock: socket.socket, host: str, *, guard: Guard) -> ssl.SSLSocket:
    """Agree on TLS without judging the certificate: the caller compares it with the pin, or shows it.

    Raises HandshakeFailed, TimedOut and Stopped, and closes the socket then.
    """
    try:
        return tls.start(sock, host, timeout_s=SLICE_S, patiently=guard.patiently)
    except TimedOut:
        raise HandshakeFailed.no_tls(TimeoutError(), address=guard.address) from None
    except (OSError, ValueError) as error:
        raise HandshakeFailed.no_tls(error, address=guard.address) from None


def start_pinned_tls(sock: socket.socket, host: str, *, pinned: str, guard: Guard) -> ssl.SSLSocket:
    """As `start_tls`; raises WrongCertificate, too, before a byte of what the caller has to say was sent."""
    secured = start_tls(sock, host, guard=guard)
    presented = of_certificate(tls.certificate_of(secured))
    if not same(presented, pinned):
        secured.close()
        raise WrongCertificate(address=guard.address, step="tls", pinned=pinned, presented=presented)
    return secured
