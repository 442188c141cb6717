"""Whether a port accepts connections."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from wizard.addresses import DIRECT, AddressBook
from wizard.checks.probes.dns import find_addresses
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.text import Text, _
from wizard.wire.destinations import Destination, DestinationRefused, Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The address that accepted, and how long it took with the look-up of the name."""

    address: str
    seconds: float


def connect(
    host: str,
    port: int,
    book: AddressBook = DIRECT,
    timeout_s: float = 5.0,
    *,
    dns_servers: tuple[str, ...] = (),
    purpose: Purpose = Purpose.REQUIREMENT,
) -> Connected:
    """Open a connection and close it again.

    Raises ProbeError: those of `dns.resolve`, and those of `open_socket`.
    """
    deadline = Deadline(timeout_s)
    since = time.monotonic()
    spot = locate(host, port, book, dns_servers, deadline)
    with open_socket(host, port, spot, deadline, purpose) as channel:
        return Connected(address=str(channel.getpeername()[0]), seconds=time.monotonic() - since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a host is really spoken to; `detour` says that the address book sent us elsewhere."""

    addresses: tuple[str, ...]
    port: int
    detour: bool


def locate(host: str, port: int, book: AddressBook, dns_servers: Sequence[str], deadline: Deadline) -> Spot:
    """The addresses behind `host`, by the address book and DNS. Raises as `dns.resolve` does."""
    to_host, to_port = book.locate(host, port)
    addresses = find_addresses(to_host, dns_servers, book=book, deadline=deadline)
    return Spot(addresses=addresses, port=to_port, detour=(to_host, to_port) != (host, port))


def open_socket(
    host: str, port: int, spot: Spot, deadline: Deadline, purpose: Purpose = Purpose.REQUIREMENT
) -> socket.socket:
    """A connected socket: the addresses are tried in turn, and the failure of the last one is told.

    Raises ProbeError with kind destination_refused, refused, timeout or unreachable. The caller closes the socket.
    """
    judge(purpose, host, port, spot)
    failure: ProbeError | None = None
    for position, address in enumerate(spot.addresses):
        try:
            # Those that follow keep their share of the time.
            share = deadline.remaining() / (len(spot.addresses) - position)
            return socket.create_connection((address, spot.port), timeout=share)
        except OSError as error:
            failure = _explain(host, port, address, deadline, error)
    if failure is None:
        raise ValueError(f"no address to connect to for {host}:{port}")
    raise failure


def judge(purpose: Purpose, host: str, port: int, spot: Spot) -> None:
    """Raises ProbeError with kind destination_refused where this server does not connect to one of the addresses."""
    to = Destination(purpose=purpose, host=host, port=port, detour=spot.detour)
    try:
        for address in spot.addresses:
            to.check(address)
    except DestinationRefused as refused:
        raise ProbeError(refused.code, refused.text, refused.remedy) from None


def _explain(host: str, port: int, address: str, deadline: Deadline, error: OSError) -> ProbeError:
    where = {"host": host, "port": port, "address": address}
    if isinstance(error, TimeoutError):
        return ProbeError(
            "timeout",
            Text(
                _(
                    "No answer from %(host)s port %(port)s (%(address)s) within %(limit)g s: packets are "
                    "dropped on the way, as a rule by a firewall."
                ),
                limit=deadline.timeout_s,
                **where,
            ),
            Text(_("Allow TCP to %(host)s port %(port)s in the firewalls between."), host=host, port=port),
        )
    if isinstance(error, ConnectionRefusedError | ConnectionResetError):
        return ProbeError(
            "refused",
            Text(
                _(
                    "%(host)s port %(port)s (%(address)s) refused the connection: nothing listens there, "
                    "or a firewall rejects it."
                ),
                **where,
            ),
            Text(
                _("Start the service, correct the port, or allow TCP to %(host)s port %(port)s."),
                host=host,
                port=port,
            ),
        )
    return ProbeError(
        "unreachable",
        Text(
            _("%(host)s port %(port)s (%(address)s) cannot be reached: %(error)s."),
            error=error.strerror or str(error),
            **where,
        ),
        Text(_("Check the route and the address of %(host)s."), host=host),
    )
