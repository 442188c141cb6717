"""What people know better than the vault: the role of a server that its own words leave open (arm-site-recovery 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction

from wizard.journey.errors import FieldError
from wizard.models import Deployment, Operator, VaultWatch
from wizard.services import audit, deployments
from wizard.services.errors import Invalid
from wizard.text import Text, _
from wizard.topology.roles import ROLES

# What a server can be that the vault lists among process servers and master targets.
CORRECTABLE: Final = ("ps_builtin", "ps_scaleout", "ps_failback", "mt_builtin", "mt_windows", "mt_linux")
_ID_LENGTH: Final = 200
_AT_MOST: Final = 500


def of_deployment(deployment: Deployment) -> dict[str, str]:
    """The corrected roles by the id of the server."""
    found = VaultWatch.objects.filter(deployment=deployment).values_list("corrections", flat=True).first()
    return dict(found or {})


@transaction.atomic
def replace(deployment: Deployment, roles: Mapping[str, Any], *, actor: Operator) -> dict[str, str]:
    """Let these corrections, {id of a server: kind}, take the place of those before; they count from the next look on, which
    is due at once. Raises Invalid for a kind that no server can have.
    """
    deployments.hold_for(actor, "vault.correct_role", deployment)
    wanted = _checked(roles)
    watch, _made = VaultWatch.objects.select_for_update().get_or_create(deployment=deployment)
    before = watch.corrections
    if wanted == before:
        return wanted
    VaultWatch.objects.filter(pk=watch.pk).update(corrections=wanted, next_refresh_at=None)
    audit.record(
        "vault.roles_corrected",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s corrected the roles of servers in the vault of %(name)s."),
            who=actor.username,
            name=deployment.name,
        ),
        before=before,
        after=wanted,
    )
    return wanted


def correct(deployment: Deployment, server_id: str, kind: str, *, actor: Operator) -> dict[str, str]:
    """Say what one server is; an empty `kind` leaves it to the vault again. Raises Invalid."""
    with transaction.atomic():
        deployments.hold_for(actor, "vault.correct_role", deployment)
        known = of_deployment(deployment)
        known.pop(server_id, None)
        return replace(deployment, {**known, **({server_id: kind} if kind else {})}, actor=actor)


def role_words() -> dict[str, Text]:
    """What may be chosen, in the words of the topology."""
    return {kind: ROLES[kind].title for kind in CORRECTABLE}


def _checked(roles: Mapping[str, Any]) -> dict[str, str]:
    problems = []
    if len(roles) > _AT_MOST:
        text = Text(
            _("At most %(most)s servers can be corrected; found %(found)s."), most=_AT_MOST, found=len(roles)
        )
        problems.append(FieldError(path="roles", message=text, code="too_many"))
    for server_id, kind in roles.items():
        if not server_id or len(server_id) > _ID_LENGTH:
            text = Text(_("The id of a server has 1 to %(most)s characters."), most=_ID_LENGTH)
            problems.append(FieldError(path="roles", message=text, code="invalid"))
        elif kind not in CORRECTABLE:
            text = Text(
                _("“%(found)s” is no role of a server; it can be: %(known)s."),
                found=str(kind),
                known=list(CORRECTABLE),
            )
            problems.append(FieldError(path=f"roles.{server_id}", message=text, code="unknown_kind"))
    if problems:
        raise Invalid(problems)
    return {str(server_id): str(kind) for server_id, kind in roles.items()}
