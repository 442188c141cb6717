"""Which deployments are due for a look at their vault, and the message that has a worker do it."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from wizard.azure.errors import AzureError
from wizard.config.celery import app
from wizard.models import Deployment, DeploymentState, StepAnswer, VaultWatch
from wizard.services.errors import UserError
from wizard.services.vault_observation import claim
from wizard.services.vault_observation.looking import look

log = structlog.get_logger(__name__)

# How often the schedule looks for those that are due. A message that no worker took until then is sent again.
LOOK_EVERY_S: Final = 30
# From the day on that something should be registered in the vault, to the day when nothing is any more.
WATCHED_STATES: Final = (DeploymentState.DEPLOYED, DeploymentState.REGISTERED, DeploymentState.RECORDED)


def send_due() -> int:
    """Send a message for each deployment whose vault is due. Returns how many."""
    now = timezone.now()
    busy = VaultWatch.objects.filter(deployment=OuterRef("pk")).exclude(_due(now) & claim.free(now))
    ids = list(_watched().filter(~Exists(busy)).values_list("pk", flat=True))
    for deployment_id in ids:
        try:
            app.send_task(
                "wizard.tasks.refresh_vault", [str(deployment_id)], retry=False, expires=LOOK_EVERY_S
            )
        except Exception as error:  # noqa: BLE001 - each transport raises its own; the next look sends again
            log.warning("vault.publish_failed", deployment=str(deployment_id), error=str(error))
    return len(ids)


def look_if_due(deployment_id: UUID) -> bool:
    """Look unless that was done or begun meanwhile. A failure is kept with the watch; returns whether all went well."""
    if not _watched().filter(pk=deployment_id).exists():
        return False
    taken = claim.take(deployment_id, only=_due(timezone.now()))
    if taken is None:
        return False
    try:
        outcome = look(taken)
    except (AzureError, UserError) as error:
        log.warning("vault.failed", deployment=str(deployment_id), code=error.code, message=str(error))
        return False
    log.info(
        "vault.seen",
        deployment=str(deployment_id),
        number=outcome.number,
        changed=outcome.changed,
        severity=outcome.severity,
    )
    return True


def make_due(deployment: Deployment) -> None:
    """What was registered or recorded just now is looked at with the next turn of the schedule."""
    VaultWatch.objects.filter(deployment=deployment).update(next_refresh_at=None)


def _watched() -> QuerySet[Deployment]:
    """Those that stand somewhere, and whose vault step names an account."""
    with_account = StepAnswer.objects.filter(
        deployment=OuterRef("pk"), step="vault", data__account__isnull=False
    ).exclude(data__account="")
    return Deployment.objects.filter(Exists(with_account), state__in=WATCHED_STATES)


def _due(now: datetime) -> Q:
    return Q(next_refresh_at=None) | Q(next_refresh_at__lte=now)
