"""The way to a web server: directly or through a proxy, and TLS judged by authorities that are trusted.

Paths and queries of addresses often carry access keys, so messages name hosts only.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from urllib.parse import quote, unquote, urlsplit

from wizard.addresses import AddressBook
from wizard.text import Text, _
from wizard.vsphere.errors import DestinationRefused, Unreachable, VSphereError
from wizard.vsphere.patient_socket import Broken, PatientSocket, Stalled
from wizard.vsphere.wire import Deadline, open_tcp
from wizard.wire.destinations import Purpose

PORTS = {"http": 80, "https": 443}
# What may stand in path and query as it is; anything else is written as %XX.
_URL_CHARACTERS = "%/:?#[]@!$&'()*+,;=-._~"


class DownloadFailed(VSphereError):
    """The file could not be fetched or kept; `address` is the server's.

    `step` is `address`, `dns`, `tcp`, `proxy`, `tls`, `http`, `redirect`, `size`, `checksum` or `disk`.
    """

    code = "download_failed"


class DownloadRefused(DownloadFailed):
    """This server does not connect to where the file is said to be."""

    code = DestinationRefused.code


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """An http or https address taken apart; `path`, with the query, is kept out of sight."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def authority(self) -> str:
        """Host and port as requests write them: IPv6 in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else self.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    host: str
    port: int
    authorization: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How servers are reached. `ca_file` (PEM) takes the place of the authorities that the system trusts.

    `timeout_s` bounds connecting, and silence after it.
    """

    book: AddressBook
    proxy: Proxy | None
    ca_file: Path | None
    timeout_s: float


def parse_address(url: str) -> WebAddress:
    """Raises DownloadFailed with step `address` for anything but a plain http or https address."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in PORTS or not host:
        raise DownloadFailed(
            Text(_("That is not an address that a file can be fetched from.")),
            remedy=Text(_("Enter an address that begins with https:// or http:// and names a host.")),
            step="address",
        )
    if parts.username is not None:
        raise DownloadFailed(
            Text(_("The address of %(host)s carries a user name, and would be stored and shown."), host=host),
            remedy=Text(_("Enter an address without it, or put the file into the folder yourself.")),
            address=host,
            step="address",
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return WebAddress(
        scheme=parts.scheme,
        host=host,
        port=port or PORTS[parts.scheme],
        path=quote(path, safe=_URL_CHARACTERS),
    )


def parse_proxy(url: str) -> Proxy:
    """Read `http://[user:password@]host:port`. Raises DownloadFailed with step `proxy`."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme != "http" or not host or not port:
        raise DownloadFailed(
            Text(_("The proxy's address is not of the form http://host:port.")),
            remedy=Text(_("Enter the address of an HTTP proxy; proxies that speak HTTPS are not supported.")),
            step="proxy",
        )
    secret = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}".encode()
    authorization = f"Basic {base64.b64encode(secret).decode()}" if parts.username else ""
    return Proxy(host=host, port=port, authorization=authorization)


def connect(address: WebAddress, route: Route, *, check: Callable[[], None]) -> http.client.HTTPConnection:
    """A connection ready for a request; whatever is read or written on it goes through a PatientSocket.

    Raises DownloadFailed with step `dns`, `tcp`, `proxy` or `tls`.
    """
    deadline = Deadline.after(route.timeout_s)
    sock = _open(address, route, deadline)
    try:
        if address.scheme == "https":
            if route.proxy is not None:
                _tunnel(sock, address, route, check)
            sock = _start_tls(sock, address, route, deadline)
    except BaseException:
        sock.close()
        raise
    connection = http.client.HTTPConnection(address.host, address.port)
    connection.sock = cast(socket.socket, PatientSocket(sock, check=check, stall_s=route.timeout_s))
    return connection


def _open(address: WebAddress, route: Route, deadline: Deadline) -> socket.socket:
    host, port = (route.proxy.host, route.proxy.port) if route.proxy else (address.host, address.port)
    purpose = Purpose.PROXY if route.proxy else Purpose.DOWNLOAD
    try:
        return open_tcp(host, port, book=route.book, deadline=deadline, purpose=purpose)
    except DestinationRefused as error:
        raise DownloadRefused(
            error.text,
            remedy=error.remedy,
            address=error.address,
            step="proxy" if route.proxy else error.step,
        ) from None
    except Unreachable as error:
        if route.proxy is not None:
            text = Text(_("The proxy cannot be reached: %(why)s"), why=error.text)
            raise DownloadFailed(text, remedy=error.remedy, address=error.address, step="proxy") from None
        raise DownloadFailed(
            error.text,
            remedy=Text(
                _(
                    "Check the address, and that this server may reach it on TCP %(port)d, perhaps through a proxy. "
                    "Or put the file into the folder yourself."
                ),
                port=port,
            ),
            address=error.address,
            step=error.step,
        ) from None


def _tunnel(sock: socket.socket, address: WebAddress, route: Route, check: Callable[[], None]) -> None:
    proxy = cast(Proxy, route.proxy)
    lines = [f"CONNECT {address.authority} HTTP/1.1", f"Host: {address.authority}"]
    if proxy.authorization:
        lines.append(f"Proxy-Authorization: {proxy.authorization}")
    patient = PatientSocket(sock, check=check, stall_s=route.timeout_s)
    try:
        patient.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
        with http.client.HTTPResponse(cast(socket.socket, patient), method="CONNECT") as answer:
            answer.begin()
            status, said = answer.status, f"{answer.status} {answer.reason}"
    except (Stalled, Broken, http.client.HTTPException) as error:
        status, said = 0, str(error) or type(error).__name__
    if status != 200:
        raise DownloadFailed(
            Text(
                _(
                    "The proxy %(proxy)s does not let this server through to %(host)s: it answered “%(answer)s”."
                ),
                proxy=f"{proxy.host}:{proxy.port}",
                host=address.place,
                answer=said[:200],
            ),
            remedy=Text(_("Check the proxy's user name and password, and that it allows that host.")),
            address=f"{proxy.host}:{proxy.port}",
            step="proxy",
        )


def _start_tls(sock: socket.socket, address: WebAddress, route: Route, deadline: Deadline) -> ssl.SSLSocket:
    try:
        context = ssl.create_default_context(cafile=route.ca_file)
    except OSError as error:
        raise DownloadFailed(
            Text(
                _("The file of trusted authorities %(file)s cannot be read: %(why)s."),
                file=str(route.ca_file),
                why=error.strerror or type(error).__name__,
            ),
            remedy=Text(_("Check that it exists and holds certificates in PEM format.")),
            address=address.place,
            step="tls",
        ) from None
    try:
        sock.settimeout(deadline.left())
        return context.wrap_socket(sock, server_hostname=address.host)
    except OSError as error:
        raise DownloadFailed(
            Text(
                _("No trustworthy TLS connection to %(host)s: %(why)s."),
                host=address.host,
                why=getattr(error, "verify_message", "")
                or getattr(error, "reason", None)
                or type(error).__name__,
            ),
            remedy=Text(
                _("If a proxy opens TLS on the way, add its authority to the file of trusted authorities.")
            ),
            address=address.place,
            step="tls",
        ) from None
