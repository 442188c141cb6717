"""Who may use the lab's Windows host: Basic, and NTLM with channel binding and message encryption."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import ssl
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

_BOUNDARY = b"--Encrypted Boundary"
_PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
ENCRYPTED_TYPE = f'multipart/encrypted;protocol="{_PROTOCOL}";boundary="Encrypted Boundary"'
# The acceptor finds its accounts by an environment variable and no other way.
_ENVIRONMENT = threading.Lock()


class Accounts:
    """The accounts of one host, kept in a file in the format of Heimdal, as pyspnego wants them."""

    def __init__(self, file: Path, accounts: dict[str, str], *, domain: str) -> None:
        """`accounts` maps user names to passwords; `domain\\user` is the same as `user`."""
        self._file = file
        self._accounts = {name.lower(): password for name, password in accounts.items()}
        self._domain = domain
        self._write()

    def change_password(self, name: str, password: str) -> None:
        self._accounts[name.lower()] = password
        self._write()

    def _write(self) -> None:
        lines = [
            f"{place}:{name}:{password}\n"
            for name, password in self._accounts.items()
            for place in ("", self._domain)
        ]
        self._file.touch(mode=0o600)
        self._file.write_text("".join(lines))

    def knows(self, name: str, password: str) -> bool:
        return self._accounts.get(name.rpartition("\\")[2].lower()) == password

    @contextlib.contextmanager
    def shown_to_acceptor(self) -> Iterator[None]:
        with _ENVIRONMENT:
            before = os.environ.get("NTLM_USER_FILE")
            os.environ["NTLM_USER_FILE"] = str(self._file)
            try:
                yield
            finally:
                del os.environ["NTLM_USER_FILE"]
                if before is not None:
                    os.environ["NTLM_USER_FILE"] = before


class SignIn:
    """The sign-in of one connection. NTLM authenticates a connection, Basic each request of it."""

    def __init__(self, accounts: Accounts, *, certificate: bytes | None) -> None:
        """`certificate` is DER; None on a connection without TLS."""
        self._accounts = accounts
        self._certificate = certificate
        self._context: spnego.ContextProxy | None = None
        self.done = False

    def basic(self, header: str) -> bool:
        """Whether this Authorization header carries an account and its password."""
        kind, _space, value = header.partition(" ")
        if kind.lower() != "basic":
            return False
        name, _colon, password = base64.b64decode(value).decode(errors="replace").partition(":")
        return self._accounts.knows(name, password)

    def negotiate(self, header: str) -> tuple[str, bool]:
        """One step of NTLM: the answer for WWW-Authenticate, and whether somebody is signed in now."""
        token = base64.b64decode(header.partition(" ")[2])
        try:
            with self._accounts.shown_to_acceptor():
                if self._context is None:
                    self._context = spnego.server(
                        protocol="negotiate", channel_bindings=_bindings(self._certificate)
                    )
                answer = self._context.step(token)
        except SpnegoError:
            self._context = None
            return "Negotiate", False
        self.done = self._context.complete
        told = f"Negotiate {base64.b64encode(answer).decode()}" if answer else "Negotiate"
        return told, self.done

    def decrypt(self, body: bytes) -> bytes:
        """The envelope within an encrypted message. Raises ValueError or SpnegoError."""
        if self._context is None:
            raise ValueError("Nobody is signed in.")
        part = re.split(re.escape(_BOUNDARY) + rb"(?:--)?\r\n", body)[2]
        data = part.removeprefix(b"\tContent-Type: application/octet-stream\r\n")
        (length,) = struct.unpack("<i", data[:4])
        return self._context.unwrap_winrm(data[4 : 4 + length], data[4 + length :])

    def encrypt(self, envelope: bytes) -> bytes:
        if self._context is None:
            raise ValueError("Nobody is signed in.")
        sealed = self._context.wrap_winrm(envelope)
        length = len(envelope) + sealed.padding_length
        head = (
            f"\r\n\tContent-Type: {_PROTOCOL}\r\n"
            f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={length}\r\n"
        )
        return b"".join(
            [
                _BOUNDARY,
                head.encode(),
                _BOUNDARY,
                b"\r\n\tContent-Type: application/octet-stream\r\n",
                struct.pack("<i", len(sealed.header)),
                sealed.header,
                sealed.data,
                _BOUNDARY,
                b"--\r\n",
            ]
        )


def der_of(certificate: Path) -> bytes:
    """The first certificate of a PEM file."""
    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(certificate.read_text().partition(end)[0] + end)


def _bindings(certificate: bytes | None) -> GssChannelBindings | None:
    if certificate is None:
        return None
    return GssChannelBindings(
        application_data=b"tls-server-end-point:" + hashlib.sha256(certificate).digest()
    )
