"""What every answer forbids the browser, and how large a request may be before anything of it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from wizard.services.attestations import MAX_FILE_BYTES

GetResponse = Callable[[HttpRequest], HttpResponse]

# No page uses any of these but the last two, which are how passkeys sign in.
PERMISSIONS_POLICY: Final = ", ".join(
    [
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "autoplay",
                "browsing-topics",
                "camera",
                "display-capture",
                "encrypted-media",
                "fullscreen",
                "geolocation",
                "gyroscope",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "screen-wake-lock",
                "serial",
                "usb",
                "xr-spatial-tracking",
            )
        ),
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    ]
)

# The largest file that a page takes, and what the form around it adds.
LARGEST_REQUEST: Final = MAX_FILE_BYTES + 2**20
# Who is not signed in sends a name and a password.
LARGEST_OF_STRANGERS: Final = 64 * 2**10


class HardeningMiddleware:
    """Stands in front of everything that answers, static files included."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # Static files say how long they may be kept; whatever else says nothing may be personal.
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class RequestSizeMiddleware:
    """Refuse a body that no page takes, by its announced length.

    Django writes files of a form to the disk as they come, however large, and the check against forged requests reads the
    form before anybody was asked who they are. The API has limits of its own; its requests are never read as a form unseen.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        found = int(length) if length.isascii() and length.isdecimal() else LARGEST_REQUEST + 1
        if found <= LARGEST_OF_STRANGERS or request.path_info.startswith("/api/"):
            return self.get_response(request)
        limit = LARGEST_REQUEST if request.user.is_authenticated else LARGEST_OF_STRANGERS
        if found <= limit:
            return self.get_response(request)
        context = {"found": _size(found), "limit": _size(limit)}
        return render(request, "413.html", context, status=413)


def _size(count: int) -> str:
    if count < 2**20:
        return _("%(count)s KB") % {"count": count // 2**10}
    return _("%(count)s MB") % {"count": count // 2**20}
