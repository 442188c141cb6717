"""Which deployments may use an account of a remote part, and which do.

An account of a team is for the deployments of that team: whoever works on one of these is a member. So nobody else has its
password sent anywhere, not even by a task of a deployment that everybody works on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

from django.db.models import F, Q, QuerySet

from wizard.models import AzureAccount, Credential, Deployment, DeploymentState, StepAnswer, VCenter
from wizard.services.errors import Conflict
from wizard.text import Text, _

OF_OTHER_TEAM: Final = "account_of_other_team"
_CREDENTIAL_STEPS: Final = ("vcenter", "evidence")


def usable_in(deployment: Deployment) -> Q:
    """Of credentials and Azure accounts, those that this deployment may use: everybody's and its team's.

    Whose the deployment is, is read with them: it may have been given away since the caller read it.
    """
    return _usable_by(Deployment.objects.filter(pk=deployment.pk))


def refuse_other_teams(account: Credential | AzureAccount, deployment: Deployment) -> None:
    """Right before the account is used. Raises Conflict `account_of_other_team`: it, or the deployment, was moved meanwhile."""
    if _is_usable(account, Deployment.objects.filter(pk=deployment.pk)):
        return
    raise Conflict(
        Text(
            _("“%(account)s” is the account of another team than that of %(deployment)s; it is not used."),
            account=account.name,
            deployment=deployment.name,
        ),
        remedy=Text(
            _(
                "Choose an account of the deployment’s own team, or one of everybody; or have an administrator give the "
                "deployment to the team of the account."
            )
        ),
        code=OF_OTHER_TEAM,
    )


def refuse_for_vcenter(vcenter: VCenter, *, joining: Deployment | None = None) -> None:
    """Before the machines of a vCenter are read with the account that is kept for that; `joining` is a deployment that is being
    registered with it just now. Raises Conflict `account_of_other_team` where nobody's deployment there may use it any more.
    """
    served = serving(vcenter)
    if joining is not None:
        served = served | Deployment.objects.filter(pk=joining.pk)
    if _is_usable(vcenter.credential, served):
        return
    # Not by its name: those who see the vCenter are by now none of those who see the account.
    raise Conflict(
        Text(
            _(
                "The machines of %(vcenter)s were read with the account of a team that has no deployment there any more."
            ),
            vcenter=vcenter.friendly_name,
        ),
        remedy=Text(
            _(
                "Register the vCenter again for one of its deployments: its machines are read with that one’s account then."
            )
        ),
        code=OF_OTHER_TEAM,
    )


def serving(vcenter: VCenter) -> QuerySet[Deployment]:
    """The deployments in service that are registered with it."""
    # Not by a join: it is put together with others.
    links = VCenter.deployments.through.objects.filter(vcenter=vcenter.pk)
    rows = Deployment.objects.filter(pk__in=links.values("deployment_id")).order_by()
    return rows.exclude(state=DeploymentState.DECOMMISSIONED)


def is_used_by_any(rows: QuerySet[Deployment], credential: Credential) -> bool:
    """Whether the steps of one of these deployments name the credential, and it may use it."""
    may_use = rows if credential.team_id is None else rows.filter(team=credential.team_id)
    return may_use.filter(pk__in=_named_by(credential)).exists()


def users_of_credential(credential: Credential) -> set[UUID]:
    """The deployments, in service or being set up, whose steps name it or whose vCenter is signed in to with it.

    Of a vCenter that several teams use, those of the account's team.
    """
    signed_in = Deployment.objects.filter(_OWN_TEAM, vcenters__credential=credential)
    return _named_by(credential) | _in_service(set(signed_in.values_list("pk", flat=True)))


def uses_of_credentials(
    deployments: QuerySet[Deployment], names: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Of these deployments those in service, with the credentials they use: pairs of names, some more than once; two queries."""
    serving = deployments.exclude(state=DeploymentState.DECOMMISSIONED).order_by()
    wanted = set(names)
    rows = StepAnswer.objects.filter(step__in=_CREDENTIAL_STEPS, deployment__in=serving.values("pk"))
    for deployment, answered, drafted in rows.values_list(
        "deployment__name", "data__credential", "draft__credential"
    ):
        for name in wanted & {answered, drafted}:
            yield name, deployment
    signed_in = serving.filter(_OWN_TEAM, vcenters__credential__name__in=wanted)
    yield from signed_in.values_list("vcenters__credential__name", "name")


def users_of_account(account: AzureAccount) -> set[UUID]:
    """The deployments whose vault step names it; a draft counts, too: it is about to."""
    named = StepAnswer.objects.filter(
        Q(data__account=account.name) | Q(draft__account=account.name), step="vault"
    )
    return _in_service(set(named.values_list("deployment_id", flat=True)))


def move_along(deployment: Deployment, before: UUID | None) -> list[str]:
    """After a deployment was given to another team: its accounts of the team before are that team's now, too. Their names.

    To be called inside the transaction that gives it. Raises Conflict `account_shared` where other deployments use one.
    """
    if before is None:
        return []
    own = {deployment.pk}
    # Held, so that nobody names one in another step between the look and the move.
    held = Credential.objects.filter(team=before).defer("sealed").select_for_update(no_key=True)
    credentials = [(row, users) for row in held if deployment.pk in (users := _named_by(row))]
    held_accounts = AzureAccount.objects.filter(team=before).select_for_update(no_key=True)
    accounts = [(row, users) for row in held_accounts if deployment.pk in (users := users_of_account(row))]
    used: list[tuple[Credential | AzureAccount, set[UUID]]] = [*credentials, *accounts]
    if shared := [row.name for row, users in used if users != own]:
        raise Conflict(
            Text(
                _("%(name)s uses accounts that other deployments of its team use, too: %(accounts)s."),
                name=deployment.name,
                accounts=sorted(shared),
            ),
            remedy=Text(_("Enter accounts of its own in its steps first, then give it to the other team.")),
            code="account_shared",
        )
    behind = [row.credential_id for row, _users in accounts if row.credential_id is not None]
    Credential.objects.filter(pk__in=[*(row.pk for row, _users in credentials), *behind]).update(
        team=deployment.team_id
    )
    AzureAccount.objects.filter(pk__in=[row.pk for row, _users in accounts]).update(team=deployment.team_id)
    return sorted({row.name for row, _users in used})


# Whoever reads the machines of a vCenter with an account of another team does not have that account.
_OWN_TEAM: Final = Q(vcenters__credential__team=None) | Q(vcenters__credential__team=F("team"))


def _named_by(credential: Credential) -> set[UUID]:
    """The deployments whose steps name it."""
    rows = StepAnswer.objects.filter(
        Q(data__credential=credential.name) | Q(draft__credential=credential.name), step__in=_CREDENTIAL_STEPS
    )
    return _in_service(set(rows.values_list("deployment_id", flat=True)))


def _usable_by(rows: QuerySet[Deployment]) -> Q:
    return Q(team=None) | Q(team__in=rows.exclude(team=None).order_by().values("team"))


def _is_usable(account: Credential | AzureAccount, rows: QuerySet[Deployment]) -> bool:
    if account.team_id is None:
        return True
    return type(account)._default_manager.filter(_usable_by(rows), pk=account.pk).exists()


def _in_service(found: set[UUID]) -> set[UUID]:
    if not found:
        return set()
    rows = Deployment.objects.filter(pk__in=found).exclude(state=DeploymentState.DECOMMISSIONED)
    return set(rows.values_list("pk", flat=True))
