"""Sockets to vSphere: names resolved, TCP opened and TLS agreed upon, each within a deadline."""

from __future__ import annotations

import contextlib
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.errors import TlsFailed, Unreachable


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


@dataclass(frozen=True, slots=True)
class SocketAddress:
    family: socket.AddressFamily
    sockaddr: Any


def resolve(host: str, port: int, *, deadline: Deadline) -> tuple[SocketAddress, ...]:
    """The addresses of a name, in the resolver's order. Raises Unreachable with step `dns`.

    The system's resolver knows no deadline, so it is asked from a thread that is left behind when it takes
    too long.
    """
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).version == 4:
            return (SocketAddress(socket.AF_INET, (host, port)),)
    answers: queue.SimpleQueue[tuple[SocketAddress, ...] | Exception] = queue.SimpleQueue()
    threading.Thread(
        target=lambda: answers.put(_look_up(host, port)), name=f"resolve {host}", daemon=True
    ).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        answer = TimeoutError()
    if isinstance(answer, TimeoutError):
        raise Unreachable(
            Text(
                _("The name %(host)s could not be looked up in time: no answer from the name server."),
                host=host,
            ),
            remedy=Text(_("Check the name servers of this machine, or enter the IP address.")),
            address=f"{host}:{port}",
            step="dns",
        )
    if isinstance(answer, Exception) or not answer:
        raise Unreachable(
            Text(_("The name %(host)s is not known to the name servers of this machine."), host=host),
            remedy=Text(
                _("Check the spelling; have a DNS record made for it, or enter the IP address instead.")
            ),
            address=f"{host}:{port}",
            step="dns",
        )
    return answer


def is_host(text: str) -> bool:
    """Whether `text` can stand where a host name or an address belongs; not whether it exists."""
    if re.search(r"[\x00-\x20\x7f/?#@:\[\]]", text):
        return False
    try:
        # Empty and overlong labels: TLS would refuse them later, with its socket left open.
        return bool(text.encode("idna"))
    except UnicodeError:
        return False


def open_tcp(host: str, port: int, *, book: AddressBook, deadline: Deadline) -> socket.socket:
    """Resolve and connect, by way of the address book. Raises Unreachable with step `dns` or `tcp`."""
    real_host, real_port = book.locate(host, port)
    return connect_any(resolve(real_host, real_port, deadline=deadline), f"{host}:{port}", deadline=deadline)


def connect_any(addresses: Sequence[SocketAddress], address: str, *, deadline: Deadline) -> socket.socket:
    """The first of `addresses` that accepts; each gets an even share of the time that is left."""
    error: OSError | None = None
    for number, candidate in enumerate(addresses):
        sock = socket.socket(candidate.family, socket.SOCK_STREAM)
        sock.settimeout(deadline.left() / (len(addresses) - number))
        try:
            sock.connect(candidate.sockaddr)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as caught:
            sock.close()
            error = caught
        else:
            return sock
    raise _not_connected(error, address)


def start_tls(sock: socket.socket, host: str, address: str, *, deadline: Deadline) -> ssl.SSLSocket:
    """Agree on TLS without judging the certificate: the caller compares it with the pin, or shows it to a
    person.

    Raises TlsFailed, and closes the socket then.
    """
    try:
        sock.settimeout(deadline.left())
        return _CONTEXT.wrap_socket(sock, server_hostname=host)
    except (OSError, ValueError) as error:
        sock.close()
        raise _no_tls(error, address) from None


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # vCenter's certificate is signed by its own authority: the pin decides, not a chain.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A renegotiation could bring another certificate after the pin was checked.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


_CONTEXT = _tls_context()


def _look_up(host: str, port: int) -> tuple[SocketAddress, ...] | Exception:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return error
    return tuple(SocketAddress(family, sockaddr) for family, _type, _proto, _name, sockaddr in found)


def _not_connected(error: OSError | None, address: str) -> Unreachable:
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            Text(_("%(address)s refused the connection: nothing listens on that port."), address=address),
            remedy=Text(_("Check the port (443 by default) and that vCenter's services are running.")),
            address=address,
            step="tcp",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            Text(_("%(address)s did not answer in time: the packets get lost on the way."), address=address),
            remedy=Text(
                _(
                    "Have the firewall between this server and vCenter let this TCP port through; check the "
                    "routing."
                )
            ),
            address=address,
            step="tcp",
        )
    return Unreachable(
        Text(
            _("No connection to %(address)s: %(reason)s."),
            address=address,
            reason=error.strerror or type(error).__name__ if error else "no address",
        ),
        remedy=Text(_("Check the address and the routing from this server to it.")),
        address=address,
        step="tcp",
    )


def _no_tls(error: Exception, address: str) -> TlsFailed:
    if isinstance(error, TimeoutError):
        return TlsFailed(
            Text(
                _("%(address)s accepted the connection, but did not answer the TLS greeting."),
                address=address,
            ),
            address=address,
            step="tls",
        )
    if isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        return TlsFailed(
            Text(
                _("%(address)s answers, but not in TLS: perhaps this is a plain HTTP port."), address=address
            ),
            address=address,
            step="tls",
        )
    reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else type(error).__name__
    return TlsFailed(
        Text(_("No TLS session with %(address)s: %(reason)s."), address=address, reason=reason),
        address=address,
        step="tls",
    )
