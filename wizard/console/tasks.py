"""Tasks: what is under way, how it went, its events as they happen."""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_htmx.http import HTMX_STOP_POLLING, HttpResponseStopPolling

from wizard.console.actions import Work, confirmed
from wizard.console.exports import Column
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
        fits=lambda row: row.active,
        danger=True,
    ),
    Work(
        name="retry_tasks",
        label=_("Start again"),
        question=_("The same work is started as a new task of its own. Start it again?"),
        use_case="task.retry",
        run=_retry,
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
    exported_as: ClassVar[dict[str, Column]] = {
        **OfDeployment.exported_as,
        "what": {"kind": lambda row: row.kind},
        "percent": {"progress": lambda row: row.progress},
        "took": {"took_s": lambda row: _took(row)},
    }
    nothing_yet = _(
        "Whatever takes longer than a page may wait is a task: it is started in a deployment, by a person or a program."
    )
    nothing_yet_at = "deployments"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.live_view)
        return [path("<uuid:pk>/live/", view, name="wizard_task_live"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """A list shows none of the results, of which one may take megabytes; a page reads its own."""
        rows: QuerySet[Task] = super().get_queryset(request)
        return rows.defer("result", "inputs", "leftovers")

    def more_on_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return {**super().more_on_page(request, row), "live": _live(row, after=0)}

    def name_of(self, row: Any) -> str:
        return f"{title_of(row)}, {row.deployment.name}: {row.get_state_display()}"

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return ["what" if name == "kind" else name for name in super().get_fields(request, obj)]

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
    def what(self, obj: Task) -> SafeString:
        return format_html('{} <span class="code">{}</span>', title_of(obj), obj.kind)

    @admin.display(description=_("progress"), ordering="progress")
    def percent(self, obj: Task) -> str:
        return f"{obj.progress} %"

    @admin.display(description=_("took"))
    def took(self, obj: Task) -> str:
        took = _took(obj)
        return "–" if took is None else str(timedelta(seconds=round(took.total_seconds())))

    @admin.display(description=_("page"))
    def page(self, obj: Task) -> SafeString:
        return page_link(obj, _("Open"))


def title_of(task: Task) -> str:
    kind = KINDS.get(task.kind)
    return str(kind.title) if kind else task.kind


def _took(task: Task) -> timedelta | None:
    if task.started_at is None or task.finished_at is None:
        return None
    return task.finished_at - task.started_at


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
