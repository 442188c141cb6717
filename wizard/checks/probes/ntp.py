"""One question to a time server (SNTP, RFC 4330)."""

from __future__ import annotations

import secrets
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from wizard.addresses import DIRECT, AddressBook
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.checks.probes.tcp import judge, locate
from wizard.text import Text, _
from wizard.wire.destinations import Purpose

NTP_PORT = 123

_PACKET = struct.Struct("!B B b b I I 4s Q Q Q Q")
_ERA_S = 2**32
_UNIX_EPOCH_S = 2_208_988_800  # 1970 counted from 1900
_CLIENT = 0b00_100_011  # no leap warning, version 4, mode 3
_SERVER_MODE = 4
_UNSYNCHRONIZED_LEAP = 3
_HIGHEST_STRATUM = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class NtpAnswer:
    """`offset_s` is the server's clock minus the clock of this machine, in seconds."""

    offset_s: float
    stratum: int
    server: str


def offset(
    server: str,
    *,
    port: int = NTP_PORT,
    book: AddressBook = DIRECT,
    dns_servers: tuple[str, ...] = (),
    timeout_s: float = 3.0,
) -> NtpAnswer:
    """How far the server's clock is from ours.

    Raises ProbeError: those of `dns.resolve`, destination_refused, timeout, refused, unreachable, denied (kiss-o'-death) and
    bad_answer (a server that is not synchronized itself, or does not speak NTP).
    """
    deadline = Deadline(timeout_s)
    spot = locate(server, port, book, dns_servers, deadline)
    judge(Purpose.TIME_SERVER, server, port, spot)
    # The server repeats this number, which tells its answer from a stray or forged packet.
    nonce = secrets.randbits(64)
    question = _PACKET.pack(_CLIENT, 0, 0, 0, 0, 0, b"", 0, 0, 0, nonce)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        try:
            channel.connect((spot.addresses[0], spot.port))
            sent_at = time.time()
            channel.send(question)
            answer, received_at = _receive(channel, nonce, deadline)
        except TimeoutError:
            raise ProbeError(
                "timeout",
                Text(
                    _("No answer from the time server %(server)s within %(limit)g s."),
                    server=server,
                    limit=timeout_s,
                ),
                Text(_("Allow UDP port 123 to %(server)s, or name a time server inside."), server=server),
            ) from None
        except ConnectionRefusedError:
            raise ProbeError(
                "refused",
                Text(_("No time server listens on %(server)s."), server=server),
                Text(_("Correct the name of the time server.")),
            ) from None
        except OSError as error:
            raise ProbeError(
                "unreachable",
                Text(
                    _("The time server %(server)s cannot be reached: %(error)s."),
                    server=server,
                    error=error.strerror or str(error),
                ),
                Text(_("Check the route and the address of %(host)s."), host=server),
            ) from None
    return _read(server, answer, sent_at, received_at)


def _receive(channel: socket.socket, nonce: int, deadline: Deadline) -> tuple[tuple[Any, ...], float]:
    while True:
        channel.settimeout(deadline.remaining())
        packet = channel.recv(1024)
        received_at = time.time()
        if len(packet) >= _PACKET.size:
            fields = _PACKET.unpack_from(packet)
            if fields[8] == nonce and fields[0] & 0b111 == _SERVER_MODE:
                return fields, received_at


def _read(server: str, fields: tuple[Any, ...], sent_at: float, received_at: float) -> NtpAnswer:
    first, stratum, reference = fields[0], fields[1], fields[6]
    if stratum == 0:
        raise ProbeError(
            "denied",
            Text(
                _("The time server %(server)s turns us away (code %(code)s)."),
                server=server,
                code=reference.decode("ascii", "replace").strip("\0"),
            ),
            Text(_("Ask less often, or name another time server.")),
        )
    if stratum > _HIGHEST_STRATUM or first >> 6 == _UNSYNCHRONIZED_LEAP:
        raise ProbeError(
            "bad_answer",
            Text(_("The time server %(server)s says itself that it is not synchronized."), server=server),
            Text(_("Give that server a time source, or name another one.")),
        )
    server_received, server_sent = _seconds(fields[9]), _seconds(fields[10])
    return NtpAnswer(
        offset_s=((server_received - sent_at) + (server_sent - received_at)) / 2,
        stratum=stratum,
        server=server,
    )


def _seconds(timestamp: int) -> float:
    """Unix time of an NTP timestamp; the 32 bits of seconds begin anew in 2036."""
    whole = timestamp >> 32
    if whole < _ERA_S // 2:
        whole += _ERA_S
    return whole - _UNIX_EPOCH_S + (timestamp & 0xFFFFFFFF) / _ERA_S
