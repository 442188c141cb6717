"""Moving machines between the servers of a vault: what is where, the plan before and after, start, and taking back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.planning.carrying import Carrier, rows_of
from wizard.planning.quoting import amount
from wizard.services import deployments, machine_moves, machine_moves_running, tasks
from wizard.services.errors import Invalid, UserError
from wizard.services.machine_moves import NewestPlan
from wizard.services.machine_moves_inputs import BYTES_MOST, COLUMNS
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.web import live, move_lines, steps
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say
from wizard.web.tabs import tabs_of

_WORK: Final = ("plan_moves", "move_machines")
_SIZE: Final = "size."


@page
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The page; sent, the form plans anew."""
    deployment = deployments.get(pk, actor=request.user)
    problem = None
    if request.method == "POST":
        require(request.user, "machine.move")
        try:
            tasks.launch("plan_moves", deployment=deployment, actor=request.user, inputs=_inputs(request))
        except UserError as error:
            problem = Problem.of(error)
        else:
            return redirect("machine_moves", deployment.pk)
    # Before what it leads to: a task that ends meanwhile is followed once more, rather than its outcome missed.
    task = deployment.tasks.filter(kind__in=_WORK).order_by("-queued_at").first()
    servers = tuple(one.carrier for one in machine_moves.last_seen(deployment))
    newest = machine_moves.newest_plan(deployment)
    done = machine_moves.newest_moves(deployment)
    context = _frame(deployment) | {
        "live": live.follow(task, at=live.MOVES) if task and task.active else None,
        "failure": live.failure_of(task),
        "tabs": tabs_of(deployment, "components"),
        "servers": servers,
        "form": _form(servers, dict(request.POST.items()) or _asked_last(newest), problem),
        "problem": problem,
        "plan": move_lines.plan_lines(newest) if newest else None,
        "done": move_lines.outcome_lines(done) if done else None,
        "half_undone": machine_moves_running.half_undone(done) if done else None,
        "can_undo": done is not None and bool(machine_moves_running.undo_orders(done)),
    }
    return render(request, "web/machine_moves.html", context, status=problem.status if problem else 200)


@page
@require_POST
def start(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return _launch(request, pk, {"plan_sha256": request.POST.get("plan_sha256", "")})


@page
@require_POST
def undo(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return _launch(request, pk, {"undo": request.POST.get("task", "")})


# --- inside -----------------------------------------------------------------------------------------------------------


def _launch(request: SignedInRequest, pk: UUID, inputs: dict[str, Any]) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    try:
        tasks.launch("move_machines", deployment=deployment, actor=request.user, inputs=inputs)
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return redirect("machine_moves", deployment.pk)


def _inputs(request: SignedInRequest) -> dict[str, Any]:
    """Raises Invalid for a file that is no text."""
    sizes = {
        name.removeprefix(_SIZE): value for name, value in request.POST.items() if name.startswith(_SIZE)
    }
    return {
        "total_change_gb": request.POST.get("total_change_gb", "").strip(),
        "rates_csv": _file(request),
        "leave": [one for one in request.POST.getlist("leave") if one],
        "sizes": {server: size for server, size in sizes.items() if size},
    }


def _asked_last(newest: NewestPlan | None) -> dict[str, Any]:
    """What the newest plan was made with, but for its file."""
    if newest is None:
        return {}
    inputs = newest.task.inputs
    total = inputs["total_change_gb"]
    sizes = {f"{_SIZE}{server}": size for server, size in inputs["sizes"].items()}
    return {"total_change_gb": "" if total is None else amount(total), **sizes}


def _file(request: SignedInRequest) -> str:
    given = request.FILES.get("rates_csv")
    if not isinstance(given, UploadedFile):
        return ""
    # One byte more than may be is enough to see that it is too much.
    content: bytes = given.read(BYTES_MOST + 1)
    if len(content) > BYTES_MOST:
        text = Text(_("Give a CSV file of at most 2 MB, as text."))
        raise Invalid([FieldError(path="rates_csv", message=text, code="invalid")])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = Text(_("The file is not text in UTF-8."))
        raise Invalid([FieldError(path="rates_csv", message=text, code="invalid")]) from None


def _frame(deployment: Deployment) -> dict[str, Any]:
    title = gettext("Move machines")
    frame = steps.frame(deployment, None, [], title=title)
    url = reverse("components", args=[deployment.pk])
    frame["crumbs"].insert(-1, {"label": gettext("Components"), "url": url})
    return frame | {"title": title, "components_url": url}


def _form(servers: tuple[Carrier, ...], typed: dict[str, Any], problem: Problem | None) -> ShownForm:
    fields = {
        "total_change_gb": Shown(
            label=gettext("Data changed per day, over all machines"),
            help_text=gettext(
                "Shared equally by those that the file does not name. Left empty, the number of the capacity step counts."
            ),
            required=False,
            widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
            suffix=gettext("GB"),
            width=10,
        ),
        "rates_csv": Shown(
            label=gettext("Changes of single machines"),
            help_text=gettext("A CSV file with the columns %(columns)s; the last one may be left out.")
            % {"columns": ", ".join(COLUMNS)},
            required=False,
            widget=forms.FileInput({"accept": ".csv,text/csv"}),
        ),
        "leave": Shown(
            label=gettext("Empty this server"),
            help_text=gettext("All its machines move away, as before it is removed."),
            required=False,
            widget=forms.Select(),
            options=[Option(value=one.id, label=one.name) for one in servers],
        ),
        **{f"{_SIZE}{one.id}": _size(one) for one in servers if rows_of(one.kind)},
    }
    return ShownForm(fields, typed, problem.fields if problem else ())


def _size(server: Carrier) -> Shown:
    told = server.row.label if server.row else gettext("not known")
    return Shown(
        label=gettext("Size of %(name)s") % {"name": server.name},
        help_text=gettext("As the vault tells: %(row)s. Choose another where that is wrong.") % {"row": told},
        required=False,
        widget=forms.Select(),
        options=[
            Option(value=row.tier, label=f"{row.label}: {row.machines}, {row.change}")
            for row in rows_of(server.kind)
        ],
    )
