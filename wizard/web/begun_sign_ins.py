"""Sign-ins by the provider that were begun in this browser: in a signed cookie until it comes back, so that strangers leave no row here.

A code of the provider is good once, and so each is; who holds the cookie alone has nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

_PATIENCE_S: Final = 600
# Browsers keep 4096 bytes of a cookie; nginx in front, as it comes, takes no more of all headers of an answer together.
_LONGEST: Final = 2000
_SALT: Final = __name__


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """`person` is who was signed in here by then (None: nobody), `at` when it was, in seconds since the epoch."""

    state: str
    purpose: str
    back: str
    nonce: str
    verifier: str
    person: int | None
    at: float


def recall(request: HttpRequest, state: str) -> Begun | None:
    """The sign-in to which an answer with this `state` belongs; None where none was begun here in the last ten minutes."""
    return next((begun for begun in _kept(request) if begun.state == state), None)


def remember(request: HttpRequest, response: HttpResponse, begun: Begun) -> None:
    """Beside those of other tabs: the oldest make room where they are too many for a cookie. A `back` too long for one is left out."""
    if len(_signed([begun])) > _LONGEST:
        begun = replace(begun, back="")
    _keep(response, [*_kept(request), begun])


def forget(request: HttpRequest, response: HttpResponse, state: str) -> None:
    _keep(response, [begun for begun in _kept(request) if begun.state != state])


def _kept(request: HttpRequest) -> list[Begun]:
    try:
        found: list[Any] = signing.loads(request.COOKIES.get(_name(), ""), salt=_SALT)
        return [begun for begun in _read(found) if timezone.now().timestamp() - begun.at <= _PATIENCE_S]
    except (signing.BadSignature, TypeError):
        return []


def _read(found: list[Any]) -> Iterator[Begun]:
    for one in found:
        yield Begun(**one)


def _keep(response: HttpResponse, all_begun: list[Begun]) -> None:
    while all_begun:
        value = _signed(all_begun)
        if len(value) <= _LONGEST:
            response.set_cookie(
                _name(),
                value,
                max_age=_PATIENCE_S,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
            return
        all_begun = all_begun[1:]
    response.delete_cookie(_name(), samesite="Lax")


def _signed(all_begun: list[Begun]) -> str:
    return signing.dumps([asdict(begun) for begun in all_begun], salt=_SALT, compress=True)


def _name() -> str:
    # As of sessions: over HTTPS a browser takes it from this very host alone.
    return "__Host-begun" if settings.SESSION_COOKIE_SECURE else "begun"
