"""Physical servers, entered one by one or taken from a CSV file that is looked at before anything is written."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.services import deployments, physical_servers
from wizard.services.errors import Conflict, Invalid
from wizard.services.permissions import require
from wizard.services.physical_servers import COLUMNS, FileRefused
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem

# The labels of the form; the headings of a file are the same in every language.
_LABELS: Final = {
    "name": _("Name"),
    "address": _("Address"),
    "operating_system": _("Operating system"),
    "firmware": _("Firmware"),
    "disks_gb": _("Disks"),
}
_FIRMWARE: Final = {
    "bios": _("BIOS"),
    "efi": _("EFI, Secure Boot off"),
    "efi secure boot": _("EFI, Secure Boot on"),
}
_READ = require_http_methods(["GET", "HEAD", "POST"])


@page
@_READ
def add(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "physical_server.change")
    cells, problem = _typed(request), None
    if request.method == "POST":
        try:
            row = physical_servers.add(deployment, cells, actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("%(name)s is added.") % {"name": row.name})
            return redirect("machine", deployment.pk, row.pk)
    return _form(request, deployment, cells, problem, title=gettext("Add a physical server"))


@page
@_READ
def change(request: SignedInRequest, pk: UUID, machine_id: int) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "physical_server.change")
    row = physical_servers.find(deployment, machine_id)
    name = row.name
    cells, problem = physical_servers.cells_of(row), None
    if request.method == "POST":
        cells = _typed(request)
        try:
            row = physical_servers.change(row, cells, actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("%(name)s is changed.") % {"name": row.name})
            return redirect("machine", deployment.pk, row.pk)
    back = reverse("machine", args=[deployment.pk, row.pk])
    return _form(
        request, deployment, cells, problem, title=gettext("Change %(name)s") % {"name": name}, back=back
    )


@page
@_READ
def remove(request: SignedInRequest, pk: UUID, machine_id: int) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "physical_server.change")
    row = physical_servers.find(deployment, machine_id)
    if request.method == "POST":
        physical_servers.remove(row, actor=request.user)
        messages.success(request, gettext("%(name)s is removed.") % {"name": row.name})
        return redirect("deployment_machines", deployment.pk)
    context = _frame(deployment, gettext("Remove %(name)s") % {"name": row.name}) | {
        "question": gettext("Remove it from the list?"),
        "text": gettext("The server is taken from this list. Nothing happens to the server itself."),
        "button": gettext("Remove it"),
        "back_url": reverse("machine", args=[deployment.pk, row.pk]),
    }
    return render(request, "web/confirm_page.html", context)


@page
@_READ
def take_over(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """First the file is read and shown; what was shown is sent back, read again and written."""
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "physical_server.change")
    context = _frame(deployment, gettext("Physical servers from a file"))
    context |= {"columns": COLUMNS.values(), "form": _file_form()}
    if request.method != "POST":
        return render(request, "web/physical_server_import.html", context)
    try:
        if "content" in request.POST:
            # Browsers send line ends back as two characters each: a file just small enough would be too large now.
            content_shown = request.POST["content"].replace("\r\n", "\n")
            plan = physical_servers.take_over(deployment, content_shown, actor=request.user)
            count = len(plan.new) + len(plan.changed)
            said = ngettext("%(count)d server is imported.", "%(count)d servers are imported.", count)
            messages.success(request, said % {"count": count})
            return redirect("deployment_machines", deployment.pk)
        content = _uploaded(request)
        plan = physical_servers.plan_import(deployment, content)
    except FileRefused as refused:
        problem, faults = Problem.of(refused), refused.faults
    except (Invalid, Conflict) as error:
        problem, faults = Problem.of(error), ()
    else:
        text = content.decode("utf-8-sig")
        return render(request, "web/physical_server_import.html", context | {"plan": plan, "content": text})
    context |= {"form": _file_form(problem.fields), "problem": problem, "faults": faults}
    return render(request, "web/physical_server_import.html", context, status=problem.status)


@page
@require_safe
def file_to_fill_in(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployments.get(pk, actor=request.user)
    response = HttpResponse("\ufeff" + physical_servers.template(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="physical-servers.csv"'
    return response


# --- inside -----------------------------------------------------------------------------------------------------------


def _typed(request: SignedInRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in COLUMNS}


def _uploaded(request: SignedInRequest) -> bytes:
    given = request.FILES.get("file")
    if not isinstance(given, UploadedFile):
        text = Text(_("Choose the CSV file with the servers."))
        raise Invalid([FieldError(path="file", message=text, code="missing")])
    # One byte more than may be is enough to see that it is too much.
    content: bytes = given.read(physical_servers.BYTES_MOST + 1)
    return content


def _frame(deployment: Deployment, title: str) -> dict[str, object]:
    frame = steps.frame(deployment, None, [], title=title)
    machines = reverse("deployment_machines", args=[deployment.pk])
    frame["crumbs"].insert(-1, {"label": gettext("Machines"), "url": machines})
    return frame | {"title": title, "machines_url": machines}


def _form(
    request: SignedInRequest,
    deployment: Deployment,
    cells: dict[str, str],
    problem: Problem | None,
    *,
    title: str,
    back: str = "",
) -> HttpResponse:
    context = _frame(deployment, title)
    context |= {
        "form": ShownForm(_questions(), cells, problem.fields if problem else ()),
        "problem": problem,
        "back_url": back or context["machines_url"],
    }
    return render(request, "web/physical_server.html", context, status=problem.status if problem else 200)


def _questions() -> dict[str, Shown]:
    firmware = [Option(value=value, label=gettext(label)) for value, label in _FIRMWARE.items()]
    return {
        name: Shown(
            label=gettext(_LABELS[name]),
            help_text="" if name == "firmware" else gettext(column.meaning),
            required=column.filled,
            widget=forms.Select() if name == "firmware" else forms.TextInput({"spellcheck": "false"}),
            options=firmware if name == "firmware" else None,
        )
        for name, column in COLUMNS.items()
    }


def _file_form(problems: tuple[FieldError, ...] = ()) -> ShownForm:
    field = Shown(
        label=gettext("CSV file"),
        help_text=gettext("At most 5,000 servers; separated by commas, semicolons or tabs, in UTF-8."),
        widget=forms.FileInput({"accept": ".csv,text/csv"}),
    )
    return ShownForm({"file": field}, {}, problems)
