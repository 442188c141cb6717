"""How many passwords may be tried at an account, counted for all credentials, deployments and workers that share it.

vCenter's single sign-on locks an account after 5 refused passwords within 3 minutes unless somebody chose otherwise;
three are sent from here, so that two are left to people.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from wizard.models import Operator, SignInAccount
from wizard.services import audit
from wizard.services.errors import Conflict
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.vsphere.errors import NoPermission, VSphereError
from wizard.vsphere.login import may_have_been_refused

LIMIT: Final = 3
WINDOW: Final = timedelta(minutes=30)
# Longer than a login can take with all its deadlines: whoever holds a turn for longer is dead.
TURN: Final = timedelta(minutes=2)
# How long to wait for somebody else's turn, and how often to look, in seconds.
PATIENCE_S: Final = 40.0
LOOK_EVERY_S: Final = 0.2


@contextmanager
def one_login(host: str, port: int, username: str) -> Iterator[None]:
    """Hold the account's turn for one login, and count how it went.

    Everybody else who wants to sign in to this account waits meanwhile, on whatever machine: a password that turns out
    to be wrong is then known to be so, and not sent once more. Raises Conflict `account_at_risk` after three refused
    passwords in a row, until 30 minutes have passed since the last, and `account_busy` where the wait takes too long.
    Not to be called inside a transaction (RuntimeError): what is counted there could be taken back.
    """
    account = {"host": host.lower(), "port": port, "username": principal(username)}
    turn = _claim(account)
    refused = accepted = False
    try:
        yield
        accepted = True
    except NoPermission:
        # Said to those only whose password is right.
        accepted = True
        raise
    except VSphereError as error:
        refused = may_have_been_refused(error)
        raise
    finally:
        _settle(account, turn, refused=refused, accepted=accepted)


def principal(username: str) -> str:
    """One spelling for one user: `DOMAIN\\user` is `user@domain`, and case does not matter."""
    domain, backslash, name = username.strip().partition("\\")
    return (f"{name}@{domain}" if backslash else domain).casefold()


def at_risk_until(row: SignInAccount, now: datetime) -> datetime | None:
    """Until when no password is sent for this account; None where one may be."""
    if row.last_failed_at is None or row.failed_in_a_row < LIMIT or not _is_recent(row, now):
        return None
    return row.last_failed_at + WINDOW


@transaction.atomic
def forget_refusals(account_id: int, *, actor: Operator) -> bool:
    """Let passwords be tried at an account before its time, because somebody who knows says that it is not locked.

    False where none were counted, or the account is gone. Raises NotAllowed for whoever is no administrator.
    """
    require(actor, "person.forget_refusals")
    row = SignInAccount.objects.select_for_update().filter(pk=account_id).first()
    if row is None or row.last_failed_at is None:
        return False
    before = {"failed_in_a_row": row.failed_in_a_row, "last_failed_at": row.last_failed_at.isoformat()}
    row.failed_in_a_row, row.last_failed_at = 0, None
    row.save(update_fields=["failed_in_a_row", "last_failed_at"])
    audit.record(
        "sign_in_account.cleared",
        subject=row,
        actor=actor,
        sentence=Text(
            _("%(who)s let passwords be tried again for %(account)s."), who=actor.username, account=str(row)
        ),
        before=before,
        after={"failed_in_a_row": 0, "last_failed_at": None},
    )
    return True


# --- turns ------------------------------------------------------------------------------------------------------------


def _claim(account: dict[str, Any]) -> UUID:
    give_up = time.monotonic() + PATIENCE_S
    while (turn := _claim_now(account)) is None:
        if time.monotonic() > give_up:
            raise Conflict(
                Text(
                    _("Another task has been signing in as %(user)s at %(address)s for too long."),
                    user=account["username"],
                    address=_address(account),
                ),
                remedy=Text(_("Wait a few minutes, then start this again.")),
                code="account_busy",
            )
        time.sleep(LOOK_EVERY_S)
    return turn


def _claim_now(account: dict[str, Any]) -> UUID | None:
    """A turn, or None where somebody else has it. Raises Conflict where no more passwords may be tried."""
    now = timezone.now()
    turn = uuid4()
    # Durable: Django refuses to do this inside a transaction.
    with transaction.atomic(durable=True):
        SignInAccount.objects.get_or_create(**account)
        row = SignInAccount.objects.select_for_update().get(**account)
        if row.turn_until is not None and row.turn_until > now:
            return None
        if row.turn is not None:
            # Its worker died with the password on its way; nobody knows how that went.
            _count_refusal(row, now)
        until = at_risk_until(row, now)
        row.turn, row.turn_until = (turn, now + TURN) if until is None else (None, None)
        row.save()
    if until is None:
        return turn
    raise Conflict(
        Text(
            _(
                "%(count)s passwords in a row were refused for %(user)s at %(address)s; no more are sent "
                "until %(until)s UTC, so that the account is not locked."
            ),
            count=row.failed_in_a_row,
            user=account["username"],
            address=_address(account),
            until=f"{until:%Y-%m-%d %H:%M}",
        ),
        remedy=Text(
            _(
                "Make sure of the password by signing in to vCenter yourself, and wait until then; an administrator of this "
                "wizard can clear the count in the console before. Somebody may have locked the account already: ask a "
                "vSphere administrator."
            )
        ),
        code="account_at_risk",
    )


def _settle(account: dict[str, Any], turn: UUID, *, refused: bool, accepted: bool) -> None:
    with transaction.atomic(durable=True):
        row = SignInAccount.objects.select_for_update().get(**account)
        if refused:
            _count_refusal(row, timezone.now())
        elif accepted:
            row.failed_in_a_row, row.last_failed_at = 0, None
        if row.turn == turn:
            row.turn = row.turn_until = None
        row.save()


def _count_refusal(row: SignInAccount, now: datetime) -> None:
    row.failed_in_a_row = row.failed_in_a_row + 1 if _is_recent(row, now) else 1
    row.last_failed_at = now


def _is_recent(row: SignInAccount, now: datetime) -> bool:
    return row.last_failed_at is not None and now < row.last_failed_at + WINDOW


def _address(account: dict[str, Any]) -> str:
    return f"{account['host']}:{account['port']}"
