"""How use cases get at the vCenter of a deployment: its confirmed address, its account, a session.

Sessions belong to the process: whoever in it needs the same vCenter as the same user shares one, as vCenter allows only so
many, and each login is a chance to lock an account.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from wizard.addresses import AddressBook
from wizard.models import Credential, Deployment, VCenter
from wizard.services import account_use, credentials
from wizard.services.errors import Conflict, UserError
from wizard.services.login_budget import one_login
from wizard.text import Text, _
from wizard.vsphere.endpoint import Account, Endpoint
from wizard.vsphere.errors import ConnectionLost
from wizard.vsphere.session import Session
from wizard.vsphere.session_pool import SessionPool

_pool = SessionPool()
atexit.register(_pool.close_all)


def address_book() -> AddressBook:
    return AddressBook.parse(settings.CONNECT_TO)


def open_session(answers: Mapping[str, Any], deployment: Deployment) -> AbstractContextManager[Session]:
    """A session for the answers of the vCenter step, which this process may have already; else one attempt to sign in.

    The certificate is compared, and the session known to live, when it is lent. One that vCenter ends later signs in
    again once, as long as the account's password is the accepted one. Raises Conflict for a credential or an account that
    must not be tried or is not (any more) for that deployment, and the errors of `wizard.vsphere.session.sign_in`. Not to be
    called inside a transaction.
    """
    return _lend(answers, lambda credential: account_use.refuse_other_teams(credential, deployment))


def fresh_session(answers: Mapping[str, Any], deployment: Deployment) -> AbstractContextManager[Session]:
    """The same, but signed in just now: for those who want to know whether the password is right."""
    return _lend(
        answers, lambda credential: account_use.refuse_other_teams(credential, deployment), fresh=True
    )


def session_for(vcenter: VCenter, *, joining: Deployment | None = None) -> AbstractContextManager[Session]:
    """The same for a registered vCenter, in order to read its machines; see `account_use.refuse_for_vcenter`."""
    return _lend(
        answers_for(vcenter), lambda _credential: account_use.refuse_for_vcenter(vcenter, joining=joining)
    )


def answers_for(vcenter: VCenter) -> dict[str, Any]:
    """What the vCenter step would hold of a registered vCenter."""
    return {
        "host": vcenter.host,
        "port": vcenter.port,
        "thumbprint_sha256": vcenter.thumbprint_sha256,
        "credential": vcenter.credential.name,
    }


def close_sessions() -> None:
    """Log out of every vCenter, whether or not some work is going on. For the end of a process."""
    _pool.close_all()


def keep_no_sessions() -> None:
    """Log out where no work is going on, and elsewhere as soon as it has ended. Returns at once, and takes no lock: it is
    called while a signal is handled."""
    threading.Thread(target=_pool.wind_down, name="vSphere sessions wind down", daemon=True).start()


# --- inside -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """What a session stands for. Another password, another certificate or another way there make it another session."""

    endpoint: Endpoint
    book: AddressBook
    credential: UUID
    username: str
    entry: UUID
    # Whose the account was when the session was lent: who may use it then is not who may use it once it is another team's.
    team: UUID | None

    def replaces(self, other: object) -> bool:
        """Whether nobody will ask for `other` any more: its password, its user or its certificate is not the one of today."""
        return (
            isinstance(other, _Key)
            and other != self
            and other.credential == self.credential
            and (
                (other.username, other.entry, other.team) != (self.username, self.entry, self.team)
                or other.endpoint.address == self.endpoint.address
            )
        )


@contextmanager
def _lend(
    answers: Mapping[str, Any], refuse: Callable[[Credential], None], *, fresh: bool = False
) -> Iterator[Session]:
    address = credentials.address_of(answers["host"], answers["port"])
    credential = credentials.usable(answers["credential"], Credential.Kind.VCENTER, address=address)
    refuse(credential)
    key = _Key(
        endpoint=Endpoint(
            host=answers["host"], port=answers["port"], thumbprint_sha256=answers["thumbprint_sha256"]
        ),
        book=address_book(),
        credential=credential.pk,
        username=credential.username,
        entry=credential.entry,
        team=credential.team_id,
    )
    for other in _pool.known():
        if key.replaces(other):
            _pool.forget(other)
    with _pool.lend(
        key,
        lambda: _account(key),
        again=lambda: _account_again(key),
        endpoint=key.endpoint,
        book=key.book,
        fresh=fresh,
    ) as session:
        yield session


@contextmanager
def _account(key: _Key) -> Iterator[Account]:
    """The account for one login. Raises Conflict where its password must not be sent, or is another one by now."""
    with one_login(key.endpoint.host, key.endpoint.port, key.username):
        # Read only now: whoever had the account's turn before may have found that the password is wrong.
        credential = credentials.usable_still(key.credential)
        if (credential.username, credential.entry) != (key.username, key.entry):
            raise _changed(_("The account “%(name)s” was entered anew while this was going on."), credential)
        if credential.team_id != key.team:
            raise _changed(
                _("The account “%(name)s” was given to another team while this was going on."), credential
            )
        address = credentials.address_of(key.endpoint.host, key.endpoint.port)
        with credentials.one_attempt(credential, address) as account:
            yield account


@contextmanager
def _account_again(key: _Key) -> Iterator[Account]:
    """The same, in whichever thread found the session ended, with a password that was accepted."""
    if connection.in_atomic_block:
        raise _not_again(key, Text(_("This was found in the middle of a change that may yet be taken back.")))
    ours = connection.connection is None
    try:
        with _account(key) as account:
            yield account
    except UserError as error:
        # The vSphere room, into which this goes up, tells its own errors apart from those of others.
        raise _not_again(key, error.text, error.remedy) from None
    finally:
        if ours:
            # Django gives each thread a database connection of its own, and nobody else closes that of a helper.
            connection.close()


def _changed(template: str, credential: Credential) -> Conflict:
    return Conflict(
        Text(template, name=credential.name),
        remedy=Text(_("Start it again; it signs in with what is stored now.")),
        code="credential_changed",
    )


def _not_again(key: _Key, reason: Text, remedy: Text | None = None) -> ConnectionLost:
    return ConnectionLost(
        Text(
            _("The session at %(address)s has ended, and nobody signs in again: %(reason)s"),
            address=key.endpoint.address,
            reason=reason,
        ),
        remedy=remedy or Text(_("Start the work again; it signs in anew.")),
        address=key.endpoint.address,
        step="session",
    )
