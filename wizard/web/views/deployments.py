"""The list of deployments, a new one, its home with the task list, and throwing a draft away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from wizard.journey.profile import ProfileAnswers
from wizard.models import Addition, DeploymentState, Task, Team, Waiver
from wizard.models.task import ACTIVE_STATES
from wizard.services import (
    additions_schedule,
    deployment_team,
    deployments,
    expiry,
    guidance,
    own_deployment,
    teams,
)
from wizard.services.errors import Invalid, NotFound, UserError
from wizard.services.permissions import require
from wizard.services.tasks.kinds import KINDS
from wizard.services.vault_observation import notices
from wizard.text import Text, _
from wizard.web import approval_panel, steps
from wizard.web.component_words import architecture_of
from wizard.web.forms import ShownForm, collect, step_form
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say
from wizard.web.tabs import tabs_of
from wizard.web.team_field import team_field
from wizard.web.views import move

PAGE_SIZE = 25
# The home of a deployment shows what ends first; all of it is in the calendar.
ENDS_SHOWN = 5


class Filters(forms.Form):
    q = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"type": "search", "autocomplete": "off"})
    )
    state = forms.ChoiceField(required=False)
    team = forms.ChoiceField(required=False)

    def __init__(self, data: Any, known: list[Team]) -> None:
        super().__init__(data)
        team = self.fields["team"]
        team.label = gettext("Team")
        assert isinstance(team, forms.ChoiceField)  # noqa: S101 - declared above
        team.choices = [
            ("", gettext("All")),
            *((str(row.pk), row.name) for row in known),
            ("none", gettext("None")),
        ]
        if not known:
            del self.fields["team"]
        self.fields["q"].label = gettext("Name")
        self.fields["state"].label = gettext("State")
        state = self.fields["state"]
        assert isinstance(state, forms.ChoiceField)  # noqa: S101 - declared above
        state.choices = [("", gettext("All")), *DeploymentState.choices]


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    known = teams.choices(request.user)
    filters = Filters(request.GET, known)
    found = deployments.visible_deployments(request.user)
    any_at_all = found.exists()
    chosen = filters.cleaned_data if filters.is_valid() else {}
    if chosen.get("q"):
        found = found.filter(name__icontains=chosen["q"])
    if chosen.get("state"):
        found = found.filter(state=chosen["state"])
    if chosen.get("team"):
        found = found.filter(team=None if chosen["team"] == "none" else chosen["team"])
    found = found.order_by("-changed_at", "name")
    # What is said beside each is looked up for those of this page alone: the rest need only be counted.
    shown = Paginator(found.values_list("pk", flat=True), PAGE_SIZE).get_page(request.GET.get("page"))
    under_way = Task.objects.filter(deployment=OuterRef("pk"), state__in=ACTIVE_STATES).order_by("-queued_at")
    listed = found.filter(pk__in=list(shown.object_list)).annotate(
        answered=Count("steps", filter=Q(steps__data__isnull=False)),
        active_kind=Subquery(under_way.values("kind")[:1]),
        active_task=Subquery(under_way.values("pk")[:1]),
        waiting=Subquery(_waiting_waivers()),
        critical=Subquery(notices.open_critical_of_outer()),
    )
    rows = [
        {
            "deployment": deployment,
            "profile": architecture_of(deployment),
            "task_title": KINDS[deployment.active_kind].title if deployment.active_kind else "",
            "task_id": deployment.active_task,
            "answered": deployment.answered,
            "waiting": deployment.waiting or 0,
            "critical": deployment.critical or 0,
        }
        for deployment in listed.prefetch_related("steps")
    ]
    context = {
        "section": "deployments",
        "form": filters,
        "page": shown,
        "rows": rows,
        "filtered": any(chosen.values()),
        "with_teams": bool(known),
        "any_at_all": any_at_all,
    }
    return render(request, "web/deployments.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    require(request.user, "deployment.create")
    problem = None
    begun_for = _begun_for(request)
    typed: dict[str, Any] = {"team": teams.usual(request.user)}
    if begun_for is not None:
        typed |= own_deployment.proposed(begun_for)
    if request.method == "POST":
        typed = collect(ProfileAnswers, request.POST) | {"team": request.POST.get("team", "")}
        wanted = {name: typed.get(name, "") for name in ("name", "profile", "team")}
        try:
            if begun_for is not None:
                made = own_deployment.begin(begun_for, **wanted, actor=request.user)
            else:
                made = deployments.create(**wanted, actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            return redirect(steps.after(made))
    context = {
        "section": "deployments",
        "form": _profile_form(request, typed, problem),
        "begun_for": begun_for,
        "retirement": guidance.retirement(),
        "crumbs": [
            {"label": gettext("Deployments"), "url": "/"},
            {"label": gettext("New deployment"), "url": ""},
        ],
    }
    return render(request, "web/new_deployment.html", context, status=problem.status if problem else 200)


@page
@require_safe
def home(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    rows = steps.rows(deployment)
    running = deployment.tasks.filter(state__in=ACTIVE_STATES).order_by("-changing", "queued_at").first()
    context = steps.frame(deployment, None, rows) | {
        "tabs": tabs_of(deployment, "steps"),
        "next": next((row for row in rows if row.status == "next"), None),
        "complete": sum(row.status == "complete" for row in rows),
        "total": sum(row.status != "not_applicable" for row in rows),
        "running": running,
        "running_title": KINDS[running.kind].title if running else "",
        "snapshot": deployment.snapshots.select_related("recorded_by").first(),
        "profile": architecture_of(deployment),
        "may_choose_team": deployment_team.may_give(request.user, deployment)
        and bool(teams.choices(request.user)),
        "may_move": move.applies(deployment),
        "waiting": sum(waiver.waiting for waiver in deployment.waivers.all()),
        "removals_due": additions_schedule.reminders(deployment),
        "critical": notices.open_critical(deployment),
        "ends": expiry.calendar_of(deployment, actor=request.user)[:ENDS_SHOWN],
        **approval_panel.panel(deployment, request.user),
    }
    return render(request, "web/deployment.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "deployment.delete", deployment)
    if request.method == "POST":
        name = deployment.name
        try:
            deployments.delete(deployment, actor=request.user)
        except UserError as error:
            say(request, error)
            return redirect(deployment)
        messages.success(request, gettext("The draft %(name)s is deleted.") % {"name": name})
        return redirect("deployments")
    return render(
        request,
        "web/delete_deployment.html",
        steps.frame(deployment, None, title=gettext("Delete the draft")),
    )


def _begun_for(request: SignedInRequest) -> Addition | None:
    """The further process server from whose page somebody comes. Raises NotFound, Conflict `no_own_deployment`."""
    sent = request.POST.get("for") or request.GET.get("for")
    if not sent:
        return None
    try:
        addition_id = UUID(sent)
    except ValueError:
        raise NotFound(Text(_("There is no such component."))) from None
    return own_deployment.addition_for(addition_id, actor=request.user)


def _waiting_waivers() -> Any:
    """How many waivers of the outer deployment wait for their second person; see `Waiver.waiting`."""
    waiting = Waiver.objects.filter(
        deployment=OuterRef("pk"), approved_at=None, until__gte=timezone.localdate()
    )
    return waiting.order_by().values("deployment").annotate(number=Count("pk")).values("number")


def _profile_form(request: SignedInRequest, typed: dict[str, Any], problem: Problem | None) -> ShownForm:
    return step_form(ProfileAnswers, typed, problem.fields if problem else (), extra=team_field(request.user))
