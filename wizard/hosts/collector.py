"""The collectors that run on target machines, made out for one deployment.

A collector is one self-contained script; what differs from order to order stands in it as plain assignments. Names and
addresses in an order come from people and inventories: every one is quoted for the language it is written into.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from wizard.hosts.schema import LINUX_COLLECTOR, WINDOWS_COLLECTOR
from wizard.wire.script_quoting import quote_powershell, quote_shell

PLAIN_TEXT_PORTS: Final = frozenset({902})
"""Ports of peers where a conversation does not begin with TLS: ESXi greets in plain text on 902."""

_PLACE: Final = "#ORDER#"
_NONCE = re.compile(r"[0-9a-f]{32}")
_COMPONENT = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PORTS: Final = range(1, 65536)
_HTTP_PORT: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another machine to be reached by TCP; `name` is what the facts call it: vcenter, cs, esxi:<name>."""

    name: str
    host: str
    port: int

    @property
    def tls(self) -> bool:
        return self.port not in PLAIN_TEXT_PORTS


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorOrder:
    """What one collector is to test, and how its document will be known again.

    `nonce` is 32 hexadecimal digits, `key` 32 random bytes, `deployment` a UUID, `proxy` an HTTP proxy as
    `http://host:port` or `host:port`. A user name and password in `proxy` stay behind: the script is a file that
    people pass around. Raises ValueError for anything else.
    """

    nonce: str
    key: bytes = field(repr=False)
    deployment: str
    component: str
    endpoints: tuple[tuple[str, int], ...] = ()
    peers: tuple[Peer, ...] = ()
    proxy: str | None = None
    time_servers: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _NONCE.fullmatch(self.nonce):
            raise ValueError("the nonce is not 32 hexadecimal digits in lower case")
        if len(self.key) != 32:
            raise ValueError("the key does not have 32 bytes")
        UUID(self.deployment)
        if not _COMPONENT.fullmatch(self.component):
            raise ValueError(f"{self.component!r} is no component kind")
        for port in [*(port for _host, port in self.endpoints), *(peer.port for peer in self.peers)]:
            if port not in _PORTS:
                raise ValueError(f"{port} is no TCP port")
        names = [*(host for host, _port in self.endpoints), *self.time_servers]
        if any("\0" in name for name in [*names, *(peer.name + peer.host for peer in self.peers)]):
            raise ValueError("a name holds a NUL character")
        self.proxy_address  # noqa: B018 - an unusable proxy is refused here, not while rendering

    @property
    def proxy_address(self) -> tuple[str, int] | None:
        """Host and port of the proxy, or None. Raises ValueError where there is no host in it."""
        if not self.proxy:
            return None
        parts = urlsplit(self.proxy if "://" in self.proxy else f"http://{self.proxy}")
        if not parts.hostname or "\0" in parts.hostname:
            raise ValueError("the proxy names no host")
        return parts.hostname, parts.port or _HTTP_PORT


def powershell(order: CollectorOrder) -> str:
    """Collect-Facts.ps1 for `order`: plain ASCII, LF. Without a file around it, it writes to its output."""
    proxy_host, proxy_port = order.proxy_address or ("", 0)
    lines = [
        f"$Nonce = {quote_powershell(order.nonce)}",
        f"$Key = {quote_powershell(order.key.hex())}",
        f"$Deployment = {quote_powershell(order.deployment)}",
        f"$Component = {quote_powershell(order.component)}",
        f"$ProxyHost = {quote_powershell(proxy_host)}",
        f"$ProxyPort = {proxy_port}",
        *_powershell_list(
            "Endpoints",
            (f"@{{ host = {quote_powershell(host)}; port = {port} }}" for host, port in order.endpoints),
        ),
        *_powershell_list("Peers", (_powershell_peer(peer) for peer in order.peers)),
        *_powershell_list("TimeServers", (quote_powershell(server) for server in order.time_servers)),
    ]
    return _template(WINDOWS_COLLECTOR).replace(_PLACE, "\n".join(lines), 1)


def shell(order: CollectorOrder) -> str:
    """collect-facts.sh for `order`: POSIX shell; writes the document to its output."""
    proxy_host, proxy_port = order.proxy_address or ("", 0)
    lines = [
        f"NONCE={quote_shell(order.nonce)}",
        f"KEY={quote_shell(order.key.hex())}",
        f"DEPLOYMENT={quote_shell(order.deployment)}",
        f"COMPONENT={quote_shell(order.component)}",
        f"PROXY_HOST={quote_shell(proxy_host)}",
        f"PROXY_PORT={proxy_port}",
        *_shell_function(
            "each_endpoint", (f'"$@" {quote_shell(host)} {port}' for host, port in order.endpoints)
        ),
        *_shell_function(
            "each_peer",
            (
                f'"$@" {quote_shell(peer.name)} {quote_shell(peer.host)} {peer.port} {int(peer.tls)}'
                for peer in order.peers
            ),
        ),
        *_shell_function(
            "each_time_server", (f'"$@" {quote_shell(server)}' for server in order.time_servers)
        ),
    ]
    return _template(LINUX_COLLECTOR).replace(_PLACE, "\n".join(lines), 1)


def _powershell_peer(peer: Peer) -> str:
    tls = "$true" if peer.tls else "$false"
    return (
        f"@{{ name = {quote_powershell(peer.name)}; host = {quote_powershell(peer.host)}; "
        f"port = {peer.port}; tls = {tls} }}"
    )


def _powershell_list(name: str, items: Iterable[str]) -> list[str]:
    return [f"${name} = @(", *(f"    {item}" for item in items), ")"]


def _shell_function(name: str, calls: Iterable[str]) -> list[str]:
    return [f"{name}() {{", "    :", *(f"    {call}" for call in calls), "}"]


def _template(name: str) -> str:
    return files("wizard.hosts").joinpath("scripts", name).read_text("utf-8")
