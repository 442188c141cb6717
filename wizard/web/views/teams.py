"""Teams, for administrators: listed, made, renamed, deleted, with their members; and whose a deployment is."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from wizard.models import Team
from wizard.services import deployment_team, deployments, teams
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.web import crumbs, steps
from wizard.web.forms import Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem
from wizard.web.team_field import team_field

_READ: Final = require_http_methods(["GET", "HEAD", "POST"])


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    require(request.user, "team.change")
    context = {"section": "teams", "teams": teams.visible_teams(request.user)}
    return render(request, "web/teams.html", context)


@page
@_READ
def add(request: SignedInRequest) -> HttpResponse:
    require(request.user, "team.change")
    problem = None
    if request.method == "POST":
        try:
            team = teams.create(name=request.POST.get("name", ""), actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            messages.success(
                request, gettext("The team %(team)s is made. Add its members.") % {"team": team.name}
            )
            return redirect("team", team.pk)
    return _form(request, gettext("New team"), {"name": _name_field()}, problem)


@page
@_READ
def detail(request: SignedInRequest, team_id: UUID) -> HttpResponse:
    """Its members; posting adds one."""
    require(request.user, "team.change")
    team = teams.get(team_id, actor=request.user)
    problem = None
    if request.method == "POST":
        try:
            person = teams.add_member(team, username=request.POST.get("username", ""), actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            said = gettext("%(person)s is in the team now.") % {"person": person.get_username()}
            messages.success(request, said)
            return redirect("team", team.pk)
    field = Shown(
        label=gettext("User name"),
        help_text=gettext("Of somebody who can sign in here already."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        width=20,
    )
    context = _frame(team.name) | {
        "team": team,
        "members": team.members.order_by("username"),
        "holdings": teams.holdings(team),
        "form": ShownForm(
            {"username": field},
            {"username": request.POST.get("username", "")},
            problem.fields if problem else (),
        ),
        "problem": problem,
    }
    return render(request, "web/team.html", context, status=problem.status if problem else 200)


@page
@_READ
def rename(request: SignedInRequest, team_id: UUID) -> HttpResponse:
    require(request.user, "team.change")
    team = teams.get(team_id, actor=request.user)
    name, problem = team.name, None
    if request.method == "POST":
        try:
            teams.rename(team, name=request.POST.get("name", ""), actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("The name is saved."))
            return redirect("team", team.pk)
    title = gettext("Rename %(name)s") % {"name": name}
    return _form(
        request, title, {"name": _name_field()}, problem, name=name, back=reverse("team", args=[team.pk])
    )


@page
@_READ
def delete(request: SignedInRequest, team_id: UUID) -> HttpResponse:
    require(request.user, "team.change")
    team = teams.get(team_id, actor=request.user)
    problem = None
    if request.method == "POST":
        try:
            teams.delete(team, actor=request.user)
        except Conflict as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("The team %(team)s is deleted.") % {"team": team.name})
            return redirect("teams")
    return _confirm(
        request,
        gettext("Delete %(name)s") % {"name": team.name},
        question=gettext("Delete this team?"),
        text=gettext("Its members keep their accounts. Only a team to which nothing belongs can be deleted."),
        button=gettext("Delete it"),
        team=team,
        problem=problem,
    )


@page
@_READ
def remove_member(request: SignedInRequest, team_id: UUID, username: str) -> HttpResponse:
    require(request.user, "team.change")
    team = teams.get(team_id, actor=request.user)
    if request.method == "POST":
        teams.remove_member(team, username=username, actor=request.user)
        messages.success(request, gettext("%(person)s is not in the team any more.") % {"person": username})
        return redirect("team", team.pk)
    if not team.members.filter(username=username).exists():
        raise NotFound(Text(_("%(name)s is not in this team."), name=username))
    return _confirm(
        request,
        gettext("Take %(person)s out of %(team)s") % {"person": username, "team": team.name},
        question=gettext("Take %(person)s out of the team?") % {"person": username},
        text=gettext(
            "From then on %(person)s sees none of its deployments, tasks and accounts. What they began stays the team's."
        )
        % {"person": username},
        button=gettext("Take out"),
        team=team,
    )


@page
@_READ
def of_deployment(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Give a deployment to another team, or to everybody."""
    deployment = deployments.get(pk, actor=request.user)
    deployment_team.require_giving(request.user, deployment)
    value = deployment.team.name if deployment.team is not None else ""
    problem = None
    if request.method == "POST":
        value = request.POST.get("team", "")
        try:
            deployment_team.give(deployment, team=value, actor=request.user)
        except (Invalid, Conflict) as error:
            problem = Problem.of(error)
            deployment.refresh_from_db()
        else:
            messages.success(
                request,
                gettext("%(name)s belongs to the team %(team)s now.")
                % {"name": deployment.name, "team": deployment.team.name}
                if deployment.team is not None
                else gettext("Everybody sees %(name)s now.") % {"name": deployment.name},
            )
            return redirect(deployment)
    context = steps.frame(deployment, None, title=gettext("Team")) | {
        "title": gettext("Whose is %(name)s?") % {"name": deployment.name},
        "form": ShownForm(team_field(request.user), {"team": value}, problem.fields if problem else ()),
        "problem": problem,
        "back_url": deployment.get_absolute_url(),
    }
    return render(request, "web/form_page.html", context, status=problem.status if problem else 200)


# --- inside -----------------------------------------------------------------------------------------------------------


def _name_field() -> Shown:
    return Shown(
        label=gettext("Name"),
        help_text=gettext("Such as the site or the customer that its members work for."),
        widget=forms.TextInput({"autocomplete": "off", "maxlength": 100}),
        width=20,
    )


def _frame(title: str) -> dict[str, Any]:
    return crumbs.below("teams", gettext("Teams"), title)


def _form(
    request: SignedInRequest,
    title: str,
    fields: dict[str, Shown],
    problem: Problem | None,
    *,
    name: str = "",
    back: str = "",
) -> HttpResponse:
    context = _frame(title) | {
        "form": ShownForm(
            fields, {"name": request.POST.get("name", name)}, problem.fields if problem else ()
        ),
        "problem": problem,
        "back_url": back or reverse("teams"),
    }
    return render(request, "web/form_page.html", context, status=problem.status if problem else 200)


def _confirm(
    request: SignedInRequest,
    title: str,
    *,
    question: str,
    text: str,
    button: str,
    team: Team,
    problem: Problem | None = None,
) -> HttpResponse:
    context = _frame(title) | {
        "question": question,
        "text": text,
        "button": button,
        "problem": problem,
        "back_url": reverse("team", args=[team.pk]),
    }
    return render(request, "web/confirm_page.html", context, status=problem.status if problem else 200)
