"""Looking at a machine before anybody trusts it: name, TCP, TLS or SSH, and WinRM. Nobody signs in."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self, cast

from cryptography import x509
from lxml import etree

from wizard.addresses import DIRECT, AddressBook
from wizard.hosts.connection import Transport
from wizard.hosts.errors import HandshakeFailed, RemoteFault
from wizard.hosts.fingerprint import of_certificate, of_host_key
from wizard.hosts.guard import Guard
from wizard.hosts.guarded_socket import GuardedSocket
from wizard.hosts.wire import check_host, connect_any, resolve, start_tls
from wizard.text import Text, _
from wizard.wire.certificate import signs_itself
from wizard.wire.destinations import Destination, Purpose
from wizard.wire.layers import Finding, Layer, LayerName, connected, located, look
from wizard.wire.tcp import SocketAddress
from wizard.wire.tls import certificate_of

_IDENTIFY: Final = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:wsmid="http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd">'
    "<s:Header/><s:Body><wsmid:Identify/></s:Body></s:Envelope>"
)
_PRODUCT: Final = ".//{http://schemas.dmtf.org/wbem/wsman/identity/1/wsmanidentity.xsd}ProductVersion"
_LARGEST_IDENTITY: Final = 64 * 2**10


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProbe:
    """All layers in order. `fingerprint_sha256` is there from TLS or the SSH host key on, what follows it with TLS alone.

    `fingerprint_sha256` is hex with colons for a certificate, `SHA256:...` for a host key; `key_type` names that key.
    """

    host: str
    port: int
    transport: Transport
    layers: tuple[Layer, ...]
    fingerprint_sha256: str | None = None
    subject: str | None = None
    not_after: datetime | None = None
    self_signed: bool | None = None
    key_type: str | None = None

    @property
    def ok(self) -> bool:
        return all(layer.status == "pass" for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """Shape: the fields under their own names and `ok`; the time as RFC 3339, layers as a list."""
        return {
            "host": self.host,
            "port": self.port,
            "transport": self.transport,
            "ok": self.ok,
            "layers": [layer.to_json() for layer in self.layers],
            "fingerprint_sha256": self.fingerprint_sha256,
            "subject": self.subject,
            "not_after": self.not_after.isoformat() if self.not_after else None,
            "self_signed": self.self_signed,
            "key_type": self.key_type,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            host=stored["host"],
            port=stored["port"],
            transport=stored["transport"],
            layers=tuple(Layer.from_json(layer) for layer in stored["layers"]),
            fingerprint_sha256=stored["fingerprint_sha256"],
            subject=stored["subject"],
            not_after=datetime.fromisoformat(stored["not_after"]) if stored["not_after"] else None,
            self_signed=stored["self_signed"],
            key_type=stored["key_type"],
        )


def probe_host(
    host: str, port: int, transport: Transport, book: AddressBook = DIRECT, *, timeout_s: float = 10.0
) -> HostProbe:
    """Look at `host`:`port` layer by layer, `timeout_s` seconds in all. Never raises for what is found there.

    The certificate or host key is not verified but reported, for a person to confirm; no secret is at hand, so
    none leaks. Raises ValueError for a port that is none.
    """
    if not 1 <= port <= 65535:
        raise ValueError(f"{port} is not a TCP port")
    part, purpose = ("ssh", Purpose.SSH) if transport == "ssh" else ("winrm", Purpose.WINRM)
    guard = Guard(part, f"{host}:{port}", stall_s=timeout_s)
    visit = _Visit(host=host, port=port, book=book, guard=guard, purpose=purpose)
    first: list[tuple[LayerName, Callable[[], Finding]]] = [("dns", visit.look_up), ("tcp", visit.connect)]
    rest: dict[Transport, list[tuple[LayerName, Callable[[], Finding]]]] = {
        "winrm_https": [("tls", visit.secure), ("wsman", visit.identify)],
        "winrm_http": [("wsman", visit.identify)],
        "ssh": [("host_key", visit.see_key)],
    }
    with contextlib.closing(visit), guard.during("probe", timeout_s):
        layers = look(first + rest[transport])
    return HostProbe(host=host, port=port, transport=transport, layers=layers, **visit.found)


@dataclass(slots=True)
class _Visit:
    """One probe under way: what each layer hands to the next."""

    host: str
    port: int
    book: AddressBook
    guard: Guard
    purpose: Purpose
    addresses: tuple[SocketAddress, ...] = ()
    detour: bool = False
    sock: socket.socket | None = field(default=None, repr=False)
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.guard.address

    def look_up(self) -> Finding:
        check_host(self.host, address=self.address)
        real_host, real_port = self.book.locate(self.host, self.port)
        self.detour = (real_host, real_port) != (self.host, self.port)
        self.addresses = resolve(real_host, real_port, guard=self.guard)
        return located((self.host, self.port), (real_host, real_port), self.addresses)

    def connect(self) -> Finding:
        to = Destination(purpose=self.purpose, host=self.host, port=self.port, detour=self.detour)
        self.sock = connect_any(self.addresses, to, guard=self.guard)
        return connected(self.address)

    def secure(self) -> Finding:
        sock, self.sock = cast("socket.socket", self.sock), None
        tls = start_tls(sock, self.host, guard=self.guard)
        self.sock = tls
        der = certificate_of(tls)
        self.found["fingerprint_sha256"] = of_certificate(der)
        try:
            certificate = x509.load_der_x509_certificate(der)
        except ValueError:
            raise HandshakeFailed(
                Text(_("The certificate of %(address)s cannot be read."), address=self.address),
                remedy=Text(_("Have the certificate of WinRM's HTTPS listener renewed.")),
                address=self.address,
                step="tls",
            ) from None
        end = certificate.not_valid_after_utc
        self.found["subject"] = certificate.subject.rfc4514_string()
        self.found["not_after"] = end
        self.found["self_signed"] = signs_itself(certificate)
        detail = Text(
            _("%(version)s; certificate of %(subject)s, valid until %(end)s."),
            version=tls.version() or "TLS",
            subject=self.found["subject"] or "?",
            end=end.date().isoformat(),
        )
        if end >= datetime.now(UTC):
            return detail, Text("")
        expired = Text(
            _("The certificate expired on %(end)s: have it renewed before you confirm it."),
            end=end.date().isoformat(),
        )
        return detail, expired

    def identify(self) -> Finding:
        """Ask WS-Management who it is; that needs no account."""
        connection = http.client.HTTPConnection(self.host, self.port)
        connection.sock = GuardedSocket(cast("socket.socket", self.sock), guard=self.guard)
        headers = {
            "WSMANIDENTIFY": "unauthenticated",
            "Content-Type": "application/soap+xml;charset=UTF-8",
        }
        try:
            connection.request("POST", "/wsman", _IDENTIFY, headers)
            response = connection.getresponse()
            body, status = response.read(_LARGEST_IDENTITY), response.status
        except (OSError, http.client.HTTPException) as error:
            raise self._not_winrm(type(error).__name__) from None
        finally:
            connection.close()
        version = _product(body) if status == http.client.OK else None
        if version is None:
            raise self._not_winrm(f"HTTP {status}")
        return Text(_("WinRM answers: %(version)s."), version=version), Text("")

    def see_key(self) -> Finding:
        sock, self.sock = cast("socket.socket", self.sock), None
        # It brings paramiko, which nobody else needs.
        from wizard.hosts.ssh_keys import agree_on_keys

        with contextlib.closing(agree_on_keys(sock, guard=self.guard)) as transport:
            key = transport.get_remote_server_key()
            software = transport.remote_version
        self.found["fingerprint_sha256"] = of_host_key(key.asbytes())
        self.found["key_type"] = key.get_name()
        return Text(_("%(software)s; host key %(type)s."), software=software, type=key.get_name()), Text("")

    def _not_winrm(self, reason: str) -> RemoteFault:
        return RemoteFault(
            Text(
                _("%(address)s does not answer as WinRM does (%(reason)s)."),
                address=self.address,
                reason=reason,
            ),
            remedy=Text(
                _(
                    "Check the port, and that no web server or proxy answers instead: on Windows “winrm "
                    "enumerate winrm/config/listener” shows what listens."
                )
            ),
            address=self.address,
            step="wsman",
        )

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()


def _product(body: bytes) -> str | None:
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return None
    found = root.findtext(_PRODUCT)
    return None if found is None else str(found)
