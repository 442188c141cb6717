"""Passkeys: what the browser is asked, and whether its answer is right. Verified by allauth and fido2, loaded when needed."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from wizard.models import Operator
from wizard.services import second_factors


def begin_registration(person: Operator) -> dict[str, Any]:
    """What allauth's script wants to make a passkey; the challenge in it waits in the session."""
    from allauth.mfa.webauthn.internal import auth

    return {"creation_options": auth.begin_registration(person, passwordless=False)}


def register(person: Operator, name: str, credential: Any) -> bool:
    """Keep what the browser made, when it answers the challenge of this session; whether it did."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_registration_response(credential)
        auth.complete_registration(credential)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return False
    second_factors.add_key(person, name, credential)
    return True


def begin_authentication(person: Operator) -> dict[str, Any]:
    """What allauth's script wants to use a passkey; the challenge in it waits in the session."""
    from allauth.mfa.webauthn.internal import auth

    return {"request_options": auth.begin_authentication(person)}


def is_right(person: Operator, credential: Any) -> bool:
    """Whether one of the person's passkeys signed the challenge of this session, which is used up."""
    from allauth.mfa.webauthn.internal import auth

    try:
        auth.parse_authentication_response(credential)
        found = auth.complete_authentication(person, credential)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        auth.clear_state()
        return False
    found.record_usage()
    return True
