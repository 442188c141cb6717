"""Whether a recorded topology can work, and the constraints T01 to T12 of a classic one (asr-facts 1.6).

A fact that is not recorded breaks no rule, except where the rule asks for the fact itself (T01 to T03, T06);
the vault of a configuration server that was there before need not be known (T01).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from wizard.text import Text, _
from wizard.topology.appliance_rules import APPLIANCE_RULES
from wizard.topology.graph import Graph, Node
from wizard.topology.roles import (
    APPLIANCE_PARTS,
    MASTER_TARGET_FAMILY,
    MASTER_TARGETS,
    PROCESS_SERVERS,
    ROLES,
)
from wizard.topology.versions import is_newer
from wizard.topology.violation import DATA_PORT_NEVER, Violation, block, clones, far_ends

__all__ = ["Violation", "validate"]


def validate(graph: Graph) -> tuple[Violation, ...]:
    """All violations, by rule, then in the graph's order. Empty: the topology is one that can work.

    A graph with an appliance is judged by the rules of the modernized profile, every other by the classic ones.
    """
    rules = APPLIANCE_RULES if graph.nodes_of("appliance", *APPLIANCE_PARTS) else _RULES
    return tuple(violation for rule in rules for violation in rule(graph))


def _t01(graph: Graph) -> Iterator[Violation]:
    servers = graph.nodes_of("cs")
    if len(servers) != 1:
        names = [server.name for server in servers] or ["–"]
        text = _("A site record has exactly one configuration server; found %(count)s: %(names)s.")
        yield block("T01", Text(text, count=len(servers), names=names), *servers)
    for server in servers:
        vaults = far_ends(graph, server, ("E03",), "vault")
        known = vaults or server.attributes.get("existing") is not True
        if known and len(vaults) != 1:
            text = _("A configuration server serves exactly one vault; %(name)s serves %(count)s.")
            yield block("T01", Text(text, name=server.name, count=len(vaults)), server, *vaults)


def _t02(graph: Graph) -> Iterator[Violation]:
    for node in graph.nodes_of("ps_scaleout", "ps_failback", *MASTER_TARGETS):
        servers = far_ends(graph, node, ("E06", "E07", "E17"), "cs")
        if len(servers) != 1:
            text = _("%(kind)s %(name)s belongs to exactly one configuration server; found %(count)s.")
            wrong = Text(text, kind=ROLES[node.kind].title, name=node.name, count=len(servers))
            yield block("T02", wrong, node, *servers)


def _t03(graph: Graph) -> Iterator[Violation]:
    for machines in graph.nodes_of("mobility"):
        used = far_ends(graph, machines, ("E02", "E16"), *PROCESS_SERVERS)
        if len(used) != 1:
            text = _("A protected machine uses exactly one process server; %(name)s uses %(count)s.")
            yield block("T03", Text(text, name=machines.label, count=len(used)), machines, *used)


def _t04(graph: Graph) -> Iterator[Violation]:
    text = _("%(kind)s %(name)s has version %(found)s; it must not be newer than %(other)s with %(limit)s.")
    for server in graph.nodes_of("cs"):
        own = [
            node
            for node in graph.nodes_of(*PROCESS_SERVERS, *MASTER_TARGETS)
            if server in far_ends(graph, node, ("E06", "E07", "E17"), "cs")
        ]
        process_servers = [node for node in own if node.kind in PROCESS_SERVERS]
        for node in own:
            limits = [server, *process_servers] if node.kind in MASTER_TARGETS else [server]
            for limit in limits:
                if is_newer(node.attributes.get("version"), limit.attributes.get("version")):
                    wrong = Text(
                        text,
                        kind=ROLES[node.kind].title,
                        name=node.name,
                        found=node.attributes["version"],
                        other=limit.name,
                        limit=limit.attributes["version"],
                    )
                    yield block("T04", wrong, node, limit)


def _t05(graph: Graph) -> Iterator[Violation]:
    targets = {node.key: node for node in graph.nodes_of(*MASTER_TARGETS)}
    groups: dict[str, list[Node]] = {}
    for machines in graph.nodes_of("mobility"):
        family, key = machines.attributes.get("os_family"), machines.attributes.get("master_target")
        target = targets.get(str(key))
        if key is not None and target is None:
            text = _("%(name)s is to fail back through %(key)s, which is no recorded master target.")
            yield block("T05", Text(text, name=machines.label, key=str(key)), machines)
        if target is not None and family is not None and MASTER_TARGET_FAMILY[target.kind] != family:
            text = _("%(name)s needs a master target of its own family; %(kind)s %(target)s is of another.")
            wrong = Text(text, name=machines.label, kind=ROLES[target.kind].title, target=target.name)
            yield block("T05", wrong, machines, target)
        group = machines.attributes.get("replication_group")
        if group is not None:
            groups.setdefault(str(group), []).append(machines)
    for name, members in sorted(groups.items()):
        for fact, text in (
            (
                "os_family",
                _("All machines of replication group %(name)s must share one operating system family."),
            ),
            ("master_target", _("All machines of replication group %(name)s must share one master target.")),
        ):
            found = {member.attributes[fact] for member in members if fact in member.attributes}
            if len(found) > 1:
                yield block("T05", Text(text, name=name), *members)


def _t06(graph: Graph) -> Iterator[Violation]:
    for node in graph.nodes_of(*MASTER_TARGETS):
        hypervisor = node.attributes.get("hypervisor")
        if hypervisor is None:
            text = _(
                "Master target %(name)s must be a VMware virtual machine; what it runs on is not recorded."
            )
            wrong = Text(text, name=node.name)
            yield Violation(rule="T06", severity="warn", text=wrong, keys=(node.key,))
        elif hypervisor != "vmware":
            text = _("Master target %(name)s must be a VMware virtual machine; recorded is “%(found)s”.")
            yield block("T06", Text(text, name=node.name, found=str(hypervisor)), node)


def _t07(graph: Graph) -> Iterator[Violation]:
    linux = [node for node in _to_fail_back(graph) if node.attributes.get("os_family") == "linux"]
    if linux and not graph.nodes_of("mt_linux"):
        text = _("Linux machines are to fail back (%(names)s); this needs at least one Linux master target.")
        yield block("T07", Text(text, names=[node.label for node in linux]), *linux)


def _t08(graph: Graph) -> Iterator[Violation]:
    if not _to_fail_back(graph) or graph.nodes_of("mt_windows", "mt_linux"):
        return
    for server in graph.nodes_of("cs"):
        if server.attributes.get("hypervisor") == "physical":
            text = _(
                "%(name)s is physical; failback needs a separate master target on a VMware virtual machine."
            )
            yield block("T08", Text(text, name=server.name), server)


def _t09(graph: Graph) -> Iterator[Violation]:
    for node in graph.nodes_of(*PROCESS_SERVERS):
        links = [link for link in graph.links if link.target == node.key and link.id in ("E02", "E16")]
        ports = {str(node.attributes.get("data_port")), *(link.port for link in links)}
        if str(DATA_PORT_NEVER) in ports:
            text = _(
                "Process server %(name)s has the data port %(port)s, which must never be used; 9443 is usual."
            )
            yield block("T09", Text(text, name=node.name, port=DATA_PORT_NEVER), node)


def _t10(graph: Graph) -> Iterator[Violation]:
    yield from clones("T10", graph.nodes_of("cs", *PROCESS_SERVERS, *MASTER_TARGETS))


def _t11(graph: Graph) -> Iterator[Violation]:
    if not graph.nodes_of("s2s"):
        for node in graph.nodes_of("ps_failback"):
            text = _("Failback process server %(name)s needs a VPN or private peering; none is recorded.")
            yield block("T11", Text(text, name=node.name), node)


def _t12(graph: Graph) -> Iterator[Violation]:
    for node in graph.nodes_of(*PROCESS_SERVERS):
        if node.attributes.get("nat") is True:
            text = _("Process server %(name)s stands behind NAT, which is not supported.")
            yield block("T12", Text(text, name=node.name), node)


def _to_fail_back(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes_of("mobility") if node.attributes.get("failback") is True]


_RULES: Final[tuple[Callable[[Graph], Iterator[Violation]], ...]] = (
    _t01, _t02, _t03, _t04, _t05, _t06, _t07, _t08, _t09, _t10, _t11, _t12,
)  # fmt: skip
