"""The audit trail: all of it for reviewers, the history of one deployment for whoever sees that; searched, and taken away."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from wizard.models import AuditEntry, Operator
from wizard.services import audit_trail, deployments
from wizard.services.audit_trail import Wish
from wizard.services.errors import NotFound
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.tabs import tabs_of

PAGE_SIZE = 50
_MEDIA_TYPES = {"json": "application/json; charset=utf-8", "csv": "text/csv; charset=utf-8"}


class Filters(forms.Form):
    deployment = forms.CharField(required=False, max_length=63)
    actor = forms.CharField(required=False, max_length=150)
    action = forms.CharField(required=False, max_length=64)
    since = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput({"type": "date"}))
    request_id = forms.CharField(required=False, max_length=64)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["deployment"].label = gettext("Deployment")
        self.fields["actor"].label = gettext("Who")
        self.fields["action"].label = gettext("Action")
        self.fields["since"].label = gettext("From")
        self.fields["until"].label = gettext("To")
        self.fields["request_id"].label = gettext("Request id")

    def wish(self, reader: Operator) -> Wish:
        """Days are those of the reader's time zone; what cannot be read counts as not given."""
        self.is_valid()
        given = self.cleaned_data
        since, until = given.get("since"), given.get("until")
        return Wish(
            deployment=_deployment(given.get("deployment", ""), reader),
            actor=given.get("actor", ""),
            action=given.get("action", ""),
            since=_midnight(since) if since else None,
            until=_midnight(until + timedelta(days=1)) if until else None,
            request_id=given.get("request_id", ""),
        )


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    require(request.user, "audit.read")
    filters = Filters(request.GET)
    found = audit_trail.find(audit_trail.visible_entries(request.user), filters.wish(request.user))
    asked = {name: value for name, value in request.GET.items() if name in filters.fields and value}
    context = {
        "section": "audit",
        "form": filters,
        "filtered": bool(asked),
        "exports": [
            {"label": form.upper(), "url": f"{reverse('audit_file', args=[form])}?{urlencode(asked)}"}
            for form in _MEDIA_TYPES
        ],
        **_some(found, request),
    }
    return render(request, "web/audit.html", context)


@page
@require_safe
def download(request: SignedInRequest, form: str) -> HttpResponseBase:
    """The same entries as the list, in the order in which they were recorded, each with its digest."""
    require(request.user, "audit.read")
    if form not in _MEDIA_TYPES:
        raise NotFound(Text(_("There is no such format; it can be json or csv.")))
    wish = Filters(request.GET).wish(request.user)
    rows = audit_trail.find(audit_trail.visible_entries(request.user), wish)
    pieces = audit_trail.export(rows, "json" if form == "json" else "csv")
    response = StreamingHttpResponse(pieces, content_type=_MEDIA_TYPES[form])
    response["Content-Disposition"] = content_disposition_header(True, f"audit-trail.{form}") or "attachment"
    return response


@page
@require_safe
def history(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    context = steps.frame(deployment, None, [], title=gettext("History")) | {
        "tabs": tabs_of(deployment, "history"),
        "title": gettext("History"),
        **_some(audit_trail.of_deployment(deployment), request),
    }
    return render(request, "web/history.html", context)


def _some(rows: QuerySet[AuditEntry], request: SignedInRequest) -> dict[str, Any]:
    """One page by the last number of the one before: a trail of a million entries is not counted to show fifty."""
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(id__lt=int(before))
    entries = list(rows.order_by("-id")[: PAGE_SIZE + 1])
    more, entries = len(entries) > PAGE_SIZE, entries[:PAGE_SIZE]
    return {"entries": entries, "older": entries[-1].pk if more else None, "first_page": not before}


def _deployment(named: str, reader: Operator) -> UUID | None:
    """By name, or by id for one that is gone; what nobody knows leads to nothing."""
    if not named:
        return None
    known = deployments.visible_deployments(reader).filter(name=named).values_list("pk", flat=True).first()
    if known is not None:
        return known
    try:
        return UUID(named)
    except ValueError:
        return UUID(int=0)


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
