"""What every request gets: an id, the reader's time zone, and a sign-in page that is not swapped into a corner."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone

from wizard.services import tracing
from wizard.web.way_back import NOT_SAVED, said_not_saved

GetResponse = Callable[[HttpRequest], HttpResponse]


def client_address(request: HttpRequest) -> str | None:
    """The address that the request came from, seen past as many proxies as `PROXY_DEPTH` says are ours.

    Only the entries that our own proxies added are believed; whatever the client wrote before them is not.
    """
    depth: int = settings.PROXY_DEPTH
    found = request.META.get("REMOTE_ADDR", "")
    if depth:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        found = hops[-depth] if len(hops) >= depth else found
    # Some gateways write the port, too: 192.0.2.9:50123, [2001:db8::9]:50123.
    found = re.sub(r"^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d+)?$", r"\1\2", found)
    try:
        return str(ipaddress.ip_address(found))
    except ValueError:
        return None


class RequestIdMiddleware:
    """Take the caller's X-Request-ID, or make one; bind it to the log and the audit trail, and send it back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        with tracing.traced(given, address=client_address(request)) as request_id:
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class TimeZoneMiddleware:
    """Show times in the zone that the person chose; else in the one that their browser told in a cookie."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "time_zone", "") or request.COOKIES.get("time_zone", "")
        try:
            zone = zoneinfo.ZoneInfo(chosen) if chosen else None
        except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
            zone = None
        with timezone.override(zone):
            return self.get_response(request)


class HtmxSignInMiddleware:
    """When a session ends under a polling fragment, take the whole page to the sign-in, and back afterwards."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        sign_in = resolve_url(settings.LOGIN_URL)
        wanted = response.headers.get("Location", "")
        if not request.headers.get("HX-Request") or not wanted.startswith(sign_in):
            return response
        if urlsplit(wanted).path == sign_in:
            page = urlsplit(request.headers.get("HX-Current-URL", "/"))
            back = quote(f"{page.path}?{page.query}" if page.query else page.path)
            lost = f"&{NOT_SAVED}" if said_not_saved(urlsplit(wanted).query) else ""
            wanted = f"{sign_in}?next={back}{lost}"
        # Else a step of the sign-in, such as the one that asks again, which knows its own way back.
        return HttpResponse(status=204, headers={"HX-Redirect": wanted})
