"""Approvals: what waits for a decision, and those of one deployment: asked for, given, refused, withdrawn."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wizard.models import Approval, Deployment
from wizard.services import approvals, deployments
from wizard.services.errors import Invalid, UserError
from wizard.services.permissions import may, require
from wizard.web import approval_panel, steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say

PAGE_SIZE = 50


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    """What waits for the reader, and below it all there was, the newest first."""
    found = approvals.visible_approvals(request.user).order_by("-asked_at")
    context = {
        "section": "approvals",
        "mine": list(approvals.waiting(request.user)[:PAGE_SIZE]),
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    return render(request, "web/approvals.html", context)


@page
@require_safe
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    return _page(request, deployments.get(pk, actor=request.user))


@page
@require_POST
def ask(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    note = request.POST.get("note", "")
    try:
        approvals.ask(deployment, actor=request.user, note=note)
    except Invalid as error:
        return _page(request, deployment, problem=Problem.of(error), note=note)
    except UserError as error:
        return _refused(request, deployment, error)
    messages.success(request, gettext("You asked for the approval. Another person has to give it."))
    return redirect("approval", deployment.pk)


@page
@require_POST
def approve(request: SignedInRequest, pk: UUID, approval_id: UUID) -> HttpResponse:
    deployment, approval = _find(request, pk, approval_id)
    try:
        # A form that does not say what was read approves nothing.
        approvals.approve(
            approval,
            actor=request.user,
            reason=request.POST.get("reason", ""),
            digest=request.POST.get("digest", ""),
        )
    except UserError as error:
        return _refused(request, deployment, error)
    messages.success(request, gettext("%(name)s is approved.") % {"name": deployment.name})
    return redirect("approval", deployment.pk)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def reject(request: SignedInRequest, pk: UUID, approval_id: UUID) -> HttpResponse:
    """A page of its own: who rejects says why."""
    deployment, approval = _find(request, pk, approval_id)
    require(request.user, "approval.decide", deployment)
    problem, reason = None, request.POST.get("reason", "")
    if request.method == "POST":
        try:
            approvals.reject(approval, actor=request.user, reason=reason)
        except Invalid as error:
            problem = Problem.of(error)
        except UserError as error:
            return _refused(request, deployment, error)
        else:
            messages.success(request, gettext("%(name)s is rejected.") % {"name": deployment.name})
            return redirect("approval", deployment.pk)
    context = steps.frame(deployment, None, title=gettext("Reject")) | {
        "request_": approval,
        "form": approval_panel.reason_form(problem, reason),
        "problem": problem,
    }
    context["crumbs"].insert(
        -1, {"label": gettext("Approval"), "url": reverse("approval", args=[deployment.pk])}
    )
    return render(request, "web/approval_reject.html", context, status=problem.status if problem else 200)


@page
@require_POST
def withdraw(request: SignedInRequest, pk: UUID, approval_id: UUID) -> HttpResponse:
    deployment, approval = _find(request, pk, approval_id)
    try:
        approvals.withdraw(approval, actor=request.user)
    except UserError as error:
        return _refused(request, deployment, error)
    messages.success(request, gettext("It is withdrawn."))
    return redirect("approval", deployment.pk)


@page
@require_POST
def demand(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Say whether this deployment has to be approved."""
    deployment = deployments.get(pk, actor=request.user)
    needed = request.POST.get("needed") == "yes"
    try:
        approvals.require_approval(deployment, needed=needed, actor=request.user)
    except UserError as error:
        return _refused(request, deployment, error)
    messages.success(
        request,
        gettext("Nothing is set up before another person has approved it.")
        if needed
        else gettext("It goes without approval."),
    )
    return redirect("approval", deployment.pk)


# --- inside -----------------------------------------------------------------------------------------------------------


def _find(request: SignedInRequest, pk: UUID, approval_id: UUID) -> tuple[Deployment, Approval]:
    deployment = deployments.get(pk, actor=request.user)
    return deployment, approvals.find(deployment, approval_id)


def _refused(request: SignedInRequest, deployment: Deployment, error: UserError) -> HttpResponse:
    if error.code == "not_allowed":
        raise error
    say(request, error)
    return redirect("approval", deployment.pk)


def _page(
    request: SignedInRequest, deployment: Deployment, *, problem: Problem | None = None, note: str = ""
) -> HttpResponse:
    context = steps.frame(deployment, None, title=gettext("Approval")) | {
        **approval_panel.panel(deployment, request.user, always=True),
        "note_form": approval_panel.note_form(problem, note),
        "approve_form": approval_panel.reason_form(needed=False),
        "history": list(approvals.visible_approvals(request.user).filter(deployment=deployment)),
        "may_demand": deployment.is_open and may(request.user, "approval.demand", deployment),
        "demanded": deployment.needs_approval,
        "for_all": approvals.needs(deployment) and not deployment.needs_approval,
        "problem": problem,
    }
    return render(request, "web/approval.html", context, status=problem.status if problem else 200)
