"""What changed between two graphs: components and links that came, went, or say something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wizard.topology.graph import Graph, Link, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one node or link. `field` is its name, dotted for an attribute: `attributes.version`.

    `before` and `after` are as in the document (`to_json`); an attribute that is not there is None.
    """

    key: str
    field: str
    before: Any
    after: Any

    def to_json(self) -> dict[str, Any]:
        return {"key": self.key, "field": self.field, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDiff:
    """False where nothing differs. Everything is in canonical order."""

    added_nodes: tuple[Node, ...]
    removed_nodes: tuple[Node, ...]
    changed_nodes: tuple[Change, ...]
    added_links: tuple[Link, ...]
    removed_links: tuple[Link, ...]
    changed_links: tuple[Change, ...]

    def __bool__(self) -> bool:
        return any(
            (
                self.added_nodes, self.removed_nodes, self.changed_nodes,
                self.added_links, self.removed_links, self.changed_links,
            )
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        return {
            "nodes": {
                "added": [node.to_json() for node in self.added_nodes],
                "removed": [node.to_json() for node in self.removed_nodes],
                "changed": [change.to_json() for change in self.changed_nodes],
            },
            "links": {
                "added": [link.to_json() for link in self.added_links],
                "removed": [link.to_json() for link in self.removed_links],
                "changed": [change.to_json() for change in self.changed_links],
            },
        }


def diff(before: Graph, after: Graph) -> GraphDiff:
    """Compare by key: a renamed node has gone and come; a link is the same if its row and ends are."""
    old_nodes = {node.key: node for node in before.nodes}
    new_nodes = {node.key: node for node in after.nodes}
    old_links = {link.key: link for link in before.links}
    new_links = {link.key: link for link in after.links}
    return GraphDiff(
        added_nodes=tuple(node for node in after.nodes if node.key not in old_nodes),
        removed_nodes=tuple(node for node in before.nodes if node.key not in new_nodes),
        changed_nodes=_changes(old_nodes, new_nodes),
        added_links=tuple(link for link in after.links if link.key not in old_links),
        removed_links=tuple(link for link in before.links if link.key not in new_links),
        changed_links=_changes(old_links, new_links),
    )


def _changes(before: Mapping[str, Node | Link], after: Mapping[str, Node | Link]) -> tuple[Change, ...]:
    changes: list[Change] = []
    for key, thing in after.items():
        if key in before:
            old, new = _fields(before[key]), _fields(thing)
            changes += [
                Change(key=key, field=name, before=old.get(name), after=new.get(name))
                for name in sorted(old.keys() | new.keys())
                if not _same(old.get(name), new.get(name))
            ]
    return tuple(changes)


def _fields(thing: Node | Link) -> dict[str, Any]:
    fields = thing.to_json()
    attributes = fields.pop("attributes", {})
    return {**fields, **{f"attributes.{name}": value for name, value in attributes.items()}}


def _same(before: Any, after: Any) -> bool:
    """Python takes 1 and True for equal; the document does not."""
    return type(before) is type(after) and bool(before == after)
