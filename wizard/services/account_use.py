"""Which deployments may use an account of a remote part, and which do.

An account of a team is for the deployments of that team: whoever works on one of these is a member. So nobody else has its
password sent anywhere, not even by a task of a deployment that everybody works on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from wizard.models import AzureAccount, Credential, Deployment, DeploymentState, StepAnswer
from wizard.services.errors import Conflict
from wizard.text import Text, _

_CREDENTIAL_STEPS: Final = ("vcenter", "evidence")


def usable_in(deployment: Deployment) -> Q:
    """Of credentials and Azure accounts, those that this deployment may use: everybody's and its team's."""
    return Q(team=None) | (Q() if deployment.team_id is None else Q(team=deployment.team_id))


def users_of_credential(credential: Credential) -> set[UUID]:
    """The deployments, in service or being set up, whose steps name it or whose vCenter is signed in to with it."""
    named = StepAnswer.objects.filter(
        Q(data__credential=credential.name) | Q(draft__credential=credential.name), step__in=_CREDENTIAL_STEPS
    )
    signed_in = Deployment.objects.filter(vcenters__credential=credential).values_list("pk", flat=True)
    return _in_service({*named.values_list("deployment_id", flat=True), *signed_in})


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
    signed_in = serving.filter(vcenters__credential__name__in=wanted)
    yield from signed_in.values_list("vcenters__credential__name", "name")


def users_of_account(account: AzureAccount) -> set[UUID]:
    """The deployments whose vault step names it; a draft counts, too: it is about to."""
    named = StepAnswer.objects.filter(
        Q(data__account=account.name) | Q(draft__account=account.name), step="vault"
    )
    return _in_service(set(named.values_list("deployment_id", flat=True)))


def move_along(deployment: Deployment, before: UUID | None) -> None:
    """After a deployment was given to another team: its accounts of the team before are that team's now, too.

    To be called inside the transaction that gives it. Raises Conflict `account_shared` where other deployments use one.
    """
    if before is None:
        return
    own = {deployment.pk}
    credentials = [
        row
        for row in Credential.objects.filter(team=before).defer("sealed")
        if deployment.pk in users_of_credential(row)
    ]
    accounts = [
        row for row in AzureAccount.objects.filter(team=before) if deployment.pk in users_of_account(row)
    ]
    shared = [row.name for row in credentials if users_of_credential(row) != own]
    shared += [row.name for row in accounts if users_of_account(row) != own]
    if shared:
        raise Conflict(
            Text(
                _("%(name)s uses accounts that other deployments of its team use, too: %(accounts)s."),
                name=deployment.name,
                accounts=sorted(shared),
            ),
            remedy=Text(_("Enter accounts of its own in its steps first, then give it to the other team.")),
            code="account_shared",
        )
    behind = [row.credential_id for row in accounts if row.credential_id is not None]
    Credential.objects.filter(pk__in=[*(row.pk for row in credentials), *behind]).update(
        team=deployment.team_id
    )
    AzureAccount.objects.filter(pk__in=[row.pk for row in accounts]).update(team=deployment.team_id)


def _in_service(found: set[UUID]) -> set[UUID]:
    if not found:
        return set()
    rows = Deployment.objects.filter(pk__in=found).exclude(state=DeploymentState.DECOMMISSIONED)
    return set(rows.values_list("pk", flat=True))
