"""Looking at a vCenter before anybody trusts it: name, TCP, TLS and API, each judged for itself. Nobody signs in."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self, cast

from wizard.addresses import DIRECT, AddressBook
from wizard.text import Text, _
from wizard.vsphere.about import About as About
from wizard.vsphere.errors import TlsFailed, Unreachable
from wizard.vsphere.service_content import ask_about
from wizard.vsphere.wire import Deadline, connect_any, resolve, start_tls
from wizard.wire.certificate import Certificate as Certificate
from wizard.wire.certificate import read_certificate
from wizard.wire.destinations import Destination, Purpose
from wizard.wire.layers import Finding, Layer, LayerName, connected, located, look
from wizard.wire.tcp import SocketAddress, is_host
from wizard.wire.tls import certificate_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReport:
    """All four layers in order; `certificate` is there from TLS on, `about` when the API answered."""

    host: str
    port: int
    layers: tuple[Layer, ...]
    certificate: Certificate | None
    about: About | None

    @property
    def ok(self) -> bool:
        return all(layer.status == "pass" for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"host", "port", "ok", "layers": [...], "certificate": {...} | None, "about": {...} | None}`."""
        return {
            "host": self.host,
            "port": self.port,
            "ok": self.ok,
            "layers": [layer.to_json() for layer in self.layers],
            "certificate": self.certificate.to_json() if self.certificate else None,
            "about": self.about.to_json() if self.about else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        certificate, about = stored["certificate"], stored["about"]
        return cls(
            host=stored["host"],
            port=stored["port"],
            layers=tuple(Layer.from_json(layer) for layer in stored["layers"]),
            certificate=Certificate.from_json(certificate) if certificate else None,
            about=About.from_json(about) if about else None,
        )


def probe(host: str, port: int, *, book: AddressBook = DIRECT, timeout_s: float = 10.0) -> ProbeReport:
    """Look at `host`:`port` layer by layer, `timeout_s` seconds in all. Never raises for what is found there.

    The certificate is not verified but reported, for a person to confirm; no secret is at hand, so none leaks.
    Raises ValueError for a port that is none.
    """
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is not a TCP port")
    visit = _Visit(host=host, port=port, book=book, deadline=Deadline.after(timeout_s))
    steps: tuple[tuple[LayerName, Callable[[], Finding]], ...] = (
        ("dns", visit.look_up),
        ("tcp", visit.connect),
        ("tls", visit.secure),
        ("soap", visit.ask),
    )
    with contextlib.closing(visit):
        layers = look(steps)
    return ProbeReport(host=host, port=port, layers=layers, certificate=visit.certificate, about=visit.about)


@dataclass(slots=True)
class _Visit:
    """One probe under way: what each layer hands to the next."""

    host: str
    port: int
    book: AddressBook
    deadline: Deadline
    addresses: tuple[SocketAddress, ...] = ()
    detour: bool = False
    sock: socket.socket | None = field(default=None, repr=False)
    certificate: Certificate | None = None
    about: About | None = None

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    def look_up(self) -> Finding:
        if not is_host(self.host):
            raise Unreachable.no_host(self.host, address=self.address)
        real_host, real_port = self.book.locate(self.host, self.port)
        self.detour = (real_host, real_port) != (self.host, self.port)
        self.addresses = resolve(real_host, real_port, deadline=self.deadline)
        return located((self.host, self.port), (real_host, real_port), self.addresses)

    def connect(self) -> Finding:
        to = Destination(purpose=Purpose.VSPHERE, host=self.host, port=self.port, detour=self.detour)
        self.sock = connect_any(self.addresses, to, deadline=self.deadline)
        return connected(self.address)

    def secure(self) -> Finding:
        tls = start_tls(cast(socket.socket, self.sock), self.host, self.address, deadline=self.deadline)
        self.sock = tls
        try:
            self.certificate = read_certificate(certificate_of(tls), host=self.host)
        except ValueError:
            raise TlsFailed(
                Text(_("The certificate of %(address)s cannot be read."), address=self.address),
                remedy=Text(_("Have the certificate of vCenter renewed.")),
                address=self.address,
                step="tls",
            ) from None
        detail = Text(
            _("%(version)s; certificate of %(subject)s, valid until %(end)s."),
            version=tls.version() or "TLS",
            subject=self.certificate.subject or ", ".join(self.certificate.names) or "?",
            end=self.certificate.not_after.date().isoformat(),
        )
        return detail, _advice_on(self.certificate)

    def ask(self) -> Finding:
        about = ask_about(cast(ssl.SSLSocket, self.sock), self.host, self.port, deadline=self.deadline)
        self.about = about
        detail = Text(_("%(product)s, API %(api)s."), product=about.product, api=about.api_version)
        return detail, Text("") if about.is_vcenter else _ADVICE_ON_ESXI

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()


_ADVICE_ON_ESXI = Text(
    _(
        "This is a single ESXi host, without clusters and folders. If a vCenter manages it, enter the "
        "vCenter's address; "
        "if none does, mind that a free ESXi edition cannot be used for failback."
    )
)


def _advice_on(certificate: Certificate) -> Text:
    now = datetime.now(UTC)
    if certificate.not_after < now:
        return Text(
            _("The certificate expired on %(end)s: have it renewed before you confirm it."),
            end=certificate.not_after.date().isoformat(),
        )
    if certificate.not_before > now:
        return Text(
            _("The certificate is valid from %(start)s on: compare the clocks of vCenter and this server."),
            start=certificate.not_before.date().isoformat(),
        )
    if not certificate.matches_host:
        return Text(
            _(
                "The certificate was made for %(names)s: use that name, or compare the fingerprint with "
                "great care."
            ),
            names=list(certificate.names) or certificate.subject,
        )
    return Text("")
