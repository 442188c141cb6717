"""ESXi hosts that take a disk in one odd way each: TLS servers on loopback that answer as they are told."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from wizard.addresses import AddressBook
from wizard.lab.certificates import KeyPair
from wizard.vsphere.upload_target import UploadTarget

NAME = "esx-99.lab.test"
DONE = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"

Behaviour = Callable[["Host", ssl.SSLSocket], None]


@dataclass(kw_only=True)
class Host:
    """`head` is the request's head as it came, `body_bytes` and `digest` tell of what followed."""

    pair: KeyPair
    port: int = 0
    connections: int = 0
    head: bytes = b""
    body_bytes: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def book(self) -> AddressBook:
        return AddressBook.parse(f"{NAME}:443:127.0.0.1:{self.port}")

    def target(self, *, thumbprint: str | None, host: str = NAME) -> UploadTarget:
        return UploadTarget(host=host, port=443, path="/nfc/52/disk-0.vmdk", thumbprint=thumbprint)

    def read_head(self, connection: ssl.SSLSocket) -> bytes:
        """Up to the end of the head; returns what of the body came with it."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(4096)
            if not piece:
                raise ConnectionAbortedError("the client has gone")
            data += piece
        self.head, _separator, rest = data.partition(b"\r\n\r\n")
        return rest

    def read_body(self, connection: ssl.SSLSocket, least: int | None = None) -> None:
        """All of the body, or at least so much of it."""
        length = int(self.head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        wanted = length if least is None else least
        while self.body_bytes < wanted:
            piece = connection.recv(65536)
            if not piece:
                return
            self.note(piece)

    def note(self, piece: bytes) -> None:
        self.body_bytes += len(piece)
        self.digest.update(piece)


def take_all(host: Host, connection: ssl.SSLSocket) -> None:
    host.note(host.read_head(connection))
    host.read_body(connection)
    connection.sendall(DONE)


def answer_after(least: int, answer: bytes) -> Behaviour:
    """Take so many bytes, answer, and hang up."""

    def behave(host: Host, connection: ssl.SSLSocket) -> None:
        host.note(host.read_head(connection))
        host.read_body(connection, least)
        connection.sendall(answer)
        # What is still on its way is read, or the answer would be lost in a reset.
        with contextlib.suppress(OSError):
            connection.settimeout(0.3)
            while connection.recv(65536):
                pass

    return behave


def take_and_fall_silent(host: Host, connection: ssl.SSLSocket) -> None:
    host.note(host.read_head(connection))
    host.read_body(connection)
    host.released.wait(10)


@contextlib.contextmanager
def running(pair: KeyPair, behave: Behaviour) -> Iterator[Host]:
    """One host that serves one connection."""
    host = Host(pair=pair)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    host.port = listener.getsockname()[1]

    def serve() -> None:
        with contextlib.suppress(OSError):
            plain, _address = listener.accept()
            with context.wrap_socket(plain, server_side=True) as connection:
                connection.settimeout(10)
                behave(host, connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield host
    finally:
        host.released.set()
        listener.close()
        thread.join()


@contextlib.contextmanager
def serving(pair: KeyPair, behave: Behaviour) -> Iterator[Host]:
    """One host that serves every connection in a thread of its own."""
    host = Host(pair=pair)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    listener = socket.create_server(("127.0.0.1", 0))
    host.port = listener.getsockname()[1]
    threads: list[threading.Thread] = []

    def serve(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            connection.settimeout(10)
            # Each upload is counted by itself.
            behave(Host(pair=pair, released=host.released), connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _address = listener.accept()
                host.connections += 1
                threads.append(threading.Thread(target=serve, args=(plain,)))
                threads[-1].start()

    threads.append(threading.Thread(target=accept))
    threads[0].start()
    try:
        yield host
    finally:
        host.released.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join()
