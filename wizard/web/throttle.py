"""Guessing, at whatever a person proves who they are with: all wrong answers of one name from one address are counted together.

The sign-in page is counted by the throttle itself; codes, one-time links and "Confirm it is you" are counted here.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from axes.conf import settings
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username, get_cool_off, get_failure_limit
from axes.models import AccessAttempt
from django.contrib.auth.signals import user_login_failed
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from wizard.web.middleware import client_address

# The name under which wrong one-time links are counted: they name nobody.
ONE_TIME_LINK = "(one-time link)"


def guesser(request: HttpRequest) -> str | None:
    """Who is counted: an address, and of IPv6 its network, for each customer has 2^64 addresses to guess from (RFC 6177)."""
    found = client_address(request)
    if found is None:
        return None
    address = ipaddress.ip_address(found)
    if isinstance(address, ipaddress.IPv4Address):
        return found
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Address(int(address) >> 64 << 64))


def closed(request: HttpRequest, name: str, *, everywhere: int | None = None) -> HttpResponse | None:
    """The answer for who has guessed too often; None while the door is open.

    With `everywhere`, that many wrong answers from all addresses together close it, too.
    """
    if not settings.AXES_ENABLED:
        return None
    open_here = AxesProxyHandler.is_allowed(request, {"username": name})
    if open_here and (everywhere is None or _everywhere(name) < everywhere):
        return None
    return locked_out(request, None, {"username": name})


def _everywhere(name: str) -> int:
    recent = AccessAttempt.objects.filter(
        username=name, attempt_time__gte=timezone.now() - get_cool_off(None)
    )
    return recent.aggregate(sum=Sum("failures_since_start"))["sum"] or 0


def wrong(request: HttpRequest, name: str) -> None:
    """Count a wrong answer. After one too many, the middleware of the throttle answers with `locked_out`."""
    user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)


def right(request: HttpRequest, name: str) -> None:
    """Forget the wrong answers; a sign-in does that by itself."""
    if settings.AXES_ENABLED:
        AxesProxyHandler.update_request(request)
        AxesProxyHandler.reset_attempts(username=name, ip_address=request.axes_ip_address)  # type: ignore[attr-defined]


def locked_out(request: HttpRequest, original: Any, credentials: Any) -> HttpResponse:
    """The page that says how long it stays closed, which no further attempt makes longer."""
    ends = _closed_until(request, credentials)
    response = render(
        request,
        "registration/locked_out.html",
        {"failure_limit": get_failure_limit(request, credentials), "ends": ends},
        status=settings.AXES_HTTP_RESPONSE_CODE,
    )
    response["Retry-After"] = str(max(1, round((ends - timezone.now()).total_seconds())))
    return response


def _closed_until(request: HttpRequest, credentials: Any) -> Any:
    # By the last wrong answer from here; where there is none, by the last one from anywhere.
    wrong_ones = AccessAttempt.objects.filter(username=get_client_username(request, credentials))
    wrong_ones = wrong_ones.order_by("-attempt_time")
    newest = wrong_ones.filter(ip_address=guesser(request)).first() or wrong_ones.first()
    return (newest.attempt_time if newest else timezone.now()) + get_cool_off(request)
