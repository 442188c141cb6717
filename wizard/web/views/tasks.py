"""Tasks: all of them, those of one deployment, one followed live, stopped or started again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseClientRedirect, HttpResponseStopPolling

from wizard.models import Task
from wizard.services import deployments, tasks
from wizard.services.errors import Conflict, NotFound, UserError
from wizard.text import Text, _
from wizard.web import live, steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.tabs import tabs_of

PAGE_SIZE = 25

# Big, and never shown in a list: an inventory may take megabytes.
_HEAVY = ("result", "inputs", "leftovers")


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    context = _listed(request, tasks.visible_tasks(request.user)) | {"section": "tasks"}
    return render(request, "web/tasks.html", context)


@page
@require_safe
def of_deployment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    found = tasks.visible_tasks(request.user).filter(deployment=deployment)
    context = (
        steps.frame(deployment, None, [], title=gettext("Tasks"))
        | _listed(request, found)
        | {"tabs": tabs_of(deployment, "tasks")}
    )
    return render(request, "web/deployment_tasks.html", context)


@page
@require_safe
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    task = _find(request, pk)
    step_id = steps.home_of(task.kind, task.deployment)
    context = {
        "section": "tasks",
        "live": live.follow(task),
        "step_url": reverse("step", args=[task.deployment_id, step_id]) if step_id else "",
        "crumbs": [
            {"label": gettext("Deployments"), "url": reverse("deployments")},
            {"label": task.deployment.name, "url": task.deployment.get_absolute_url()},
            {"label": gettext("Tasks"), "url": reverse("deployment_tasks", args=[task.deployment_id])},
            {"label": str(live.title_of(task)), "url": ""},
        ],
    }
    return render(request, "web/task.html", context)


@page
@require_safe
def progress(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """What the live part of a page asks for once a second: 204 while nothing changed, 286 at the end."""
    if request.htmx and not tasks.visible_tasks(request.user).filter(pk=pk).exists():
        # Deleted while somebody watched it: there is nothing to ask for any more.
        return HttpResponseStopPolling()
    task = _find(request, pk)
    since = live.Seen.parse(request.GET.get("seen", ""))
    at = request.GET.get("at") or None
    if task.active and since == live.Seen.of(task):
        return HttpResponse(status=204)
    if at is not None and not task.active:
        # The page on which it was followed has more to say now than how far the task is.
        there = live.page_of(task, at)
        if live.moves_on(task, at):
            messages.success(request, live.last_words(task))
        return HttpResponseClientRedirect(there)
    context = {"live": live.follow(task, at=at, since=since), "appended": True}
    response = render(request, "web/_live.html", context)
    if not task.active:
        response.status_code = HTMX_STOP_POLLING
    return response


@page
@require_POST
def cancel(request: SignedInRequest, pk: UUID) -> HttpResponse:
    task = _find(request, pk)
    try:
        tasks.cancel(task, actor=request.user)
    except Conflict as error:
        say(request, error)
    else:
        messages.info(
            request,
            gettext("The task is cancelled.") if not task.active else gettext("The task was asked to stop."),
        )
    return redirect(task)


@page
@require_POST
def retry(request: SignedInRequest, pk: UUID) -> HttpResponse:
    task = _find(request, pk)
    try:
        return redirect(tasks.retry(task, actor=request.user))
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return redirect(task)


def _find(request: SignedInRequest, pk: UUID) -> Task:
    task = tasks.visible_tasks(request.user).filter(pk=pk).defer("result").first()
    if task is None:
        raise NotFound(Text(_("There is no such task.")))
    return task


def _listed(request: SignedInRequest, found: QuerySet[Task]) -> dict[str, Any]:
    # Ids first: a database that has to sort all rows then sorts narrow ones.
    shown = Paginator(found.values_list("pk", flat=True), PAGE_SIZE).get_page(request.GET.get("page"))
    listed = found.filter(pk__in=list(shown.object_list)).defer(*_HEAVY)
    return {
        "page": shown,
        "rows": [{"task": task, "title": live.title_of(task)} for task in listed],
    }
