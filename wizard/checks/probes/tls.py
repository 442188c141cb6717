"""The TLS handshake, and what a certificate that is not trusted tells about the way to Azure."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID

from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.text import Text, _

_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED
_NOT_YET_VALID = 9
_WRONG_NAME = 62  # X509_V_ERR_HOSTNAME_MISMATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """An open TLS connection. `distrust` is empty where the certificate is trusted, else it says why not;
    `suspicious` then tells whether somebody on the way may have put it there."""

    channel: ssl.SSLSocket
    issuer: str
    version: str
    distrust: Text
    suspicious: bool


class Trust:
    """Whom to believe: the system's authorities, and those in `ca_file` besides. To be used from any thread.

    They are read at the first handshake and then kept: one preflight has dozens, and to read all the authorities of
    a system takes longer than a handshake. One object is for one run, so that the next one sees what has changed.
    """

    def __init__(self, ca_file: str | None = None) -> None:
        self._ca_file = ca_file
        self._reading = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """Checks certificate and name of whoever is spoken to with it. Raises OSError where `ca_file` cannot be read."""
        with self._reading:
            if self._context is None:
                context = ssl.create_default_context()
                if self._ca_file is not None:
                    context.load_verify_locations(self._ca_file)
                self._context = context
            return self._context


def shake_hands(
    open_way: Callable[[], socket.socket], host: str, trust: Trust, deadline: Deadline
) -> Handshake:
    """Speak TLS over the connection that `open_way` gives.

    Where the certificate is not trusted, a second connection is made without checking it, so that its issuer
    can be named and HTTP be tried; nothing secret is ever sent. Raises ProbeError with kind not_tls, timeout or
    closed. The caller closes the channel.
    """
    trusting = trust.context()
    try:
        channel = _wrap(open_way(), trusting, host, deadline)
    except ssl.SSLCertVerificationError as error:
        doubting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        doubting.check_hostname = False
        doubting.verify_mode = ssl.CERT_NONE
        channel = _wrap(open_way(), doubting, host, deadline)
        issuer = _issuer(channel)
        return Handshake(
            channel=channel,
            issuer=issuer,
            version=channel.version() or "",
            distrust=_why_distrusted(error, host, issuer),
            suspicious=error.verify_code not in (_EXPIRED, _NOT_YET_VALID),
        )
    return Handshake(
        channel=channel,
        issuer=_issuer(channel),
        version=channel.version() or "",
        distrust=Text(""),
        suspicious=False,
    )


def _wrap(plain: socket.socket, context: ssl.SSLContext, host: str, deadline: Deadline) -> ssl.SSLSocket:
    channel: ssl.SSLSocket | None = None
    try:
        channel = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
        channel.settimeout(deadline.remaining())
        channel.do_handshake()
    except OSError as error:
        (channel or plain).close()
        if isinstance(error, ssl.SSLCertVerificationError):
            raise
        raise _explain(host, error, deadline) from None
    return channel


def _explain(host: str, error: OSError, deadline: Deadline) -> ProbeError:
    if isinstance(error, TimeoutError):
        return ProbeError(
            "timeout",
            Text(
                _("%(host)s accepted the connection, but no TLS handshake came about within %(limit)g s."),
                host=host,
                limit=deadline.timeout_s,
            ),
            Text(
                _("A firewall that inspects TLS may hold it back: allow %(host)s without inspection."),
                host=host,
            ),
        )
    if isinstance(error, ssl.SSLEOFError | ConnectionError):
        return ProbeError(
            "closed",
            Text(
                _(
                    "The connection to %(host)s was cut during the TLS handshake: firewalls that filter by "
                    "name do so."
                ),
                host=host,
            ),
            Text(_("Allow %(host)s in the firewall that filters TLS by name."), host=host),
        )
    reason = getattr(error, "reason", None) or str(error)
    return ProbeError(
        "not_tls",
        Text(
            _("What answers for %(host)s does not speak proper TLS (%(reason)s)."), host=host, reason=reason
        ),
        Text(_("Check which service, or which device on the way, answers for %(host)s."), host=host),
    )


def _why_distrusted(error: ssl.SSLCertVerificationError, host: str, issuer: str) -> Text:
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return Text(
            _(
                "The certificate of %(host)s, issued by “%(issuer)s”, is outside its dates: check the clock "
                "of this server."
            ),
            host=host,
            issuer=issuer,
        )
    if error.verify_code == _WRONG_NAME:
        return Text(
            _("The certificate presented for %(host)s, issued by “%(issuer)s”, is for another name."),
            host=host,
            issuer=issuer,
        )
    return Text(
        _(
            "The certificate presented for %(host)s is issued by “%(issuer)s”, which this server does not "
            "trust: TLS is probably inspected on the way."
        ),
        host=host,
        issuer=issuer,
    )


def _issuer(channel: ssl.SSLSocket) -> str:
    """Organisation and common name of the issuer: how people know an inspecting device or an authority."""
    presented = channel.getpeercert(binary_form=True)
    if presented is None:
        return ""
    issuer = x509.load_der_x509_certificate(presented).issuer
    names = [
        str(attribute.value)
        for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
        for attribute in issuer.get_attributes_for_oid(kind)
    ]
    return " / ".join(dict.fromkeys(names)) or issuer.rfc4514_string()
