"""One refresh of one vCenter: read what it shows, write it batch by batch, and say at the end up to where that goes.

Rows are written while the next page is on its way. Whoever dies in the middle leaves rows that are each true, nothing
marked as gone, and no version: the next refresh reads everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wizard.models import Deployment, VCenter
from wizard.services.discovery import claim as claims
from wizard.services.discovery import judging, rows
from wizard.services.discovery.claim import Claim
from wizard.services.discovery.failures import remembered, unnamed
from wizard.services.discovery.watches import Watches
from wizard.services.errors import Conflict
from wizard.services.renewal import renewed
from wizard.text import Text, _
from wizard.vsphere.discovery import Batch, InventoryWatch, VersionTooOld
from wizard.vsphere.errors import ConnectionLost

# Everything is read this often, however well the watch works.
FULL_EVERY: Final = timedelta(days=1)
AS_STORED: Final[Mapping[str, Any]] = MappingProxyType({})
# As many versions are remembered as a vCenter may have workers that watch it.
_WATCHES: Final = 16

WATCHES: Final = Watches()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`complete` where everything was read; `read` counts machines that were read, `written` those that were new or changed."""

    complete: bool
    read: int
    written: int
    gone: int


def no_report(read: int) -> None:
    """For whoever does not ask how far it is."""


def refresh(
    claim: Claim,
    *,
    complete: bool = False,
    report: Callable[[int], None] = no_report,
    joining: Deployment | None = None,
    sign_in: Mapping[str, Any] = AS_STORED,
) -> Outcome:
    """Read what has changed since the last refresh here, or everything: where `complete` says so, where nothing is known of
    a last refresh, and once a day.

    `report` is told how many machines were read so far, after each batch; what it raises ends the refresh. `joining` is the
    deployment for which the vCenter is being registered: its account may be the one that is used. `sign_in` are the fields
    of the vCenter that registration will store, and that hold for this refresh already. The claim is renewed meanwhile, and
    given up, whatever happens. A failure is kept with the vCenter and raised: VSphereError, UserError.
    """
    vcenter = VCenter.objects.select_related("credential").get(pk=claim.vcenter_id)
    # What one account shows tells nothing of what is gone for another one: whoever reads next reads everything.
    other_account = sign_in.get("credential", vcenter.credential) != vcenter.credential
    for name, value in sign_in.items():
        setattr(vcenter, name, value)
    if other_account:
        vcenter.watches = {}
    complete = complete or _is_due_completely(vcenter)
    with (
        remembered(claim, next_at=next_refresh(timezone.now())),
        unnamed(vcenter, joining=joining),
        renewed(claim.renew, lease=claims.LEASE, what="refresh of a vCenter"),
    ):
        kept = False
        try:
            with WATCHES.lend(vcenter, joining=joining) as lent:
                kept = lent.kept
                version = "" if complete else _version(vcenter, lent.watch)
                return _Run(vcenter, claim, report).read(lent.watch, version)
        except (VersionTooOld, ConnectionLost):
            if not kept:
                raise
        # The session behind a kept watch may have ended meanwhile. Whether vCenter is there, a new one finds out.
        with WATCHES.lend(vcenter, joining=joining) as lent:
            return _Run(vcenter, claim, report).read(lent.watch, "")


def next_refresh(now: datetime) -> datetime | None:
    minutes: int = settings.DISCOVERY_MINUTES
    return now + timedelta(minutes=minutes) if minutes else None


def _is_due_completely(vcenter: VCenter) -> bool:
    return vcenter.discovered_at is None or vcenter.discovered_at < timezone.now() - FULL_EVERY


class _Run:
    def __init__(self, vcenter: VCenter, claim: Claim, report: Callable[[int], None]) -> None:
        self._vcenter = vcenter
        self._claim = claim
        self._report = report
        self._began = timezone.now()
        self._read = self._written = 0
        self._missing: list[str] = []

    def read(self, watch: InventoryWatch, version: str) -> Outcome:
        """What has changed since `version`, or everything where that is ""."""
        self._write(watch.read_changes(version) if version else watch.read_all())
        return self._end(watch, complete=not version)

    def _write(self, batches: Iterator[Batch]) -> None:
        surroundings = judging.around(self._vcenter)
        for batch in batches:
            # A refresh that was overtaken writes nothing: the claim is renewed with the rows, or neither is.
            with transaction.atomic():
                self._claim.renew()
                self._written += rows.write_machines(self._vcenter, batch.machines, surroundings, self._began)
                rows.write_objects(self._vcenter, batch.objects, self._began)
            self._missing += batch.gone
            self._read += len(batch.machines)
            self._report(self._read)

    def _end(self, watch: InventoryWatch, *, complete: bool) -> Outcome:
        now = timezone.now()
        with transaction.atomic():
            self._claim.renew()
            # In the end only: of half a reading nobody knows what is missing from it.
            gone = (
                rows.mark_unseen(self._vcenter, self._began, now)
                if complete
                else rows.mark_gone(self._vcenter, self._missing, self._began, now)
            )
            if gone:
                refuse_blindness(self._vcenter)
            rows.write_paths(self._vcenter)
            judging.judge_again(self._vcenter)
            self._claim.end(
                watches=_remember(self._vcenter.watches, watch, now),
                refreshed_at=now,
                next_refresh_at=next_refresh(now),
                refresh_failed_at=None,
                refresh_failure=Text(""),
                refresh_remedy=Text(""),
                refresh_failure_details={},
                **({"discovered_at": now} if complete else {}),
            )
        return Outcome(complete=complete, read=self._read, written=self._written, gone=gone)


def refuse_blindness(vcenter: VCenter) -> None:
    """Raises Conflict where nothing is left of an inventory. A vCenter that lost all its machines still has its hosts; one
    that shows nothing shows it to an account without rights, and tells nobody so."""
    machines = vcenter.machines.filter(gone_at=None)
    around = vcenter.objects_seen.filter(gone_at=None).exclude(parent_moid="")
    if machines.exists() or around.exists():
        return
    raise Conflict(
        Text(
            _("%(address)s shows %(user)s nothing any more: no machine, no host, no folder."),
            address=f"{vcenter.host}:{vcenter.port}",
            user=vcenter.credential.username,
        ),
        remedy=Text(
            _(
                "Give the account its role on vCenter’s root object again, with propagation; then refresh. What is listed here "
                "stays as it was seen last."
            )
        ),
        code="nothing_shown",
    )


def _version(vcenter: VCenter, watch: InventoryWatch) -> str:
    """Up to where the rows hold what this watch saw; "" where it has seen nothing yet.

    That another worker has read since does no harm: what this watch tells of the time between is as true as then.
    """
    known: str = vcenter.watches.get(watch.id, {}).get("version", "")
    return known


def _remember(watches: dict[str, Any], watch: InventoryWatch, now: datetime) -> dict[str, Any]:
    """The newest versions, each with its time."""
    known = {**watches, watch.id: {"version": watch.version, "at": now.isoformat()}}
    newest = sorted(known, key=lambda name: known[name]["at"], reverse=True)[:_WATCHES]
    return {name: known[name] for name in newest}
