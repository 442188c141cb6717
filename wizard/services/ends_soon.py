"""What ends soon or ended lately, over all deployments at once: in a number of queries that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from wizard.models import Addition, ApiToken, Deployment, InstallationSecret, Operator, Waiver
from wizard.models.check import waiver_day
from wizard.planning import expiry
from wizard.planning.expiry import REGISTRATION_KEY_LASTS, SOON, CalendarRow, ExpiryEntry
from wizard.services import deployments, vault_credentials
from wizard.services.ends_of_machines import ends_of_machines
from wizard.services.permissions import may, require

# What ended is still worth a look for so long.
LATELY: Final = timedelta(days=7)

Found = tuple[ExpiryEntry, Deployment | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """`deployment` is "" for what belongs to none, such as a token."""

    row: CalendarRow
    deployment: str
    deployment_id: UUID | None


def ends_soon(*, actor: Operator) -> tuple[Ending, ...]:
    """What the calendars (`services.expiry`) of the deployments that `actor` may see have in common: waivers, registration
    keys, temporary components, licences and certificates of machines; and API tokens: one's own, for administrators
    everybody's. The earliest first. Raises NotAllowed.
    """
    require(actor, "endings.see")
    now = timezone.localtime()
    endings = []
    for entry, deployment in _found(actor):
        (row,) = expiry.calendar_of([entry], now)
        if row.status == "soon" or (row.status == "ended" and -row.left <= LATELY):
            endings.append(
                Ending(
                    row=row,
                    deployment=deployment.name if deployment else "",
                    deployment_id=deployment.pk if deployment else None,
                )
            )
    return tuple(sorted(endings, key=lambda one: (one.row.left, one.row.entry.kind, one.deployment)))


def _found(actor: Operator) -> Iterator[Found]:
    now, today = timezone.now(), waiver_day()
    visible = deployments.visible_deployments(actor).order_by()
    seen = visible.values("pk")
    waivers = Waiver.objects.filter(
        deployment__in=seen,
        approved_at__isnull=False,
        until__range=(today - LATELY - timedelta(days=1), today + SOON),
    )
    for waiver in waivers.select_related("deployment"):
        yield expiry.waiver(waiver.requirement_id, waiver.until), waiver.deployment
    keys = InstallationSecret.objects.filter(
        deployment__in=seen,
        kind=InstallationSecret.Kind.VAULT_CREDENTIALS,
        given_at__gt=now - REGISTRATION_KEY_LASTS - LATELY,
    )
    for key in keys.select_related("deployment").defer("sealed"):
        if facts := vault_credentials.facts_of(key.about):
            yield expiry.registration_key(facts.vault, facts.made_at), key.deployment
    additions = Addition.objects.filter(
        deployment__in=seen, removed_at=None, remind_at__range=(now - LATELY, now + SOON)
    )
    for addition in additions.select_related("deployment"):
        if addition.remind_at is not None:
            yield expiry.temporary_component(addition.name, addition.remind_at), addition.deployment
    yield from ends_of_machines(visible, since=now - LATELY, until=now + SOON)
    tokens = ApiToken.objects.filter(revoked_at=None, expires_at__range=(now - LATELY, now + SOON))
    if not may(actor, "token.be_told_when_others_end"):
        tokens = tokens.filter(user=actor)
    for token in tokens:
        yield expiry.api_token(token.name, token.expires_at), None
