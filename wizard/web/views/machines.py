"""The machines of a deployment: searched, filtered, counted, taken away as CSV; and one of them with all that is known."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from wizard.models import Machine
from wizard.services import azure_access, deployments, freshness, machines, machines_csv
from wizard.services.errors import NotFound, UserError
from wizard.services.machines import VERDICT_WORDS
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.web import machine_filters, machine_lines, steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.machine_filters import Filters
from wizard.web.problems import say
from wizard.web.tabs import tabs_of
from wizard.web.views import work

PAGE_SIZE = 50


@page
@require_safe
def of_deployment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    fresh = freshness.of_deployment(deployment)
    vaulted = deployment.protectable_items.exists()
    filters = Filters(request.GET, [row.vcenter for row in fresh], vaulted=vaulted)
    wish = filters.wish()
    counted = machines.totals(deployment, wish)
    found = Paginator(machines.find(deployment, wish), PAGE_SIZE).get_page(request.GET.get("page"))
    listed = machines.in_vault(deployment, found) if vaulted else {}
    asked = request.GET.copy()
    asked.pop("page", None)
    context = steps.frame(deployment, None, [], title=gettext("Machines")) | {
        "tabs": tabs_of(deployment, "machines"),
        "form": filters,
        "fresh": fresh,
        "page": found,
        "lines": [machine_lines.line(deployment, machine, listed.get(machine.pk)) for machine in found],
        "columns": machine_filters.columns(wish.sort, request.GET, vaulted=vaulted),
        "vaulted": vaulted,
        "vault_account": "" if deployment.is_open else azure_access.account_name(deployment),
        "totals": counted,
        "verdicts": [
            (words, counted.by_verdict[verdict], machine_lines.VERDICT_TONES[verdict], verdict)
            for verdict, words in VERDICT_WORDS.items()
        ],
        "anything": any(counted.by_verdict.values()),
        "filtered": bool(asked),
        "csv_url": f"{reverse('machines_file', args=[deployment.pk])}?{asked.urlencode()}",
        "unseen": machine_lines.unseen(deployment),
    }
    return render(request, "web/machines.html", context)


@page
@require_safe
def download(request: SignedInRequest, pk: UUID) -> HttpResponseBase:
    deployment = deployments.get(pk, actor=request.user)
    vaulted = deployment.protectable_items.exists()
    wish = Filters(request.GET, list(deployment.vcenters.all()), vaulted=vaulted).wish()
    response = StreamingHttpResponse(
        machines_csv.stream(deployment, wish), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = (
        content_disposition_header(True, f"{deployment.name}-machines.csv") or "attachment"
    )
    return response


@page
@require_safe
def detail(request: SignedInRequest, pk: UUID, machine_id: int) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    machine = machines.get(deployment, machine_id)
    place = machines.whereabouts(machine)
    context = steps.frame(deployment, None, [], title=machine.name) | {
        "machine": machine,
        "line": machine_lines.line(
            deployment, machine, machines.in_vault(deployment, [machine]).get(machine.pk)
        ),
        "seen_at": machines.seen_at(machine),
        "place": place,
        "findings": machine_lines.findings(deployment, machine),
        "disks": machine_lines.disks(machine, place),
        "adapters": machine_lines.adapters(machine, place),
        "unseen": machine_lines.unseen(deployment, machine),
        "physical": machine.kind == Machine.Kind.PHYSICAL,
    }
    context["crumbs"].insert(
        -1, {"label": gettext("Machines"), "url": reverse("deployment_machines", args=[deployment.pk])}
    )
    return render(request, "web/machine.html", context)


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


_WITH_VAULT: Final = {"match": "match_protectable_items", "add": "add_physical_to_vault"}


@page
@require_POST
def with_vault(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Match the list with that of the vault, or tell the vault of the physical servers."""
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "machine.compare_with_vault")
    kind = _WITH_VAULT.get(request.POST.get("action", ""))
    if kind is None:
        raise NotFound(Text(_("There is nothing of that name to be done here.")))
    try:
        return redirect(work.start(request, deployment, kind))
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return redirect("deployment_machines", deployment.pk)
