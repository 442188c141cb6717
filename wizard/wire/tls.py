"""TLS with a certificate that is not judged here: the caller compares it with the pin, or shows it to a person."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import cast


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Certificates are self-signed, or signed by an authority of vCenter's own: the pin decides, not a chain.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # A renegotiation could bring another certificate after the pin was checked.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context


_CONTEXT = _context()


def _at_once(move: Callable[[], None]) -> None:
    move()


def start(
    sock: socket.socket,
    host: str,
    *,
    timeout_s: float,
    patiently: Callable[[Callable[[], None]], None] = _at_once,
) -> ssl.SSLSocket:
    """Agree on TLS. The handshake raises TimeoutError after `timeout_s`, and `patiently` may call it again then.

    Raises OSError, ValueError for a name that TLS refuses, and what `patiently` raises; the socket is closed then.
    """
    secured = sock
    try:
        sock.settimeout(timeout_s)
        secured = tls = _CONTEXT.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        patiently(tls.do_handshake)
    except BaseException:
        secured.close()
        raise
    return tls


def certificate_of(sock: ssl.SSLSocket) -> bytes:
    """DER. A TLS server always presents one; the ciphers without are not offered."""
    return cast("bytes", sock.getpeercert(binary_form=True))
