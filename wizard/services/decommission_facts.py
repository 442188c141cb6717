"""What the newest look at the vault, and the record, say about a component that is taken out of service."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from wizard.models import Deployment
from wizard.planning.decommission import FACTS_HOLD, Seen
from wizard.services.additions_seen import newest_observed
from wizard.topology.graph import Graph, Node
from wizard.topology.matching import pairs
from wizard.topology.observed import Observed, ObservedComponent


def standing(graph: Graph, own: str) -> tuple[Node, ...]:
    """The recorded components that are taken out of service one by one; not what is only planned, nor the machine `own`."""
    return tuple(
        node
        for node in graph.nodes_of("ps_scaleout", "ps_failback", "mt_windows", "mt_linux", "vcenter")
        if not node.attributes.get("planned") and node.key != own
    )


def seen_of(deployment: Deployment, graph: Graph, node: Node, *, whole: bool, own: str) -> Seen:
    """The facts about `node`, or with `whole` about all of the deployment, whose own machine it is."""
    rest = [other for other in standing(graph, own) if other.kind != "vcenter"] if whole else []
    record = Seen(standing=tuple(other.name for other in rest))
    row = deployment.observations.first()
    now = timezone.now()
    observed = newest_observed(deployment)
    if row is None or observed is None or now - row.last_seen_at > FACTS_HOLD:
        return record
    found = {one.key: component for one, component in pairs(graph.nodes, observed.components)}
    component = found.get(node.key)
    if component is None and observed.was_skipped("vcenter" if node.kind == "vcenter" else "fabric"):
        # What could not be read may be there all the same.
        return Seen(observed_at=row.last_seen_at, standing=record.standing)
    return Seen(
        observed_at=row.last_seen_at,
        in_vault=component is not None,
        machines=_machines(observed, component, whole=whole),
        failed_over=_failed_over(observed, component, whole=whole),
        vcenters=_vcenters(observed, component) if whole else None,
        silent_for=_silence(observed, component, now) if component else None,
        standing=record.standing,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _machines(observed: Observed, component: ObservedComponent | None, *, whole: bool) -> int | None:
    if component is None:
        return 0
    if observed.was_skipped("protected"):
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
    if observed.was_skipped("protected"):
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


def _vcenters(observed: Observed, component: ObservedComponent | None) -> tuple[str, ...]:
    if component is None:
        return ()
    ours = {
        link.target
        for link in observed.links
        if link.kind == "registered_vcenter" and link.source == component.key
    }
    return tuple(sorted(one.name or one.address for one in observed.of_kind("vcenter") if one.key in ours))


def _silence(observed: Observed, component: ObservedComponent, now: datetime) -> timedelta | None:
    beats = [
        one.heartbeat for one in (component, *observed.parts_of(component.key)) if one.heartbeat is not None
    ]
    return now - max(beats) if beats else None
