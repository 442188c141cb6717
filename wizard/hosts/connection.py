"""Signing in to a machine that is to be installed: WinRM for Windows, SSH for the Linux master target."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from wizard.addresses import DIRECT, AddressBook
from wizard.hosts.errors import MessageEncryptionMissing
from wizard.hosts.fingerprint import normalise
from wizard.hosts.session import HostSession
from wizard.hosts.session import ScriptResult as ScriptResult
from wizard.hosts.wire import check_host
from wizard.text import Text, _

if TYPE_CHECKING:
    from wizard.hosts.ssh import SSHSession
    from wizard.hosts.winrm import WinRMSession

Transport = Literal["winrm_https", "winrm_http", "ssh"]
Auth = Literal["negotiate", "ntlm", "basic", "password"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostConnection:
    """Where a machine is, and who signs in how. `fingerprint_sha256` was confirmed by a person.

    It is that of the certificate (hex, with or without colons) or of the SSH host key (`SHA256:...`); plain
    HTTP has none.
    """

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    transport: Transport = "winrm_https"
    auth: Auth = "negotiate"
    fingerprint_sha256: str | None = None
    book: AddressBook = DIRECT

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


@contextlib.contextmanager
def open_host(connection: HostConnection, *, timeout_s: float = 30.0) -> Iterator[HostSession]:
    """Sign in with exactly one attempt, and out at the end, whatever happened.

    Where the transport has a fingerprint it must be set (ValueError): every connection, later ones too, is
    compared with it before anything is sent. `timeout_s` bounds signing in as a whole, and how long the host
    may stay silent afterwards. Kerberos is not spoken: negotiate means NTLM. Raises Unreachable,
    HandshakeFailed, WrongCertificate, AccessDenied, MessageEncryptionMissing, RemoteFault, TimedOut, Dropped.
    """
    session = _session(connection, timeout_s)
    # pypsrp would make a URL of whatever was entered, and parse it back.
    check_host(connection.host, address=connection.address)
    try:
        session.open(within_s=timeout_s)
        yield session
    finally:
        session.close()


def _session(connection: HostConnection, timeout_s: float) -> WinRMSession | SSHSession:
    if (connection.auth == "password") != (connection.transport == "ssh"):
        raise ValueError("SSH signs in by password; WinRM by negotiate, ntlm or basic")
    pinned = None
    if connection.transport != "winrm_http":
        if connection.fingerprint_sha256 is None:
            raise ValueError(
                "nobody signs in before a fingerprint was confirmed: fingerprint_sha256 is missing"
            )
        pinned = normalise(connection.fingerprint_sha256)
    elif connection.auth == "basic":
        raise MessageEncryptionMissing(
            Text(
                _(
                    "Basic authentication over plain HTTP would show the password to everybody on the way to "
                    "%(address)s. Nothing was sent."
                ),
                address=connection.address,
            ),
            address=connection.address,
            step="login",
        )
    # paramiko and pypsrp are loaded by who signs in: every page and command would wait for them otherwise.
    if connection.transport == "ssh" and pinned is not None:
        from wizard.hosts.ssh import SSHSession

        return SSHSession(
            host=connection.host,
            port=connection.port,
            username=connection.username,
            password=connection.password,
            pinned=pinned,
            book=connection.book,
            timeout_s=timeout_s,
        )
    from wizard.hosts.winrm import WinRMSession

    return WinRMSession(
        host=connection.host,
        port=connection.port,
        username=connection.username,
        password=connection.password,
        auth=connection.auth,
        pinned=pinned,
        book=connection.book,
        timeout_s=timeout_s,
    )
