"""From which page of ours a form was sent: where somebody goes who has to sign in, or to confirm it, in between."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.http import HttpRequest

# In the query of the sign-in page's address: who comes there had sent a form. Not in the session, as then whatever
# strangers send would leave one behind.
NOT_SAVED: Final = "not_saved=1"


def said_not_saved(query: str) -> bool:
    """Whether a query of the sign-in page says so."""
    return NOT_SAVED in query.split("&")


def page_of(request: HttpRequest) -> str:
    """Path and query of the page whose button was pressed; empty where the browser does not tell.

    Browsers tell it to their own site alone (Referrer-Policy).
    """
    sent_from = urlsplit(request.headers.get("Referer", ""))
    if sent_from.netloc == request.get_host() and sent_from.path:
        return f"{sent_from.path}?{sent_from.query}" if sent_from.query else sent_from.path
    return ""
