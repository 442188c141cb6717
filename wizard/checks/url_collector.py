"""The collector of the addresses in Azure, each tried by its own protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from wizard.addresses import DIRECT, AddressBook
from wizard.checks.endpoints import Endpoint
from wizard.checks.gathering import Collector
from wizard.checks.probes import https, ntp
from wizard.checks.probes.failure import ProbeError
from wizard.checks.probes.tls import Trust
from wizard.checks.side_by_side import ask_all, probe_collector, rounds
from wizard.text import Text, _


def url_reach(
    endpoints: Sequence[Endpoint],
    dns_servers: tuple[str, ...] = (),
    *,
    proxy: str | None = None,
    book: AddressBook = DIRECT,
    ca_file: str | None = None,
    timeout_s: float = 10.0,
) -> Collector:
    """urls.reach: one item for each endpoint that has a host to try, in order.

    {endpoint_id, host, pattern, example, severity, purpose, reached, layer, detail, remedy, failure, issuer,
    tls_suspicious}: `layer` is where the way ends, `failure` the kind of ProbeError or None, `example` as in
    `Endpoint`. Time servers are asked by NTP, straight: no proxy takes part in that.
    """

    def ask(endpoint: Endpoint, trust: Trust) -> dict[str, Any]:
        if endpoint.protocol == "ntp":
            seen = _ask_time(endpoint, dns_servers, book, timeout_s)
        else:
            seen = _ask_web(endpoint, dns_servers, proxy, book, trust, timeout_s)
        return {
            "endpoint_id": endpoint.id,
            "host": endpoint.probe_host,
            "pattern": endpoint.pattern,
            "example": endpoint.example,
            "severity": endpoint.severity,
            "purpose": endpoint.purpose,
            **seen,
        }

    tried = [endpoint for endpoint in endpoints if endpoint.probe_host]

    def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"urls.reach": ask_all(partial(ask, trust=Trust(ca_file)), tried)}

    return probe_collector(_("addresses in Azure"), "urls.reach", collect, timeout_s * rounds(tried))


def _ask_time(
    endpoint: Endpoint, dns_servers: tuple[str, ...], book: AddressBook, timeout_s: float
) -> dict[str, Any]:
    seen: dict[str, Any] = {"layer": "ntp", "issuer": None, "tls_suspicious": False}
    try:
        answer = ntp.offset(endpoint.probe_host, book=book, dns_servers=dns_servers, timeout_s=timeout_s)
    except ProbeError as error:
        return {
            **seen,
            "reached": False,
            "detail": error.text,
            "remedy": error.remedy,
            "failure": error.kind,
        }
    # Rounded here, as a hair behind would be told as “-0.0 s”.
    apart = round(answer.offset_s, 1) + 0.0
    detail = Text(_("answered, %(seconds)+.1f s from this server"), seconds=apart)
    return {**seen, "reached": True, "detail": detail, "remedy": Text(""), "failure": None}


def _ask_web(
    endpoint: Endpoint,
    dns_servers: tuple[str, ...],
    proxy: str | None,
    book: AddressBook,
    trust: Trust,
    timeout_s: float,
) -> dict[str, Any]:
    seen = https.reach(
        endpoint.probe_host,
        endpoint.port,
        path=endpoint.path,
        scheme="http" if endpoint.protocol == "http" else "https",
        proxy=proxy,
        book=book,
        trust=trust,
        dns_servers=dns_servers,
        timeout_s=timeout_s,
    )
    return {
        "layer": seen.end.name,
        "issuer": seen.issuer,
        "tls_suspicious": seen.tls_suspicious,
        "reached": seen.reached,
        "detail": seen.end.detail,
        "remedy": seen.end.remedy,
        "failure": seen.failure,
    }
