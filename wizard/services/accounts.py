"""The first operator's one-time sign-in link, and the tokens of people's programs."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from wizard.models import ApiToken, Operator, SignInLink
from wizard.services import audit
from wizard.services.errors import Conflict, NotFound
from wizard.services.permissions import require
from wizard.text import Text, _

FIRST_OPERATOR = "operator"
LINK_LIFE = timedelta(hours=24)
TOKEN_PREFIX = "fht_"  # noqa: S105 - the beginning that all tokens share


@transaction.atomic
def first_sign_in_token() -> str | None:
    """A fresh one-time token for the first operator (made here if nobody exists); None once somebody can come in again.

    Who used the link and never chose a password cannot, unless by the provider: the next start gives another one.
    """
    came_in = Operator.objects.filter(last_login__isnull=False)
    if came_in.exclude(username=FIRST_OPERATOR).exists() or any(_comes_in_again(row) for row in came_in):
        return None
    user, created = Operator.objects.get_or_create(
        username=FIRST_OPERATOR,
        defaults={"role": Operator.Role.ADMIN, "is_staff": True, "is_superuser": True},
    )
    if created:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    SignInLink.objects.filter(user=user, used_at=None).delete()
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(user=user, token_hash=_digest(token), expires_at=timezone.now() + LINK_LIFE)
    return token


def _comes_in_again(person: Operator) -> bool:
    from allauth.socialaccount.models import SocialAccount

    return person.has_usable_password() or SocialAccount.objects.filter(user=person).exists()


def sign_in_link_is_good(token: str) -> bool:
    return SignInLink.objects.filter(
        token_hash=_digest(token), used_at=None, expires_at__gt=timezone.now(), user__is_active=True
    ).exists()


@transaction.atomic
def use_sign_in_link(token: str) -> Operator:
    """The person of a one-time link; the link is used up. Raises NotFound for a used, old or unknown one."""
    now = timezone.now()
    digest = _digest(token)
    good = SignInLink.objects.filter(
        token_hash=digest, used_at=None, expires_at__gt=now, user__is_active=True
    )
    if not good.update(used_at=now):
        raise NotFound(
            Text(_("This sign-in link was used already, or is too old.")),
            remedy=Text(_("Start Foothold again for a fresh one, or sign in with your password.")),
        )
    user: Operator = SignInLink.objects.select_related("user").get(token_hash=digest).user
    audit.record(
        "account.signed_in_once",
        subject=user,
        actor=user,
        sentence=Text(_("%(who)s signed in with a one-time link."), who=user.username),
    )
    return user


@transaction.atomic
def create_token(
    *, user: Operator, actor: Operator, name: str, scope: str, expires_days: int = 90
) -> tuple[ApiToken, str]:
    """A new API token and its text, which is not kept and so can be shown this once only."""
    if user != actor:
        require(actor, "token.create_for_others")
    name = name.strip()
    if user.api_tokens.filter(name=name, revoked_at=None).exists():
        raise Conflict(
            Text(_("%(who)s has a token named “%(name)s” already."), who=user.username, name=name),
            remedy=Text(_("Choose another name, or revoke the old one first.")),
            code="name_taken",
        )
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        user=user,
        name=name,
        scope=scope,
        token_hash=_digest(text),
        hint=text[:10],
        expires_at=timezone.now() + timedelta(days=expires_days),
    )
    token.full_clean()
    token.save()
    audit.record(
        "token.created",
        subject=token,
        actor=actor,
        sentence=Text(
            _("%(who)s made the API token “%(name)s” for %(user)s."),
            who=actor.username,
            name=name,
            user=user.username,
        ),
        after={"scope": scope, "expires_at": token.expires_at.isoformat()},
    )
    return token, text


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Operator) -> None:
    if token.user != actor:
        require(actor, "token.revoke_for_others")
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(
            "token.revoked",
            subject=token,
            actor=actor,
            sentence=Text(
                _("%(who)s revoked the API token “%(name)s”."), who=actor.username, name=token.name
            ),
        )


def token_bearer(text: str) -> ApiToken | None:
    """The token that `text` is, when it is good now; its last use is noted at most once a minute."""
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("user")
        .filter(token_hash=_digest(text), revoked_at=None, expires_at__gt=now, user__is_active=True)
        .first()
    )
    if token and (token.last_used_at is None or now - token.last_used_at > timedelta(minutes=1)):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _digest(token: str) -> str:
    # The tokens are 256 random bits, so one round of SHA-256 is as good as a slow hash.
    return hashlib.sha256(token.encode()).hexdigest()
