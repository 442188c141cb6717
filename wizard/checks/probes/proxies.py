"""HTTP proxies: reaching one, and asking it for a way through."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from wizard.checks.probes import http_head, tcp
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.text import Text, _
from wizard.wire.destinations import Purpose

_PROXY_WANTS_CREDENTIALS = 407
_GATEWAY_TROUBLE = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAddress:
    """Where a proxy listens; `scheme` is "http" for every proxy that can be used."""

    scheme: str
    host: str
    port: int


class TargetUnreachableError(ProbeError):
    """The proxy works, but says itself that it cannot reach the target."""


def parse(url: str) -> ProxyAddress:
    """Take `http://host:port` apart; without a port 80 holds. Raises ProbeError without a host."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname:
        raise ProbeError(
            "bad_answer",
            Text(_("The proxy address is not complete; expected is http://host:port.")),
            Text(_("Correct the proxy in the network settings.")),
        )
    return ProxyAddress(scheme=parts.scheme.lower(), host=parts.hostname, port=port or 80)


def open_socket(proxy: ProxyAddress, spot: tcp.Spot, deadline: Deadline) -> socket.socket:
    """A connection to the proxy. Raises as `tcp.open_socket` does, and for a proxy that is not http://."""
    if proxy.scheme != "http":
        raise ProbeError(
            "bad_answer",
            Text(
                _("The proxy has the scheme %(scheme)s; Site Recovery speaks to http:// proxies only."),
                scheme=proxy.scheme,
            ),
            Text(_("Name a proxy that is spoken to with http://, or none.")),
        )
    return tcp.open_socket(proxy.host, proxy.port, spot, deadline, Purpose.PROXY)


def open_tunnel(
    proxy: ProxyAddress, spot: tcp.Spot, host: str, port: int, deadline: Deadline
) -> socket.socket:
    """A way through the proxy to `host`:`port` (CONNECT).

    Raises TargetUnreachableError, or ProbeError with kind credentials, denied or portal besides those of
    `open_socket`. The caller closes the socket.
    """
    channel = open_socket(proxy, spot, deadline)
    try:
        head = http_head.ask(channel, "CONNECT", f"{host}:{port}", f"{host}:{port}", deadline)
        if head.status // 100 != 2:
            raise refusal(proxy, head, host, port)
    except BaseException:
        channel.close()
        raise
    return channel


def refusal(proxy: ProxyAddress, head: http_head.HttpHead, host: str, port: int) -> ProbeError:
    """What a proxy means by an answer that is not success."""
    named = {"proxy": f"{proxy.host}:{proxy.port}", "host": host, "port": port, "status": head.status}
    if head.status == _PROXY_WANTS_CREDENTIALS:
        return ProbeError(
            "credentials",
            Text(_("The proxy %(proxy)s asks for credentials (407)."), **named),
            Text(_("Let the proxy %(proxy)s allow this address without authentication."), **named),
        )
    if head.status in _GATEWAY_TROUBLE:
        return TargetUnreachableError(
            "unreachable",
            Text(_("The proxy %(proxy)s cannot reach %(host)s port %(port)s (%(status)s)."), **named),
            Text(_("Ask the owner of the proxy: the way from it to %(host)s is closed."), **named),
        )
    if head.status // 100 == 3 or head.asks_for_network_sign_in:
        return ProbeError(
            "portal",
            Text(
                _("The proxy %(proxy)s sends a sign-in page instead of %(host)s (%(status)s)."),
                **named,
            ),
            Text(_("Exempt this address from the network's sign-in page."), **named),
        )
    return ProbeError(
        "denied",
        Text(_("The proxy %(proxy)s does not let %(host)s port %(port)s through (%(status)s)."), **named),
        Text(_("Allow %(host)s on the proxy %(proxy)s."), **named),
    )
