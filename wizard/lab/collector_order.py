"""What a collector was ordered to test, read back from the assignments in its script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from wizard.hosts.document import sign
from wizard.hosts.schema import LINUX_COLLECTOR, SCHEMA, WINDOWS_COLLECTOR

_TEXT: Final = r"'((?:[^']|'')*)'"
_SHELL_TEXT: Final = r"'([^']*)'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """As CollectorOrder of the hosts room; `peers` are name, host, port and whether TLS is expected."""

    collector: str
    nonce: str
    key: bytes = field(repr=False)
    deployment: str
    component: str
    proxy: tuple[str, int] | None
    endpoints: tuple[tuple[str, int], ...]
    peers: tuple[tuple[str, str, int, bool], ...]
    time_servers: tuple[str, ...]


def read_powershell(script: str) -> Order | None:
    """None for a script that is not Collect-Facts.ps1."""
    if SCHEMA not in script or "$Nonce = " not in script:
        return None
    return Order(
        collector=WINDOWS_COLLECTOR,
        proxy=_proxy(_assigned(script, "$ProxyHost"), _number(script, r"\$ProxyPort = (\d+)")),
        endpoints=tuple(
            (host.replace("''", "'"), int(port))
            for host, port in re.findall(
                rf"@\{{ host = {_TEXT}; port = (\d+) \}}", _list(script, "Endpoints")
            )
        ),
        peers=tuple(
            (name.replace("''", "'"), host.replace("''", "'"), int(port), tls == "true")
            for name, host, port, tls in re.findall(
                rf"@\{{ name = {_TEXT}; host = {_TEXT}; port = (\d+); tls = \$(true|false) \}}",
                _list(script, "Peers"),
            )
        ),
        time_servers=tuple(
            server.replace("''", "'") for server in re.findall(_TEXT, _list(script, "TimeServers"))
        ),
        nonce=_assigned(script, "$Nonce"),
        key=bytes.fromhex(_assigned(script, "$Key")),
        deployment=_assigned(script, "$Deployment"),
        component=_assigned(script, "$Component"),
    )


def read_shell(script: str) -> Order | None:
    """None for a script that is not collect-facts.sh."""
    if SCHEMA not in script or not re.search(r"^NONCE=", script, re.MULTILINE):
        return None

    def assigned(name: str) -> str:
        found = re.search(rf"^{name}={_SHELL_TEXT}$", script, re.MULTILINE)
        return found[1] if found else ""

    def calls(function: str, pattern: str) -> list[Any]:
        found = re.search(rf"^{function}\(\) \{{\n(.*?)^\}}", script, re.MULTILINE | re.DOTALL)
        return re.findall(rf'"\$@" {pattern}', found[1]) if found else []

    return Order(
        collector=LINUX_COLLECTOR,
        proxy=_proxy(assigned("PROXY_HOST"), _number(script, r"^PROXY_PORT=(\d+)")),
        endpoints=tuple((host, int(port)) for host, port in calls("each_endpoint", rf"{_SHELL_TEXT} (\d+)")),
        peers=tuple(
            (name, host, int(port), tls == "1")
            for name, host, port, tls in calls("each_peer", rf"{_SHELL_TEXT} {_SHELL_TEXT} (\d+) ([01])")
        ),
        time_servers=tuple(calls("each_time_server", _SHELL_TEXT)),
        nonce=assigned("NONCE"),
        key=bytes.fromhex(assigned("KEY")),
        deployment=assigned("DEPLOYMENT"),
        component=assigned("COMPONENT"),
    )


def reach(order: Order, own: Mapping[str, list[str]]) -> dict[str, Any]:
    """Facts `reach.*` and `time.ntp` of a machine that reaches everything; `own` are its own records in DNS."""
    return {
        "reach.dns": [
            {"name": name, "addresses": addresses, "error": None} for name, addresses in own.items()
        ],
        "reach.endpoints": [
            {
                "host": host,
                "port": port,
                "dns": True,
                "tcp": True,
                "tls": port == 443,
                "issuer": "CN=Microsoft Azure RSA TLS Issuing CA 04, O=Microsoft Corporation, C=US"
                if port == 443
                else None,
                "http_status": 403,
                "via_proxy": order.proxy is not None,
                "error": None,
                "seconds": 0.08,
            }
            for host, port in order.endpoints
        ],
        "reach.peers": [
            {
                "name": name,
                "host": host,
                "port": port,
                "tcp": True,
                "tls": True if tls else None,
                "error": None,
            }
            for name, host, port, tls in order.peers
        ],
        "time.ntp": [{"server": server, "offset_s": 0.04, "error": None} for server in order.time_servers],
    }


def answer(order: Order, *, name: str, machine_id: str, facts: Mapping[str, Any]) -> bytes:
    """The signed document. A fact that is an Exception was not to be read, for the reason that it says."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    body = {
        "schema": SCHEMA,
        "collector": order.collector,
        "nonce": order.nonce,
        "deployment": order.deployment,
        "component": order.component,
        "host": {"name": name, "machine_id": machine_id},
        "started_at": now,
        "finished_at": now,
        "facts": {
            key: {"error": str(value)} if isinstance(value, Exception) else {"value": value}
            for key, value in facts.items()
        },
    }
    return sign(body, order.key)


def _assigned(script: str, name: str) -> str:
    found = re.search(rf"^{re.escape(name)} = {_TEXT}$", script, re.MULTILINE)
    return found[1].replace("''", "'") if found else ""


def _number(script: str, pattern: str) -> int:
    found = re.search(pattern, script, re.MULTILINE)
    return int(found[1]) if found else 0


def _list(script: str, name: str) -> str:
    found = re.search(rf"^\${name} = @\(\n(.*?)^\)", script, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def _proxy(host: str, port: int) -> tuple[str, int] | None:
    return (host, port) if host else None
