"""The stored accounts as a list that people keep: added, given another password, thrown away once nobody uses them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from wizard.journey.errors import FieldError
from wizard.models import AzureAccount, Credential, Deployment, Operator, Team
from wizard.services import account_use, audit, credentials
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.permissions import require
from wizard.services.visibility import rows_for, visible_credentials
from wizard.text import Text, _

KINDS = Credential.Kind


def get(credential_id: UUID, *, actor: Operator) -> Credential:
    """Raises NotFound, for one that is not there and for one that is not the caller's alike."""
    row = visible_credentials(actor).filter(pk=credential_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such credential.")))
    return row


def add(
    *,
    name: str,
    kind: str,
    username: str,
    secret: str,
    actor: Operator,
    team: UUID | None = None,
    address: str = "",
) -> Credential:
    """A new account. Raises Conflict `name_taken`, Invalid that names the fields (`azure_account` for a kind that is not
    entered here)."""
    require(actor, "credential.store")
    _refuse_azure(kind)
    try:
        with transaction.atomic():
            if Credential.objects.filter(name=name).exists():
                raise _taken(name, actor)
            return credentials.keep(
                name=name,
                kind=kind,
                username=username,
                secret=secret,
                actor=actor,
                team=_team(team, actor),
                address=address,
            )
    except IntegrityError:
        # Somebody else was as quick.
        raise _taken(name, actor) from None


@transaction.atomic
def change(
    row: Credential,
    *,
    actor: Operator,
    username: str | None = None,
    secret: str = "",
    address: str | None = None,
) -> Credential:
    """Another user name, password or address; what is None or "" stays. Raises Invalid that names the fields, NotFound.

    A password belongs to a user and to the address that it may be sent to: where one of them changes it is entered again.
    """
    require(actor, "credential.store", row)
    _refuse_azure(row.kind)
    held = _held(row, "credential.store", actor)
    wanted = (username or held.username, held.address if address is None else address.lower())
    if not secret:
        if wanted != (held.username, held.address):
            text = Text(_("Enter the password again: it belongs to this user and this address."))
            raise Invalid([FieldError(path="secret", message=text, code="missing")])
        return held
    return credentials.keep(
        name=held.name,
        kind=held.kind,
        username=wanted[0],
        secret=secret,
        actor=actor,
        team=held.team,
        address=wanted[1],
    )


@transaction.atomic
def delete(row: Credential, *, actor: Operator) -> None:
    """Throw it away with its secret. Raises Conflict `in_use` that names where, NotFound."""
    require(actor, "credential.delete", row)
    held = _held(row, "credential.delete", actor)
    if accounts := list(AzureAccount.objects.filter(credential=held).values_list("name", flat=True)):
        raise _in_use(held, [Text(_("the Azure account %(name)s"), name=name) for name in accounts])
    if places := _places(held, actor):
        raise _in_use(held, places)
    audit.record(
        "credential.deleted",
        subject=held,
        actor=actor,
        sentence=Text(_("%(who)s deleted the credential %(name)s."), who=actor.username, name=held.name),
        before={
            "kind": held.kind,
            "username": held.username,
            "address": held.address,
            "team_id": str(held.team_id or ""),
        },
    )
    try:
        with transaction.atomic():
            held.delete()
    except ProtectedError:
        # Of a deployment that is out of service, or of something that came just now.
        raise _in_use(held, [Text(_("the record of a vCenter"))]) from None


def users_by_name(actor: Operator, names: Collection[str]) -> dict[str, list[str]]:
    """By the name of a credential, the deployments whose steps name it, as far as `actor` may see them; two queries."""
    found: dict[str, set[str]] = {name: set() for name in names}
    visible = rows_for(actor, Deployment.objects.all())
    for credential, deployment in account_use.uses_of_credentials(visible, names):
        found[credential].add(deployment)
    return {name: sorted(users) for name, users in found.items()}


# --- inside -----------------------------------------------------------------------------------------------------------


def _held(row: Credential, use_case: str, actor: Operator) -> Credential:
    """As it is now, and nobody else changes it. Raises NotFound, NotAllowed where it went to another team with its deployment."""
    held = Credential.objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if held is None:
        raise NotFound(Text(_("There is no such credential.")))
    require(actor, use_case, held)
    return held


def _places(row: Credential, actor: Operator) -> list[Text]:
    users = account_use.users_of_credential(row)
    seen = rows_for(actor, Deployment.objects.filter(pk__in=users)).order_by("name")
    names = list(seen.values_list("name", flat=True))
    places = [Text(_("the deployment %(name)s"), name=name) for name in names]
    if hidden := len(users) - len(names):
        places.append(
            Text.counted(
                "%(count)s deployment of another team",
                "%(count)s deployments of other teams",
                "count",
                count=hidden,
            )
        )
    return places


def _refuse_azure(kind: str) -> None:
    if kind == KINDS.AZURE_SERVICE_PRINCIPAL:
        text = Text(
            _(
                "A service principal is entered as an Azure account: it is of one tenant in one cloud, and tested there."
            )
        )
        raise Invalid([FieldError(path="kind", message=text, code="azure_account")])


def _team(team_id: UUID | None, actor: Operator) -> Team | None:
    if team_id is None:
        return None
    team = rows_for(actor, Team.objects.all()).filter(pk=team_id).first()
    if team is None:
        text = Text(_("There is no such team, or you are not in it."))
        raise Invalid([FieldError(path="team", message=text, code="unknown")])
    return team


def _taken(name: str, actor: Operator) -> Conflict:
    return credentials.taken(
        name, actor, remedy=Text(_("Choose another name, or change the one that is there."))
    )


def _in_use(row: Credential, places: list[Text]) -> Conflict:
    return Conflict(
        Text(_("“%(name)s” is in use: %(places)s."), name=row.name, places=places),
        remedy=Text(_("Choose another account there first.")),
        code="in_use",
    )
