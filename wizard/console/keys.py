"""The page on which an administrator has all stored secrets sealed with the newest key."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods

from wizard.console.proving import proof_wanted
from wizard.models import Operator
from wizard.services import key_rotation
from wizard.services.errors import UserError
from wizard.services.permissions import may


def rotation(site: Any, request: HttpRequest) -> HttpResponse:
    """Which keys are needed; sealing anew takes a person who has just proved who they are."""
    return _rotation(request, site)


@require_http_methods(["GET", "HEAD", "POST"])
def _rotation(request: HttpRequest, site: Any) -> HttpResponse:
    if not may(request.user, "keys.rotate"):
        raise PermissionDenied(gettext("Only administrators may do this."))
    if wanted := proof_wanted(request, reverse("admin:rotate_keys")):
        return wanted
    if request.method == "POST":
        _rotate(request)
        return redirect("admin:rotate_keys")
    context = {
        **site.each_context(request),
        "title": gettext("Keys of stored secrets"),
        "standing": key_rotation.key_standing(),
    }
    return render(request, "admin/keys.html", context)


def _rotate(request: HttpRequest) -> None:
    try:
        # Only who is known comes here.
        done = key_rotation.rotate(actor=cast(Operator, request.user))
    except UserError as error:
        messages.error(request, str(error.text))
        return
    count = sum(done.resealed.values())
    text = ngettext(
        "%(count)d secret was sealed with the newest key.",
        "%(count)d secrets were sealed with the newest key.",
        count,
    )
    messages.success(request, text % {"count": count})
    if done.busy:
        text = ngettext(
            "%(count)d secret was being changed all the time. Seal once more.",
            "%(count)d secrets were being changed all the time. Seal once more.",
            done.busy,
        )
        messages.warning(request, text % {"count": done.busy})
