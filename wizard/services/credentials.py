"""Accounts for remote parts: kept sealed, and never tried again after the remote part refused them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from wizard.hosts.errors import AccessDenied
from wizard.journey.errors import FieldError
from wizard.models import Credential, Deployment, Operator, Team
from wizard.services import account_use, audit
from wizard.services.errors import Conflict, Invalid, NotAllowed
from wizard.services.opening import opening
from wizard.services.permissions import reaches, require, sees_all_teams, team_ids
from wizard.services.taken_names import name_taken
from wizard.services.visibility import visible_credentials
from wizard.text import Text, _, verbatim
from wizard.vsphere.endpoint import Account
from wizard.vsphere.errors import AccountLocked, InvalidLogin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

_ADDRESS: Final = re.compile(r"[^\s/@]{1,255}:[0-9]{1,5}", re.ASCII)
# How vCenter and machines say that they do not take the password.
_REFUSALS = (InvalidLogin, AccountLocked, AccessDenied)


@transaction.atomic
def keep(
    *,
    name: str,
    kind: str,
    username: str,
    secret: str,
    actor: Operator,
    deployment: Deployment | None = None,
    team: Team | None = None,
    address: str = "",
) -> Credential:
    """Store an account under a name, or replace the one of that name; its secret counts as not tried yet.

    One that is entered for a deployment is its team's, another one the `team`'s that is named. It may be sent to `address`
    alone ("host:port"; see `bound_elsewhere`), and without one to where it is used first. Raises Invalid that names the
    field, and Conflict `name_taken` where that name is one of another kind, or of another team.
    """
    require(actor, "credential.store", deployment)
    username = username.strip()
    errors = []
    if not username:
        text = Text(_("Enter the user name, such as asr@vsphere.local."))
        errors.append(FieldError(path="username", message=text, code="missing"))
    if not secret:
        errors.append(FieldError(path="password", message=Text(_("Enter the password.")), code="missing"))
    if address and not _ADDRESS.fullmatch(address):
        text = Text(
            _("“%(found)s” is no address. Expected is host:port, such as vcenter.example.net:443."),
            found=address,
        )
        errors.append(FieldError(path="address", message=text, code="invalid"))
    if errors:
        raise Invalid(errors)
    credential = _to_be_written(name, kind, actor, deployment, team)
    credential.username = username
    credential.address = address.lower()
    credential.hold(secret)
    try:
        credential.full_clean(exclude=["sealed"])
    except ValidationError as error:
        found = error.message_dict.items()
        raise Invalid(
            [
                FieldError(path=field, message=verbatim(message), code="invalid")
                for field, messages in found
                for message in messages
            ]
        ) from None
    credential.save()
    audit.record(
        "credential.stored",
        subject=credential,
        actor=actor,
        sentence=Text(_("%(who)s entered the credential %(name)s."), who=actor.username, name=name),
        after={"kind": kind, "username": username, "address": credential.address},
    )
    return credential


def usable(
    name: str, kind: Credential.Kind, *, deployment: Deployment | None = None, address: str = ""
) -> Credential:
    """The credential of that name and kind. Raises Conflict where there is none, where it was rejected, and where it is not
    for that deployment or that address.

    One part must never be sent the password of another: inputs of a task can name any credential.
    """
    credential = Credential.objects.filter(name=name).first()
    if credential is None or (deployment is not None and not _is_for(credential, deployment)):
        raise Conflict(
            Text(_("There is no credential named “%(name)s”."), name=name), code="unknown_credential"
        )
    if credential.kind != kind:
        raise _of_another_kind(credential, "unknown_credential")
    if bound_elsewhere(credential, address):
        raise _bound(credential, address)
    return _not_rejected(credential)


def usable_still(pk: UUID) -> Credential:
    """The credential as it is stored now. Raises Conflict where it is gone, or was rejected meanwhile."""
    credential = Credential.objects.filter(pk=pk).first()
    if credential is None:
        raise Conflict(
            Text(_("The credential for this work was deleted.")),
            remedy=Text(_("Choose another account in the vCenter step.")),
            code="unknown_credential",
        )
    return _not_rejected(credential)


def _not_rejected(credential: Credential) -> Credential:
    if credential.standing == Credential.Standing.REJECTED:
        raise Conflict(
            Text(
                _("The password of %(user)s was refused before; it is not sent again."),
                user=credential.username,
            ),
            remedy=Text(_("Enter the password anew. Trying the same one again could lock the account.")),
            code="credential_rejected",
        )
    return credential


def address_of(host: str, port: int) -> str:
    return f"{host}:{port}".lower()


def bound_elsewhere(credential: Credential, address: str) -> bool:
    """Whether the password is meant for another address than this one.

    Those who may use a stored password are not those who know it: else any of them could have it sent to a machine of
    their own whose certificate they confirm. That is for vCenter's accounts. Those of Windows and Linux are domain or root
    accounts that are meant for all the machines of a site, entered in the step of each; each of them is sent where its
    deployment was asked to go, over a channel whose certificate or host key is pinned. Azure's are bound to tenant and cloud.
    """
    return bool(address and credential.address and credential.address != address)


@contextmanager
def one_attempt(credential: Credential, address: str = "") -> Iterator[Account]:
    """Lend the account for one sign-in, and note how it went: a refused password is not tried a second time.

    With an address it is bound to that by its first use. Raises Conflict `credential_bound` where it is bound to another one,
    `credential_busy` while another task tries the same untried password, and where another password was entered meanwhile.
    """
    # Of this very password: one that was entered meanwhile was not tried.
    rows = Credential.objects.filter(pk=credential.pk, entry=credential.entry)
    # In one statement: of two first uses at once, one is told that the other has bound it.
    if address and not rows.filter(address__in=("", address)).update(address=address):
        credential.refresh_from_db(fields=["address", "entry"])
        if bound_elsewhere(credential, address):
            raise _bound(credential, address)
    standing = Credential.Standing
    known = rows.filter(standing=standing.ACCEPTED).exists()
    if not known and not rows.filter(standing=standing.UNTRIED).update(standing=standing.TRYING):
        raise Conflict(
            Text(_("The password of %(user)s is being tried by another task."), user=credential.username),
            remedy=Text(_("Wait for that task, then start this one again.")),
            code="credential_busy",
        )
    outcome = standing.ACCEPTED if known else standing.UNTRIED
    try:
        with opening(credential.name):
            password = credential.reveal()
        yield Account(username=credential.username, password=password)
        outcome = standing.ACCEPTED
    except _REFUSALS:
        outcome = standing.REJECTED
        raise
    finally:
        rows.filter(standing__in=(standing.TRYING, standing.ACCEPTED)).update(standing=outcome)


def forget_attempt(name: str) -> bool:
    """The worker that tried this password died; whether to try once more is for a person to say, by starting again.

    False where nobody was trying it.
    """
    tried = Credential.objects.filter(name=name, standing=Credential.Standing.TRYING)
    return bool(tried.update(standing=Credential.Standing.UNTRIED))


def refuse_second_attempt(names: Iterable[str]) -> None:
    """Before work that signs in on the way is done again. Raises Conflict where a password may have been sent already."""
    for name in sorted(set(names)):
        if forget_attempt(name):
            raise Conflict(
                Text(
                    _(
                        "The worker stopped while the password of “%(name)s” was being tried; nobody knows how that went."
                    ),
                    name=name,
                ),
                remedy=Text(_("Start it again to try the password once more, or enter it anew first.")),
                code="credential_untried",
            )


def of_kind(kind: str, deployment: Deployment) -> QuerySet[Credential]:
    """Those that this deployment may use."""
    return Credential.objects.filter(account_use.usable_in(deployment), kind=kind).defer("sealed")


def _is_for(credential: Credential, deployment: Deployment) -> bool:
    return credential.team_id in (None, deployment.team_id)


def _to_be_written(
    name: str, kind: str, actor: Operator, deployment: Deployment | None, team: Team | None
) -> Credential:
    wanted = team.pk if team is not None else None
    if deployment is not None:
        wanted = deployment.team_id
    if wanted is not None and not sees_all_teams(actor) and wanted not in team_ids(actor):
        raise NotAllowed(Text(_("You are not in the team for which this account is meant.")))
    credential = Credential.objects.filter(name=name).first()
    if credential is None:
        return Credential(name=name, kind=kind, created_by=actor, team_id=wanted)
    if not reaches(actor, credential) or (deployment is not None and not _is_for(credential, deployment)):
        raise taken(name, actor, remedy=Text(_("Choose another name.")))
    if credential.kind != kind:
        raise _of_another_kind(credential, "name_taken")
    if team is not None and credential.team_id != team.pk:
        # Else whoever enters it believes it to be their team's alone.
        raise Conflict(
            Text(_("“%(name)s” is a credential of everybody, or of another team."), name=name),
            remedy=Text(_("Choose another name.")),
            code="name_taken",
        )
    if deployment is not None and wanted is not None and credential.team_id is None:
        # What somebody else put under that name beforehand must not make this password everybody's.
        if account_use.users_of_credential(credential) - {deployment.pk}:
            raise Conflict(
                Text(_("“%(name)s” is a credential of everybody, and others use it."), name=name),
                remedy=Text(_("Choose another name.")),
                code="name_taken",
            )
        credential.team_id = wanted
    return credential


def taken(name: str, actor: Operator, *, remedy: Text) -> Conflict:
    """That a credential of that name is there already, as far as `actor` may know; `remedy` is for whoever does."""
    exists = Text(_("A credential named “%(name)s” exists already."), name=name)
    text = name_taken(exists, name, visible_credentials(actor))
    return Conflict(
        text, remedy=remedy if text is exists else Text(_("Choose another name.")), code="name_taken"
    )


def _bound(credential: Credential, address: str) -> Conflict:
    return Conflict(
        Text(
            _("The password of “%(name)s” is for %(bound)s; it is not sent to %(address)s."),
            name=credential.name,
            bound=credential.address,
            address=address,
        ),
        remedy=Text(
            _(
                "Enter the password anew for this address; under another name where the first address still needs it."
            )
        ),
        code="credential_bound",
    )


def _of_another_kind(credential: Credential, code: str) -> Conflict:
    return Conflict(
        Text(
            _("“%(name)s” is the name of a credential of another kind: %(kind)s."),
            name=credential.name,
            kind=credential.get_kind_display(),
        ),
        remedy=Text(_("Choose another name.")),
        code=code,
    )
