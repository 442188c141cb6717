"""What is known of the vault of a deployment, for whoever shows it: the newest look, how fresh it is, the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from wizard.models import Deployment, VaultObservation, VaultWatch
from wizard.services import azure_access
from wizard.services.errors import NotFound
from wizard.services.vault_observation.failures import PARTS
from wizard.services.vault_observation.judgement import Judgement, document_of, judgement_in, role_of
from wizard.services.vault_observation.schedule import WATCHED_STATES
from wizard.text import Text, _
from wizard.topology import drawing
from wizard.topology.graph import Graph, Node
from wizard.topology.observed import graph_of

__all__ = [
    "Failure",
    "Freshness",
    "document_of",
    "freshness_of",
    "graph_in",
    "judgement_in",
    "newest",
    "picture",
    "role_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why the last look failed. `where` is what did not exist, the address and the step, "" where none was reached."""

    at: datetime
    code: str
    text: Text
    remedy: Text
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """`next_at` is None where nothing is scheduled. `overdue`: that time has passed, and no worker has begun yet.

    `account` is the Azure account of the vault step, "" where it names none; `stands` says whether there can be anything of
    the deployment in the vault.
    """

    account: str
    stands: bool
    looked_at: datetime | None
    looking: bool
    next_at: datetime | None
    overdue: bool
    failure: Failure | None


def freshness_of(deployment: Deployment) -> Freshness:
    now = timezone.now()
    watch = VaultWatch.objects.filter(deployment=deployment).first() or VaultWatch(deployment=deployment)
    account = azure_access.account_name(deployment)
    stands = deployment.state in WATCHED_STATES
    next_at = (watch.next_refresh_at or now) if settings.HEALTH_MINUTES and account and stands else None
    return Freshness(
        account=account,
        stands=stands,
        looked_at=watch.refreshed_at,
        looking=watch.refreshing_until is not None and watch.refreshing_until > now,
        next_at=next_at,
        overdue=next_at is not None and next_at <= now,
        failure=_failure(watch),
    )


def newest(deployment: Deployment) -> VaultObservation:
    """Raises NotFound before the first look."""
    row = deployment.observations.first()
    if row is None:
        raise NotFound(Text(_("The vault of this deployment was not looked at yet.")))
    return row


def graph_in(judgement: Judgement) -> Graph:
    """What the vault shows, as a graph like the recorded one; machines go by their names as far as these tell them apart."""
    graph = graph_of(judgement.observed)
    named = Counter(one.name for one in judgement.observed.components if one.part_of is None)
    words = {
        one.key: one.name
        for one in judgement.observed.components
        if one.part_of is None and one.name and named[one.name] == 1
    }
    return Graph(tuple(_on_named_machine(node, words) for node in graph.nodes), graph.links)


def picture(judgement: Judgement, *, name: str) -> str:
    """What the vault shows as SVG, in the reader's language."""
    graph = graph_in(judgement)
    return drawing.svg(
        graph,
        title=str(Text(_("What the vault shows of %(name)s"), name=name)),
        description=str(
            Text(
                _("%(nodes)s components and %(links)s links; the table beside it lists all of them."),
                nodes=len(graph.nodes),
                links=len(graph.links),
            )
        ),
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _failure(watch: VaultWatch) -> Failure | None:
    if watch.refresh_failed_at is None:
        return None
    details = watch.refresh_failure_details
    part = PARTS.get(details.get("part", ""))
    found = [str(part) if part else "", details.get("address"), details.get("step")]
    return Failure(
        at=watch.refresh_failed_at,
        code=details.get("code", ""),
        text=watch.refresh_failure,
        remedy=watch.refresh_remedy,
        where=", ".join(one for one in found if one),
    )


def _on_named_machine(node: Node, names: Mapping[str, str]) -> Node:
    machine = node.attributes.get("machine")
    if not isinstance(machine, str) or machine not in names:
        return node
    return replace(node, attributes={**node.attributes, "machine": names[machine]})
