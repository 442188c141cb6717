"""Which rows somebody may see: those of everybody's deployments, and of the deployments of their teams.

What is in no list here only administrators see. Doors answer for a row that is not the reader's as for one that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import AnonymousUser
from django.db.models import CharField, Model, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Lower, Replace
from django.db.models.lookups import In

from wizard.models import (
    Addition,
    ApiToken,
    Approval,
    Attestation,
    AuditEntry,
    AuditHead,
    AuditSeal,
    AzureAccount,
    BrowserSession,
    CheckResult,
    CollectorIssue,
    Component,
    Credential,
    DecommissionStep,
    Deployment,
    DeploymentPlan,
    HandOverPack,
    HostFacts,
    IdempotencyRecord,
    InstallationSecret,
    InventoryObject,
    Link,
    Machine,
    ManualStepConfirmation,
    Notice,
    Operator,
    ProtectableItem,
    Pulse,
    SignInAccount,
    SigningKey,
    SignInLink,
    StepAnswer,
    Task,
    TaskEvent,
    Team,
    TopologySnapshot,
    VaultObservation,
    VaultWatch,
    VCenter,
    Waiver,
    Webhook,
    WebhookDelivery,
)
from wizard.services.permissions import may, of_teams, sees_all_teams, team_ids

M = TypeVar("M", bound=Model)
Rule = Callable[[Operator], Q]

# What belongs to a team without belonging to a deployment, by what the codes of its audit entries begin with.
_OF_A_TEAM: Final[dict[str, type[Model]]] = {
    "azure_account": AzureAccount,
    "credential": Credential,
    "sign_in_account": SignInAccount,
    "team": Team,
    "webhook": Webhook,
}
# What a person did for no deployment yet, in words that name addresses, or what was looked for.
_OF_COLLEAGUES: Final = ("records.exported", "vcenter.probed")

_ACCOUNT_GONE: Final = ("credential.deleted", "azure_account.deleted")

# Every row of these is of one deployment.
_OF_A_DEPLOYMENT: Final[tuple[type[Model], ...]] = (
    Addition,
    Approval,
    Attestation,
    CheckResult,
    CollectorIssue,
    Component,
    DecommissionStep,
    DeploymentPlan,
    HandOverPack,
    HostFacts,
    InstallationSecret,
    Link,
    ManualStepConfirmation,
    Notice,
    ProtectableItem,
    StepAnswer,
    Task,
    TopologySnapshot,
    VaultObservation,
    VaultWatch,
    Waiver,
)
# What says nothing of any deployment. People see who else is there.
_OF_EVERYBODY: Final[tuple[type[Model], ...]] = (
    AccessAttempt,
    AccessLog,
    ApiToken,
    AuditHead,
    BrowserSession,
    IdempotencyRecord,
    Operator,
    Pulse,
    SignInLink,
    SigningKey,
)


def rows_for(actor: Operator | AnonymousUser, rows: QuerySet[M]) -> QuerySet[M]:
    """Those of `rows` that `actor` may see; none for strangers."""
    if not isinstance(actor, Operator) or not may(actor, "product.use"):
        return rows.none()
    if sees_all_teams(actor):
        return rows
    rule = _RULES.get(rows.model)
    return rows.none() if rule is None else rows.filter(rule(actor))


def visible_vcenters(actor: Operator) -> QuerySet[VCenter]:
    """Those that a visible deployment uses, and those that none uses at all and whose account is not of another team."""
    return rows_for(actor, VCenter.objects.select_related("credential").defer("credential__sealed"))


def visible_machines(actor: Operator) -> QuerySet[Machine]:
    """Those of visible vCenters, and the physical servers of visible deployments."""
    return rows_for(actor, Machine.objects.select_related("vcenter", "deployment"))


def visible_credentials(actor: Operator) -> QuerySet[Credential]:
    """Everybody's and those of one's teams; their secrets are not read."""
    return rows_for(actor, Credential.objects.select_related("team").defer("sealed"))


# --- inside -----------------------------------------------------------------------------------------------------------


def _of(path: str) -> Rule:
    return lambda actor: of_teams(actor, path)


def _vcenter(actor: Operator) -> Q:
    uses = VCenter.deployments.through.objects
    seen = uses.filter(of_teams(actor, "deployment__")).values("vcenter_id")
    # In the negative, as a join would show a vCenter once for each of its deployments. Once the last of them is thrown away, the
    # account still says whose machines these are.
    return Q(pk__in=seen) | (~Q(pk__in=uses.values("vcenter_id")) & of_teams(actor, "credential__"))


def _through_vcenter(actor: Operator) -> Q:
    return Q(vcenter__in=VCenter.objects.filter(_vcenter(actor)).values("pk"))


def _sign_in_account(actor: Operator) -> Q:
    """By the address: that of the reader's vCenters, and one that a credential of theirs is bound to. No other one is told."""
    seen = VCenter.objects.filter(_vcenter(actor)).annotate(spelled=Lower("host")).values("spelled")
    bound = Credential.objects.filter(of_teams(actor)).exclude(address="").values("address")
    return Q(host__in=seen) | Q(In(Concat("host", Value(":"), Cast("port", CharField())), bound))


