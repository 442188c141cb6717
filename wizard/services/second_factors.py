"""A person's second factors: one-time codes, passkeys and recovery codes. Kept by allauth, sealed with our keys.

allauth is loaded inside the functions: most processes never need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import transaction

from wizard.journey.errors import FieldError
from wizard.models import Operator
from wizard.models.sealing import position_of_key
from wizard.services import audit
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.permissions import require, role_of
from wizard.text import Text, _

APP: Final = "totp"
KEY: Final = "webauthn"
RECOVERY: Final = "recovery_codes"
LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    id: int
    name: str
    added: datetime
    used: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Factors:
    """`app_since` is when one-time codes were set up, None where they are not."""

    app_since: datetime | None
    app_used: datetime | None
    keys: tuple[Passkey, ...]
    recovery_left: int
    recovery_to_show: bool

    @property
    def any(self) -> bool:
        return self.app_since is not None or bool(self.keys)


def kinds_of(person: Operator) -> frozenset[str]:
    """What the person can be asked for at the sign-in: `APP`, `KEY`; empty where the password is enough."""
    kinds = _rows(person).exclude(type=RECOVERY).values_list("type", flat=True)
    return frozenset(kinds)


def must_have(person: Operator) -> bool:
    """Whether this installation wants a second factor of everybody with the role of `person`."""
    return role_of(person) in settings.MFA_REQUIRED_FOR


def factors_of(person: Operator) -> Factors:
    rows = list(_rows(person).order_by("created_at"))
    app = next((row for row in rows if row.type == APP), None)
    recovery = next((row for row in rows if row.type == RECOVERY), None)
    return Factors(
        app_since=app.created_at if app else None,
        app_used=app.last_used_at if app else None,
        keys=tuple(
            Passkey(id=row.pk, name=row.data["name"], added=row.created_at, used=row.last_used_at)
            for row in rows
            if row.type == KEY
        ),
        recovery_left=len(recovery.wrap().get_unused_codes()) if recovery and _opens(recovery) else 0,
        recovery_to_show=recovery is not None and not recovery.wrap().did_view,
    )


# --- one-time codes ---------------------------------------------------------------------------------------------------


def new_app_secret() -> str:
    """160 random bits in base 32, as authenticator apps want them."""
    from allauth.mfa.totp.internal.auth import generate_totp_secret

    return str(generate_totp_secret())


def app_address(person: Operator, secret: str) -> str:
    """What the QR code says (otpauth://)."""
    from allauth.mfa.adapter import get_adapter

    return str(get_adapter().build_totp_url(person, secret))


@transaction.atomic
def add_app(person: Operator, secret: str, code: str) -> None:
    """Ask for one-time codes made from `secret` from now on. Raises Invalid where `code` is not the one of now."""
    from allauth.mfa.totp.internal.auth import TOTP

    _lock(person)
    if APP in kinds_of(person):
        raise Conflict(
            Text(_("An authenticator app is set up already.")),
            remedy=Text(_("Remove it first; then set up the other one.")),
        )
    period = _period_of(secret, code)
    if period is None:
        text = Text(
            _("This is not the code of now. Enter the newest one; the clock of the device must be right.")
        )
        raise Invalid([FieldError(path="code", message=text, code="wrong_code")])
    row = TOTP.activate(person, secret).instance
    row.data["period"] = period
    row.save(update_fields=["data"])
    _with_recovery_codes(person)
    _record(person, "account.second_factor_added", _("%(who)s set up one-time codes."))


@transaction.atomic
def code_is_right(person: Operator, code: str) -> bool:
    """Whether `code` is the one of now or an unused recovery code. Each is good once, whichever process is asked."""
    from allauth.mfa.models import Authenticator

    code = "".join(code.split())
    for row in Authenticator.objects.select_for_update().filter(user=person, type__in=(APP, RECOVERY)):
        if not _opens(row):
            # No code is the right one; a passkey or another factor still is.
            continue
        if row.type == RECOVERY:
            if not row.wrap().validate_code(code):
                continue
            row.refresh_from_db()
            _record(person, "account.recovery_code_used", _("%(who)s used a recovery code."))
        else:
            period = _period_of(_unsealed(row.data["secret"]), code)
            # The code of a period that was used before was read over somebody's shoulder.
            if period is None or period <= row.data.get("period", -1):
                continue
            row.data["period"] = period
            row.save(update_fields=["data"])
        row.record_usage()
        return True
    return False


# --- passkeys ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_key(person: Operator, name: str, credential: dict[str, Any]) -> None:
    """Keep a passkey whose registration the caller has verified."""
    from allauth.mfa.webauthn.internal.auth import WebAuthn

    WebAuthn.add(person, name[:LONGEST_NAME], credential)
    _with_recovery_codes(person)
    _record(person, "account.second_factor_added", _("%(who)s added a passkey."))


# --- recovery codes, and the end of all -------------------------------------------------------------------------------


@transaction.atomic
def recovery_codes(person: Operator) -> list[str]:
    """The unused ones, the first time only; an empty list once somebody has seen them."""
    row = _rows(person).select_for_update().filter(type=RECOVERY).first()
    if row is None or not _opens(row) or row.wrap().did_view:
        return []
    row.wrap().mark_as_viewed()
    return list(row.wrap().get_unused_codes())


@transaction.atomic
def renew_recovery_codes(person: Operator) -> None:
    """New ones, which end the old. Raises Conflict where there is nothing that they could stand in for."""
    _lock(person)
    if not kinds_of(person):
        raise Conflict(
            Text(_("Recovery codes stand in for a second factor, and there is none.")),
            remedy=Text(_("Set up an authenticator app or a passkey first.")),
        )
    _rows(person).filter(type=RECOVERY).delete()
    _with_recovery_codes(person)
    _record(person, "account.recovery_codes_made", _("%(who)s made new recovery codes."))


@transaction.atomic
def remove(person: Operator, factor_id: int) -> None:
    """Remove one passkey or the one-time codes; with the last of them, the recovery codes. Raises NotFound."""
    removed = _rows(person).exclude(type=RECOVERY).filter(pk=factor_id).delete()[0]
    _after_removal(person, removed, _("%(who)s removed a passkey."))


@transaction.atomic
def remove_app(person: Operator) -> None:
    """The same for the one-time codes."""
    _after_removal(person, _rows(person).filter(type=APP).delete()[0], _("%(who)s removed one-time codes."))


@transaction.atomic
def reset(person: Operator, *, actor: Operator) -> None:
    """Remove all second factors of somebody who lost them. Raises NotAllowed for whoever is no administrator."""
    require(actor, "person.reset_second_factor")
    if _rows(person).delete()[0]:
        audit.record(
            "person.second_factors_removed",
            subject=person,
            actor=actor,
            sentence=Text(
                _("%(who)s removed the second factors of %(person)s."),
                who=actor.username,
                person=person.username,
            ),
        )


def _after_removal(person: Operator, removed: int, sentence: str) -> None:
    if not removed:
        raise NotFound(Text(_("This is removed already.")))
    if not kinds_of(person):
        _rows(person).delete()
    _record(person, "account.second_factor_removed", sentence)


def _with_recovery_codes(person: Operator) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    RecoveryCodes.activate(person)


def _period_of(secret: str, code: str) -> int | None:
    """The number of the half minute whose code this is, of those that count now."""
    from allauth.core.internal.cryptokit import compare_user_code
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    for period in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, period))):
            return int(period)
    return None


def _opens(row: Any) -> bool:
    """Whether what it is sealed with is among the keys (see `key_rotation`)."""
    sealed = row.data.get("secret") or row.data.get("seed") or ""
    return position_of_key(sealed.encode()) is not None


def _unsealed(text: str) -> str:
    from allauth.mfa.utils import decrypt

    return str(decrypt(text))


def _rows(person: Operator) -> Any:
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.filter(user=person)


def _lock(person: Operator) -> None:
    Operator.objects.select_for_update().get(pk=person.pk)


def _record(person: Operator, action: str, sentence: str) -> None:
    audit.record(action, subject=person, actor=person, sentence=Text(sentence, who=person.username))
