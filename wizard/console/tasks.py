"""Tasks: what is under way, how it went, its events as they happen."""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseStopPolling

from wizard.console.actions import Work, confirmed
from wizard.console.reading import OfDeployment, page_link
from wizard.models import Operator, Task, TaskState
from wizard.services import tasks
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.id, str(kind.title)) for kind in KINDS.values()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


def _about(row: Task) -> str:
    return f"{title_of(row)}, {row.deployment.name}"


def _cancel(row: Task, actor: Operator, reason: str) -> None:
    tasks.cancel(row, actor=actor)


def _retry(row: Task, actor: Operator, reason: str) -> None:
    tasks.retry(row, actor=actor)


_ACTIONS = (
    Work(
        name="cancel_tasks",
        label=_("Cancel tasks"),
        question=_(
            "What waits is taken out of the queue; what runs stops at its next step and takes back what it began. Stop these tasks?"
        ),
        use_case="task.cancel",
        run=_cancel,
        about=_about,
        fits=lambda row: row.active,
        danger=True,
    ),
    Work(
        name="retry_tasks",
        label=_("Start again"),
        question=_("The same work is started as a new task of its own. Start it again?"),
        use_case="task.retry",
        run=_retry,
        about=_about,
        seen=lambda row: row.state,
        fits=lambda row: row.state in (TaskState.FAILED, TaskState.CANCELLED),
    ),
)


@admin.register(Task)
class TaskAdmin(OfDeployment):
    list_display = (
        "what",
        "deployment_page",
        "state",
        "percent",
        "took",
        "requested_by",
        "queued_at",
        "page",
    )
    list_filter = ("state", KindFilter, "changing", "requested_by")
    list_select_related = ("deployment", "requested_by")
    search_fields = ("deployment__name", "id", "kind", "request_id", "requested_by__username")
    date_hierarchy = "queued_at"
    actions = tuple(confirmed(work) for work in _ACTIONS)
    change_form_template = "admin/task.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.live_view)
        return [path("<uuid:pk>/live/", view, name="wizard_task_live"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """A list shows none of the results, of which one may take megabytes; a page reads its own."""
        rows: QuerySet[Task] = super().get_queryset(request)
        return rows.defer("result", "inputs", "leftovers")

    def more_on_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {**super().more_on_page(request, row), "live": _live(row, after=0)}

    def live_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What the page of a task asks for once a second: 204 while nothing is new, at the end 286, and it asks no more."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        task = self.get_queryset(request).filter(pk=pk).first()
        if task is None:
            # Deleted while somebody watched it, or not theirs to see: there is nothing to ask for.
            return HttpResponseStopPolling()
        seen, _dot, mark = request.GET.get("seen", "").partition(".")
        after = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
        live = _live(task, after=after)
        if task.active and live["seen"] == f"{after}.{mark}":
            return HttpResponse(status=204)
        response = render(request, "admin/_task_live.html", {"live": live, "appended": True})
        if not task.active:
            response.status_code = HTMX_STOP_POLLING
        return response

    @admin.display(description=_("what"), ordering="kind")
    def what(self, obj: Task) -> str:
        return title_of(obj)

    @admin.display(description=_("progress"), ordering="progress")
    def percent(self, obj: Task) -> str:
        return f"{obj.progress} %"

    @admin.display(description=_("took"))
    def took(self, obj: Task) -> str:
        if obj.started_at is None or obj.finished_at is None:
            return "–"
        return str(timedelta(seconds=round((obj.finished_at - obj.started_at).total_seconds())))

    @admin.display(description=_("page"))
    def page(self, obj: Task) -> SafeString:
        return page_link(obj, _("Open"))


def title_of(task: Task) -> str:
    kind = KINDS.get(task.kind)
    return str(kind.title) if kind else task.kind


def _live(task: Task, *, after: int) -> dict[str, Any]:
    """The context of `admin/_task_live.html`: the lines after number `after`, and where to ask for what follows."""
    # Read before the events: a line that is written in between is shown with the next answer.
    last = task.last_seq
    row = f"{task.state} {task.progress} {task.cancel_requested} {task.phase.to_json()}"
    seen = f"{last}.{zlib.crc32(row.encode())}"
    error = task.error or {}
    return {
        "task": task,
        "title": title_of(task),
        "events": list(tasks.events_after(task, after).filter(seq__lte=last)),
        "seen": seen,
        "poll_url": f"{reverse('admin:wizard_task_live', args=[task.pk])}?seen={seen}",
        "error_message": Text.from_json(error.get("message")),
        "error_remedy": Text.from_json(error.get("remedy")),
    }
