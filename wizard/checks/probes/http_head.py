"""The first lines of an HTTP exchange: enough to see who answers, and nothing is downloaded."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.text import Text, _

_LONGEST_HEAD = 64 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: |\r?\n)")
_NETWORK_SIGN_IN = 511  # RFC 6585: Network Authentication Required


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpHead:
    """Status and, of a redirect, where to ("" where it does not say)."""

    status: int
    location: str

    def leads_to_another_host(self, host: str) -> bool:
        target = urlsplit(self.location).hostname
        return self.status // 100 == 3 and target is not None and target != host.lower()

    @property
    def asks_for_network_sign_in(self) -> bool:
        return self.status == _NETWORK_SIGN_IN


def ask(channel: socket.socket, method: str, target: str, host: str, deadline: Deadline) -> HttpHead:
    """Send a request without body and read the head of the answer.

    `target` is what stands in the request line, `host` the Host header. Raises ProbeError with kind timeout,
    closed or not_http.
    """
    request = (
        f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Foothold\r\nAccept: */*\r\n"
        "Connection: close\r\n\r\n"
    )
    if method == "CONNECT":
        request = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: Foothold\r\n\r\n"
    try:
        channel.settimeout(deadline.remaining())
        channel.sendall(request.encode("ascii"))
        head = _read_head(channel, deadline)
    except TimeoutError:
        raise ProbeError(
            "timeout",
            Text(
                _("%(host)s accepted the connection, then gave no answer within %(limit)g s."),
                host=host,
                limit=deadline.timeout_s,
            ),
            Text(
                _("A firewall that inspects the content, or an overloaded proxy, may hold the answer back.")
            ),
        ) from None
    except OSError as error:
        raise _closed(host, error.strerror or str(error)) from None
    return _parse(head, host)


def _read_head(channel: socket.socket, deadline: Deadline) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _LONGEST_HEAD:
        channel.settimeout(deadline.remaining())
        piece = channel.recv(4096)
        if not piece:
            break
        head += piece
    return head


def _parse(head: bytes, host: str) -> HttpHead:
    if not head:
        raise _closed(host, "")
    status_line = _STATUS_LINE.match(head)
    if status_line is None:
        raise ProbeError(
            "not_http",
            Text(
                _("What answers for %(host)s does not speak HTTP; it sent “%(seen)s”."),
                host=host,
                seen=head[:40].decode("ascii", "replace").strip(),
            ),
            Text(_("Check which service listens at that address.")),
        )
    location = re.search(rb"\r\nlocation:[ \t]*([^\r\n]*)", head, re.IGNORECASE)
    return HttpHead(
        status=int(status_line[1]), location=location[1].decode("latin-1").strip() if location else ""
    )


def _closed(host: str, seen: str) -> ProbeError:
    if seen:
        text = Text(_("%(host)s broke the connection off: %(seen)s."), host=host, seen=seen)
    else:
        text = Text(_("%(host)s closed the connection without an answer."), host=host)
    return ProbeError(
        "closed",
        text,
        Text(_("Look for a firewall or a proxy that ends connections to %(host)s."), host=host),
    )
