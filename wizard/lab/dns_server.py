"""A DNS server for a handful of names, forward and reverse."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Mapping
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename
import dns.rrset

from wizard.lab.background import Background, UdpServer

TTL_S = 60


class DnsServer(Background):
    """Answers A and PTR questions over UDP from `names`; other names do not exist (NXDOMAIN).

    `silent` makes it swallow questions, `refusing` answer REFUSED; `questions` lists what was asked.
    """

    def __init__(self, names: Mapping[str, str], port: int = 0) -> None:
        """`names` maps host names to IPv4 addresses; both directions are answered."""
        super().__init__(port)
        self._forward: dict[str, str] = {}
        self._reverse: dict[str, str] = {}
        self.silent = False
        self.refusing = False
        self.questions: list[tuple[str, str]] = []
        for name, address in names.items():
            self.add(name, address)

    def add(self, name: str, address: str, *, reverse: str | None = None) -> None:
        """Let `name` resolve to `address`, and that back to `reverse` (itself if None, nothing if empty)."""
        self._forward[name.lower()] = address
        back = name if reverse is None else reverse
        if back:
            self._reverse[address] = back.lower()
        else:
            self._reverse.pop(address, None)

    def remove(self, name: str) -> None:
        """Forget a name, and the address that led back to it."""
        address = self._forward.pop(name.lower(), "")
        if self._reverse.get(address) == name.lower():
            del self._reverse[address]

    def answer(self, wire: bytes) -> bytes | None:
        """The response to one datagram; None where there is none."""
        try:
            query = dns.message.from_wire(wire)
        except dns.exception.DNSException:
            return None
        if self.silent or not query.question:
            return None
        response = dns.message.make_response(query, recursion_available=True)
        question = query.question[0]
        self.questions.append(
            (question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype))
        )
        if self.refusing:
            response.set_rcode(dns.rcode.REFUSED)
            return response.to_wire()
        known, value = self._find(question.name)
        if not known:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == (dns.rdatatype.PTR if value.endswith(".") else dns.rdatatype.A):
            response.answer.append(
                dns.rrset.from_text(question.name, TTL_S, dns.rdataclass.IN, question.rdtype, value)
            )
        return response.to_wire()

    def _find(self, name: dns.name.Name) -> tuple[bool, str]:
        """Whether a name exists, and its value: an address, or a host name with a final dot."""
        try:
            back = self._reverse.get(dns.reversename.to_address(name))
        except dns.exception.DNSException:
            back = None
        if back is not None:
            return True, f"{back}."
        address = self._forward.get(name.to_text(omit_final_dot=True).lower())
        return address is not None, address or ""

    def _make_server(self, address: tuple[str, int]) -> socketserver.BaseServer:
        owner = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                wire, channel = cast("tuple[bytes, socket.socket]", self.request)
                response = owner.answer(wire)
                if response is not None:
                    channel.sendto(response, self.client_address)

        return UdpServer(address, Handler)
