"""How fresh what is known of a deployment's vCenters is, and why it is not fresher."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from wizard.models import Credential, Deployment, VCenter
from wizard.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why the last refresh failed. `where` is address and step, "" where none was reached."""

    at: datetime
    text: Text
    remedy: Text
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """`next_at` is None where nothing is scheduled; `waits` says then why, or is empty where somebody switched that off.

    `overdue`: that time has passed, and no worker has begun yet.
    """

    vcenter: VCenter
    refreshing: bool
    next_at: datetime | None
    overdue: bool
    waits: Text
    failure: Failure | None


def of_deployment(deployment: Deployment) -> list[Freshness]:
    """One query."""
    rows = deployment.vcenters.select_related("credential").defer("credential__sealed")
    return [_of(row, deployment) for row in rows]


def _of(vcenter: VCenter, deployment: Deployment) -> Freshness:
    now = timezone.now()
    waits = _waits_for(vcenter.credential, deployment)
    next_at = (vcenter.next_refresh_at or now) if settings.DISCOVERY_MINUTES and not waits else None
    return Freshness(
        vcenter=vcenter,
        refreshing=vcenter.refreshing_until is not None and vcenter.refreshing_until > now,
        next_at=next_at,
        overdue=next_at is not None and next_at <= now,
        waits=waits,
        failure=_failure(vcenter),
    )


def _waits_for(credential: Credential, deployment: Deployment) -> Text:
    """The schedule uses no password but one that is known to be right: vCenter locks accounts."""
    words = {
        Credential.Standing.REJECTED: _(
            "vCenter refused the password of %(user)s. It is not tried again until it is entered anew."
        ),
        Credential.Standing.UNTRIED: _(
            "The password of %(user)s was entered anew and not tried yet. “Refresh now” tries it once."
        ),
        Credential.Standing.TRYING: _("The password of %(user)s is being tried."),
    }
    template = words.get(Credential.Standing(credential.standing), "")
    if not template:
        return Text("")
    # The machines of a vCenter that several teams use are read with the account of one of them.
    theirs = credential.team_id not in (None, deployment.team_id)
    return Text(template, user=Text(_("another team’s account")) if theirs else credential.username)


def _failure(vcenter: VCenter) -> Failure | None:
    if vcenter.refresh_failed_at is None:
        return None
    details = vcenter.refresh_failure_details
    return Failure(
        at=vcenter.refresh_failed_at,
        text=vcenter.refresh_failure,
        remedy=vcenter.refresh_remedy,
        where=", ".join(part for part in (details.get("address"), details.get("step")) if part),
    )
