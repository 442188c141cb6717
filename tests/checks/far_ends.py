"""Far ends on loopback: DNS, NTP, web and proxy servers that behave, or misbehave, as the real ones do."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def tcp_server(handle: Handler) -> Iterator[int]:
    """Serve each connection in a thread; gives the port."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        threads: list[threading.Thread] = []
        stop = threading.Event()

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                handle(connection)

        def accept() -> None:
            while not stop.is_set():
                if not select.select([listener], [], [], 0.05)[0]:
                    continue
                connection, _ = listener.accept()
                thread = threading.Thread(target=serve, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            acceptor.join(5)
            for thread in threads:
                thread.join(0.2)


@contextlib.contextmanager
def udp_server(answer: Callable[[bytes], bytes | None]) -> Iterator[int]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.bind(("127.0.0.1", 0))
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                if select.select([channel], [], [], 0.05)[0]:
                    question, sender = channel.recvfrom(4096)
                    reply = answer(question)
                    if reply is not None:
                        channel.sendto(reply, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield channel.getsockname()[1]
        finally:
            stop.set()
            thread.join(5)


def read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        if not piece:
            break
        head += piece
    return head


def http_answer(status: int, headers: str = "", seen: list[bytes] | None = None) -> Handler:
    def handle(connection: socket.socket) -> None:
        head = read_head(connection)
        if seen is not None:
            seen.append(head)
        connection.sendall(
            f"HTTP/1.1 {status} Whatever\r\n{headers}Content-Length: 2\r\n\r\nok".encode("ascii")
        )

    return handle


def over_tls(context: ssl.SSLContext, handle: Handler) -> Handler:
    def wrapped(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as channel:
            handle(channel)

    return wrapped


def say_nothing(connection: socket.socket) -> None:
    """Accept and keep still until the other side gives up."""
    while connection.recv(4096):
        pass


def connect_proxy(target: tuple[str, int], seen: list[bytes]) -> Handler:
    """A proxy that grants every CONNECT and leads all of them to one place."""

    def handle(connection: socket.socket) -> None:
        seen.append(read_head(connection))
        with socket.create_connection(target, timeout=5) as onward:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pair = (connection, onward)
            while True:
                for source in select.select(pair, [], [], 5)[0]:
                    piece = source.recv(65536)
                    if not piece:
                        return
                    (onward if source is connection else connection).sendall(piece)

    return handle


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose queue of connections is full: further ones are dropped, as by a firewall."""
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(16):
            filler = fillers.enter_context(socket.socket())
            filler.settimeout(0.2)
            try:
                filler.connect(listener.getsockname())
            except TimeoutError:
                break
        else:
            raise AssertionError("the queue never filled up")
        yield listener.getsockname()[1]


@contextlib.contextmanager
def closed_port() -> Iterator[int]:
    """A port that is bound and not listened on: connections are refused, and nobody else can take it."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@dataclass
class Zone:
    """What a DNS server of ours knows. A rcode by name refuses, `silent` names get no answer at all."""

    addresses: Mapping[str, list[str]] = field(default_factory=dict)
    names: Mapping[str, list[str]] = field(default_factory=dict)
    rcodes: Mapping[str, dns.rcode.Rcode] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()

    def answer(self, packet: bytes) -> bytes | None:
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name = question.name.to_text().rstrip(".")
        if name in self.silent:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        known = {**self.addresses, **self.names}
        if name in self.rcodes:
            reply.set_rcode(self.rcodes[name])
        elif name not in known:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == (dns.rdatatype.A if name in self.addresses else dns.rdatatype.PTR):
            reply.answer.append(
                dns.rrset.from_text_list(question.name, 60, "IN", question.rdtype, known[name])
            )
        return reply.to_wire()


def ntp_answer(
    offset_s: float = 0.0, *, stratum: int = 2, leap: int = 0, reference: bytes = b"LOCL"
) -> Callable[[bytes], bytes]:
    """An NTP server whose clock is `offset_s` ahead of ours."""

    def answer(packet: bytes) -> bytes:
        nonce = packet[40:48]
        stamp = int((time.time() + offset_s + 2_208_988_800) * 2**32) % 2**64
        head = struct.pack("!BBbbII4s", leap << 6 | 4 << 3 | 4, stratum, 0, -20, 0, 0, reference)
        return head + struct.pack("!Q", stamp) + nonce + struct.pack("!QQ", stamp, stamp)

    return answer
