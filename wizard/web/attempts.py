"""What is kept of who came in, and who tried to: not the one-time link, which is a secret."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models.signals import pre_save
from django.http import HttpRequest
from django.urls import reverse

_PLACE = "token"


def logged_as(
    username: str | None, ip_address: str | None, user_agent: str, path_info: str | None, request: HttpRequest
) -> str:
    """What the throttle's own lines in the log say of who came or guessed wrong: at which door, and nothing of the person."""
    return f"somebody at {_spoken(path_info or '')}"


def _without_link(instance: Any, **_: Any) -> None:
    instance.path_info = _spoken(instance.path_info)


def _spoken(path: str) -> str:
    """A link that was mistyped is nearly a good one."""
    before = reverse("sign_in_once", args=[_PLACE]).partition(_PLACE)[0]
    return f"{before}…/" if path.startswith(before) else path


def keep_no_links() -> None:
    for table in (AccessAttempt, AccessFailureLog, AccessLog):
        pre_save.connect(_without_link, sender=table, dispatch_uid=f"keep_no_links_{table.__name__}")
