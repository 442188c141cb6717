"""The accounts with which Azure is asked: kept by name, their secret sealed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from wizard.azure import credentials
from wizard.journey.errors import FieldError
from wizard.models import AzureAccount, Credential, Deployment, DeploymentState, Operator, StepAnswer
from wizard.services import audit, teams
from wizard.services.azure_account_wish import WITH_SECRET, AccountWish, must_be_sound, tidied
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.permissions import require
from wizard.services.taken_names import name_taken
from wizard.services.visibility import rows_for
from wizard.text import Text, _, verbatim


def visible_accounts(actor: Operator) -> QuerySet[AzureAccount]:
    """Everybody's and those of one's teams."""
    rows = AzureAccount.objects.select_related("credential", "created_by", "team").defer("credential__sealed")
    return rows_for(actor, rows)


def get(account_id: UUID, *, actor: Operator) -> AzureAccount:
    """Raises NotFound."""
    row = visible_accounts(actor).filter(pk=account_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such Azure account.")))
    return row


def names_of_users(account: AzureAccount, *, actor: Operator) -> list[str]:
    """The deployments whose vault step names this account, in the order of their names."""
    return users_by_name(actor=actor).get(account.name, [])


def users_by_name(*, actor: Operator) -> dict[str, list[str]]:
    """By the name of an account, the deployments whose vault step names it. A draft counts, too: it is about to.

    Those that `actor` does not see are counted, in a last line.
    """
    seen = set(rows_for(actor, Deployment.objects.order_by()).values_list("name", flat=True))
    rows = (
        StepAnswer.objects.filter(step="vault")
        .exclude(deployment__state=DeploymentState.DECOMMISSIONED)
        .order_by("deployment__name")
        .values_list("deployment__name", "data__account", "draft__account")
    )
    users: dict[str, list[str]] = {}
    for deployment, answered, drafted in rows:
        for name in {answered, drafted} - {None, ""}:
            users.setdefault(name, []).append(deployment)
    return {name: _as_seen(deployments, seen) for name, deployments in users.items()}


def _as_seen(deployments: list[str], seen: set[str]) -> list[str]:
    named = [deployment for deployment in deployments if deployment in seen]
    hidden = len(deployments) - len(named)
    return [*named, str(Text(_("%(count)s that you do not see"), count=hidden))] if hidden else named


def create(wish: AccountWish, *, actor: Operator) -> AzureAccount:
    """Raises Invalid that names the fields."""
    require(actor, "azure_account.change")
    wish = tidied(wish)
    must_be_sound(wish, needs_secret=wish.how in WITH_SECRET)
    row = AzureAccount(created_by=actor, team=teams.named(wish.team, actor=actor))
    with transaction.atomic():
        _write(row, wish, actor)
        _note(row, "azure_account.added", _("%(who)s added the Azure account %(name)s."), actor)
    return row


def change(account: AzureAccount, wish: AccountWish, *, actor: Operator) -> AzureAccount:
    """Everything but the name, under which deployments know it. Raises Invalid that names the fields, NotFound.

    A secret that is kept is of one application in one tenant of one cloud, and is never sent as another or elsewhere: where
    one of these changes it is entered again.
    """
    require(actor, "azure_account.change", account)
    wish = tidied(wish)
    if wish.name != account.name:
        text = Text(_("The name stays, as deployments know the account by it. Add another account instead."))
        raise Invalid([FieldError(path="name", message=text, code="fixed")])
    with transaction.atomic():
        _hold(account, actor)
        before = _described(account)
        kept = account.credential is not None and wish.how == account.how
        moved = kept and _belongs_to(account) != _belongs_to(wish)
        must_be_sound(wish, needs_secret=wish.how in WITH_SECRET and (moved or not kept), moved=moved)
        _write(account, wish, actor)
        sentence = _("%(who)s changed the Azure account %(name)s.")
        _note(account, "azure_account.changed", sentence, actor, before=before)
        transaction.on_commit(credentials.forget_all)
    return account


def delete(account: AzureAccount, *, actor: Operator) -> None:
    """Its secret goes with it. Raises Conflict `in_use` with the deployments that name it, NotFound."""
    require(actor, "azure_account.change", account)
    with transaction.atomic():
        _hold(account, actor)
        users = names_of_users(account, actor=actor)
        if users:
            raise Conflict(
                Text(
                    _("“%(name)s” is in use; the vault step of these deployments names it: %(users)s."),
                    name=account.name,
                    users=users,
                ),
                remedy=Text(_("Choose another account, or none, in those vault steps first.")),
                code="in_use",
            )
        _note(
            account,
            "azure_account.deleted",
            _("%(who)s deleted the Azure account %(name)s."),
            actor,
            before={**_described(account), "team_id": str(account.team_id or "")},
            after=None,
        )
        credential = account.credential
        account.delete()
        if credential is not None:
            credential.delete()
        transaction.on_commit(credentials.forget_all)


# --- inside -----------------------------------------------------------------------------------------------------------


def _hold(account: AzureAccount, actor: Operator) -> None:
    """As it is now, and nobody else changes it: what was read before may be of another tenant, or team, by now. Raises NotFound,
    NotAllowed."""
    if not AzureAccount.objects.select_for_update().filter(pk=account.pk).exists():
        raise NotFound(Text(_("There is no such Azure account.")))
    account.refresh_from_db()
    require(actor, "azure_account.change", account)


def _belongs_to(of: AzureAccount | AccountWish) -> tuple[str, str, str]:
    return str(of.cloud), of.tenant.lower(), of.client_id.lower()


def _write(row: AzureAccount, wish: AccountWish, actor: Operator) -> None:
    row.name, row.how, row.cloud = wish.name, wish.how, wish.cloud
    row.tenant, row.client_id = wish.tenant.lower(), wish.client_id.lower()
    row.tested_at, row.failure, row.remedy = None, Text(""), Text("")
    old = row.credential
    if wish.how in WITH_SECRET:
        row.credential = _keep_secret(row, wish, actor)
    else:
        row.credential = None
    try:
        row.full_clean(exclude=["failure", "remedy"], validate_constraints=False)
        with transaction.atomic():
            row.save()
    except (ValidationError, IntegrityError) as error:
        raise _name_taken(row.name, error, actor) from None
    if old is not None and row.credential is None:
        old.delete()


def _keep_secret(row: AzureAccount, wish: AccountWish, actor: Operator) -> Credential:
    name = f"Azure: {wish.name}"
    credential = row.credential or Credential(
        name=name, kind=Credential.Kind.AZURE_SERVICE_PRINCIPAL, created_by=actor, team=row.team
    )
    credential.username = row.client_id
    if wish.secret:
        credential.hold(wish.secret)
    try:
        with transaction.atomic():
            credential.save()
    except IntegrityError as error:
        raise _name_taken(wish.name, error, actor) from None
    return credential


def _name_taken(name: str, error: Exception, actor: Operator) -> Invalid:
    text = Text(_("An Azure account named “%(name)s” exists already; choose another name."), name=name)
    if isinstance(error, ValidationError) and "name" not in error.message_dict:
        text = verbatim("; ".join(error.messages))
        return Invalid([FieldError(path="", message=text, code="invalid")])
    text = name_taken(text, name, visible_accounts(actor))
    return Invalid([FieldError(path="name", message=text, code="name_taken")])


def _described(row: AzureAccount) -> dict[str, Any]:
    """What may be written down of it."""
    return {
        "how": str(row.how),
        "cloud": str(row.cloud),
        "tenant": row.tenant,
        "client_id": row.client_id,
        "team": row.team.name if row.team is not None else "",
    }


_SAME: Final = object()


def _note(
    row: AzureAccount,
    action: str,
    template: str,
    actor: Operator,
    *,
    before: Mapping[str, Any] | None = None,
    after: Any = _SAME,
) -> None:
    audit.record(
        action,
        subject=row,
        actor=actor,
        sentence=Text(template, who=actor.username, name=row.name),
        before=before,
        after=_described(row) if after is _SAME else after,
    )
