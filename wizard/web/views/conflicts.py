"""What two deployments claim at once."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from wizard.planning.crossing_rows import Place
from wizard.services import crossing
from wizard.web.guard import SignedInRequest, page

KINDS = {
    "vault_identity": _lazy("One identity in the vault"),
    "clone": _lazy("Clone"),
    "instance_uuid": _lazy("One instance UUID twice"),
    "address": _lazy("One address twice"),
    "host_name": _lazy("One host name twice"),
    "vcenter_name": _lazy("One vCenter under several names"),
    "physical_server": _lazy("One physical server twice"),
}


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    """All of them; with `count` how many, for the link on the list of deployments, which does not wait for that."""
    found = crossing.found(actor=request.user)
    if request.htmx and "count" in request.GET:
        return render(request, "web/_conflicts_count.html", {"total": len(found)})
    context: dict[str, Any] = {
        "section": "deployments",
        "critical": sum(one.severity == "critical" for one in found),
        "total": len(found),
        "rows": [
            {
                "conflict": one,
                "kind": KINDS[one.kind],
                "places": [{"place": place, "url": _url(place)} for place in one.places],
            }
            for one in found
        ],
    }
    return render(request, "web/conflicts.html", context)


def _url(place: Place) -> str:
    if place.machine:
        return reverse("machine", args=[place.site, place.machine])
    return reverse("deployment", args=[place.site])
