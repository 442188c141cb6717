"""Deployments as reviewers see them: how far each is, what was found, who has to approve it, what can be started again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wizard.console.actions import Work, confirmed
from wizard.console.exports import Column
from wizard.console.pictures import picture_of
from wizard.console.reading import ReadingAdmin, Seen, page_link, shown
from wizard.journey import base as journey
from wizard.models import Approval, Deployment, Operator
from wizard.services import approvals, tasks, topology
from wizard.services.errors import Conflict
from wizard.services.glance import Glance, glance_at

_NEEDED: Final = "needed"


class ApprovalFilter(admin.SimpleListFilter):
    title = _("approval")
    parameter_name = "approval"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting for review")), ("needed", _("Has to be approved"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deployment]) -> QuerySet[Deployment]:
        match self.value():
            case "waiting":
                # There is one at most that waits.
                return queryset.filter(approvals__state=Approval.State.WAITING)
            case "needed":
                return queryset.filter(needs_approval=True)
        return queryset


class ProfileFilter(admin.SimpleListFilter):
    """By the titles that people know; the addresses have the codes."""

    title = _("profile")
    parameter_name = "profile"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, gettext(profile.title)) for code, profile in journey.PROFILES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Deployment]) -> QuerySet[Deployment]:
        return queryset.filter(profile=self.value()) if self.value() else queryset


def _demand(needed: bool) -> Any:
    def run(row: Deployment, actor: Operator, reason: str) -> None:
        approvals.require_approval(row, needed=needed, actor=actor)

    return run


def _launch(kind: str) -> Any:
    def run(row: Deployment, actor: Operator, reason: str) -> None:
        tasks.launch(kind, deployment=row, actor=actor)

    return run


_ACTIONS = (
    Work(
        name="preflight_again",
        label=_("Run preflight"),
        question=_(
            "Preflight judges every requirement of these deployments anew. It changes nothing outside."
        ),
        use_case="task.launch",
        run=_launch("preflight"),
        fits=lambda row: row.is_open,
    ),
    Work(
        name="verify_again",
        label=_("Verify the installation"),
        question=_(
            "What must be true once the installer has run is judged anew, where needed on facts that the machine gives now."
        ),
        use_case="task.launch",
        run=_launch("verify_installation"),
        fits=lambda row: row.state != "decommissioned",
    ),
    Work(
        name="demand_approval",
        label=_("Demand an approval"),
        question=_(
            "Nothing will be set up for these deployments until another person has approved their answers."
        ),
        use_case="approval.demand",
        run=_demand(True),
        fits=lambda row: row.is_open and not row.needs_approval,
    ),
    Work(
        name="waive_approval",
        label=_("Let go without approval"),
        question=_("These deployments will not need the approval of another person any more."),
        use_case="approval.demand",
        run=_demand(False),
        fits=lambda row: row.is_open and row.needs_approval,
        danger=True,
    ),
)


@admin.register(Deployment)
class DeploymentAdmin(ReadingAdmin):
    list_display = (
        "name",
        "page",
        "architecture",
        "state",
        "progress_made",
        "blocking",
        "warnings",
        "approval",
        "team",
        "created_by",
        "changed_at",
    )
    list_filter = ("state", ProfileFilter, ApprovalFilter, ("team", Seen), "created_by")
    list_select_related = ("created_by", "team")
    search_fields = ("name", "team__name", "created_by__username")
    date_hierarchy = "created_at"
    actions = tuple(confirmed(work) for work in _ACTIONS)
    change_form_template = "admin/deployment.html"
    exported_as: ClassVar[dict[str, Column]] = {
        **ReadingAdmin.exported_as,
        # A program that reads the file knows the codes of the API.
        "architecture": {"profile": lambda row: row.profile},
        "progress_made": {
            "steps_done": lambda row: row.glance.done,
            "steps": lambda row: row.glance.steps,
        },
        "approval": {"approval": lambda row: _approval_code(row)},
    }
    nothing_yet = _(
        "Whoever may operate begins a deployment in Foothold; its answers, tasks and findings follow it here."
    )
    nothing_yet_at = "deployments"

    def prepare_rows(self, rows: Sequence[Any]) -> None:
        found = glance_at(rows)
        for row in rows:
            row.glance = found[row.pk]

    def more_on_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        self.prepare_rows([row])
        picture: object = None
        lacking = ""
        try:
            picture = picture_of(topology.graph_of(row), row.name)
        except Conflict as error:
            lacking = str(error.text)
        return {
            **super().more_on_page(request, row),
            "picture": picture,
            "no_picture": lacking,
            "glance": row.glance,
            "answers": [
                {"row": step, "data": shown(step.data), "draft": shown(step.draft)}
                for step in row.steps.select_related("changed_by")
            ],
            "related": [
                (gettext("Tasks"), _listed("task", row)),
                (gettext("Check results"), _listed("checkresult", row)),
                (gettext("Waivers"), _listed("waiver", row)),
                (gettext("Approvals"), _listed("approval", row)),
                (gettext("Snapshots"), _listed("topologysnapshot", row)),
                (gettext("Audit trail"), _listed("auditentry", row, "deployment_id")),
            ],
        }

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return ["architecture" if name == "profile" else name for name in super().get_fields(request, obj)]

    @admin.display(description=_("profile"), ordering="profile")
    def architecture(self, obj: Deployment) -> str:
        known = journey.PROFILES.get(obj.profile)
        return gettext(known.title) if known else obj.profile

    @admin.display(description=_("page"))
    def page(self, obj: Deployment) -> SafeString:
        return page_link(obj, _("Open"))

    @admin.display(description=_("steps done"))
    def progress_made(self, obj: Any) -> SafeString:
        glance: Glance = obj.glance
        return format_html(
            '<span class="steps"><progress max="{}" value="{}" aria-hidden="true"></progress> {}/{}</span>',
            glance.steps,
            glance.done,
            glance.done,
            glance.steps,
        )

    @admin.display(description=_("blocking"))
    def blocking(self, obj: Any) -> int | None:
        found: int | None = obj.glance.blocking
        return found

    @admin.display(description=_("warnings"))
    def warnings(self, obj: Any) -> int | None:
        found: int | None = obj.glance.warnings
        return found

    @admin.display(description=_("approval"))
    def approval(self, obj: Any) -> str | None:
        code = _approval_code(obj)
        if code is None:
            return None
        return gettext("Needed") if code == _NEEDED else str(Approval.State(code).label)


def _approval_code(row: Any) -> str | None:
    """The state of the newest request, "needed" where there is none and one has to be made; None where it goes without."""
    state: Approval.State | None = row.glance.approval
    if state in (None, Approval.State.WITHDRAWN):
        return _NEEDED if row.needs_approval else None
    return str(state)


def _listed(model: str, row: Deployment, field: str = "deployment__id__exact") -> str:
    return f"{reverse(f'admin:wizard_{model}_changelist')}?{field}={row.pk}"
