"""OpenID Connect with one provider: authorization code with PKCE and nonce, every token verified.

The pieces are allauth's, loaded when somebody signs in this way. What comes back is checked whole: signature, issuer, audience,
authorized party, nonce, time.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache

from wizard.services.errors import UserError
from wizard.text import Text, _

# Of a key that only the provider has. A token that anybody could have signed, or that is not signed at all, is none.
_ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
# How long ago the person may have signed in at the provider when asked to do so now.
_JUST_NOW_S: Final = 300
_KEPT_S: Final = 300
# A provider that is slow to fail is left alone for so long.
_QUICK_S: Final = 0.5
_LEFT_ALONE_S: Final = 15
_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_SCOPES: Final = ("openid", "profile", "email")


class ProviderFailed(UserError):
    code = "provider_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Where the browser is sent, and what must be kept until it comes back (no secret of this installation)."""

    url: str
    nonce: str
    verifier: str


def ask(*, state: str, return_url: str, again: bool = False) -> Question:
    """The question to the provider. With `again`, somebody who is signed in there has to sign in anew.

    Raises ProviderFailed where the provider does not answer.
    """
    from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge

    nonce = secrets.token_urlsafe(24)
    pkce = dict(generate_code_challenge())
    verifier = pkce.pop("code_verifier")
    parameters = {**pkce, "nonce": nonce, **({"prompt": "login", "max_age": "0"} if again else {})}
    configuration = _configuration()
    client = _client(configuration, return_url)
    client.state = state
    url = client.get_redirect_url(configuration["authorization_endpoint"], _SCOPES, parameters)
    return Question(url=url, nonce=nonce, verifier=verifier)


def claims_of(
    code: str, *, return_url: str, nonce: str, verifier: str, again: bool = False
) -> dict[str, Any]:
    """What the provider says of the person, verified. Raises ProviderFailed for anything that is not as it must be."""
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error
    from requests import RequestException

    configuration = _configuration()
    try:
        answer = _client(configuration, return_url).get_access_token(code, pkce_code_verifier=verifier)
        claims = _verified(str(answer.get("id_token", "")), configuration)
        if claims.get("nonce") != nonce:
            raise _failed(_("The answer belongs to another sign-in."))
        if again and time.time() - _number(claims.get("auth_time")) > _JUST_NOW_S:
            raise _failed(_("%(provider)s did not ask you to sign in again."))
        if settings.OIDC_ROLE_CLAIM and settings.OIDC_ROLE_CLAIM not in claims:
            claims = {**_user_info(configuration, answer["access_token"], claims["sub"]), **claims}
    except (OAuth2Error, RequestException, KeyError, TypeError, ValueError) as error:
        # Its own words may hold parts of tokens.
        raise _failed(_("The answer of %(provider)s cannot be accepted.")) from error
    return claims


def signed_in_at(claims: dict[str, Any]) -> datetime:
    """When the person last proved to the provider who they are, which may be long ago; the epoch where it does not say."""
    at = _number(claims.get("auth_time"))
    # Its clock may be ahead of ours a little.
    return datetime.fromtimestamp(min(at, time.time()) if at > 0 else 0, UTC)


def _verified(token: str, configuration: dict[str, Any]) -> dict[str, Any]:
    import jwt
    from allauth.socialaccount.internal import jwtkit
    from allauth.socialaccount.providers.oauth2.client import OAuth2Error

    try:
        if jwt.get_unverified_header(token)["alg"] not in _ALGORITHMS:
            raise OAuth2Error("algorithm")
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=token,
            keys_url=configuration["jwks_uri"],
            issuer=configuration["issuer"],
            audience=settings.OIDC_CLIENT_ID,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
    except jwt.PyJWTError as error:
        raise OAuth2Error("token") from error
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != settings.OIDC_CLIENT_ID:
        raise OAuth2Error("authorized party")
    if not claims.get("sub") or "exp" not in claims:
        raise OAuth2Error("claims")
    return claims


def _user_info(configuration: dict[str, Any], access_token: str, subject: str) -> dict[str, Any]:
    """Groups are too long for some tokens; then the provider tells them here."""
    if "userinfo_endpoint" not in configuration:
        return {}
    found = _get(configuration["userinfo_endpoint"], {"Authorization": f"Bearer {access_token}"})
    return found if found.get("sub") == subject else {}


def _configuration() -> dict[str, Any]:
    """What the provider says of itself; asked again after a while, not for each stranger who presses the button."""
    known: dict[str, Any] | None = cache.get(_kept_as())
    if known is None:
        if cache.get(_silent_as()):
            raise _failed(_("%(provider)s does not answer at %(issuer)s."))
        began = time.monotonic()
        try:
            known = _ask_configuration()
        except ProviderFailed:
            if time.monotonic() - began > _QUICK_S:
                # Strangers press the button, too: each would hold a thread of the pages for as long.
                cache.set(_silent_as(), True, _LEFT_ALONE_S)
            raise
        cache.set(_kept_as(), known, _KEPT_S)
    return known


def _kept_as() -> str:
    return f"oidc:{hashlib.sha256(settings.OIDC_ISSUER.encode()).hexdigest()}"


def _silent_as() -> str:
    return f"{_kept_as()}:silent"


def _ask_configuration() -> dict[str, Any]:
    from requests import RequestException

    try:
        found = _get(f"{settings.OIDC_ISSUER}/.well-known/openid-configuration", {})
        known = str(found["issuer"]).rstrip("/")
        complete = all(isinstance(found.get(name), str) for name in _ADDRESSES)
    except (RequestException, KeyError, TypeError, ValueError) as error:
        raise _failed(_("%(provider)s does not answer at %(issuer)s.")) from error
    if not complete:
        raise _failed(_("What %(provider)s says of itself at %(issuer)s is incomplete."))
    if known != settings.OIDC_ISSUER:
        raise _failed(_("At %(issuer)s answers another provider."))
    if not addresses_are_safe(found, issuer=known):
        raise _failed(_("%(provider)s names addresses that do not begin with https://."))
    return found


def addresses_are_safe(configuration: dict[str, Any], *, issuer: str) -> bool:
    """Codes and the secret of this client go there, and browsers. Only a provider on this machine may do without TLS."""
    schemes = ("https://", "http://") if issuer.startswith("http://") else ("https://",)
    named = (configuration[name] for name in (*_ADDRESSES, "userinfo_endpoint") if name in configuration)
    return all(isinstance(url, str) and url.startswith(schemes) for url in named)


def _get(url: str, headers: dict[str, str]) -> dict[str, Any]:
    from allauth.socialaccount.adapter import get_adapter

    with get_adapter().get_requests_session() as session:
        answer = session.get(url, headers=headers)
        answer.raise_for_status()
        found = answer.json()
    if not isinstance(found, dict):
        raise TypeError("no object")
    return found


def _client(configuration: dict[str, Any], return_url: str) -> Any:
    from allauth.socialaccount.providers.oauth2.client import OAuth2Client

    methods = configuration.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return OAuth2Client(
        None,
        settings.OIDC_CLIENT_ID,
        settings.OIDC_CLIENT_SECRET,
        "POST",
        configuration["token_endpoint"],
        return_url,
        basic_auth="client_secret_post" not in methods and bool(settings.OIDC_CLIENT_SECRET),
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _failed(template: str) -> ProviderFailed:
    return ProviderFailed(
        Text(template, provider=settings.OIDC_NAME, issuer=settings.OIDC_ISSUER),
        remedy=Text(
            _("Try once more. If it stays like this, tell an administrator; a password works meanwhile.")
        ),
    )
