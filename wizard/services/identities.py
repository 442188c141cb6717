"""Whom an OpenID Connect provider means: its people and ours, and the role that their groups give them."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from wizard.models import Operator, SignInLink
from wizard.services import audit
from wizard.services.errors import Conflict, NotAllowed
from wizard.text import Text, _

# The least first: of several groups, the one that may the most counts.
_RANK: Final = (Operator.Role.VIEWER, Operator.Role.OPERATOR, Operator.Role.REVIEWER, Operator.Role.ADMIN)
_LONGEST_NAME: Final = 150


def is_linked(person: Operator) -> bool:
    from allauth.socialaccount.models import SocialAccount

    return bool(SocialAccount.objects.filter(user=person, provider=_provider()).exists())


@transaction.atomic
def person_of(claims: dict[str, Any]) -> Operator:
    """Who signs in, with the role that their groups give. Raises NotAllowed for whoever is nobody here.

    Known is who connected their account, and who was added without a password under the name that the provider gives. A
    person with a password connects it themselves: a name at the provider is no proof of being that person here.
    """
    role = _role_of(claims)
    person = _linked(claims) or _waiting(claims) or _new(claims)
    if not person.is_active:
        raise _nobody()
    if role is not None and (person.role != role or (person.is_superuser and role != Operator.Role.ADMIN)):
        _give_role(person, role)
    return person


@transaction.atomic
def link(person: Operator, claims: dict[str, Any]) -> None:
    """From now on, who signs in there with these claims is `person`. Raises Conflict where it is somebody else."""
    from allauth.socialaccount.models import SocialAccount

    known = _linked(claims)
    if known is not None and known != person:
        raise Conflict(
            Text(
                _("This account of %(provider)s belongs to somebody else here."), provider=settings.OIDC_NAME
            )
        )
    if known is None:
        SocialAccount.objects.create(
            user=person, provider=_provider(), uid=str(claims["sub"]), extra_data={"name": _name_of(claims)}
        )
        audit.record(
            "account.provider_linked",
            subject=person,
            actor=person,
            sentence=Text(
                _("%(who)s connected the account %(name)s of %(provider)s."),
                who=person.username,
                name=_name_of(claims) or str(claims["sub"]),
                provider=settings.OIDC_NAME,
            ),
        )


@transaction.atomic
def unlink(person: Operator) -> None:
    """Raises Conflict where it is the only way in."""
    from allauth.socialaccount.models import SocialAccount

    if not person.has_usable_password():
        raise Conflict(
            Text(_("Without a password this is your only way in.")),
            remedy=Text(_("Ask an administrator for a password first.")),
        )
    if SocialAccount.objects.filter(user=person, provider=_provider()).delete()[0]:
        audit.record(
            "account.provider_unlinked",
            subject=person,
            actor=person,
            sentence=Text(
                _("%(who)s disconnected the account of %(provider)s."),
                who=person.username,
                provider=settings.OIDC_NAME,
            ),
        )


def _linked(claims: dict[str, Any]) -> Operator | None:
    from allauth.socialaccount.models import SocialAccount

    found = SocialAccount.objects.select_related("user").filter(provider=_provider(), uid=str(claims["sub"]))
    known = found.first()
    return known.user if known else None


def _waiting(claims: dict[str, Any]) -> Operator | None:
    """Somebody whom an administrator added without a password, to come this way; connected the first time."""
    from allauth.socialaccount.models import SocialAccount

    person = Operator.objects.filter(username=_name_of(claims), is_active=True).first()
    if person is None or person.has_usable_password() or person.last_login is not None:
        return None
    # Nor the first operator, whose way in is the one-time link that is printed at start.
    if SocialAccount.objects.filter(user=person).exists() or SignInLink.objects.filter(user=person).exists():
        return None
    link(person, claims)
    return person


def _new(claims: dict[str, Any]) -> Operator:
    if not settings.OIDC_SIGN_UP:
        raise _nobody()
    name = _name_of(claims)
    try:
        with transaction.atomic():
            person = Operator(username=name, role=settings.OIDC_SIGN_UP)
            person.set_unusable_password()
            person.clean_fields()
            person.save()
    except (IntegrityError, ValidationError) as error:
        raise _nobody() from error
    audit.record(
        "person.added",
        subject=person,
        actor=person,
        sentence=Text(
            _("%(who)s came by %(provider)s for the first time."),
            who=person.username,
            provider=settings.OIDC_NAME,
        ),
        after={"role": person.role},
    )
    link(person, claims)
    return person


def _role_of(claims: dict[str, Any]) -> str | None:
    """The role that the groups give; None where this installation leaves roles to its own administrators."""
    if not settings.OIDC_ROLES:
        return None
    given = claims.get(settings.OIDC_ROLE_CLAIM, [])
    groups = given if isinstance(given, list) else [given]
    roles = {
        settings.OIDC_ROLES[group]
        for group in groups
        if isinstance(group, str) and group in settings.OIDC_ROLES
    }
    if not roles and not settings.OIDC_SIGN_UP:
        raise NotAllowed(
            Text(_("None of your groups at %(provider)s may work here."), provider=settings.OIDC_NAME),
            remedy=Text(_("Ask an administrator to put you into one that may.")),
            code="no_group",
        )
    return max(roles, key=_RANK.index, default=settings.OIDC_SIGN_UP)


def _give_role(person: Operator, role: str) -> None:
    before = person.role
    person.role = role
    person.is_superuser = person.is_superuser and role == Operator.Role.ADMIN
    person.save(update_fields=["role", "is_superuser"])
    if before != role:
        audit.record(
            "person.role_by_provider",
            subject=person,
            actor=person,
            sentence=Text(
                _("The groups of %(who)s at %(provider)s changed the role from %(before)s to %(after)s."),
                who=person.username,
                provider=settings.OIDC_NAME,
                before=before,
                after=role,
            ),
            before={"role": before},
            after={"role": role},
        )


def _nobody() -> NotAllowed:
    return NotAllowed(
        Text(
            _("%(provider)s knows you, but you have no access to this installation."),
            provider=settings.OIDC_NAME,
        ),
        remedy=Text(
            _(
                "Ask an administrator to add you. If you have a password here, sign in with it and connect your account on "
                "your account page."
            )
        ),
        code="nobody_here",
    )


def _name_of(claims: dict[str, Any]) -> str:
    """The user name; an e-mail address counts only when the provider has verified it."""
    name = claims.get("preferred_username")
    if not name and claims.get("email_verified") is True:
        name = claims.get("email")
    return str(name or "")[:_LONGEST_NAME]


def _provider() -> str:
    """The same subject at another issuer is another person."""
    return f"oidc-{hashlib.sha256(settings.OIDC_ISSUER.encode()).hexdigest()[:16]}"
