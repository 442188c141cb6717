"""One document sent by HTTP to an address that somebody entered, and the status that comes back.

Nothing is followed and no proxy is asked, so that what was judged is what is spoken to. The certificate is verified as a
browser does it, for there is nobody to compare a fingerprint. Paths and queries often carry keys: messages name hosts.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, cast
from urllib.parse import quote, urlsplit

from wizard.addresses import DIRECT, AddressBook
from wizard.text import Text, _
from wizard.wire import tcp
from wizard.wire.destinations import Destination, Purpose
from wizard.wire.errors import RemoteError, TlsFailed, Unreachable
from wizard.wire.stand_in import SocketStandIn

CONNECT_S: Final = 5.0
ANSWER_S: Final = 10.0
# Enough for a short word of the far end; nobody reads it.
MOST_READ: Final = 1024
_PORTS: Final = {"http": 80, "https": 443}
_URL_CHARACTERS: Final = "%/:?#[]@!$&'()*+,;=-._~"


class UnusableUrl(RemoteError):
    """Not an address that a document can be sent to."""

    code = "invalid_url"


class NoAnswer(RemoteError):
    """The document was sent, or part of it, and no HTTP answer came back."""

    code = "no_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An http or https address taken apart; `path`, with the query, is kept out of sight."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str = field(repr=False)

    @classmethod
    def parse(cls, url: str) -> Target:
        """Raises UnusableUrl for anything but a plain http or https address."""
        try:
            parts = urlsplit(url.strip())
            named, port = parts.hostname or "", parts.port
            host = named if ":" in named else named.encode("idna").decode()
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        fits = parts.scheme in _PORTS and (":" in host or tcp.is_host(host)) and port != 0
        if not fits:
            raise UnusableUrl(
                Text(_("That is not an address that something can be sent to.")),
                remedy=Text(_("Enter an address that begins with https:// and names a host.")),
                step="address",
            )
        if parts.username is not None or parts.fragment:
            raise UnusableUrl(
                Text(_("The address carries a user name or a fragment, which cannot be sent along.")),
                remedy=Text(_("Enter an address without “@” before the host and without “#”.")),
                step="address",
            )
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
        return cls(
            scheme=scheme, host=host, port=port or _PORTS[scheme], path=quote(path, safe=_URL_CHARACTERS)
        )

    @property
    def place(self) -> str:
        """Host and port, IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def destination(self, book: AddressBook) -> Destination:
        """What is to be judged before it is connected to."""
        return Destination(
            purpose=Purpose.WEBHOOK if self.scheme == "https" else Purpose.PLAIN_WEBHOOK,
            host=self.host,
            port=self.port,
            detour=book.locate(self.host, self.port) != (self.host, self.port),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`retry_after` is the header of that name as it came, empty without."""

    status: int
    retry_after: str


def post(
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    *,
    book: AddressBook = DIRECT,
    ca_file: Path | None = None,
    connect_s: float = CONNECT_S,
    answer_s: float = ANSWER_S,
) -> Answer:
    """Send `body`, and take what the answer's head says.

    `ca_file` (PEM) holds authorities to trust besides the system's. Name, TCP and TLS have `connect_s` seconds, sending and
    the answer `answer_s`, all told. Raises DestinationRefused, Unreachable, TlsFailed, NoAnswer.
    """
    sock = _open(target, book, ca_file, time.monotonic() + connect_s)
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = cast("socket.socket", _Hurried(sock, until=time.monotonic() + answer_s))
    try:
        connection.putrequest("POST", target.path, skip_host=True, skip_accept_encoding=True)
        default = target.port == _PORTS[target.scheme]
        connection.putheader("Host", target.place.rpartition(":")[0] if default else target.place)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        with answer:
            answer.read(MOST_READ)
            return Answer(status=answer.status, retry_after=answer.getheader("Retry-After", ""))
    except TimeoutError:
        text = Text(
            _("%(address)s took the connection, but did not answer within %(limit)g s."),
            address=target.place,
            limit=answer_s,
        )
    except (OSError, http.client.HTTPException) as error:
        text = Text(
            _("%(address)s broke the connection off before it answered (%(reason)s)."),
            address=target.place,
            reason=type(error).__name__,
        )
    finally:
        connection.close()
    raise NoAnswer(
        text,
        remedy=Text(_("Answer at once, and do the work that the notice brings about afterwards.")),
        address=target.place,
        step="http",
    )


class _Hurried(SocketStandIn):
    """Its time runs out even where byte after byte comes."""

    def __init__(self, sock: socket.socket, *, until: float) -> None:
        super().__init__(sock)
        self._until = until

    def _patiently(self, move: Callable[[], int]) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return move()


def _open(target: Target, book: AddressBook, ca_file: Path | None, until: float) -> socket.socket:
    def left() -> float:
        remaining = until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining

    to = target.destination(book)
    try:
        addresses = tcp.look_up(*book.locate(target.host, target.port), pause=left)
        if not addresses:
            raise Unreachable.unknown_name(target.host, address=target.place)
        sock = tcp.connect_any(addresses, to=to, pause=left, left=left)
    except OSError as error:
        raise Unreachable.not_connected(error, address=target.place) from None
    if target.scheme == "http":
        return sock
    try:
        sock.settimeout(left())
        return _context(ca_file).wrap_socket(sock, server_hostname=target.host)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise TlsFailed(
            Text(
                _("The certificate of %(address)s is not trusted: %(reason)s."),
                address=target.place,
                # OpenSSL ends some of them with a full stop.
                reason=error.verify_message.rstrip("."),
            ),
            remedy=Text(
                _("Have it renewed for that name, or add the authority that issued it to PROBE_CA_FILE.")
            ),
            address=target.place,
            step="tls",
        ) from None
    except (OSError, ValueError) as error:
        sock.close()
        raise TlsFailed.no_tls(error, address=target.place) from None


@lru_cache(maxsize=4)
def _context(ca_file: Path | None) -> ssl.SSLContext:
    """Reading the authorities of the system takes longer than sending does, so it is done once."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context
