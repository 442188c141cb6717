"""Whose a deployment is: given to a team, or to everybody, also when it is out of service."""

from __future__ import annotations

from django.db import transaction

from wizard.models import Deployment, Operator
from wizard.services import account_use, audit, deployments, teams
from wizard.services.discovery import judging
from wizard.services.errors import NotAllowed, NotFound
from wizard.services.permissions import may, require, sees_all_teams
from wizard.text import Text, _


def may_give(actor: Operator, deployment: Deployment) -> bool:
    """Administrators, and whoever began it as long as it is everybody's or a team's that they are in.

    Others who work on it do not: to give it to a team of one's own takes it from everybody else, and to make it everybody's
    shows what is the team's to all.
    """
    began = deployment.created_by_id == actor.pk
    return may(actor, "deployment.give_to_team", deployment) and (sees_all_teams(actor) or began)


def require_giving(actor: Operator, deployment: Deployment) -> None:
    """Raises NotAllowed."""
    require(actor, "deployment.give_to_team", deployment)
    if not may_give(actor, deployment):
        raise NotAllowed(
            Text(
                _(
                    "%(name)s is given to another team by %(who)s, who began it, and by administrators alone. Ask one of them."
                ),
                name=deployment.name,
                who=deployment.created_by.get_username(),
            )
        )


@transaction.atomic
def give(deployment: Deployment, *, team: str, actor: Operator, revision: int | None = None) -> Deployment:
    """Make it that team's, or everybody's with an empty name; the accounts that it alone uses go with it.

    See `may_give` for who may. Raises NotAllowed, Invalid for a team of others, Conflict `task_running`, `account_shared`,
    Outdated for another `revision`.
    """
    require_giving(actor, deployment)
    wanted = teams.named(team, actor=actor)
    _hold(deployment)
    # Somebody may have given it away just now.
    require_giving(actor, deployment)
    deployments.refuse_while_changing(deployment)
    before = deployment.team
    if wanted == before:
        return deployment
    deployments.advance(deployment, revision)
    deployment.team = wanted
    deployment.save(update_fields=["team"])
    accounts = account_use.move_along(deployment, before.pk if before is not None else None)
    # Its machines in a vCenter that others see, too, are no longer told to them by its name; or are from now on.
    for vcenter in deployment.vcenters.all():
        judging.judge_again(vcenter)
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
        after={
            "team": wanted.name if wanted is not None else "",
            **({"accounts": accounts} if accounts else {}),
        },
    )
    return deployment


def _hold(deployment: Deployment) -> None:
    try:
        deployment.refresh_from_db(from_queryset=Deployment.objects.select_for_update())
    except Deployment.DoesNotExist:
        raise NotFound(Text(_("There is no such deployment."))) from None
