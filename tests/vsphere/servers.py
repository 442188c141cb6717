"""Small servers on loopback that behave in one particular, unhelpful way each."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

from wizard.lab.certificates import KeyPair

LOOPBACK = "127.0.0.1"
Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def serving(handle: Handler) -> Iterator[int]:
    """Accept connections one after the other, each given to `handle` and closed afterwards; yields the port."""
    listener = socket.create_server((LOOPBACK, 0))
    listener.settimeout(0.05)
    over = threading.Event()

    def accept() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                sock, _peer = listener.accept()
                with sock:
                    sock.settimeout(5.0)
                    handle(sock)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        thread.join()
        listener.close()


def over_tls(pair: KeyPair, handle: Handler) -> Handler:
    """The same handler behind a TLS handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)

    def secured(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as tls:
            handle(tls)

    return secured


def answering(status: str, body: bytes, *, content_type: str = "text/html") -> Handler:
    """An HTTP server that says the same to everybody."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"

    def answer(sock: socket.socket) -> None:
        _read_request(sock)
        sock.sendall(head.encode() + body)

    return answer


def saying(line: bytes) -> Handler:
    """A server of some other protocol, which greets first."""

    def greet(sock: socket.socket) -> None:
        sock.sendall(line)
        with contextlib.suppress(OSError):
            sock.recv(65536)

    return greet


def dribbling(seconds: float) -> Handler:
    """An HTTP server whose header never ends: a byte now and then, each well within a time-out for single reads."""

    def dribble(sock: socket.socket) -> None:
        _read_request(sock)
        sock.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            sock.sendall(b"a")
            time.sleep(0.05)

    return dribble


def mute(seconds: float) -> Handler:
    """Accepts, and says nothing."""

    def wait(sock: socket.socket) -> None:
        sock.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            while sock.recv(4096):
                pass

    return wait


def hanging_up(sock: socket.socket) -> None:
    """Accepts, and closes at once."""


@contextlib.contextmanager
def recording(pair: KeyPair) -> Iterator[tuple[int, bytearray]]:
    """A TLS server that keeps every decrypted byte it is sent, and answers nothing; yields port and bytes."""
    received = bytearray()

    def record(sock: socket.socket) -> None:
        sock.settimeout(1.0)
        with contextlib.suppress(OSError):
            while piece := sock.recv(65536):
                received.extend(piece)

    with serving(over_tls(pair, record)) as port:
        yield port, received


@contextlib.contextmanager
def dropping() -> Iterator[int]:
    """A port that answers to nothing, as behind a firewall that drops: its queue is full, so Linux ignores the SYN."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((LOOPBACK, 0), backlog=0))
        port = listener.getsockname()[1]
        for _attempt in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((LOOPBACK, port))
        yield port


def refusing_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _read_request(sock: socket.socket) -> None:
    """The whole request: bytes left unread would make the close a reset, which can overtake the answer."""
    with contextlib.suppress(TimeoutError):
        data = b""
        while b"\r\n\r\n" not in data and (piece := sock.recv(65536)):
            data += piece
        head, _end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *([0-9]+)", head)
        missing = int(length[1]) - len(body) if length else 0
        while missing > 0 and (piece := sock.recv(65536)):
            missing -= len(piece)
