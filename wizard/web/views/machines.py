"""The machines that the registered vCenter showed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from wizard.models import Machine
from wizard.services import deployments
from wizard.services.errors import UserError
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.tabs import tabs_of
from wizard.web.views import work

PAGE_SIZE = 50


class Filters(forms.Form):
    q = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"type": "search", "autocomplete": "off"})
    )
    kind = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.fields["q"].label = gettext("Name, address or system")
        self.fields["kind"].label = gettext("Show")
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - declared above
        kind.choices = [
            ("", gettext("Machines")),
            ("on", gettext("Running machines")),
            ("template", gettext("Templates")),
            ("gone", gettext("No longer in vCenter")),
        ]


@page
@require_safe
def of_deployment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    vcenters = list(deployment.vcenters.all())
    filters = Filters(request.GET)
    chosen = filters.cleaned_data if filters.is_valid() else {}
    found = Machine.objects.filter(vcenter__in=vcenters)
    match chosen.get("kind"):
        case "on":
            found = found.filter(is_template=False, gone_at=None, power_state="poweredOn")
        case "template":
            found = found.filter(is_template=True, gone_at=None)
        case "gone":
            found = found.exclude(gone_at=None)
        case _:
            found = found.filter(is_template=False, gone_at=None)
    if words := chosen.get("q"):
        found = found.filter(
            Q(name__icontains=words)
            | Q(host_name__icontains=words)
            | Q(guest_full_name__icontains=words)
            | Q(ip_addresses__icontains=words)
        )
    context = steps.frame(deployment, None, [], title=gettext("Machines")) | {
        "tabs": tabs_of(deployment, "machines"),
        "form": filters,
        "filtered": bool(chosen.get("q") or chosen.get("kind")),
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "vcenter": vcenters[0] if vcenters else None,
    }
    return render(request, "web/machines.html", context)


@page
@require_POST
def discover(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    try:
        return redirect(work.start(request, deployment, "discover_machines"))
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return redirect("deployment_machines", deployment.pk)
