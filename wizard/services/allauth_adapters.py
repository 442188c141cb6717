"""What allauth asks of an installation: where secrets are sealed, and how this one is called."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings

from wizard.models.sealing import seal, unseal

NAME: Final = "Foothold"


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def get_requests_session(self) -> Any:
        """How the OpenID Connect provider is asked: by the proxy of the site, as Azure is; one on this machine, directly.

        A ~/.netrc does not say who we are there, and a redirect is no answer: what was judged is what is spoken to.
        """
        session = super().get_requests_session()
        session.trust_env = not settings.OIDC_ISSUER.startswith("http://")
        session.auth = _as_it_is
        session.max_redirects = 0
        return session


def _as_it_is(request: Any) -> Any:
    return request


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets are sealed with CREDENTIAL_KEYS; `rotate_keys` knows their column."""

    def encrypt(self, text: str) -> str:
        return seal(text).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text.encode())

    def get_totp_label(self, user: Any) -> str:
        # An e-mail address that somebody entered is not what one signs in with here.
        return str(user.get_username())

    def get_totp_issuer(self) -> str:
        return f"{NAME} {urlsplit(settings.PUBLIC_URL).hostname or ''}".strip()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # Of the configured address, not of what the request claims it was sent to.
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": NAME}
