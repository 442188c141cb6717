"""The topology in other shapes: Mermaid and DOT for documents, a tree for a terminal, rows for a table.

All texts are in the language that is active at the call, except the Texts that `link_rows` keeps.
"""

from __future__ import annotations

from typing import Any, Final

from wizard.text import Text, _
from wizard.topology.captions import ZONE_TITLES, captions
from wizard.topology.graph import ZONES, Graph, Link, Node
from wizard.topology.grouping import groups
from wizard.topology.roles import ROLES

_MERMAID_SIGNS: Final = frozenset('"#<>&;|`\\[]{}()%')


def link_rows(graph: Graph) -> list[dict[str, Any]]:
    """One row for each link: the twin of the picture for readers, and a list of firewall rules.

    Keys: `id`, `from` and `to` (names), `from_key`, `to_key`, `from_kind`, `to_kind` (Text), `protocol`,
    `port`, `direction` (Text: which side opens it to which), `purpose` (Text), `changeable`, `basis`.
    """
    rows: list[dict[str, Any]] = []
    for link in graph.links:
        source, target = graph.node(link.source), graph.node(link.target)
        rows.append(
            {
                "id": link.id,
                "from": str(source.label),
                "from_key": source.key,
                "from_kind": ROLES[source.kind].title,
                "to": str(target.label),
                "to_key": target.key,
                "to_kind": ROLES[target.kind].title,
                "protocol": link.protocol,
                "port": link.port,
                "direction": _direction(source, target),
                "purpose": link.purpose,
                "changeable": link.changeable,
                "basis": link.basis,
            }
        )
    return rows


def _direction(source: Node, target: Node) -> Text:
    machine = source.attributes.get("machine")
    if machine is not None and machine == target.attributes.get("machine") and source.zone == target.zone:
        return Text(_("On the same machine"))
    match source.zone == "azure", target.zone == "azure":
        case True, True:
            return Text(_("Within Azure"))
        case True, False:
            return Text(_("From Azure to the site"))
        case False, True:
            return Text(_("From the site to Azure"))
        case _:
            return Text(_("Within the site"))


def mermaid(graph: Graph) -> str:
    """A Mermaid flowchart; links between the same two components share an arrow."""
    names = _numbers(graph)
    lines = ["flowchart LR"]
    for zone in ZONES:
        members = [node for node in graph.nodes if node.zone == zone]
        if members:
            lines.append(f'  subgraph {zone}["{_mermaid_text(str(ZONE_TITLES[zone]))}"]')
            lines += [
                f'    {names[node.key]}["{"<br/>".join(_mermaid_text(line) for line in _lines(node))}"]'
                for node in members
            ]
            lines.append("  end")
    for (source, target), labels in _pairs(graph).items():
        words = "<br/>".join(_mermaid_text(label) for label in labels)
        lines.append(f'  {names[source]} -->|"{words}"| {names[target]}')
    return "\n".join(lines) + "\n"


def dot(graph: Graph) -> str:
    """A Graphviz digraph with one cluster for each zone."""
    names = _numbers(graph)
    lines = ["digraph topology {", "  rankdir=LR;", "  node [shape=box];"]
    for zone in ZONES:
        members = [node for node in graph.nodes if node.zone == zone]
        if members:
            lines += [f"  subgraph cluster_{zone} {{", f"    label={_dot_text([str(ZONE_TITLES[zone])])};"]
            lines += [f"    {names[node.key]} [label={_dot_text(_lines(node))}];" for node in members]
            lines.append("  }")
    lines += [
        f"  {names[source]} -> {names[target]} [label={_dot_text(labels)}];"
        for (source, target), labels in _pairs(graph).items()
    ]
    return "\n".join([*lines, "}"]) + "\n"


def tree(graph: Graph) -> str:
    """Zones, what stands in them, and what each opens a connection to; lines end in a line feed."""
    shared = {node.name for node in graph.nodes if sum(other.name == node.name for other in graph.nodes) > 1}
    called = {
        node.key: f"{ROLES[node.kind].title} {node.label}" if node.name in shared else str(node.label)
        for node in graph.nodes
    }
    lines: list[str] = []
    for zone in ZONES:
        branches: list[_Branch] = []
        for group in groups(graph, zone):
            parts = [_branch(graph, node, called) for node in group.nodes]
            if group.machine is not None and len(parts) > 1:
                branches.append((str(Text(_("On one machine: %(name)s"), name=group.machine)), parts))
            elif group.manager is not None:
                words, links = _branch(graph, group.manager, called)
                branches.append((words, [*links, *parts]))
            else:
                branches += parts
        if branches:
            lines.append(str(ZONE_TITLES[zone]))
            _grow(lines, branches, "")
    return "".join(f"{line}\n" for line in lines)


_Branch = tuple[str, list["_Branch"]]


def _branch(graph: Graph, node: Node, called: dict[str, str]) -> _Branch:
    words = [f"{ROLES[node.kind].title}: {node.label}", *node.address_to_tell]
    words += [str(text) for text in captions(node)]
    by_row: dict[tuple[str, str], list[str]] = {}
    for link in graph.links:
        if link.source == node.key:
            by_row.setdefault((link.id, _ports(link)), []).append(called[link.target])
    links: list[_Branch] = [
        (f"{row} {ports} → {', '.join(names)}", []) for (row, ports), names in by_row.items()
    ]
    return _one_line(" · ".join(words)), [(_one_line(words), below) for words, below in links]


def _grow(lines: list[str], branches: list[_Branch], indent: str) -> None:
    for place, (words, below) in enumerate(branches, start=1):
        last = place == len(branches)
        lines.append(f"{indent}{'└─' if last else '├─'} {words}")
        _grow(lines, below, indent + ("   " if last else "│  "))


def _numbers(graph: Graph) -> dict[str, str]:
    """Names that are words in every notation; keys are not."""
    return {node.key: f"n{number}" for number, node in enumerate(graph.nodes, start=1)}


def _lines(node: Node) -> list[str]:
    return [str(ROLES[node.kind].title), str(node.label), *node.address_to_tell]


def _pairs(graph: Graph) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for link in graph.links:
        found.setdefault((link.source, link.target), []).append(f"{link.id} {_ports(link)}")
    return found


def _ports(link: Link) -> str:
    return f"{link.protocol} {link.port}".strip()


def _one_line(words: str) -> str:
    """Whatever could break a line or move the cursor becomes a space."""
    return "".join(sign if sign.isprintable() else " " for sign in words)


def _mermaid_text(words: str) -> str:
    """Signs with a meaning in Mermaid, written as it wants them: `#` and their number."""
    return "".join(f"#{ord(sign)};" if sign in _MERMAID_SIGNS else sign for sign in _one_line(words))


def _dot_text(lines: list[str]) -> str:
    escaped = [_one_line(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'
