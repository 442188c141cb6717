"""Taking a component, or all of a deployment, out of service: the list of what can go, and the steps of one of them."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.services import decommission, decommission_end, deployments
from wizard.services.decommission import Plan
from wizard.services.errors import Invalid, NotFound, UserError
from wizard.services.permissions import may, require
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.forms import Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say
from wizard.web.tabs import tabs_of


@page
@require_safe
def plans(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    found = decommission.plans_of(deployment)
    context = steps.frame(deployment, None, [], title=gettext("Out of service")) | {
        "tabs": tabs_of(deployment, "decommission"),
        "rows": [{"plan": plan, "url": _url(deployment, plan.key)} for plan in found],
        "observed_at": next((plan.seen.observed_at for plan in found if plan.seen.observed_at), None),
    }
    return render(request, "web/decommission.html", context)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def steps_of(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """The steps of the component in `component`, all of the deployment without one."""
    deployment = deployments.get(pk, actor=request.user)
    key = request.GET.get("component", "")
    problem = None
    if request.method == "POST":
        require(request.user, "decommission.confirm", deployment)
        try:
            return _act(request, deployment, key)
        except Invalid as error:
            problem = Problem.of(error)
        except UserError as error:
            if isinstance(error, NotFound):
                raise
            say(request, error)
            return redirect(_url(deployment, key))
    plan = decommission.plan_of(deployment, key)
    name = deployment.name if plan.whole else plan.subject.name
    title = gettext("Take %(name)s out of service") % {"name": name}
    frame = steps.frame(deployment, None, [], title=title)
    back = reverse("decommission", args=[deployment.pk])
    frame["crumbs"].insert(-1, {"label": gettext("Out of service"), "url": back})
    context = frame | {
        "title": title,
        "plan": plan,
        "name": name,
        "lines": [_line(plan, number) for number in range(len(plan.steps))],
        "back_url": back,
        "may_act": may(request.user, "decommission.confirm", deployment) and frame.get("may_operate", True),
        "form": _name_form(request.POST.get("name", ""), problem.fields if problem else ()),
        "problem": problem,
    }
    return render(request, "web/decommission_steps.html", context, status=problem.status if problem else 200)


# --- inside -----------------------------------------------------------------------------------------------------------


def _act(request: SignedInRequest, deployment: Deployment, key: str) -> HttpResponse:
    step = request.POST.get("step", "")
    match request.POST.get("action"):
        case "confirm":
            note = request.POST.get("note", "")
            decommission.confirm(deployment, key, step, note=note, actor=request.user)
        case "take_back":
            decommission.take_back(deployment, key, step, actor=request.user)
        case "finish":
            name = request.POST.get("name", "")
            decommission_end.finish(deployment, key, name=name, actor=request.user)
            messages.success(request, gettext("%(name)s is out of service.") % {"name": name.strip()})
            return redirect("decommission", deployment.pk) if key else redirect(deployment)
        case _:
            raise NotFound(Text(_("There is nothing of that name to be done here.")))
    return redirect(_url(deployment, key))


def _line(plan: Plan, index: int) -> dict[str, object]:
    state = plan.steps[index]
    status = "complete" if state.done else "blocked" if state.blocked_by else "next"
    return {
        "number": index + 1,
        "state": state,
        "status": status,
        "confirmation": plan.confirmations.get(state.step.id),
        "ways": [
            {"id": f"way-{index + 1}-{number}", "way": way} for number, way in enumerate(state.step.ways, 1)
        ],
    }


def _name_form(typed: str, problems: tuple[FieldError, ...]) -> ShownForm:
    field = Shown(
        label=gettext("Name"),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        width=20,
    )
    return ShownForm({"name": field}, {"name": typed}, problems)


def _url(deployment: Deployment, key: str) -> str:
    there = reverse("decommission_steps", args=[deployment.pk])
    return f"{there}?{urlencode({'component': key})}" if key else there
