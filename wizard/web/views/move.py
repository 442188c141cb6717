"""What moving a classic deployment to replication appliances would take."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from wizard.models import Deployment
from wizard.planning.migration import moving
from wizard.services import deployments, guidance
from wizard.services.answers import answers_of, primary_component
from wizard.services.errors import NotFound
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page


def applies(deployment: Deployment) -> bool:
    """Whether there is something to move: a further process server moves with its configuration server."""
    return deployment.profile == "asr-classic" and primary_component(deployment) == "cs"


@page
@require_safe
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    if not applies(deployment):
        raise NotFound(Text(_("Nothing has to be moved to a replication appliance here.")))
    move = guidance.move(answers_of(deployment))
    # What must hold does not depend on the numbers.
    known = move or moving(process_servers=0, machines=0)
    context = steps.frame(deployment, None, title=gettext("Moving to the replication appliance")) | {
        "move": move,
        "conditions": known.conditions,
        "notes": known.notes,
        "links": known.links,
    }
    return render(request, "web/move.html", context)
