"""What waits for a second person: waivers of requirements, approvals of deployments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wizard.console.actions import Work, confirmed
from wizard.console.exports import Column
from wizard.console.reading import OfDeployment
from wizard.models import Approval, Operator, Waiver
from wizard.models.check import waiver_day
from wizard.services import approval_review, approvals, waivers


class WaitingFilter(admin.SimpleListFilter):
    title = _("approved")
    parameter_name = "approved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("waiting", _("Waiting for review")), ("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Waiver]) -> QuerySet[Waiver]:
        match self.value():
            case "waiting":
                return queryset.filter(approved_at=None, until__gte=waiver_day())
            case "yes":
                return queryset.filter(approved_at__isnull=False)
            case "no":
                return queryset.filter(approved_at=None)
        return queryset


def _approve_waiver(row: Waiver, actor: Operator, reason: str) -> None:
    waivers.approve_waiver(row.deployment, row.requirement_id, actor=actor, asked_at=row.asked_at)


def _refuse_waiver(row: Waiver, actor: Operator, reason: str) -> None:
    waivers.take_back_waiver(row.deployment, row.requirement_id, actor=actor)


def _about_waiver(row: Waiver) -> str:
    return gettext("%(deployment)s, until %(until)s, asked for by %(who)s: %(reason)s") % {
        "deployment": row.deployment.name,
        "until": row.until.isoformat(),
        "who": row.asked_by.get_username(),
        "reason": row.reason,
    }


def _asked_at(row: Waiver) -> str:
    return row.asked_at.isoformat()


_WAIVERS = (
    Work(
        name="approve_waivers",
        label=_("Approve waivers"),
        question=_(
            "These requirements will not stand in the way until the last day that is named. Approve that?"
        ),
        use_case="waiver.approve",
        run=_approve_waiver,
        about=_about_waiver,
        seen=_asked_at,
        fits=lambda row: row.waiting,
    ),
    Work(
        name="refuse_waivers",
        label=_("Reject waivers"),
        question=_("The requests are taken away; the requirements stand in the way as before. Reject them?"),
        use_case="waiver.refuse",
        run=_refuse_waiver,
        about=_about_waiver,
        seen=_asked_at,
        fits=lambda row: row.waiting,
        danger=True,
    ),
)


@admin.register(Waiver)
class WaiverAdmin(OfDeployment):
    list_display = (
        "requirement_id",
        "deployment_page",
        "reason",
        "until",
        "in_force",
        "asked",
        "approved",
    )
    list_filter = ("until", WaitingFilter, "asked_by")
    list_select_related = ("deployment", "asked_by", "approved_by")
    search_fields = ("requirement_id", "deployment__name", "reason", "asked_by__username")
    date_hierarchy = "asked_at"
    exported_as: ClassVar[dict[str, Column]] = {
        **OfDeployment.exported_as,
        "asked": {"asked_by": lambda row: row.asked_by, "asked_at": lambda row: row.asked_at},
        "approved": {"approved_by": lambda row: row.approved_by, "approved_at": lambda row: row.approved_at},
    }
    actions = tuple(confirmed(work) for work in _WAIVERS)
    nothing_yet = _(
        "A waiver lets a deployment go on for a time although a requirement is not met. Whoever may operate asks for one "
        "beside the finding of a preflight, with a reason and a last day; a reviewer approves it here or there."
    )
    nothing_yet_at = "deployments"

    @admin.display(description=_("in force"), boolean=True)
    def in_force(self, obj: Waiver) -> bool:
        return obj.in_force

    @admin.display(description=_("asked for"), ordering="asked_at")
    def asked(self, obj: Waiver) -> SafeString:
        return _by_and_at(obj.asked_by, obj.asked_at)

    @admin.display(description=_("approved"), ordering="approved_at")
    def approved(self, obj: Waiver) -> SafeString | None:
        if obj.approved_by is None or obj.approved_at is None:
            return None
        return _by_and_at(obj.approved_by, obj.approved_at)


def _by_and_at(person: Operator, at: datetime) -> SafeString:
    """Both in one cell: with a column for each, the list is wider than a screen of 1280 pixels."""
    moment = formats.date_format(timezone.localtime(at), "DATETIME_FORMAT")
    return format_html('{} <span class="quiet moment">{}</span>', person.get_username(), moment)


def _about_approval(row: Approval) -> str:
    who = row.asked_by.get_username()
    if row.note:
        return gettext("asked for by %(who)s: %(note)s") % {"who": who, "note": row.note}
    return gettext("asked for by %(who)s") % {"who": who}


def _approve(row: Approval, actor: Operator, reason: str) -> None:
    approvals.approve(row, actor=actor, reason=reason, digest=row.digest)


def _reject(row: Approval, actor: Operator, reason: str) -> None:
    approvals.reject(row, actor=actor, reason=reason)


def _review(row: Approval, actor: Operator) -> approval_review.Review:
    return approval_review.review_of(row, actor=actor)


_APPROVALS = (
    Work(
        name="approve",
        label=_("Approve"),
        question=_(
            "What these deployments set up may be set up, with exactly the answers that were asked for. Approve that?"
        ),
        use_case="approval.decide",
        run=_approve,
        about=_about_approval,
        seen=lambda row: f"{row.state} {row.digest}",
        review=_review,
        review_template="admin/_review.html",
        fits=lambda row: row.state == Approval.State.WAITING,
        reason="optional",
    ),
    Work(
        name="reject",
        label=_("Reject"),
        question=_(
            "Nothing is set up for these deployments until their answers were changed and asked for anew."
        ),
        use_case="approval.decide",
        run=_reject,
        about=_about_approval,
        seen=lambda row: f"{row.state} {row.digest}",
        review=_review,
        review_template="admin/_review.html",
        fits=lambda row: row.state == Approval.State.WAITING,
        reason="required",
        danger=True,
    ),
)


@admin.register(Approval)
class ApprovalAdmin(OfDeployment):
    """The answers that are approved are whole on the page of the request; the list goes without them."""

    list_display = (
        "deployment_page",
        "state",
        "asked_by",
        "asked_at",
        "note",
        "decided_by",
        "decided_at",
        "reason",
    )
    list_display_links = ("state",)
    list_filter = ("state", "asked_by", "decided_by")
    list_select_related = ("deployment", "asked_by", "decided_by")
    search_fields = ("deployment__name", "note", "reason", "digest", "asked_by__username")
    date_hierarchy = "asked_at"
    actions = tuple(confirmed(work) for work in _APPROVALS)
    change_form_template = "admin/approval.html"
    nothing_yet = _(
        "Where a deployment takes two people, whoever answered it asks for the approval on its page once preflight has passed; "
        "a reviewer who had no part in it decides here or there."
    )
    nothing_yet_at = "approvals"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Approval]:
        return super().get_queryset(request).defer("answers")

    def more_on_page(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        # Only who is known comes here.
        return {**super().more_on_page(request, row), "review": _review(row, cast(Operator, request.user))}
