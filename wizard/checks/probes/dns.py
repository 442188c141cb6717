"""Names and addresses, asked of the DNS servers that the operator names."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Sequence
from ipaddress import IPv4Address

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
import dns.reversename

from wizard.addresses import DIRECT, AddressBook
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.text import Text, _
from wizard.wire.destinations import Destination, DestinationRefused, Purpose

DNS_PORT = 53


def resolve(
    name: str,
    servers: tuple[str, ...],
    *,
    book: AddressBook = DIRECT,
    port: int = DNS_PORT,
    timeout_s: float = 5.0,
) -> tuple[str, ...]:
    """The IPv4 addresses of `name`, sorted, at least one.

    Raises ProbeError with kind destination_refused, no_such_name, no_records, timeout, refused or bad_answer.
    """
    return _ask(name, name, "A", servers, book, port, timeout_s)


def reverse(
    address: str,
    servers: tuple[str, ...],
    *,
    book: AddressBook = DIRECT,
    port: int = DNS_PORT,
    timeout_s: float = 5.0,
) -> tuple[str, ...]:
    """The names that the reverse zone gives for an IPv4 address, without the final dot, sorted, at least one.

    Raises as `resolve` does.
    """
    question = dns.reversename.from_address(address).to_text()
    return _ask(address, question, "PTR", servers, book, port, timeout_s)


def find_addresses(
    host: str, servers: Sequence[str], *, book: AddressBook = DIRECT, deadline: Deadline
) -> tuple[str, ...]:
    """Addresses to connect to: the host itself where it is one, else what DNS says.

    Without `servers` the resolver of this machine is asked, hosts file included. Raises as `resolve` does.
    """
    if _is_address(host):
        return (host,)
    try:
        left = deadline.remaining()
    except TimeoutError:
        raise _too_late(host, servers, deadline.timeout_s) from None
    if servers:
        return resolve(host, tuple(servers), book=book, timeout_s=left)
    return _ask_this_machine(host, left)


def _ask(
    subject: str,
    question: str,
    kind: str,
    servers: tuple[str, ...],
    book: AddressBook,
    port: int,
    timeout_s: float,
) -> tuple[str, ...]:
    if not servers:
        raise ValueError("no DNS server is named")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [_name_server(server, port, book) for server in servers]
    # Each server gets its share, so that a dead first one does not use up the time of the second.
    resolver.timeout = timeout_s / len(servers)
    try:
        answer = resolver.resolve(question, kind, lifetime=timeout_s, search=False)
    except dns.resolver.NXDOMAIN:
        raise ProbeError(
            "no_such_name",
            Text(_("DNS knows no %(subject)s (asked: %(servers)s)."), subject=subject, servers=list(servers)),
            Text(_("Add the record to DNS, or name the DNS servers that know it.")),
        ) from None
    except dns.resolver.NoAnswer:
        raise ProbeError(
            "no_records",
            Text(
                _("DNS knows %(subject)s, but has no %(kind)s record for it (asked: %(servers)s)."),
                subject=subject,
                kind=kind,
                servers=list(servers),
            ),
            Text(_("Add the record to DNS.")),
        ) from None
    except dns.resolver.NoNameservers as error:
        raise _refusal(subject, servers, str(error)) from None
    except dns.exception.Timeout:
        raise _too_late(subject, servers, timeout_s) from None
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise _bad_answer(subject, str(error)) from None
    return tuple(sorted(record.to_text().rstrip(".") for record in answer))


def _name_server(server: str, port: int, book: AddressBook) -> dns.nameserver.Do53Nameserver:
    """Raises ProbeError with kind destination_refused where this server does not ask that one."""
    address, real_port = book.locate(server, port)
    detour = (address, real_port) != (server, port)
    try:
        Destination(purpose=Purpose.NAME_SERVER, host=server, port=port, detour=detour).check(address)
    except DestinationRefused as refused:
        raise ProbeError(refused.code, refused.text, refused.remedy) from None
    return dns.nameserver.Do53Nameserver(address, real_port)


def _ask_this_machine(host: str, timeout_s: float) -> tuple[str, ...]:
    # getaddrinfo knows no deadline of its own; its thread is left behind when it hangs.
    answers: queue.Queue[tuple[str, ...] | OSError | UnicodeError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answers.put(error)
        else:
            answers.put(tuple(sorted({str(item[4][0]) for item in found})))

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise _too_late(host, (), timeout_s) from None
    if isinstance(answer, socket.gaierror) and answer.errno in (socket.EAI_NONAME, socket.EAI_NODATA):
        raise ProbeError(
            "no_such_name",
            Text(_("The resolver of this server knows no %(subject)s."), subject=host),
            Text(_("Check the spelling, and the DNS servers that this server uses.")),
        )
    if isinstance(answer, Exception):
        raise _bad_answer(host, str(answer))
    return answer


def _too_late(subject: str, servers: Sequence[str], timeout_s: float) -> ProbeError:
    if servers:
        text = Text(
            _("No answer from DNS about %(subject)s within %(limit).1f s (asked: %(servers)s)."),
            subject=subject,
            limit=timeout_s,
            servers=list(servers),
        )
    else:
        text = Text(
            _("No answer from the resolver of this server about %(subject)s within %(limit).1f s."),
            subject=subject,
            limit=timeout_s,
        )
    return ProbeError(
        "timeout", text, Text(_("Open port 53 (UDP and TCP) to the DNS servers, or name others."))
    )


def _refusal(subject: str, servers: Sequence[str], seen: str) -> ProbeError:
    if "REFUSED" in seen:
        return ProbeError(
            "refused",
            Text(
                _("The DNS servers refuse to answer about %(subject)s (asked: %(servers)s)."),
                subject=subject,
                servers=list(servers),
            ),
            Text(_("Let the DNS servers answer this network, or name others.")),
        )
    return _bad_answer(subject, seen)


def _bad_answer(subject: str, seen: str) -> ProbeError:
    return ProbeError(
        "bad_answer",
        Text(_("DNS failed on %(subject)s: %(seen)s"), subject=subject, seen=seen),
        Text(_("Check the DNS servers: they answer, but not with a result.")),
    )


def _is_address(host: str) -> bool:
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True
