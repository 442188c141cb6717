"""What the newest look at the vault, and the record, say about a component that is taken out of service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from wizard.models import Deployment
from wizard.planning.decommission import FACTS_HOLD, Seen
from wizard.services.additions_seen import newest_look
from wizard.topology.graph import Graph, Kind, Node
from wizard.topology.matching import LISTED, pairs
from wizard.topology.observed import Observed, ObservedComponent


def standing(graph: Graph, own: str) -> tuple[Node, ...]:
    """The recorded components that are taken out of service one by one; not what is only planned, nor the machine `own`."""
    return tuple(
        node
        for node in graph.nodes_of("ps_scaleout", "ps_failback", "mt_windows", "mt_linux", "vcenter")
        if not node.attributes.get("planned") and node.key != own
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The newest look at the vault while it counts: what it showed, and by their keys the recorded components in it.

    `shown_before` are the keys of those that are not in it, and were in an earlier one.
    """

    at: datetime
    observed: Observed
    found: Mapping[str, ObservedComponent]
    shown_before: Set[str]


def newest_facts(deployment: Deployment, graph: Graph) -> Look | None:
    """None where the vault was not looked at for so long that people have to say."""
    observed, at = newest_look(deployment)
    if observed is None or at is None or timezone.now() - at > FACTS_HOLD:
        return None
    found = {one.key: component for one, component in pairs(graph.nodes, observed.components)}
    return Look(
        at=at, observed=observed, found=found, shown_before=_shown_before(deployment, graph, found.keys())
    )


def seen_of(look: Look | None, graph: Graph, node: Node, *, whole: bool, own: str) -> Seen:
    """The facts about `node`, or with `whole` about all of the deployment, whose own machine it is."""
    rest = [other for other in standing(graph, own) if other.kind != "vcenter"] if whole else []
    names = tuple(other.name for other in rest)
    if look is None:
        return Seen(standing=names)
    observed, component = look.observed, look.found.get(node.key)
    if component is None and any(
        observed.was_skipped(part) for part in _TOLD_IN.get(node.kind, ("fabrics",))
    ):
        # What could not be read may be there all the same.
        return Seen(observed_at=look.at, standing=names)
    if component is None and node.key not in look.shown_before:
        # It may be registered under a name and an address that nobody recorded, or in another vault.
        return Seen(observed_at=look.at, standing=names, never_shown=True)
    return Seen(
        observed_at=look.at,
        in_vault=component is not None,
        machines=_machines(observed, component, whole=whole),
        failed_over=_failed_over(observed, component, whole=whole),
        vcenters=_vcenters(observed, component) if whole else None,
        silent_for=_silence(observed, component, timezone.now()) if component else None,
        standing=names,
    )


# --- inside -----------------------------------------------------------------------------------------------------------

# The parts of a look (`azure.fabrics.read_documents`) that tell of these components.
_TOLD_IN: Final[Mapping[Kind, tuple[str, ...]]] = {
    "vcenter": ("fabrics", "vcenters"),
    "appliance": ("fabrics", "appliances"),
}


def _shown_before(deployment: Deployment, graph: Graph, now: Set[str]) -> set[str]:
    """By one query. What only looks of long ago showed, whose documents are not kept any more, is not among them."""
    missing = {node.key for node in graph.nodes if node.kind in LISTED} - now
    found: set[str] = set()
    rows = deployment.observations.exclude(document={}).values_list("document", flat=True)[1:]
    for document in rows.iterator(chunk_size=5):
        found |= {node.key for node, _component in pairs(graph.nodes, tuple(_listed(document)))} & missing
        if found == missing:
            break
    return found


def _listed(document: Mapping[str, Any]) -> Iterator[ObservedComponent]:
    for stored in document.get("components", ()):
        # Machines are most of what a vault shows, and no part of a record.
        if stored.get("kind") in LISTED:
            try:
                yield ObservedComponent.from_json(stored)
            except (ValueError, KeyError, TypeError):
                # An earlier release wrote it in another form.
                continue


def _work_unread(observed: Observed) -> bool:
    """Whether replicated machines may be there that the look did not see; they are read container by container."""
    return observed.was_skipped("protected_items") or observed.was_skipped("containers")


def _machines(observed: Observed, component: ObservedComponent | None, *, whole: bool) -> int | None:
    if component is None:
        return 0
    if _work_unread(observed):
        return component.machines or None
    if whole:
        return sum(
            one.machines or 0 for one in observed.of_kind("mobility") if one.fabric == component.fabric
        )
    kind = "lives_on" if component.kind == "vcenter" else "replicates_through"
    return sum(link.count for link in observed.links if link.kind == kind and link.target == component.key)


def _failed_over(observed: Observed, component: ObservedComponent | None, *, whole: bool) -> int | None:
    if component is None:
        return 0
    if _work_unread(observed):
        return None
    if whole:
        machines = [one for one in observed.of_kind("mobility") if one.fabric == component.fabric]
        home = sum(one.machines or 0 for one in machines if one.facts.get("direction") == "home")
        return max(home, sum(int(one.facts.get("active_in_azure") or 0) for one in machines))
    return sum(
        link.count
        for link in observed.links
        if link.target == component.key
        and (
            link.kind == "writes_to" or (link.kind == "replicates_through" and link.source.endswith(":home"))
        )
    )


def _vcenters(observed: Observed, component: ObservedComponent | None) -> tuple[str, ...] | None:
    if component is None:
        return ()
    ours = {
        link.target
        for link in observed.links
        if link.kind == "registered_vcenter" and link.source == component.key
    }
    names = sorted(one.name or one.address for one in observed.of_kind("vcenter") if one.key in ours)
    return tuple(names) if names or not observed.was_skipped("vcenters") else None


def _silence(observed: Observed, component: ObservedComponent, now: datetime) -> timedelta | None:
    beats = [
        one.heartbeat for one in (component, *observed.parts_of(component.key)) if one.heartbeat is not None
    ]
    return now - max(beats) if beats else None
