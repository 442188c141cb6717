"""One look at the vault of a deployment at a time: a claim on its watch with a lease, renewed while the look goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from wizard.models import Deployment, DeploymentState, VaultWatch
from wizard.services.errors import Conflict
from wizard.text import Text, _

# How long a worker that was killed keeps others from looking; one that lives renews it, however long its vault takes.
LEASE = timedelta(minutes=5)


class ClaimLost(Conflict):
    """Another worker looks at this vault by now; what this one would still write could be older."""

    code = "look_taken_over"

    def __init__(self) -> None:
        super().__init__(
            Text(_("Looking stood still for too long; another worker looks at this vault by now.")),
            remedy=Text(_("Nothing is to be done: the page shows what the other one finds.")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to write what the vault of a deployment shows."""

    deployment_id: UUID
    token: str
    # When a look was due before this one was begun; None: at once.
    due_before: datetime | None

    def renew(self) -> None:
        """Raises ClaimLost."""
        until = timezone.now() + LEASE
        self._write(refreshing_until=until, next_refresh_at=_unless_due(until))

    def end(self, *, next_at: datetime | None, **changes: Any) -> None:
        """The last write under this claim; first in the transaction of what the look found, as its lock. `next_at` is when the
        next look is due, unless somebody asked for another one while this one went on: that one is due at once. Raises ClaimLost,
        for a deployment that went out of service meanwhile as well: nothing is kept of it any more.
        """
        self._write(refreshing_until=None, refresh_claim="", next_refresh_at=_unless_due(next_at), **changes)

    def give_up(self) -> None:
        """As if this look had never begun. Raises ClaimLost."""
        self.end(next_at=self.due_before)

    def _write(self, **changes: Any) -> None:
        ended = Deployment.objects.filter(pk=OuterRef("deployment"), state=DeploymentState.DECOMMISSIONED)
        # Not by a join: Django would look for the claim beside the row that it changes, and miss who took it meanwhile.
        mine = VaultWatch.objects.filter(
            ~Exists(ended), deployment=self.deployment_id, refresh_claim=self.token
        )
        if not mine.update(**changes):
            raise ClaimLost


def free(now: datetime) -> Q:
    """Watches that nobody looks for, or whose look was not heard of any more."""
    return Q(refreshing_until=None) | Q(refreshing_until__lt=now)


def take(deployment_id: UUID, *, only: Q | None = None) -> Claim | None:
    """Claim the watch if it is free, and if it is among `only`; one of many callers wins, the others get None.

    The deployment must exist; its watch is made where it has none yet.
    """
    VaultWatch.objects.get_or_create(deployment_id=deployment_id)
    now = timezone.now()
    token = uuid4().hex
    rows = VaultWatch.objects.filter(free(now), deployment=deployment_id)
    rows = rows if only is None else rows.filter(only)
    due_before = rows.values_list("next_refresh_at", flat=True).first()
    # A time of its own, so that a look that is asked for from now on (None) is told from the one that begins here. Should
    # this worker die, the next one looks when the claim has run out.
    until = now + LEASE
    won = rows.update(refresh_claim=token, refreshing_until=until, next_refresh_at=until)
    return Claim(deployment_id=deployment_id, token=token, due_before=due_before) if won else None


def _unless_due(moment: datetime | None) -> Case:
    """`moment`, but for a watch that is due at once."""
    return Case(
        When(next_refresh_at=None, then=F("next_refresh_at")),
        default=Value(moment),
        output_field=DateTimeField(null=True),
    )
