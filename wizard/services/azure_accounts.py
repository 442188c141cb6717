"""The accounts with which Azure is asked: kept by name, their secret sealed, each of their tests noted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from wizard.azure import credentials, vaults
from wizard.azure.errors import AzureError
from wizard.config.celery import app
from wizard.journey.errors import FieldError
from wizard.models import AzureAccount, Credential, Deployment, DeploymentState, Operator, StepAnswer
from wizard.planning.quoting import shown
from wizard.services import audit, teams
from wizard.services.azure_access import open_arm
from wizard.services.certificate_and_key import problem_of
from wizard.services.errors import Conflict, Invalid, NotFound, UserError
from wizard.services.permissions import require
from wizard.services.storable import storable
from wizard.services.visibility import rows_for
from wizard.text import Text, _, verbatim

log = structlog.get_logger(__name__)

How = AzureAccount.How
WITH_SECRET: Final = frozenset({How.CLIENT_SECRET, How.CLIENT_CERTIFICATE})

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# The credential behind an account is named after it, within the length of its own name.
_LONGEST_NAME: Final = 90
_LONGEST_SECRET: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWish:
    """What somebody enters for an account. `secret` is the client secret, or certificate and private key as PEM; empty keeps
    what is stored. `team` is the name of the team that it is for, chosen when it is added; without one it is everybody's."""

    name: str
    how: str
    cloud: str = AzureAccount.Cloud.PUBLIC
    tenant: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    team: str = ""


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
    wish = _tidy(wish)
    _refuse(wish, needs_secret=wish.how in WITH_SECRET)
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
    wish = _tidy(wish)
    if wish.name != account.name:
        text = Text(_("The name stays, as deployments know the account by it. Add another account instead."))
        raise Invalid([FieldError(path="name", message=text, code="fixed")])
    with transaction.atomic():
        _hold(account)
        before = _described(account)
        kept = account.credential is not None and wish.how == account.how
        moved = kept and _belongs_to(account) != _belongs_to(wish)
        _refuse(wish, needs_secret=wish.how in WITH_SECRET and (moved or not kept), moved=moved)
        _write(account, wish, actor)
        sentence = _("%(who)s changed the Azure account %(name)s.")
        _note(account, "azure_account.changed", sentence, actor, before=before)
        transaction.on_commit(credentials.forget_all)
    return account


def delete(account: AzureAccount, *, actor: Operator) -> None:
    """Its secret goes with it. Raises Conflict `in_use` with the deployments that name it."""
    require(actor, "azure_account.change", account)
    with transaction.atomic():
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
            before=_described(account),
            after=None,
        )
        credential = account.credential
        account.delete()
        if credential is not None:
            credential.delete()
        transaction.on_commit(credentials.forget_all)


# --- tested -----------------------------------------------------------------------------------------------------------


def ask_for_test(account: AzureAccount, *, actor: Operator) -> None:
    """Have a worker sign in with it; until then it counts as not tested."""
    require(actor, "azure_account.test", account)
    AzureAccount.objects.filter(pk=account.pk).update(tested_at=None, failure=Text(""), remedy=Text(""))
    account.refresh_from_db(fields=["tested_at", "failure", "remedy"])
    transaction.on_commit(lambda: _publish_test(account.pk))


def test(account_id: UUID) -> None:
    """Sign in, list what the account sees, and note how it went. Never raises what the far end brought about."""
    account = AzureAccount.objects.select_related("credential").filter(pk=account_id).first()
    if account is None:
        return
    try:
        with open_arm(account, fresh=True) as arm:
            seen = vaults.list_subscriptions(arm)
    except (AzureError, UserError) as error:
        note_test(account, failure=error.text, remedy=error.remedy)
        log.warning("azure_account.test_failed", account=account.name, code=error.code)
        return
    if seen:
        note_test(account)
    else:
        note_test(account, failure=no_subscription(account), remedy=Text(NO_SUBSCRIPTION_REMEDY))


NO_SUBSCRIPTION_REMEDY: Final = _(
    "Assign it a role on the vault or its resource group, such as Reader, or the role that can be downloaded here; it takes "
    "some minutes to come into force."
)


def no_subscription(account: AzureAccount) -> Text:
    return Text(_("“%(name)s” signs in, but sees no subscription: it has no rights."), name=account.name)


