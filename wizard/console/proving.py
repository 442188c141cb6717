"""Who is about to change what lets people in proves once more who they are: an open screen of an administrator is not enough."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from wizard.services import sessions


def proof_wanted(request: HttpRequest, back: str) -> HttpResponse | None:
    """The way to "Confirm that it is you", and from there to `back`; None where the last proof is fresh."""
    if sessions.recently_proved(request.session, timezone.now()):
        return None
    if request.method == "POST":
        messages.warning(
            request, gettext("Nothing was done yet. Confirm that it is you; then press the button again.")
        )
    return redirect(f"{reverse('sign_in_again')}?{urlencode({'next': back})}")
