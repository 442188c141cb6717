"""HTTP for pypsrp over connections of our own making: detours, the pin and the guard hold for each of them.

The pinning of urllib3 (`assert_fingerprint`) is not used: it comes with its own time-outs, which know neither a
deadline for the whole nor the wish to stop, and with proxies from the environment.
"""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from wizard.addresses import AddressBook
from wizard.hosts.errors import MessageEncryptionMissing, OutputFlood
from wizard.hosts.guard import Guard
from wizard.hosts.guarded_socket import GuardedSocket
from wizard.hosts.wire import open_tcp, start_pinned_tls
from wizard.text import Text, _
from wizard.wire.destinations import Purpose


class Dialer:
    """Opens the connections of one session, and closes all of them at its end."""

    def __init__(self, host: str, port: int, *, book: AddressBook, guard: Guard, pinned: str | None) -> None:
        """With `pinned` set each connection is TLS and compared with that fingerprint; else it is plain."""
        self._host = host
        self._port = port
        self._book = book
        self.guard = guard
        self.pinned = pinned
        self._open: list[GuardedSocket] = []

    def dial(self) -> GuardedSocket:
        """Raises Unreachable, HandshakeFailed, WrongCertificate, TimedOut and Stopped."""
        sock = open_tcp(self._host, self._port, Purpose.WINRM, book=self._book, guard=self.guard)
        if self.pinned is not None:
            sock = start_pinned_tls(sock, self._host, pinned=self.pinned, guard=self.guard)
        guarded = GuardedSocket(sock, guard=self.guard)
        self._open.append(guarded)
        return guarded

    def close(self) -> None:
        while self._open:
            self._open.pop().kill()


class PinnedAdapter(HTTPAdapter):
    """Mounted on the session of pypsrp's transport. Never retries: what is sent is sent once."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        dial = self._dialer.dial

        class Plain(HTTPConnection):
            def connect(self) -> None:
                self.sock = dial()

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                self.sock = dial()
                self.is_verified = True

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(HTTPSConnectionPool):
            ConnectionCls = Secure

        if self._dialer.pinned is not None:
            self.poolmanager.pool_classes_by_scheme = {"https": SecurePool}
        else:
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool}

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Raises MessageEncryptionMissing where a plain connection brings an answer that is not encrypted, OutputFlood for one
        that is packed: the limit counts what comes, and would not see what becomes of that."""
        response = super().send(request, *args, **kwargs)
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            response.close()
            raise OutputFlood(
                Text(
                    _("%(address)s packed its answer (%(encoding)s) unasked; it is not unpacked."),
                    address=self._dialer.guard.address,
                    encoding=encoding[:40],
                ),
                remedy=Text(_("Check that no web server or proxy answers in the place of WinRM.")),
                address=self._dialer.guard.address,
                step=self._dialer.guard.step,
            )
        if self._dialer.pinned is None and response.status_code != requests.codes.unauthorized:
            kind = response.headers.get("Content-Type", "")
            if response.content and not kind.startswith("multipart/encrypted"):
                response.close()
                guard = self._dialer.guard
                raise MessageEncryptionMissing(
                    Text(
                        _("%(address)s answered over plain HTTP without encrypting the message."),
                        address=guard.address,
                    ),
                    address=guard.address,
                    step=guard.step,
                )
        return response
