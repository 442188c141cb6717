"""A deployment of its own for a further process server: begun with what is known of it where it was added.

What is known are its own answers, and those of the deployment of its configuration server that hold for it as well. They are kept
as drafts of the steps: a person sees them, changes them, and each step counts once it is saved.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from wizard.journey.errors import FieldError
from wizard.models import Addition, AzureAccount, Deployment, Operator
from wizard.services import deployments
from wizard.services.account_use import usable_in
from wizard.services.answers import Answers, answers_in_play
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.text import Text, _

_PROFILE: Final = "asr-classic"
# What a person types again is not among them, nor is what is only known of the configuration server itself.
_VAULT: Final = ("cloud", "subscription", "resource_group", "vault", "region", "private_endpoints")
_NETWORK: Final = ("dns_suffix", "dns", "ntp", "proxy")
_SUBNET: Final = ("netmask", "gateway")


def addition_for(addition_id: UUID, *, actor: Operator) -> Addition:
    """The process server that is to have a deployment of its own. Raises NotFound, for one that is not the caller's to see
    as well, Conflict `no_own_deployment` for a component of another kind and for one that was removed."""
    row = (
        Addition.objects.select_related("deployment__team")
        .filter(pk=addition_id, deployment__in=deployments.visible_deployments(actor))
        .first()
    )
    if row is None:
        raise NotFound(Text(_("There is no such component.")))
    if row.kind != Addition.Kind.PS_SCALEOUT or row.removed_at is not None:
        raise Conflict(
            Text(_("%(name)s cannot have a deployment of its own."), name=row.name),
            remedy=Text(_("Only a scale-out process server that was not removed can be installed by one.")),
            code="no_own_deployment",
        )
    return row


def proposed(addition: Addition) -> dict[str, str]:
    """What the first step may hold: `name`, `profile`, and the `team` of the deployment that it was added to, if it has one."""
    team = addition.deployment.team
    return {"name": addition.name.lower(), "profile": _PROFILE, **({"team": team.name} if team else {})}


@transaction.atomic
def begin(addition: Addition, *, name: str, profile: str, team: str, actor: Operator) -> Deployment:
    """Raises what `deployments.create` raises, and Invalid at `profile` for an architecture without process servers, at `team`
    where answers of a team would be everybody's."""
    if profile and profile != _PROFILE:
        text = Text(_("A further process server belongs to the classic architecture."))
        raise Invalid([FieldError(path="profile", message=text, code="not_for_this_component")])
    if (theirs := addition.deployment.team) and not team:
        text = Text(
            _("Answers of a deployment of the team “%(team)s” are taken along; choose a team."),
            team=theirs.name,
        )
        raise Invalid([FieldError(path="team", message=text, code="team_needed")])
    made = deployments.create(name=name, profile=profile, team=team, actor=actor)
    for step, known in _known(addition, made).items():
        deployments.keep_draft(made, step, known, actor=actor)
    return made


# --- inside -----------------------------------------------------------------------------------------------------------


def _known(addition: Addition, made: Deployment) -> Answers:
    theirs = answers_in_play(addition.deployment)
    server, vault = theirs.get("network", {}), theirs.get("vault", {})
    return {
        "source": {
            **_said(theirs.get("source", {}), "protects"),
            "component": "ps_scaleout",
            "method": "manual",
            **_said(addition.answers, "runs_on"),
        },
        "network": {
            "host_name": addition.name,
            "address": addition.address,
            **_said(server, *_NETWORK),
            **(_said(server, *_SUBNET) if _beside(addition.address, server) else {}),
            **_said(addition.answers, "data_port"),
        },
        "vault": {**_said(vault, *_VAULT), **_account(vault, made)},
        "installation": {"cs_address": server.get("address", "")},
    }


def _said(answers: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: answers[name] for name in names if answers.get(name) is not None}


def _account(vault: dict[str, Any], made: Deployment) -> dict[str, str]:
    """Not that of a team whose accounts the new deployment may not use."""
    name = str(vault.get("account") or "")
    usable = AzureAccount.objects.filter(usable_in(made), name=name)
    return {"account": name} if name and usable.exists() else {}


def _beside(address: str, server: dict[str, Any]) -> bool:
    """Whether it stands in the subnet of the configuration server, so that mask and gateway are the same."""
    try:
        subnet = IPv4Network((server["address"], server["netmask"]), strict=False)
        return IPv4Address(address) in subnet
    except (KeyError, ValueError):
        return False
