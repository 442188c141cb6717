"""Collectors of everything that the network alone can tell: no vSphere, no Azure account, no database.

Each function takes plain values and gives a `Collector`; `network_collectors` puts them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wizard.addresses import DIRECT, AddressBook
from wizard.checks.endpoints import Endpoint
from wizard.checks.gathering import Collector
from wizard.checks.probes import dns, ntp, proxies, tcp
from wizard.checks.probes.failure import Deadline, ProbeError
from wizard.checks.side_by_side import ask_all, probe_collector, rounds
from wizard.checks.url_collector import url_reach
from wizard.text import Text, _
from wizard.wire.destinations import Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkPlan:
    """What the operator entered, as far as the network collectors need it.

    `hosts` are names and addresses of ESXi hosts, `vcenter` is host and port, None where there is none to
    reach. `dns_servers` are asked for every name, empty stands for the resolver of this server. `ca_file` holds
    authorities to trust besides the system's. Times are for one question each, in seconds.
    """

    fqdn: str
    address: str
    dns_servers: tuple[str, ...]
    ntp_servers: tuple[str, ...]
    proxy: str | None
    vcenter: tuple[str, int] | None
    hosts: tuple[tuple[str, str], ...]
    endpoints: tuple[Endpoint, ...]
    book: AddressBook = DIRECT
    ca_file: str | None = None
    timeout_s: float = 5.0
    url_timeout_s: float = 10.0


def network_collectors(plan: NetworkPlan) -> tuple[Collector, ...]:
    """One for each thing that the network can tell, in the order in which people read the results."""
    return (
        dns_forward(plan.fqdn, plan.dns_servers, book=plan.book, timeout_s=plan.timeout_s),
        dns_reverse(plan.address, plan.dns_servers, book=plan.book, timeout_s=plan.timeout_s),
        time_servers(plan.ntp_servers, plan.dns_servers, book=plan.book, timeout_s=plan.timeout_s),
        proxy_reach(
            plan.proxy,
            _proxy_target(plan.endpoints),
            plan.dns_servers,
            book=plan.book,
            timeout_s=plan.timeout_s,
        ),
        *(
            (vcenter_reach(*plan.vcenter, plan.dns_servers, book=plan.book, timeout_s=plan.timeout_s),)
            if plan.vcenter
            else ()
        ),
        host_reach(plan.hosts, plan.dns_servers, book=plan.book, timeout_s=plan.timeout_s),
        url_reach(
            plan.endpoints,
            plan.dns_servers,
            proxy=plan.proxy,
            book=plan.book,
            ca_file=plan.ca_file,
            timeout_s=plan.url_timeout_s,
        ),
    )


def dns_forward(
    name: str, servers: tuple[str, ...], *, book: AddressBook = DIRECT, timeout_s: float = 5.0
) -> Collector:
    """dns.forward: {name, addresses, error}."""

    def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            found = dns.find_addresses(name, servers, book=book, deadline=Deadline(timeout_s))
        except ProbeError as error:
            return {"dns.forward": {"name": name, "addresses": [], "error": error.text}}
        return {"dns.forward": {"name": name, "addresses": list(found), "error": None}}

    return probe_collector(_("names in DNS"), "dns.forward", collect, timeout_s)


def dns_reverse(
    address: str, servers: tuple[str, ...], *, book: AddressBook = DIRECT, timeout_s: float = 5.0
) -> Collector:
    """dns.reverse: {address, names, error}. Without DNS servers that is its error."""

    def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
        if not servers:
            error = Text(_("No DNS server is named."))
            return {"dns.reverse": {"address": address, "names": [], "error": error}}
        try:
            found = dns.reverse(address, servers, book=book, timeout_s=timeout_s)
        except ProbeError as failure:
            return {"dns.reverse": {"address": address, "names": [], "error": failure.text}}
        return {"dns.reverse": {"address": address, "names": list(found), "error": None}}

    return probe_collector(_("addresses in DNS"), "dns.reverse", collect, timeout_s)


def time_servers(
    servers: Sequence[str],
    dns_servers: tuple[str, ...] = (),
    *,
    book: AddressBook = DIRECT,
    timeout_s: float = 3.0,
) -> Collector:
    """ntp.offsets: list of {server, offset_s, error} in the order of `servers`, all asked at once."""

    def ask(server: str) -> dict[str, Any]:
        try:
            answer = ntp.offset(server, book=book, dns_servers=dns_servers, timeout_s=timeout_s)
        except ProbeError as error:
            return {"server": server, "offset_s": None, "error": error.text}
        return {"server": server, "offset_s": answer.offset_s, "error": None}

    def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"ntp.offsets": ask_all(ask, servers)}

    return probe_collector(_("time servers"), "ntp.offsets", collect, timeout_s * rounds(servers))


def vcenter_reach(
    host: str,
    port: int,
    dns_servers: tuple[str, ...] = (),
    *,
    book: AddressBook = DIRECT,
    timeout_s: float = 5.0,
) -> Collector:
    """vcenter.reach: {address, port, reached, detail}."""

    def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
        reached, detail = _try_port(host, port, dns_servers, book, timeout_s)
        return {"vcenter.reach": {"address": host, "port": port, "reached": reached, "detail": detail}}

    return probe_collector(_("way to vCenter"), "vcenter.reach", collect, timeout_s)


def host_reach(
    hosts: Sequence[tuple[str, str]],
    dns_servers: tuple[str, ...] = (),
    *,
    book: AddressBook = DIRECT,
    timeout_s: float = 5.0,
) -> Collector:
    """hosts.reach: list of {name, address, reached, detail}; `hosts` are pairs of name and address."""

    def ask(host: tuple[str, str]) -> dict[str, Any]:
        name, address = host
        reached, detail = _try_port(address, 443, dns_servers, book, timeout_s)
        return {"name": name, "address": address, "reached": reached, "detail": detail}

    def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"hosts.reach": ask_all(ask, hosts)}

    return probe_collector(_("way to the hosts"), "hosts.reach", collect, timeout_s * rounds(hosts))


def proxy_reach(
    url: str | None,
    target: str,
    dns_servers: tuple[str, ...] = (),
    *,
    book: AddressBook = DIRECT,
    timeout_s: float = 5.0,
) -> Collector:
    """proxy.reach: None without a proxy, else {scheme, host, resolves, reached, wants_credentials, detail}.

    The proxy is asked for a way to `target` port 443. Any answer of its own counts as reached.
    """

    def collect(known: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"proxy.reach": _try_proxy(url, target, dns_servers, book, timeout_s) if url else None}

    return probe_collector(_("way to the proxy"), "proxy.reach", collect, timeout_s)


def _try_port(
    host: str, port: int, dns_servers: tuple[str, ...], book: AddressBook, timeout_s: float
) -> tuple[bool, Text]:
    try:
        seen = tcp.connect(host, port, book, timeout_s, dns_servers=dns_servers, purpose=Purpose.VSPHERE)
    except ProbeError as error:
        return False, error.text
    return True, Text(_("connected to %(address)s"), address=seen.address)


def _try_proxy(
    url: str, target: str, dns_servers: tuple[str, ...], book: AddressBook, timeout_s: float
) -> dict[str, Any]:
    deadline = Deadline(timeout_s)
    seen: dict[str, Any] = {
        "scheme": "",
        "host": "",
        "resolves": False,
        "reached": False,
        "wants_credentials": False,
    }
    try:
        address = proxies.parse(url)
        seen |= {"scheme": address.scheme, "host": address.host}
        spot = tcp.locate(address.host, address.port, book, dns_servers, deadline)
        seen["resolves"] = True
        proxies.open_tunnel(address, spot, target, 443, deadline).close()
    except ProbeError as error:
        answered = error.kind in ("credentials", "denied", "portal")
        return {
            **seen,
            "reached": answered or isinstance(error, proxies.TargetUnreachableError),
            "wants_credentials": error.kind == "credentials",
            "detail": error.text,
        }
    return {
        **seen,
        "reached": True,
        "detail": Text(_("connected to the proxy %(proxy)s"), proxy=address.host),
    }


def _proxy_target(endpoints: Iterable[Endpoint]) -> str:
    """A host that the proxy must let through anyway: the first exact name of the list."""
    for endpoint in endpoints:
        if endpoint.protocol == "https" and not endpoint.example:
            return endpoint.probe_host
    return "login.microsoftonline.com"
