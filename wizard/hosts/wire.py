"""Sockets to target machines: names resolved, TCP opened and TLS agreed upon, each under the guard."""

from __future__ import annotations

import ipaddress
import os
import queue
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any, cast

from wizard.addresses import AddressBook
from wizard.hosts.errors import HandshakeFailed, TimedOut, Unreachable, WrongCertificate
from wizard.hosts.fingerprint import of_certificate, same
from wizard.hosts.guard import SLICE_S, Guard
from wizard.text import Text, _

SocketAddress = tuple[socket.AddressFamily, Any]


def is_host(text: str) -> bool:
    """Whether `text` can stand where a host name or an address belongs; not whether it exists."""
    if not text or re.search(r"[\x00-\x20\x7f/?#@:\[\]]", text):
        return False
    try:
        return bool(text.encode("idna"))
    except UnicodeError:
        return False


def check_host(host: str, *, address: str) -> None:
    """Raises Unreachable with step `dns` for what can be no host."""
    if not is_host(host):
        raise Unreachable(
            Text(_("“%(host)s” is not a host name or an IPv4 address."), host=host),
            remedy=Text(_("Enter the name or the address alone, without https:// and without a path.")),
            address=address,
            step="dns",
        )


def resolve(host: str, port: int, *, guard: Guard) -> tuple[SocketAddress, ...]:
    """The addresses of a name, in the resolver's order. Raises Unreachable with step `dns`.

    The system's resolver knows no deadline, so it is asked from a thread that is left behind when it takes too
    long.
    """
    try:
        if ipaddress.ip_address(host).version == 4:
            return ((socket.AF_INET, (host, port)),)
    except ValueError:
        pass
    answers: queue.SimpleQueue[tuple[SocketAddress, ...]] = queue.SimpleQueue()
    threading.Thread(
        target=lambda: answers.put(_look_up(host, port)), name=f"resolve {host}", daemon=True
    ).start()
    while True:
        guard.check()
        try:
            found = answers.get(timeout=min(SLICE_S, guard.left))
            break
        except queue.Empty:
            continue
    if not found:
        raise Unreachable(
            Text(_("The name %(host)s is not known to the name servers of this machine."), host=host),
            remedy=Text(
                _("Check the spelling; have a DNS record made for it, or enter the IP address instead.")
            ),
            address=guard.address,
            step="dns",
        )
    return found


def open_tcp(host: str, port: int, *, book: AddressBook, guard: Guard) -> socket.socket:
    """Resolve and connect, by way of the address book. Raises Unreachable, TimedOut and Stopped."""
    check_host(host, address=guard.address)
    real_host, real_port = book.locate(host, port)
    return connect_any(resolve(real_host, real_port, guard=guard), guard=guard)


def connect_any(addresses: Sequence[SocketAddress], *, guard: Guard) -> socket.socket:
    """The first of `addresses` that accepts; each gets an even share of the time that is left."""
    error: OSError | None = None
    for number, (family, sockaddr) in enumerate(addresses):
        sock = socket.socket(family, socket.SOCK_STREAM)
        share = min(guard.left, guard.stall_s) / (len(addresses) - number)
        try:
            _connect(sock, sockaddr, time.monotonic() + share, guard)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as caught:
            sock.close()
            error = caught
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise _not_connected(error, guard.address)


def start_tls(sock: socket.socket, host: str, *, guard: Guard) -> ssl.SSLSocket:
    """Agree on TLS without judging the certificate: the caller compares it with the pin, or shows it.

    Raises HandshakeFailed, TimedOut and Stopped, and closes the socket then.
    """
    secured: socket.socket = sock
    try:
        sock.settimeout(SLICE_S)
        tls = secured = _CONTEXT.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        guard.patiently(tls.do_handshake)
        return tls
    except (OSError, ValueError) as error:
        secured.close()
        raise _no_tls(error, guard.address) from None
    except TimedOut:
        secured.close()
        raise _no_tls(TimeoutError(), guard.address) from None
    except BaseException:
        secured.close()
        raise


def certificate_of(sock: ssl.SSLSocket) -> bytes:
    """DER. A TLS server always presents one; the ciphers without are not offered."""
    return cast("bytes", sock.getpeercert(binary_form=True))


def start_pinned_tls(sock: socket.socket, host: str, *, pinned: str, guard: Guard) -> ssl.SSLSocket:
    """As `start_tls`; raises WrongCertificate, too, before a byte of what the caller has to say was sent."""
    secured = start_tls(sock, host, guard=guard)
    presented = of_certificate(certificate_of(secured))
    if not same(presented, pinned):
        secured.close()
        raise WrongCertificate(address=guard.address, step="tls", pinned=pinned, presented=presented)
    return secured


def _tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # WinRM's certificate is mostly self-signed: the pin decides, not a chain.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A renegotiation could bring another certificate after the pin was checked.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


_CONTEXT = _tls_context()


def _connect(sock: socket.socket, sockaddr: Any, until: float, guard: Guard) -> None:
    """Raises OSError, TimeoutError at `until`, and what the guard raises."""
    sock.setblocking(False)
    sock.connect_ex(sockaddr)
    poller = select.poll()
    poller.register(sock, select.POLLOUT)
    while not poller.poll(SLICE_S * 1000):
        guard.check()
        if time.monotonic() >= until:
            raise TimeoutError
    if number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        raise OSError(number, os.strerror(number))


def _look_up(host: str, port: int) -> tuple[SocketAddress, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple((family, sockaddr) for family, _type, _proto, _name, sockaddr in found)


def _not_connected(error: OSError | None, address: str) -> Unreachable:
    if isinstance(error, ConnectionRefusedError):
        return Unreachable(
            Text(_("%(address)s refused the connection: nothing listens on that port."), address=address),
            remedy=Text(
                _(
                    "Check the port, and that remote management is switched on: on Windows run “winrm "
                    "quickconfig -transport:https” (it needs a certificate), on Linux start sshd."
                )
            ),
            address=address,
            step="tcp",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            Text(_("%(address)s did not answer in time: the packets get lost on the way."), address=address),
            remedy=Text(
                _(
                    "Have the firewalls between this server and the machine, and the one on the machine, let "
                    "this TCP port through; check the routing."
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


def _no_tls(error: Exception, address: str) -> HandshakeFailed:
    if isinstance(error, TimeoutError):
        text = Text(
            _("%(address)s accepted the connection, but did not answer the TLS greeting."), address=address
        )
    elif isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER":
        text = Text(
            _("%(address)s answers, but not in TLS: perhaps this is a plain HTTP port."), address=address
        )
    else:
        reason = error.reason if isinstance(error, ssl.SSLError) and error.reason else type(error).__name__
        text = Text(_("No TLS session with %(address)s: %(reason)s."), address=address, reason=reason)
    return HandshakeFailed(text, address=address, step="tls")
