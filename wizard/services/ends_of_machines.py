"""Licences and certificates of many machines at once: what each calendar says of its machine, in four queries for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from wizard.models import Deployment, DeploymentState, HostFacts, Task, TaskState
from wizard.planning import expiry
from wizard.planning.expiry import CERTIFICATE_LASTS_YEARS, EVALUATION_LASTS, ExpiryEntry
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.evidence import same_host

_CERTIFICATE_LASTS: Final = timedelta(days=CERTIFICATE_LASTS_YEARS * 365)
# Leap days, and the time zone in which an installation has its day.
_ROUGHLY: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What the newest facts of one component say: whose they are, and what of it ends in time."""

    host_name: str
    entries: tuple[ExpiryEntry, ...]


def ends_of_machines(
    seen: QuerySet[Deployment], *, since: datetime, until: datetime
) -> Iterator[tuple[ExpiryEntry, Deployment]]:
    """What ends from `since` to `until` of the machines that these deployments set up: as a machine told of itself, else as it
    follows from the day it was deployed. Those that are out of service are left out: their machine is gone.

    Facts of another machine than the one that the answers name count for nothing, as in `services.expiry`.
    """
    standing = seen.order_by().exclude(state=DeploymentState.DECOMMISSIONED)
    told = _told(standing, since, until)
    deployed = _deployed(standing, since, until)
    wanted = {deployment_id for (deployment_id, _component), said in told.items() if said.entries}
    rows = Deployment.objects.filter(pk__in=wanted | deployed.keys()).prefetch_related("steps")
    for deployment in rows:
        answers = answers_in_play(deployment)
        machine = answers.get("network", {}).get("host_name", "")
        said = told.get((deployment.pk, primary_component(deployment, answers)))
        if said is not None and machine and same_host(said.host_name, machine):
            entries = said.entries
        elif deployment.pk in deployed:
            entries = tuple(_by_deploying(deployment, machine or deployment.name, deployed[deployment.pk]))
        else:
            entries = ()
        for entry in entries:
            if _in_time(entry, since, until):
                yield entry, deployment


# --- inside -----------------------------------------------------------------------------------------------------------


def _told(
    standing: QuerySet[Deployment], since: datetime, until: datetime
) -> Mapping[tuple[UUID, str], _Told]:
    """By deployment and component. Of the facts, which are long, the database hands out two values."""
    newest = HostFacts.objects.filter(deployment=OuterRef("deployment"), component=OuterRef("component"))
    rows = (
        HostFacts.objects.filter(
            deployment__in=standing.values("pk"),
            pk=Subquery(newest.order_by("-collected_at", "-pk").values("pk")[:1]),
        )
        .order_by()
        .values_list(
            "deployment_id",
            "component",
            "host_name",
            "collected_at",
            KeyTransform("value", KeyTransform("os.licence", "facts")),
            KeyTransform("not_after", KeyTransform("value", KeyTransform("certificates.bound_443", "facts"))),
        )
    )
    return {
        (deployment_id, component): _Told(
            host_name=host,
            entries=tuple(
                entry
                for entry in _by_facts(host, collected_at, licence, not_after)
                if _in_time(entry, since, until)
            ),
        )
        for deployment_id, component, host, collected_at, licence, not_after in rows
    }


def _by_facts(
    host: str, collected_at: datetime, licence: Mapping[str, Any] | None, not_after: str | None
) -> Iterator[ExpiryEntry]:
    if licence and (entry := expiry.evaluation_from_fact(host, licence, collected_at)):
        yield entry
    if not_after:
        ends = datetime.fromisoformat(not_after)
        yield expiry.web_certificate(host, not_after=ends if ends.tzinfo else ends.replace(tzinfo=UTC))


def _deployed(standing: QuerySet[Deployment], since: datetime, until: datetime) -> Mapping[UUID, datetime]:
    """When the machine was deployed, where something that follows from it may end in time."""
    spans = [
        (since - lasts - _ROUGHLY, until - lasts + _ROUGHLY)
        for lasts in (EVALUATION_LASTS, _CERTIFICATE_LASTS)
    ]
    rows = (
        Task.objects.filter(
            deployment__in=standing.values("pk"), kind="deploy_ova", state=TaskState.SUCCEEDED
        )
        .order_by()
        .values("deployment_id")
        .annotate(at=Max("finished_at"))
        .filter(Q(at__range=spans[0]) | Q(at__range=spans[1]))
    )
    return {row["deployment_id"]: row["at"] for row in rows}


def _by_deploying(deployment: Deployment, machine: str, at: datetime) -> Iterator[ExpiryEntry]:
    yield expiry.evaluation_from_deployment(machine, at)
    if deployment.profile == "asr-classic":
        yield expiry.web_certificate_from_installation(machine, timezone.localdate(at))


def _in_time(entry: ExpiryEntry, since: datetime, until: datetime) -> bool:
    # What a machine has ends at a moment, never with a day.
    return isinstance(entry.ends, datetime) and since <= entry.ends <= until
