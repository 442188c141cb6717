"""What the pages of a deployment show of its approval, and what whoever reads them may do about it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext

from wizard.models import Approval, Deployment, Operator
from wizard.planning.quoting import shown
from wizard.services import approvals
from wizard.services.permissions import may
from wizard.web.forms import Shown, ShownForm
from wizard.web.problems import Problem

_LONGEST_VALUE = 120


def panel(deployment: Deployment, person: Operator, *, always: bool = False) -> dict[str, Any]:
    """`approval` for web/_approval.html; None where none is needed and none was asked for, or nothing is left to be set up."""
    if not deployment.is_open and not always:
        return {"approval": None}
    standing = approvals.standing(deployment)
    if not (standing.needed or standing.approval or always):
        return {"approval": None}
    request = standing.approval
    open_, waits = deployment.is_open, standing.state == "waiting"
    asked = request is not None and request.state == Approval.State.WAITING
    reviews = may(person, "approval.decide", deployment)
    asks = may(person, "approval.ask", deployment)
    return {
        "approval": {
            "standing": standing,
            "request": request,
            "changed": [_changed(change) for change in standing.changed],
            # Who may ask reads whom to turn to.
            "people": [one.get_username() for one in approvals.who_may_approve(deployment)]
            if standing.needed and open_ and standing.state != "approved"
            else [],
            "may_ask": open_ and asks and standing.state in ("none", "outdated", "rejected"),
            "may_approve": open_ and waits and request is not None and approvals.may_decide(request, person),
            "may_reject": open_ and asked and reviews,
            "own_part": open_ and waits and reviews and request and approvals.part_in(request, person),
            "may_withdraw": open_ and (asks or reviews) and (asked or standing.state == "approved"),
        }
    }


def note_form(problem: Problem | None = None, typed: str = "") -> ShownForm:
    field = Shown(
        label=gettext("Note"),
        help_text=gettext("What the approver should know."),
        required=False,
        widget=forms.Textarea({"rows": 2, "maxlength": approvals.MAX_CHARACTERS}),
    )
    return ShownForm({"note": field}, {"note": typed}, problem.fields if problem else ())


def reason_form(problem: Problem | None = None, typed: str = "", *, needed: bool = True) -> ShownForm:
    field = Shown(
        label=gettext("Reason"),
        help_text=gettext("What has to be changed. Who asked will read it.") if needed else "",
        required=needed,
        widget=forms.Textarea({"rows": 4 if needed else 2, "maxlength": approvals.MAX_CHARACTERS}),
    )
    return ShownForm({"reason": field}, {"reason": typed}, problem.fields if problem else ())


def in_header(user: Any) -> dict[str, Any]:
    """For the navigation: whether there is something to review here, and how much; counted only where it is shown."""
    reviews = isinstance(user, Operator) and may(user, "approval.decide")
    return {
        "may_review": reviews,
        "approvals_waiting": SimpleLazyObject(lambda: approvals.waiting(user).count()) if reviews else 0,
    }


def _changed(change: approvals.Change) -> dict[str, str]:
    return {
        "label": str(change.label),
        "before": _words(change.before),
        "after": _words(change.after),
    }


def _words(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, list):
        value = ", ".join(str(entry) for entry in value)
    if isinstance(value, dict):
        value = ", ".join(f"{key}: {entry}" for key, entry in value.items())
    return shown(value, longest=_LONGEST_VALUE)
