"""The debug page of a crash says where and what kind of thing, never what was typed, held in a variable, or set as a password."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from django.test import RequestFactory
from django.views.debug import technical_500_response

CANARY = "Canary-of-a-crash-4711"


@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_a_debug_page_shows_no_value_that_may_be_secret(settings: Any, accept: str) -> None:
    settings.DEBUG = True
    settings.REDIS_URL = settings.SOME_BROKER = f"redis://:{CANARY}@127.0.0.1:1/0"
    settings.CACHES = {"default": {"LOCATION": settings.REDIS_URL}}
    settings.CREDENTIAL_KEYS = [CANARY]
    request = RequestFactory().post(
        "/somewhere/?sig=1",
        {"secret": CANARY, "harmless_name": CANARY},
        headers={
            "accept": accept,
            "authorization": f"Bearer {CANARY}",
            "cookie": f"sessionid={CANARY}",
            "foothold-bundle-password": CANARY,
        },
    )
    attempts = 4711

    def read(text: str) -> int:
        held = {"password": text, "list": [text]}
        return attempts // len(held["nowhere"])

    try:
        read(CANARY)
    except KeyError:
        response = technical_500_response(request, *sys.exc_info())
    page = response.content.decode()
    assert CANARY not in page
    assert "KeyError" in page
    assert "harmless_name" in page
    if accept == "text/html":
        for shown in (
            "held",
            "dict",
            "attempts",
            "4711",
            "test_crash_reports.py",
            "redis://[redacted]@127.0.0.1",
        ):
            assert shown in page, shown
