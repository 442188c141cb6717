"""The firewall matrix: every rule that a deployment needs, from its graph and the addresses that it names.

The graph knows the connections between components. What lies beyond comes as plain data: the URL lists, time and
name servers, the proxy, and who operates the machine. Source: asr-facts 1.3, 1.4, 3.4 to 3.9 and 3.11.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from wizard.text import Text, _, verbatim
from wizard.topology.edges import EDGES
from wizard.topology.firewall_csv import as_csv, verdict_of
from wizard.topology.firewall_rule import DIRECTIONS, Direction, End, EndpointNeed, FirewallRule
from wizard.topology.graph import Graph, Kind, Link, Node, TopologyError
from wizard.topology.proofs import judged_elsewhere, proved_by

__all__ = ["End", "EndpointNeed", "FirewallRule", "as_csv", "firewall_rules", "in_order", "verdict_of"]

_CLASSIC: Final[tuple[Kind, ...]] = ("cs", "ps_builtin", "ps_scaleout")
_MYSQL: Final = "URL-16"
_MYSQL_HOST: Final = "dev.mysql.com"
_KEY_VAULT: Final = {
    "public": "*.vault.azure.net",
    "us_government": "*.vault.usgovcloudapi.net",
    "china": "*.vault.azure.cn",
}
_USUAL_PROXY_PORT: Final = 80


def firewall_rules(
    graph: Graph,
    *,
    endpoints: Sequence[EndpointNeed] = (),
    ntp: Sequence[str] = (),
    dns: Sequence[str] = (),
    proxy: str | None = None,
    operators: Sequence[str] = (),
    mysql_download: bool = False,
    machine: str | None = None,
) -> tuple[FirewallRule, ...]:
    """All rules, each once: into the machine being installed, out of it, between others; then by id and ends.

    `machine` names the machine being installed; None finds it: the appliances, else the configuration server,
    else the process servers, leaving out what was there before. `endpoints` stand for the links to Azure of the
    components that need them; without any, those links are rules to the vault and the storage by name. `proxy`
    (a URL; its user information is not shown) takes the place of both for the site's servers, save what is
    UDP; protected machines and servers in Azure do not use it. `operators` are addresses or networks; none is an
    operator anywhere. `mysql_download` is whether setup fetches MySQL itself. Raises TopologyError for a proxy
    without a host.
    """
    matrix = _Matrix(graph, endpoints, proxy, machine)
    for link in graph.links:
        matrix.add_link(link)
    for node in matrix.servers():
        _add_far_ends(matrix, node, ntp, dns, operators, mysql_download)
    for need in endpoints:
        for node in graph.nodes:
            if node.kind in need.needed_by and need.id != _MYSQL:
                matrix.add_need(need, node, need.id, (need.id,))
    return matrix.rules()


def in_order(rules: Iterable[FirewallRule]) -> tuple[FirewallRule, ...]:
    """As people look for them: by direction, then by id and ends."""
    return tuple(sorted(rules, key=_order))


class _Matrix:
    """Collects rules; machines that carry several components count once."""

    def __init__(
        self, graph: Graph, endpoints: Sequence[EndpointNeed], proxy: str | None, machine: str | None
    ) -> None:
        self.graph, self.endpoints = graph, endpoints
        self.proxy = None if proxy is None else _proxy_address(proxy)
        self.installed = {machine} if machine is not None else _installed(graph)
        self._rules: dict[tuple[object, ...], FirewallRule] = {}

    def servers(self) -> Iterator[Node]:
        """Components of the site's own servers that are new, in the graph's order."""
        for node in self.graph.nodes_of(*_CLASSIC, "appliance"):
            if not _existing(node):
                yield node

    def add(
        self, id: str, source: End, target: End, protocol: str, port: str, why: Text, proof: tuple[str, ...],
        direction: Direction,
    ) -> None:  # fmt: skip
        """A rule between the same ends on the same port and for the same row is there once, with all proofs."""
        proof = _valid(proof, direction)
        key = (id, source, target, protocol, port)
        known = self._rules.get(key)
        if known is None:
            self._rules[key] = FirewallRule(
                id=id, source=source, target=target, protocol=protocol, port=port, direction=direction,
                why=why, proved_by=proof,
            )  # fmt: skip
        else:
            self._rules[key] = replace(known, proved_by=tuple(dict.fromkeys((*known.proved_by, *proof))))

    def add_link(self, link: Link) -> None:
        source, target = self.graph.node(link.source), self.graph.node(link.target)
        if _machine(source) == _machine(target) and source.key != target.key:
            return
        far = _end(target)
        if link.id == "M05":
            pattern = _KEY_VAULT[str(target.attributes.get("cloud", "public"))]
            far = End(name=verbatim(pattern), address=pattern)
        elif target.kind in ("vault", "cache_sa"):
            if _existing(source):
                return
            if self._by_proxy(source):
                self._add_proxy(source, () if self.endpoints else proved_by(link.id))
                return
            if self._told_by_endpoints(source):
                return
        self.add(
            link.id, _end(source), far, link.protocol, link.port, link.purpose,
            proved_by(link.id, source.kind), self.direction(source, target),
        )  # fmt: skip

    def add_need(self, need: EndpointNeed, node: Node, id: str, proof: tuple[str, ...]) -> None:
        """An endpoint that a component needs: through the proxy, or directly, or as a known rule has it."""
        if _existing(node):
            return
        if need.protocol == "TCP" and self._by_proxy(node):
            self._add_proxy(node, proof)
            return
        source, target = _end(node), End(name=verbatim(need.pattern), address=need.pattern)
        ends = (source, need.pattern, need.protocol, str(need.port))
        for key, rule in self._rules.items():
            if rule.id in EDGES and (rule.source, rule.target.address, rule.protocol, rule.port) == ends:
                known = dict.fromkeys((*rule.proved_by, *_valid(proof, rule.direction)))
                self._rules[key] = replace(rule, proved_by=tuple(known))
                return
        direction = self.direction(node, None)
        self.add(id, source, target, need.protocol, str(need.port), need.purpose, proof, direction)

    def direction(self, source: Node | None, target: Node | None) -> Direction:
        if source is not None and _machine(source) in self.installed:
            return "out"
        if target is not None and _machine(target) in self.installed:
            return "in"
        return "between"

    def rules(self) -> tuple[FirewallRule, ...]:
        return in_order(self._rules.values())

    def _by_proxy(self, node: Node) -> bool:
        return self.proxy is not None and node.zone == "site"

    def _add_proxy(self, node: Node, proof: tuple[str, ...]) -> None:
        host, port = self.proxy or ("", 0)
        target = End(name=verbatim(host), address=host)
        why = Text(_("Everything outside the site, through the proxy"))
        proofs = ("PRX-05", *proof)
        self.add("PROXY", _end(node), target, "TCP", str(port), why, proofs, self.direction(node, None))

    def _told_by_endpoints(self, source: Node) -> bool:
        kinds = {node.kind for node in self.graph.nodes if _machine(node) == _machine(source)}
        return any(kinds & set(need.needed_by) for need in self.endpoints)


def _add_far_ends(
    matrix: _Matrix,
    node: Node,
    ntp: Sequence[str],
    dns: Sequence[str],
    operators: Sequence[str],
    mysql_download: bool,
) -> None:
    """Rows whose far end is no component: E13 to E15 and M06, and the name servers."""
    own, direction = _end(node), matrix.direction(node, None)
    appliance = node.kind == "appliance"
    row, why = ("NTP", Text(_("Time synchronization"))) if appliance else ("E13", EDGES["E13"].purpose)
    for server in ntp:
        target = End(name=Text(_("Time server")), address=server)
        matrix.add(row, own, target, "UDP", "123", why, proved_by(row), direction)
    for server in dns:
        target = End(name=Text(_("DNS server")), address=server)
        proof = ("NET-13",) if appliance else ("NET-12",)
        matrix.add("DNS", own, target, "UDP, TCP", "53", Text(_("Name resolution")), proof, direction)
    if node.kind == "cs" and mysql_download:
        for need in _mysql_needs(matrix.endpoints):
            matrix.add_need(need, node, "E14", proved_by("E14"))
    row = {"cs": "E15", "appliance": "M06"}.get(node.kind, "")
    if row:
        edge = EDGES[row]
        for operator in operators or (None,):
            source = End(name=Text(_("Operator")), address=operator)
            matrix.add(
                row, source, own, edge.protocol, edge.port, edge.purpose, proved_by(row),
                matrix.direction(None, node),
            )  # fmt: skip


def _mysql_needs(endpoints: Sequence[EndpointNeed]) -> list[EndpointNeed]:
    """The hosts of the list; the documented one where the list is not given. The purpose is that of E14."""
    purpose = EDGES["E14"].purpose
    listed = [replace(need, purpose=purpose) for need in endpoints if need.id == _MYSQL]
    return listed or [
        EndpointNeed(id=_MYSQL, pattern=_MYSQL_HOST, port=443, needed_by=("cs",), purpose=purpose)
    ]


def _valid(proof: tuple[str, ...], direction: Direction) -> tuple[str, ...]:
    """What was tried on the machine being installed proves nothing about a connection between two others."""
    if direction != "between":
        return proof
    return tuple(requirement for requirement in proof if judged_elsewhere(requirement))


def _installed(graph: Graph) -> set[str]:
    for kinds in (("appliance",), ("cs",), ("ps_scaleout",)):
        found = {_machine(node) for node in graph.nodes if node.kind in kinds and not _existing(node)}
        if found:
            return found
    return set()


def _proxy_address(proxy: str) -> tuple[str, int]:
    wrong = Text(_("The proxy is no URL with a host and a port; expected is one like http://proxy:3128."))
    try:
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise TopologyError(wrong) from error
    if not host:
        raise TopologyError(wrong)
    return host, port or _USUAL_PROXY_PORT


def _machine(node: Node) -> str:
    return str(node.attributes.get("machine", node.key))


def _existing(node: Node) -> bool:
    return node.attributes.get("existing") is True


def _end(node: Node) -> End:
    return End(name=node.label, address=node.address)


def _order(rule: FirewallRule) -> tuple[int, str, str, str, str, str, str]:
    return (
        DIRECTIONS.index(rule.direction),
        rule.id,
        repr(rule.source),
        repr(rule.target),
        rule.protocol,
        rule.port,
        rule.why.template,
    )
