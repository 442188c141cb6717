"""The ESXi host that takes a disk: where it is, and how its certificate is judged.

Disks do not go through vCenter: the lease names a URL on the host, and the fingerprint of its certificate.
"""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyVmomi import vim

from wizard.addresses import AddressBook
from wizard.text import Text, _, verbatim
from wizard.vsphere.connection import PinnedConnection
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import CertificateChanged, UploadFailed, VSphereError
from wizard.vsphere.wire import Deadline, open_tcp
from wizard.wire.fingerprint import algorithm_of, fingerprint, normalise


class UploadBroken(UploadFailed):
    """The way to the host failed, not the host's judgement: another try may go better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTarget:
    """Where a file goes. Without `thumbprint` the host's certificate is judged as a browser would."""

    host: str
    port: int
    path: str
    thumbprint: str | None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"


def upload_target(device: vim.HttpNfcLease.DeviceUrl, endpoint: Endpoint, book: AddressBook) -> UploadTarget:
    """Where the lease wants a disk. `*` as host means the address that this session is connected to.

    Raises UploadFailed where the URL is not one that can be trusted.
    """
    try:
        url = urlsplit(device.url)
        host, port = url.hostname or "", url.port or 443
    except ValueError:
        url, host, port = urlsplit(""), "", 0
    if url.scheme != "https" or not host:
        raise UploadFailed(
            Text(
                _("vCenter wants a disk sent to “%(url)s”; an https:// address was expected."), url=device.url
            ),
            remedy=Text(_("Ask a vSphere administrator why the host offers no TLS for disk transfers.")),
            address=endpoint.address,
            step="lease",
        )
    host = endpoint.host if host == "*" else host
    return UploadTarget(
        host=host,
        port=port,
        path=url.path + (f"?{url.query}" if url.query else ""),
        thumbprint=_thumbprint(device, host, port, endpoint, book),
    )


def open_connection(
    target: UploadTarget, *, book: AddressBook, connect_s: float
) -> http.client.HTTPSConnection:
    """A connection to the host whose certificate was judged before anything is sent.

    Raises UploadBroken where the host cannot be reached, UploadFailed where its certificate is a wrong one.
    """
    connection: http.client.HTTPSConnection
    try:
        if target.thumbprint:
            connection = PinnedConnection(
                target.host, target.port, thumbprint=target.thumbprint, book=book, timeout=connect_s
            )
            connection.connect()
            return connection
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(target.host, target.port, context=context)
        plain = open_tcp(target.host, target.port, book=book, deadline=Deadline.after(connect_s))
        try:
            plain.settimeout(connect_s)
            connection.sock = context.wrap_socket(plain, server_hostname=target.host)
        except OSError as error:
            plain.close()
            raise _unverified(target, error) from None
        return connection
    except UploadFailed:
        raise
    except CertificateChanged as error:
        raise _impostor(target, error) from None
    except VSphereError as error:
        raise UploadBroken(
            Text(
                _("Host %(host)s takes the disks, but cannot be reached: %(why)s"),
                host=target.host,
                why=error.text,
            ),
            remedy=open_the_way(target),
            address=target.address,
            step=error.step,
        ) from None


def open_the_way(target: UploadTarget) -> Text:
    """What to do where the host cannot be reached from here."""
    return Text(
        _(
            "Disks go straight to the ESXi host, not through vCenter: this server must be able to resolve "
            "%(host)s and to reach it on TCP %(port)d. Have that opened, then deploy again."
        ),
        host=target.host,
        port=target.port,
    )


def _thumbprint(
    device: vim.HttpNfcLease.DeviceUrl, host: str, port: int, endpoint: Endpoint, book: AddressBook
) -> str | None:
    if device.sslThumbprint:
        try:
            return normalise(device.sslThumbprint, algorithm_of(device.sslThumbprint))
        except ValueError:
            raise _no_fingerprint(device.sslThumbprint, host, port) from None
    if device.sslCertificate:
        try:
            return fingerprint(ssl.PEM_cert_to_DER_cert(device.sslCertificate.strip()))
        except ValueError:
            raise _no_fingerprint(device.sslCertificate[:100], host, port) from None
    if book.locate(host, port) == book.locate(endpoint.host, endpoint.port):
        return endpoint.thumbprint_sha256
    return None


def _no_fingerprint(found: str, host: str, port: int) -> UploadFailed:
    return UploadFailed(
        Text(
            _(
                "vCenter names “%(found)s” as the fingerprint of host %(host)s; SHA-1 or SHA-256 was expected."
            ),
            found=found,
            host=host,
        ),
        remedy=Text(_("Have the host disconnected and connected again in vCenter; then deploy again.")),
        address=f"{host}:{port}",
        step="lease",
    )


def _impostor(target: UploadTarget, error: CertificateChanged) -> UploadFailed:
    return UploadFailed(
        Text(
            _(
                "Host %(host)s presented a certificate with fingerprint %(presented)s; "
                "vCenter knows it by %(pinned)s. Nothing was sent."
            ),
            host=target.host,
            presented=error.presented,
            pinned=error.pinned,
        ),
        remedy=Text(
            _(
                "If the host's certificate was renewed, have the host disconnected and connected again "
                "in vCenter. If nobody renewed it, something sits between this server and the host."
            )
        ),
        address=target.address,
        step="tls",
    )


def _unverified(target: UploadTarget, error: OSError) -> UploadFailed:
    return UploadFailed(
        Text(
            _(
                "vCenter gave no fingerprint for host %(host)s, "
                "and its certificate could not be verified: %(why)s."
            ),
            host=target.host,
            why=verbatim(getattr(error, "verify_message", "") or type(error).__name__),
        ),
        remedy=Text(
            _("Add the authority that signs the ESXi hosts' certificates to those that this server trusts.")
        ),
        address=target.address,
        step="tls",
    )
