"""Whose a deployment is: given to a team, or to everybody, also when it is out of service."""

from __future__ import annotations

from django.db import transaction

from wizard.models import Deployment, Operator
from wizard.services import account_use, audit, deployments, teams
from wizard.services.errors import NotFound
from wizard.services.permissions import require
from wizard.text import Text, _


@transaction.atomic
def give(deployment: Deployment, *, team: str, actor: Operator, revision: int | None = None) -> Deployment:
    """Make it that team's, or everybody's with an empty name; the accounts that it alone uses go with it.

    For administrators, and for those who are in both teams. Raises Invalid for a team of others, Conflict `task_running`,
    `account_shared`, Outdated for another `revision`.
    """
    require(actor, "deployment.give_to_team", deployment)
    wanted = teams.named(team, actor=actor)
    _hold(deployment)
    deployments.refuse_while_changing(deployment)
    before = deployment.team
    if wanted == before:
        return deployment
    deployments.advance(deployment, revision)
    deployment.team = wanted
    deployment.save(update_fields=["team"])
    account_use.move_along(deployment, before.pk if before is not None else None)
    audit.record(
        "deployment.given_to_team",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s gave %(name)s to the team %(team)s.")
            if wanted is not None
            else _("%(who)s made %(name)s everybody's."),
            who=actor.username,
            name=deployment.name,
            team=wanted.name if wanted is not None else "",
        ),
        before={"team": before.name if before is not None else ""},
        after={"team": wanted.name if wanted is not None else ""},
    )
    return deployment


def _hold(deployment: Deployment) -> None:
    try:
        deployment.refresh_from_db(from_queryset=Deployment.objects.select_for_update())
    except Deployment.DoesNotExist:
        raise NotFound(Text(_("There is no such deployment."))) from None
