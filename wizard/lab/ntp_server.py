"""An NTP server whose clock may be wrong on purpose."""

from __future__ import annotations

import socket
import socketserver
import struct
import time
from typing import cast

from wizard.lab.background import Background, UdpServer

# Seconds from 1900, where NTP counts from, to 1970.
EPOCH_OFFSET_S = 2208988800
PACKET_BYTES = 48
_CLIENT, _SERVER = 3, 4


class NtpServer(Background):
    """Answers with this machine's time plus `offset_s`, as a server of `stratum` (0: kiss-o'-death, 16: unsynchronised).

    `silent` makes it swallow questions; `answered` counts the others.
    """

    def __init__(self, port: int = 0, *, offset_s: float = 0.0, stratum: int = 2) -> None:
        super().__init__(port)
        self.offset_s = offset_s
        self.stratum = stratum
        self.silent = False
        self.answered = 0

    def answer(self, packet: bytes, received: float) -> bytes | None:
        """The response to one packet that came at `received` (Unix time); None where there is none."""
        if self.silent or len(packet) < PACKET_BYTES or packet[0] & 7 != _CLIENT:
            return None
        self.answered += 1
        version = (packet[0] >> 3) & 7
        leap = 3 if self.stratum == 16 else 0
        reference = b"RATE" if self.stratum == 0 else b"LABT"
        head = struct.pack(
            "!BBbbII4s", leap << 6 | version << 3 | _SERVER, self.stratum, 6, -20, 0, 1 << 10, reference
        )
        return (
            head
            + _timestamp(received + self.offset_s - 16.0)
            + packet[40:48]
            + _timestamp(received + self.offset_s)
            + _timestamp(time.time() + self.offset_s)
        )

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                received = time.time()
                packet, connection = cast("tuple[bytes, socket.socket]", self.request)
                response = owner.answer(packet, received)
                if response is not None:
                    connection.sendto(response, self.client_address)

        return UdpServer(address, Handler)


def _timestamp(moment: float) -> bytes:
    """64 bits: seconds since 1900 and their 2^-32 fractions."""
    return struct.pack("!Q", int((moment + EPOCH_OFFSET_S) * 2**32) & 0xFFFFFFFFFFFFFFFF)
