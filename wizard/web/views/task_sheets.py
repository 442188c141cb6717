"""Task sheets: what is still open, on one sheet for each person who can mend it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from wizard.models import Deployment
from wizard.services import deployments, explanations, results, task_sheets
from wizard.services.errors import NotFound
from wizard.services.explanations import Phase
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.tabs import tabs_of


@page
@require_safe
def sheets(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    verified = results.latest_run(deployment, "after") is not None
    phase = _phase(request, deployment)
    context = steps.frame(deployment, None, [], title=gettext("Task sheets")) | {
        "tabs": tabs_of(deployment, "task_sheets"),
        "phase": phase,
        "phases": [
            {"label": explanations.PHASE_WORDS[name], "url": f"?phase={name}", "current": name == phase}
            for name in ("before", "after")
        ]
        if verified
        else [],
    }
    try:
        found = task_sheets.sheets_of(deployment, actor=request.user, phase=phase)
    except NotFound:
        return render(request, "web/task_sheets.html", context | {"unjudged": True})
    context |= {
        "sheets": [
            {"sheet": sheet, "markdown": task_sheets.in_markdown(deployment, [sheet])} for sheet in found
        ],
        "run": results.latest_run(deployment, phase),
    }
    return render(request, "web/task_sheets.html", context)


@page
@require_safe
def download(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """All sheets, or with `owner` the one of that owner. Raises NotFound where nothing was judged, or for another owner."""
    deployment = deployments.get(pk, actor=request.user)
    owner = request.GET.get("owner", "")
    found = task_sheets.sheets_of(deployment, actor=request.user, phase=_phase(request, deployment))
    chosen = [sheet for sheet in found if owner in ("", sheet.owner)]
    if owner and not chosen:
        raise NotFound(Text(_("There is no task sheet of that owner.")))
    response = HttpResponse(
        task_sheets.in_markdown(deployment, chosen), content_type="text/markdown; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{_file_name(deployment, owner)}"'
    return response


def _phase(request: SignedInRequest, deployment: Deployment) -> Phase:
    """The one asked for; else that of the newest look at things: after the set-up where the machine was verified."""
    match request.GET.get("phase"):
        case "before":
            return "before"
        case "after":
            return "after"
    return "after" if results.latest_run(deployment, "after") else "before"


def _file_name(deployment: Deployment, owner: str) -> str:
    return f"{'-'.join(filter(None, (deployment.name, 'tasks', slugify(owner))))}.md"
