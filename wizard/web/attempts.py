"""What is kept of who came in, and who tried to: not the one-time link, which is a secret."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.db.models.signals import pre_save
from django.urls import reverse

_PLACE = "token"


def _without_link(instance: Any, **_: Any) -> None:
    before = reverse("sign_in_once", args=[_PLACE]).partition(_PLACE)[0]
    if instance.path_info.startswith(before):
        instance.path_info = f"{before}…/"


def keep_no_links() -> None:
    for table in (AccessAttempt, AccessFailureLog, AccessLog):
        pre_save.connect(_without_link, sender=table, dispatch_uid=f"keep_no_links_{table.__name__}")
