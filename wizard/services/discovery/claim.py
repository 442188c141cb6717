"""One refresh of a vCenter at a time: a claim on its row with a lease, renewed while the refresh goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Q
from django.utils import timezone

from wizard.models import VCenter
from wizard.services.errors import Conflict
from wizard.text import Text, _

# How long a worker that was killed keeps others from reading; one that lives renews it, however long vCenter takes.
LEASE = timedelta(minutes=3)


class ClaimLost(Conflict):
    """Another worker refreshes this vCenter by now; what this one would still write could be older."""

    code = "refresh_taken_over"

    def __init__(self) -> None:
        super().__init__(
            Text(_("Reading stood still for too long; another worker reads this vCenter by now.")),
            remedy=Text(_("Nothing is to be done: the page shows what the other one finds.")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to write what a vCenter shows."""

    vcenter_id: UUID
    token: str

    def renew(self) -> None:
        """In the transaction of every write, and while vCenter is waited for. Raises ClaimLost."""
        self._write(refreshing_until=timezone.now() + LEASE)

    def end(self, **changes: Any) -> None:
        """The last write under this claim. Raises ClaimLost."""
        self._write(refreshing_until=None, refresh_claim="", **changes)

    def _write(self, **changes: Any) -> None:
        if not VCenter.objects.filter(pk=self.vcenter_id, refresh_claim=self.token).update(**changes):
            raise ClaimLost


def free(now: datetime) -> Q:
    """Rows of vCenters that nobody refreshes, or whose refresh was not heard of any more."""
    return Q(refreshing_until=None) | Q(refreshing_until__lt=now)


def take(vcenter_id: UUID, *, only: Q | None = None) -> Claim | None:
    """Claim the vCenter if it is free, and if it is among `only`; one of many callers wins, the others get None."""
    now = timezone.now()
    token = uuid4().hex
    rows = VCenter.objects.filter(free(now), pk=vcenter_id)
    rows = rows if only is None else rows.filter(only)
    won = rows.update(refresh_claim=token, refreshing_until=now + LEASE)
    return Claim(vcenter_id=vcenter_id, token=token) if won else None
