"""Names looked up and TCP opened, for as long as the caller has patience.

The caller's `pause` is asked before every wait: it answers for how many seconds one may wait at once, or raises, and
what it raises comes out.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import queue
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from wizard.wire.destinations import Destination

SocketAddress = tuple[socket.AddressFamily, Any]
Pause = Callable[[], float]


def is_host(text: str) -> bool:
    """Whether `text` can stand where a host name or an address belongs; not whether it exists."""
    if re.search(r"[\x00-\x20\x7f/?#@:\[\]]", text):
        return False
    try:
        # Empty and overlong labels: TLS would refuse them later, with its socket left open.
        return bool(text.encode("idna"))
    except UnicodeError:
        return False


def look_up(host: str, port: int, *, pause: Pause) -> tuple[SocketAddress, ...]:
    """The addresses of a name, in the resolver's order; none where it is not known.

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
        target=lambda: answers.put(_ask_resolver(host, port)), name=f"resolve {host}", daemon=True
    ).start()
    while True:
        try:
            return answers.get(timeout=pause())
        except queue.Empty:
            continue


def connect_any(
    addresses: Sequence[SocketAddress], *, to: Destination, pause: Pause, left: Callable[[], float]
) -> socket.socket:
    """The first of `addresses` that accepts; each gets an even share of the `left` seconds.

    All of them are judged first: a name that leads anywhere forbidden is not connected to at all. The socket does not
    block: whoever uses it sets how long it waits. Raises DestinationRefused, and OSError, that of the last address.
    """
    for _family, sockaddr in addresses:
        to.check(str(sockaddr[0]))
    error = OSError(errno.EADDRNOTAVAIL, "no address")
    for number, (family, sockaddr) in enumerate(addresses):
        sock = socket.socket(family, socket.SOCK_STREAM)
        until = time.monotonic() + left() / (len(addresses) - number)
        try:
            _connect(sock, sockaddr, until, pause)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as caught:
            sock.close()
            error = caught
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise error


def _connect(sock: socket.socket, sockaddr: Any, until: float, pause: Pause) -> None:
    """Raises OSError, TimeoutError at `until`, and what `pause` raises."""
    sock.setblocking(False)
    # What the kernel knows at once, such as a network without a route, it says here and never again.
    number = sock.connect_ex(sockaddr)
    if number == errno.EINPROGRESS:
        poller = select.poll()
        poller.register(sock, select.POLLOUT)
        while not poller.poll(max(min(pause(), until - time.monotonic()), 0.001) * 1000):
            if time.monotonic() >= until:
                raise TimeoutError
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if number:
        raise OSError(number, os.strerror(number))


def _ask_resolver(host: str, port: int) -> tuple[SocketAddress, ...]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple((family, sockaddr) for family, _type, _proto, _name, sockaddr in found)
