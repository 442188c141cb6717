"""Whether a deployment should grow, from what its vault showed last and what was answered about its size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from wizard.models import Deployment, Severity
from wizard.planning.process_server_advice import Alert, Load, ScaleOutAdvice, advise
from wizard.services.additions_seen import newest_observed
from wizard.services.answers import answers_in_play
from wizard.services.own_servers import fabrics_of_others
from wizard.text import Text, _
from wizard.topology.health import HealthState
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.roles import PROCESS_SERVERS

# asr-facts 9.1: the service itself looks at 15 minutes.
_STAYS_FOR: Final = timedelta(minutes=15)
_METRICS: Final = {
    "cpu": _("CPU load"),
    "memory": _("Memory in use"),
    "cache_space": _("Free space for the cache"),
    "backlog": _("Backlog of uploads"),
}
_BAD: Final = (Severity.WARNING, Severity.CRITICAL)


def advice_for(deployment: Deployment) -> ScaleOutAdvice:
    """From the vault where it was looked at, else from the capacity step; what neither tells stays open."""
    capacity = answers_in_play(deployment).get("capacity", {})
    observed = newest_observed(deployment)
    own = _own(deployment, observed) if observed else ()
    counts = [one.machines for one in own if one.machines is not None]
    seen = sum(counts) if counts else None
    return advise(
        Load(
            # More than planned may replicate, or not yet as much.
            machines=max(
                (count for count in (seen, capacity.get("machines")) if count is not None), default=None
            ),
            daily_change_gb=capacity.get("daily_change_gb"),
            scaleouts=_scaleouts(deployment, own),
            alerts=tuple(_alerts(deployment, own)),
        )
    )


def _own(deployment: Deployment, observed: Observed) -> tuple[ObservedComponent, ...]:
    """The process servers of its configuration server: what others of the vault carry asks nothing of this one."""
    others = fabrics_of_others(deployment, observed)
    return tuple(one for one in observed.of_kind(*PROCESS_SERVERS) if one.fabric.casefold() not in others)


def _scaleouts(deployment: Deployment, own: Sequence[ObservedComponent]) -> int:
    recorded = deployment.components.filter(kind="ps_scaleout").count()
    return max(recorded, sum(one.kind == "ps_scaleout" for one in own))


def _alerts(deployment: Deployment, own: Sequence[ObservedComponent]) -> Iterator[Alert]:
    row = deployment.observations.first() if own else None
    stored: list[dict[str, Any]] = row.health if row else []
    servers = {one.key: one for one in own}
    since = timezone.now() - _STAYS_FOR
    notices = deployment.notices.filter(ended_at=None, began_at__lte=since)
    standing = set(notices.values_list("key", flat=True))
    for one in stored:
        state = HealthState.from_json(one)
        server = servers.get(state.component)
        if server is None or state.metric not in _METRICS or state.state not in _BAD:
            continue
        # What is told of a whole machine is told under the role that carries the others.
        places = (state.component, server.part_of)
        if standing.intersection(f"health|{place}|{state.metric}" for place in places):
            what = Text(_("%(metric)s: %(value)s"), metric=Text(_METRICS[state.metric]), value=state.value)
            yield Alert(server=server.name or server.address, what=what)
