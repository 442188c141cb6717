"""Deployments: how far they are, what preflight says of them, and what of them ends soon."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, Exists, F, Max, OuterRef, Q, Window
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import RowNumber
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from wizard.models import (
    Addition,
    ApiToken,
    Approval,
    Deployment,
    DeploymentState,
    HostFacts,
    InstallationSecret,
    Task,
    TaskState,
    Waiver,
)
from wizard.models.check import CheckStatus
from wizard.planning import expiry
from wizard.planning.expiry import ExpiryEntry

_KINDS: Final = (
    "api_token",
    "component",
    "evaluation_licence",
    "registration_key",
    "waiver",
    "web_certificate",
)


def families() -> Iterator[Metric]:
    yield _deployments()
    yield from _checks()
    yield from _waiting()
    yield from _ends()


def _deployments() -> Metric:
    found = GaugeMetricFamily("foothold_deployments", "Deployments.", labels=["profile", "state"])
    rows = Deployment.objects.values_list("profile", "state").annotate(count=Count("pk"))
    for profile, state, count in rows.order_by("profile", "state"):
        found.add_metric([profile, state], count)
    return found


def _checks() -> Iterator[Metric]:
    """Of the newest preflight of each deployment that stands, by the summary that it kept."""
    last = Window(RowNumber(), partition_by=F("deployment_id"), order_by=F("queued_at").desc())
    newest = (
        Task.objects.filter(kind="preflight", state=TaskState.SUCCEEDED)
        .exclude(deployment__state=DeploymentState.DECOMMISSIONED)
        .annotate(turn=last)
        .filter(turn=1)
        .order_by()
        .values_list(KeyTransform("counts", "result"), KeyTransform("blocked", "result"))
    )
    totals: Counter[str] = Counter()
    verdicts = Counter({"go": 0, "no_go": 0})
    for counts, blocked in newest:
        totals.update({str(status): int(number) for status, number in (counts or {}).items()})
        verdicts["no_go" if blocked else "go"] += 1
    checks = GaugeMetricFamily(
        "foothold_checks", "Results of the newest preflight of each deployment.", labels=["status"]
    )
    for status in CheckStatus.values:
        checks.add_metric([status], totals[status])
    yield checks
    judged = GaugeMetricFamily(
        "foothold_preflights",
        "Deployments by what their newest preflight said, before waivers and attestations.",
        labels=["verdict"],
    )
    for verdict, count in sorted(verdicts.items()):
        judged.add_metric([verdict], count)
    yield judged


def _waiting() -> Iterator[Metric]:
    waiting = GaugeMetricFamily("foothold_reviews_waiting", "What waits for a reviewer.", labels=["subject"])
    waiting.add_metric(["deployment"], Approval.objects.filter(state=Approval.State.WAITING).count())
    open_waivers = Waiver.objects.filter(approved_at=None, until__gte=timezone.localdate())
    waiting.add_metric(["waiver"], open_waivers.count())
    yield waiting


def _ends() -> Iterator[Metric]:
    """Whatever the calendars of the deployments list. Days, as the calendars and their alarms count in days."""
    now = timezone.now()
    left: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    for kind, end in _moments():
        left[kind].append((_moment(end) - now) / timedelta(days=1))
    following = GaugeMetricFamily(
        "foothold_expiry_days",
        "Days until the next of its kind ends; absent where none will.",
        labels=["kind"],
    )
    soon = GaugeMetricFamily("foothold_expiries_soon", "Things that end within 14 days.", labels=["kind"])
    over = GaugeMetricFamily(
        "foothold_expiries_past", "Things that have ended and are still there.", labels=["kind"]
    )
    for kind, days in left.items():
        ahead = [one for one in days if one > 0]
        if ahead:
            following.add_metric([kind], round(min(ahead), 3))
        soon.add_metric([kind], sum(one <= expiry.SOON.days for one in ahead))
        over.add_metric([kind], len(days) - len(ahead))
    yield from (following, soon, over)


def _moments() -> Iterator[tuple[str, date | datetime]]:
    stands = ~Q(deployment__state=DeploymentState.DECOMMISSIONED)
    for until in Waiver.objects.filter(stands).exclude(approved_at=None).values_list("until", flat=True):
        yield "waiver", until
    for ends in ApiToken.objects.filter(revoked_at=None).values_list("expires_at", flat=True):
        yield "api_token", ends
    keys = InstallationSecret.objects.filter(
        stands, kind=InstallationSecret.Kind.VAULT_CREDENTIALS, ends_at__isnull=False
    )
    for ends_at in keys.values_list("ends_at", flat=True):
        if ends_at is not None:
            yield "registration_key", ends_at
    added = Addition.objects.filter(stands, removed_at=None, remind_at__isnull=False)
    for remind_at in added.values_list("remind_at", flat=True):
        if remind_at is not None:
            yield "component", remind_at
    for entry in _of_machines(stands):
        yield entry.kind, entry.ends


def _of_machines(stands: Q) -> Iterator[ExpiryEntry]:
    """Licences and certificates: as a machine told of itself, else as they follow from the day it was made."""
    last = Window(
        RowNumber(), partition_by=[F("deployment_id"), F("host_name")], order_by=F("collected_at").desc()
    )
    told = HostFacts.objects.filter(stands).annotate(turn=last).filter(turn=1).order_by()
    value = KeyTransform("value", KeyTransform("os.licence", "facts"))
    bound = KeyTransform("not_after", KeyTransform("value", KeyTransform("certificates.bound_443", "facts")))
    for host, collected_at, licence, ends in told.values_list("host_name", "collected_at", value, bound):
        if licence and (entry := expiry.evaluation_from_fact(host, licence, collected_at)):
            yield entry
        if ends:
            moment = datetime.fromisoformat(ends)
            yield expiry.web_certificate(
                host, not_after=moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            )
    silent = ~Exists(HostFacts.objects.filter(deployment=OuterRef("deployment")))
    made = (
        Task.objects.filter(stands, silent, kind="deploy_ova", state=TaskState.SUCCEEDED)
        .order_by()
        .values_list("deployment__name", "deployment__profile")
        .annotate(at=Max("finished_at"))
    )
    for name, profile, at in made:
        if at is None:
            continue
        yield expiry.evaluation_from_deployment(name, at)
        if profile == "asr-classic":
            yield expiry.web_certificate_from_installation(name, timezone.localdate(at))


def _moment(ends: date | datetime) -> datetime:
    """A day ends with its last moment."""
    if isinstance(ends, datetime):
        return ends
    return datetime.combine(ends, time.max, timezone.get_default_timezone())
