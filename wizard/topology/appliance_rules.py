"""The constraints A01 to A07 of a recorded modernized topology. Source: asr-facts 1.3, 2.1 (DD14), 11.2 and 11.3.

That a friendly name occurs once in a vault (A06) is not documented: it never changes and is all the vault shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from wizard.text import Text, _
from wizard.topology.graph import Graph, Node
from wizard.topology.roles import APPLIANCE_PARTS, MASTER_TARGETS, PROCESS_SERVERS, ROLES
from wizard.topology.violation import DATA_PORT_NEVER, Violation, block, clones, far_ends


def _a01(graph: Graph) -> Iterator[Violation]:
    """One vault for each appliance: through all parts of its machine together."""
    for appliance in graph.nodes_of("appliance"):
        parts = [node for node in graph.nodes_of(*APPLIANCE_PARTS) if _machine(node) == _machine(appliance)]
        found = {vault.key: vault for part in parts for vault in far_ends(graph, part, ("M03",), "vault")}
        if len(found) != 1:
            text = _("A replication appliance belongs to exactly one vault; %(name)s belongs to %(count)s.")
            yield block("A01", Text(text, name=appliance.name, count=len(found)), appliance, *found.values())


def _a02(graph: Graph) -> Iterator[Violation]:
    """The vault of an appliance is new and serves nothing else."""
    for node in graph.nodes_of("cs", *PROCESS_SERVERS, *MASTER_TARGETS):
        text = _(
            "%(kind)s %(name)s is classic; the vault of a replication appliance must be new and serve no other."
        )
        yield block("A02", Text(text, kind=ROLES[node.kind].title, name=node.name), node)


def _a03(graph: Graph) -> Iterator[Violation]:
    for node in graph.nodes_of("appliance_ps"):
        links = [link for link in graph.links if link.target == node.key and link.id == "M02"]
        ports = {str(node.attributes.get("data_port")), *(link.port for link in links)}
        if str(DATA_PORT_NEVER) in ports:
            text = _(
                "Appliance %(name)s has the data port %(port)s, which carries its control traffic; 9443 is usual."
            )
            yield block("A03", Text(text, name=node.name, port=DATA_PORT_NEVER), node)


def _a04(graph: Graph) -> Iterator[Violation]:
    yield from clones("A04", graph.nodes_of("appliance"))


def _a05(graph: Graph) -> Iterator[Violation]:
    for machines in graph.nodes_of("mobility"):
        facts = machines.attributes
        if facts.get("platform") == "physical" and facts.get("failback") is True:
            text = _("%(name)s are physical servers; through a replication appliance they cannot fail back.")
            yield block("A05", Text(text, name=machines.label), machines)


def _a06(graph: Graph) -> Iterator[Violation]:
    by_name: dict[str, list[Node]] = {}
    for appliance in graph.nodes_of("appliance"):
        name = appliance.attributes.get("friendly_name")
        if name:
            by_name.setdefault(str(name).casefold(), []).append(appliance)
    for same in by_name.values():
        if len(same) > 1:
            text = _("The appliances %(names)s share the friendly name “%(name)s”; it must differ.")
            names = [node.name for node in same]
            wrong = Text(text, names=names, name=str(same[0].attributes["friendly_name"]))
            yield block("A06", wrong, *same)


def _a07(graph: Graph) -> Iterator[Violation]:
    """Control and data of a protected machine go to one appliance: data to its process server or home."""
    for machines in graph.nodes_of("mobility"):
        used = far_ends(graph, machines, ("M02", "M07"), "appliance_ps", "appliance_reprotection")
        if len(used) != 1:
            text = _("A protected machine uses exactly one replication appliance; %(name)s uses %(count)s.")
            yield block("A07", Text(text, name=machines.label, count=len(used)), machines, *used)
            continue
        control = far_ends(graph, machines, ("M01",), "appliance_proxy")
        if [_machine(node) for node in control] != [_machine(used[0])]:
            text = _("%(name)s must send control and data to the same appliance, %(appliance)s.")
            wrong = Text(text, name=machines.label, appliance=used[0].name)
            yield block("A07", wrong, machines, used[0], *control)


def _machine(node: Node) -> str:
    return str(node.attributes.get("machine", node.key))


APPLIANCE_RULES: Final[tuple[Callable[[Graph], Iterator[Violation]], ...]] = (
    _a01, _a02, _a03, _a04, _a05, _a06, _a07,
)  # fmt: skip
