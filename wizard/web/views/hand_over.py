"""The hand-over of a deployment: packs made, followed, listed, downloaded, and how others verify them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST

from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments, hand_over
from wizard.services.errors import UserError
from wizard.services.hand_over_contents import VERIFY_COMMANDS
from wizard.services.permissions import may
from wizard.web import live, steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.tabs import tabs_of
from wizard.web.views import work

KIND = "make_hand_over_pack"


@page
@require_http_methods(["GET", "HEAD", "POST"])
def packs(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    if request.method == "POST":
        try:
            work.start(request, deployment, KIND)
        except UserError as error:
            if error.code == "not_allowed":
                raise
            say(request, error)
        return redirect("hand_over", deployment.pk)
    newest = deployment.tasks.filter(kind=KIND).order_by("-queued_at").first()
    active = newest is not None and newest.state in ACTIVE_STATES
    context: dict[str, Any] = steps.frame(deployment, None, [], title=gettext("Hand-over")) | {
        "tabs": tabs_of(deployment, "hand_over"),
        "packs": list(hand_over.packs_of(deployment)),
        "kept": hand_over.KEPT,
        "may_download": may(request.user, "hand_over.take", deployment),
        "live": live.follow(newest, at=live.HAND_OVER) if newest and active else None,
        "failure": live.failure_of(newest),
        "commands": "\n".join(VERIFY_COMMANDS),
        "public_key": hand_over.own_public_key(),
    }
    return render(request, "web/hand_over.html", context)


@page
@require_POST
def download(request: SignedInRequest, pk: UUID, pack_id: UUID) -> HttpResponse:
    """By POST, as it is written down who takes a pack."""
    deployment = deployments.get(pk, actor=request.user)
    pack = hand_over.take(deployment, pack_id, actor=request.user)
    response = HttpResponse(bytes(pack.content), content_type="application/zip")
    response["Content-Disposition"] = content_disposition_header(True, pack.file_name) or "attachment"
    return response