def _machine(actor: Operator) -> Q:
    return _through_vcenter(actor) | (Q(deployment__isnull=False) & of_teams(actor, "deployment__"))


def _entry(actor: Operator) -> Q:
    """What concerns a deployment, a team, an account or a webhook that is gone is for administrators alone; but that an account
    is gone is told to those who saw it: its last entry says whose it was."""
    seen = Deployment.objects.filter(of_teams(actor)).order_by().values("pk")
    of_teams_themselves = Q()
    told = Q(deployment_id__in=seen)
    for group, model in _OF_A_TEAM.items():
        of_this = Q(deployment_id=None, action__startswith=f"{group}.")
        of_teams_themselves |= of_this
        told |= of_this & Q(
            In(_without_dashes("subject_id"), _ids(rows_for(actor, model._default_manager.all())))
        )
    mine = ["", *(str(team) for team in team_ids(actor))]
    told |= Q(deployment_id=None, action__in=_ACCOUNT_GONE, before__team_id__in=mine)
    of_colleagues = Q(deployment_id=None, action__in=_OF_COLLEAGUES)
    return (
        told
        | (of_colleagues & _colleague(actor))
        | (Q(deployment_id=None) & ~of_teams_themselves & ~of_colleagues)
    )


def _colleague(actor: Operator) -> Q:
    """Of an entry's person: who is in a team of the reader's, or in none."""
    members = Operator.teams.through.objects
    mine = members.filter(team__in=members.filter(operator=actor.pk).values("team_id")).values("operator_id")
    return Q(actor=actor.pk) | Q(actor__in=mine) | ~Q(actor__in=members.values("operator_id"))


def _ids(rows: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
    """The ids as an entry has them for its subject; SQLite keeps them without dashes."""
    named: QuerySet[Any] = rows.order_by().annotate(written=_without_dashes(Cast("pk", CharField())))
    return named.values("written")


def _without_dashes(text: str | Cast) -> Replace:
    return Replace(text, Value("-"), Value(""))


def _seal(actor: Operator) -> Q:
    return Q(entry__in=AuditEntry.objects.filter(_entry(actor)).order_by().values("pk"))


def _webhook(path: str = "") -> Rule:
    """One of a deployment or of a team; what is told of all deployments is for administrators."""

    def rule(actor: Operator) -> Q:
        of_deployment = Q(**{f"{path}deployment__isnull": False}) & of_teams(actor, f"{path}deployment__")
        return of_deployment | Q(**{f"{path}team__in": team_ids(actor)})

    return rule


_RULES: Final[dict[type[Any], Rule]] = {
    **dict.fromkeys(_OF_A_DEPLOYMENT, _of("deployment__")),
    **dict.fromkeys(_OF_EVERYBODY, lambda actor: Q()),
    AuditEntry: _entry,
    AuditSeal: _seal,
    AzureAccount: _of(""),
    Credential: _of(""),
    Deployment: _of(""),
    InventoryObject: _through_vcenter,
    Machine: _machine,
    SignInAccount: _sign_in_account,
    TaskEvent: _of("task__deployment__"),
    Team: lambda actor: Q(pk__in=team_ids(actor)),
    VCenter: _vcenter,
    Webhook: _webhook(),
    WebhookDelivery: _webhook("webhook__"),
}
