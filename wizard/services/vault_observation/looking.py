"""One look at the vault of a deployment: ask it, judge the answer, and keep what changed, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wizard.models import Deployment, Severity, VaultObservation, VaultWatch
from wizard.services.renewal import renewed
from wizard.services.vault_observation import claim as claims
from wizard.services.vault_observation import history, notices
from wizard.services.vault_observation.claim import Claim
from wizard.services.vault_observation.failures import remembered
from wizard.services.vault_observation.judgement import Judgement, judged
from wizard.services.vault_observation.reading import documents_of, no_check
from wizard.text import Text, _

Report = Callable[[Text, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`number` of the observation, and whether this look began it. `read_at` is when the vault answered."""

    number: int
    changed: bool
    severity: Severity
    components: int
    differences: int
    read_at: datetime | None


def no_report(phase: Text, percent: int) -> None:
    """For whoever does not ask how far it is."""


def look(claim: Claim, *, report: Report = no_report, check: Callable[[], None] = no_check) -> Outcome:
    """Look at the vault, compare it with the record, keep what changed, tell what became worse.

    `report` is told of each part of the work, with how far it is in percent; `check` is called while there is nothing but
    waiting; what they raise ends the look. The claim is renewed meanwhile, and given up, whatever happens. A failure is
    kept with the watch and raised: AzureError, UserError. Not to be called inside a transaction.
    """
    with (
        remembered(claim, next_at=next_look(timezone.now())),
        renewed(claim.renew, lease=claims.LEASE, what="look at a vault"),
    ):
        # The answers are asked for at every turn; they are read once.
        deployment = Deployment.objects.prefetch_related("steps").get(pk=claim.deployment_id)
        report(Text(_("Asking the vault")), 10)
        documents = documents_of(deployment, check=check)
        claim.renew()
        report(Text(_("Comparing with the record and with vCenter")), 70)
        corrections = VaultWatch.objects.values_list("corrections", flat=True).get(deployment=deployment)
        now = timezone.now()
        found = judged(deployment, documents, corrections=corrections, now=now)
        report(Text(_("Keeping what changed")), 90)
        return _keep(claim, deployment, found, now)


def next_look(now: datetime) -> datetime | None:
    """When the schedule looks again after a look at `now`; None where it does not."""
    minutes: int = settings.HEALTH_MINUTES
    return now + timedelta(minutes=minutes) if minutes else None


@transaction.atomic
def _keep(claim: Claim, deployment: Deployment, found: Judgement, now: datetime) -> Outcome:
    # First of all: whoever was overtaken writes nothing, and nobody else writes meanwhile.
    claim.end(
        next_at=next_look(now),
        refreshed_at=now,
        refresh_failed_at=None,
        refresh_failure=Text(""),
        refresh_remedy=Text(""),
        refresh_failure_details={},
    )
    newest = deployment.observations.first()
    digest = found.digest
    changed = newest is None or newest.digest != digest
    if newest is None or changed:
        row = VaultObservation.objects.create(
            deployment=deployment,
            number=(newest.number if newest else 0) + 1,
            digest=digest,
            changes=history.changes_since(newest, found),
            first_seen_at=now,
            last_seen_at=now,
            **found.columns(),
        )
        number = row.number
        history.condense(deployment, number)
    else:
        VaultObservation.objects.filter(pk=newest.pk).update(last_seen_at=now, **found.columns())
        number = newest.number
    notices.settle(deployment.pk, found.items, now)
    return Outcome(
        number=number,
        changed=changed,
        severity=found.severity,
        components=len(found.observed.components),
        differences=len(found.differences),
        read_at=found.observed.read_at,
    )
