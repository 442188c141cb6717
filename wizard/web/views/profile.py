"""The first step once the deployment exists: its name may still change, its architecture not."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey.profile import ProfileAnswers
from wizard.models import Deployment
from wizard.services import deployments, guidance
from wizard.services.errors import NotAllowed, UserError
from wizard.web import stepping, steps
from wizard.web.forms import collect, step_form
from wizard.web.guard import SignedInRequest
from wizard.web.problems import Problem
from wizard.web.stepping import Sheet


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    # The deployment's own revision guards its name; the form calls it version like that of every step.
    sheet = Sheet(
        deployment=deployment, step=step, values={"name": deployment.name}, version=deployment.revision
    )
    if request.method == "POST":
        typed = collect(ProfileAnswers, request.POST, only=["name"])
        current = deployment.name
        try:
            deployments.rename(
                deployment,
                name=typed.get("name", ""),
                actor=request.user,
                revision=stepping.version_in(request),
            )
        except NotAllowed:
            raise
        except UserError as error:
            deployment.refresh_from_db()
            sheet.values, sheet.version, sheet.problem = typed, deployment.revision, Problem.of(error)
            if error.code == "revision_outdated" and deployment.name != typed.get("name", current):
                sheet.theirs = [(gettext("Name of the deployment"), deployment.name)]
        else:
            messages.success(request, gettext("The name is saved."))
            return redirect("check_answers" if steps.wants_answers(request) else "deployment", deployment.pk)
    form = step_form(
        ProfileAnswers, sheet.values, sheet.problem.fields if sheet.problem else (), only=["name"]
    )
    context = stepping.context(request, sheet) | {
        "form": form,
        "profile": journey.PROFILES[deployment.profile],
        "profile_title": gettext(journey.PROFILES[deployment.profile].title),
        "profile_summary": gettext(journey.PROFILES[deployment.profile].summary),
        "retirement": guidance.retirement() if deployment.profile == "asr-classic" else None,
    }
    return render(request, "web/steps/profile.html", context, status=sheet.status)
