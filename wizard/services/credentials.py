"""Accounts for remote parts: kept sealed, and never tried again after the remote part refused them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from wizard.hosts.errors import AccessDenied
from wizard.journey.errors import FieldError
from wizard.models import Credential, Operator
from wizard.services import audit
from wizard.services.errors import Conflict, Invalid
from wizard.services.opening import opening
from wizard.services.permissions import require
from wizard.text import Text, _, verbatim
from wizard.vsphere.endpoint import Account
from wizard.vsphere.errors import AccountLocked, InvalidLogin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

# How vCenter and machines say that they do not take the password.
_REFUSALS = (InvalidLogin, AccountLocked, AccessDenied)


@transaction.atomic
def keep(*, name: str, kind: str, username: str, secret: str, actor: Operator) -> Credential:
    """Store an account under a name, or replace the one of that name; its secret counts as not tried yet.

    Raises Invalid that names the field, and Conflict `name_taken` where that name is one of another kind.
    """
    require(actor, "credential.store")
    username = username.strip()
    errors = []
    if not username:
        text = Text(_("Enter the user name, such as asr@vsphere.local."))
        errors.append(FieldError(path="username", message=text, code="missing"))
    if not secret:
        errors.append(FieldError(path="password", message=Text(_("Enter the password.")), code="missing"))
    if errors:
        raise Invalid(errors)
    credential = Credential.objects.filter(name=name).first() or Credential(
        name=name, kind=kind, created_by=actor
    )
    if credential.kind != kind:
        raise _of_another_kind(credential, "name_taken")
    credential.username = username
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
        after={"kind": kind, "username": username},
    )
    return credential


def usable(name: str, kind: Credential.Kind) -> Credential:
    """The credential of that name and kind. Raises Conflict where there is none, and where it was rejected.

    One part must never be sent the password of another: inputs of a task can name any credential.
    """
    credential = Credential.objects.filter(name=name).first()
    if credential is None:
        raise Conflict(
            Text(_("There is no credential named “%(name)s”."), name=name), code="unknown_credential"
        )
    if credential.kind != kind:
        raise _of_another_kind(credential, "unknown_credential")
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


@contextmanager
def one_attempt(credential: Credential) -> Iterator[Account]:
    """Lend the account for one sign-in, and note how it went: a refused password is not tried a second time.

    Raises Conflict `credential_busy` while another task tries the same untried password, and where another password was
    entered meanwhile.
    """
    # Of this very password: one that was entered meanwhile was not tried.
    rows = Credential.objects.filter(pk=credential.pk, entry=credential.entry)
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


def of_kind(kind: str) -> QuerySet[Credential]:
    return Credential.objects.filter(kind=kind).defer("sealed")


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