def note_test(account: AzureAccount, *, failure: Text | None = None, remedy: Text | None = None) -> None:
    """How signing in with the account went; without a failure it went well. An account that was changed meanwhile was not
    tested."""
    AzureAccount.objects.filter(pk=account.pk, changed_at=account.changed_at).update(
        tested_at=timezone.now(), failure=failure or Text(""), remedy=remedy or Text("")
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _publish_test(account_id: UUID) -> None:
    try:
        app.send_task("wizard.tasks.test_azure_account", [str(account_id)], retry=False)
    except Exception as error:  # noqa: BLE001 - each transport raises its own; somebody can ask for the test again
        log.warning("azure_account.publish_failed", account=str(account_id), error=str(error))


def _tidy(wish: AccountWish) -> AccountWish:
    values: Mapping[str, str] = storable({name: getattr(wish, name) for name in AccountWish.__slots__})
    tidied = {name: value.strip() for name, value in values.items()}
    if tidied["how"] not in WITH_SECRET:
        tidied["secret"] = ""
    if tidied["how"] == How.DEFAULT:
        tidied |= {"client_id": "", "tenant": ""}
    if tidied["how"] == How.MANAGED_IDENTITY:
        tidied["tenant"] = ""
    return AccountWish(**tidied)


def _hold(account: AzureAccount) -> None:
    """As it is now, and nobody else changes it: what was read before may be of another tenant by now. Raises NotFound."""
    if not AzureAccount.objects.select_for_update().filter(pk=account.pk).exists():
        raise NotFound(Text(_("There is no such Azure account.")))
    account.refresh_from_db()


def _belongs_to(of: AzureAccount | AccountWish) -> tuple[str, str, str]:
    return str(of.cloud), of.tenant.lower(), of.client_id.lower()


def _refuse(wish: AccountWish, *, needs_secret: bool, moved: bool = False) -> None:
    errors: list[FieldError] = []

    def refuse(path: str, code: str, text: Text) -> None:
        errors.append(FieldError(path=path, message=text, code=code))

    if not wish.name:
        refuse("name", "missing", Text(_("Give the account a name, such as lyon-reader.")))
    elif len(wish.name) > _LONGEST_NAME or not wish.name.isprintable():
        text = Text(
            _("The name has %(found)s characters; expected are at most %(most)s, on one line."),
            found=len(wish.name),
            most=_LONGEST_NAME,
        )
        refuse("name", "too_long", text)
    for path, known in (("how", How), ("cloud", AzureAccount.Cloud)):
        if getattr(wish, path) not in known.values:
            text = Text(
                _("“%(found)s” is not among the choices. Expected is one of: %(known)s."),
                found=shown(getattr(wish, path)),
                known=list(known.values),
            )
            refuse(path, "unknown", text)
    for path in ("tenant", "client_id"):
        value = getattr(wish, path)
        if not value and wish.how in WITH_SECRET:
            refuse(path, "missing", Text(_MISSING_ID[path]))
        elif value and not _GUID.fullmatch(value):
            text = Text(
                _("“%(found)s” is not an id. Expected are 32 hexadecimal digits such as %(example)s."),
                found=shown(value),
                example="0a1b2c3d-1111-2222-3333-444455556666",
            )
            refuse(path, "invalid", text)
    if not wish.secret:
        if needs_secret:
            refuse("secret", "missing", Text(_MOVED_SECRET if moved else _MISSING_SECRET[wish.how]))
    elif len(wish.secret) > _LONGEST_SECRET:
        refuse("secret", "too_long", Text(_("This is too long for a secret.")))
    elif wish.how == How.CLIENT_CERTIFICATE:
        if (found := problem_of(wish.secret)) is not None:
            refuse("secret", found.code, found.text)
    elif _GUID.fullmatch(wish.secret):
        # The portal shows the id of a secret beside its value, for ever; the value only once.
        text = Text(_("This is the id of a secret. Expected is its value, which the portal shows once."))
        refuse("secret", "secret_id", text)
    if errors:
        raise Invalid(errors)


_MISSING_ID: Final = {
    "tenant": _("Enter the tenant id (directory id) of the service principal."),
    "client_id": _("Enter the client id (application id) of the service principal."),
}
_MOVED_SECRET: Final = _(
    "Enter the secret again: the one that is stored is of another application, tenant or cloud, and is not sent there."
)
_MISSING_SECRET: Final[Mapping[str, str]] = {
    How.CLIENT_SECRET: _("Enter the value of the client secret."),
    How.CLIENT_CERTIFICATE: _("Enter certificate and private key as PEM."),
}


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
        raise _name_taken(row.name, error) from None
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
        raise _name_taken(wish.name, error) from None
    return credential


def _name_taken(name: str, error: Exception) -> Invalid:
    text = Text(_("An Azure account named “%(name)s” exists already; choose another name."), name=name)
    if isinstance(error, ValidationError) and "name" not in error.message_dict:
        text = verbatim("; ".join(error.messages))
        return Invalid([FieldError(path="", message=text, code="invalid")])
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
