"""Answering for what no probe can see: with a note and perhaps a file, taken back again, the file handed out."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.services import attestations, attested, deployments
from wizard.services.attestations import MAX_FILE_BYTES, EvidenceFile
from wizard.services.errors import Invalid, NotFound, UserError
from wizard.services.explanations import Requirement
from wizard.services.permissions import require
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say
from wizard.web.questions import question_form


@page
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    """One question on a page of its own; the forms on the page of the checks are sent here, too."""
    deployment = deployments.get(pk, actor=request.user)
    require(request.user, "attestation.give", deployment)
    requirement = _question(deployment, requirement_id)
    typed, problem = None, None
    if request.method == "POST":
        typed = {name: request.POST.get(f"{requirement_id}-{name}", "") for name in ("answer", "note")}
        try:
            _refuse_empty(typed["answer"])
            attestations.attest(
                deployment,
                requirement_id,
                answer=typed["answer"],
                note=typed["note"],
                file=_file(request, requirement_id),
                actor=request.user,
            )
        except UserError as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("The answer for %(id)s is kept.") % {"id": requirement_id})
            return redirect(_place(deployment, requirement_id))
    row = attested.stored(deployment).get(requirement_id)
    context = steps.frame(deployment, None, [], title=requirement_id) | {
        "requirement": requirement,
        "row": row,
        "form": question_form(requirement, row, typed=typed, problem=problem),
        "problem": problem,
    }
    context["crumbs"].insert(-1, {"label": gettext("Checks"), "url": reverse("checks", args=[deployment.pk])})
    return render(request, "web/attest.html", context, status=problem.status if problem else 200)


@page
@require_POST
def withdraw(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    try:
        attestations.withdraw(deployment, requirement_id, actor=request.user)
    except UserError as error:
        if error.code != "task_running":
            raise
        say(request, error)
    else:
        messages.success(request, gettext("The answer for %(id)s is taken back.") % {"id": requirement_id})
    return redirect(_place(deployment, requirement_id))


@page
@require_safe
def file(request: SignedInRequest, pk: UUID, requirement_id: str) -> HttpResponse:
    """Always an attachment: what somebody uploaded never becomes a page of this site."""
    deployment = deployments.get(pk, actor=request.user)
    found = attestations.file_of(deployment, requirement_id, actor=request.user)
    response = HttpResponse(found.content, content_type=found.media_type)
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _question(deployment: Deployment, requirement_id: str) -> Requirement:
    found = next((row for row in attestations.questions_for(deployment) if row.id == requirement_id), None)
    if found is None:
        raise NotFound(Text(_("Nobody is asked about %(id)s in this deployment."), id=requirement_id))
    return found


def _refuse_empty(answer: str) -> None:
    """A form that was sent without a choice is told what to do in the words of the form, not in those of the API."""
    if not answer:
        raise Invalid([FieldError(path="answer", message=Text(_("Choose an answer.")), code="missing")])


def _file(request: SignedInRequest, requirement_id: str) -> EvidenceFile | None:
    given = request.FILES.get(f"{requirement_id}-file")
    if not isinstance(given, UploadedFile):
        return None
    if (given.size or 0) > MAX_FILE_BYTES:
        # Said before its content is taken into memory.
        text = Text(
            _("The file has %(found)s MB; expected are at most %(limit)s MB."),
            found=f"{(given.size or 0) / 2**20:.1f}",
            limit=MAX_FILE_BYTES // 2**20,
        )
        raise Invalid([FieldError(path="file", message=text, code="too_big")])
    return EvidenceFile(name=given.name or "", content=given.read())


def _place(deployment: Deployment, requirement_id: str) -> str:
    return f"{reverse('checks', args=[deployment.pk])}#check-{requirement_id}"
