"""HTTPS connections that check the pinned certificate before the first byte is sent."""

from __future__ import annotations

import http.client
import ssl

from wizard.addresses import DIRECT, AddressBook
from wizard.vsphere.errors import CertificateChanged
from wizard.vsphere.wire import Deadline, open_tcp, start_tls
from wizard.wire.fingerprint import algorithm_of, fingerprint, normalise, same
from wizard.wire.tls import certificate_of


class PinnedConnection(http.client.HTTPSConnection):
    """One HTTPS connection, for as long as it lives with the server that holds the pinned certificate.

    `http.client` opens a socket again by itself after a close, and a pool opens several: all of them come
    through `connect`, so none of them carries a request before its certificate was compared. `thumbprint` is
    SHA-256, or SHA-1 where vCenter names an ESXi host by that. `timeout` (seconds) bounds name, TCP and TLS
    together, then each read and write. `connect` raises Unreachable, TlsFailed or CertificateChanged.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        thumbprint: str,
        book: AddressBook = DIRECT,
        timeout: float = 30.0,
    ) -> None:
        # The context is there to save `http.client` from loading all authorities; `connect` does not use it.
        super().__init__(host, port, timeout=timeout, context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        self._algorithm = algorithm_of(thumbprint)
        self._pinned = normalise(thumbprint, self._algorithm)
        self._book = book
        self._seconds = timeout

    def connect(self) -> None:
        deadline = Deadline.after(self._seconds)
        address = f"{self.host}:{self.port}"
        sock = open_tcp(self.host, self.port, book=self._book, deadline=deadline)
        tls = start_tls(sock, self.host, address, deadline=deadline)
        presented = fingerprint(certificate_of(tls), self._algorithm)
        if not same(presented, self._pinned):
            tls.close()
            raise CertificateChanged(address=address, pinned=self._pinned, presented=presented)
        tls.settimeout(self._seconds)
        self.sock = tls
