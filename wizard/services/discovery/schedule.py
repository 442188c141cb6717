"""Which vCenters are due for a refresh, and the message that has a worker do it."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from wizard.config.celery import app
from wizard.models import Credential, DeploymentState, VCenter
from wizard.services.discovery import claim
from wizard.services.discovery.refreshing import WATCHES, refresh
from wizard.services.errors import UserError
from wizard.vsphere.errors import VSphereError

log = structlog.get_logger(__name__)

# How often the schedule looks for those that are due. A message that no worker took until then is sent again.
LOOK_EVERY_S: Final = 30
# vCenter ends a session that was idle for 30 minutes (vsphere.md, section 5): a watch is of no use to rarer refreshes.
_WATCH_LIVES_MINUTES: Final = 25


def send_due() -> int:
    """Send a message for each vCenter that is due. Returns how many."""
    due = VCenter.objects.filter(_due(timezone.now()), claim.free(timezone.now()))
    ids = list(due.values_list("pk", flat=True))
    for vcenter_id in ids:
        try:
            app.send_task(
                "wizard.tasks.refresh_vcenter", [str(vcenter_id)], retry=False, expires=LOOK_EVERY_S
            )
        except Exception as error:  # noqa: BLE001 - each transport raises its own; the next look sends again
            log.warning("discovery.publish_failed", vcenter=str(vcenter_id), error=str(error))
    return len(ids)


def refresh_if_due(vcenter_id: UUID) -> bool:
    """Refresh the vCenter unless that was done or begun meanwhile. A failure is kept with it; returns whether all went well."""
    taken = claim.take(vcenter_id, only=_due(timezone.now()))
    if taken is None:
        return False
    try:
        outcome = refresh(taken)
    except (VSphereError, UserError) as error:
        log.warning("discovery.failed", vcenter=str(vcenter_id), code=error.code, message=str(error))
        return False
    log.info(
        "discovery.refreshed",
        vcenter=str(vcenter_id),
        complete=outcome.complete,
        read=outcome.read,
        written=outcome.written,
        gone=outcome.gone,
    )
    return True


def close_unused_watches() -> int:
    """In a worker: end the watches, and with them the sessions, that no refresh will come back to. Returns how many."""
    registered = VCenter.objects.filter(_is_registered())
    return WATCHES.close_unused(
        set(registered.values_list("pk", flat=True)), idle_s=60 * _WATCH_LIVES_MINUTES
    )


def keep_watches() -> None:
    """In a worker: let watches live from one refresh to the next, if these come often enough."""
    if 0 < settings.DISCOVERY_MINUTES <= _WATCH_LIVES_MINUTES:
        WATCHES.keep()


def keep_no_watches() -> None:
    """Give back those that no refresh uses. Returns at once, and takes no lock: it is called while a signal is handled."""
    threading.Thread(target=WATCHES.close_all, name="watches end", daemon=True).start()


def close_watches() -> None:
    """The end of a worker."""
    WATCHES.close_all()


def _due(now: datetime) -> Q:
    """Registered for a deployment in service, its time has come, and its password is known to be right: any other a person tries."""
    accepted = Credential.objects.filter(pk=OuterRef("credential"), standing=Credential.Standing.ACCEPTED)
    in_time = Q(next_refresh_at=None) | Q(next_refresh_at__lte=now)
    return in_time & _is_registered() & Q(Exists(accepted))


def _is_registered() -> Q:
    # No joins: PostgreSQL looks at the conditions of an update again after a wait, but not at a query within it.
    registered = VCenter.deployments.through.objects.filter(vcenter=OuterRef("pk"))
    return Q(Exists(registered.exclude(deployment__state=DeploymentState.DECOMMISSIONED)))
