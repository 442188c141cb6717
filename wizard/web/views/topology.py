"""The recorded topology as picture, table and files, and the chain of its snapshots."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from wizard.models import Deployment
from wizard.services import deployments, topology
from wizard.services.errors import Conflict, NotFound
from wizard.text import Text, _
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.tabs import tabs_of

_ENDING: Final = {"json": "json", "svg": "svg", "mermaid": "mmd", "dot": "dot"}
# Names of formats, the same in every language.
_FORMATS: Final = {"json": "JSON", "svg": "SVG", "mermaid": "Mermaid", "dot": "DOT"}


@page
@require_safe
def graph(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    context = steps.frame(deployment, None, [], title=gettext("Topology")) | {
        "tabs": tabs_of(deployment, "topology")
    }
    try:
        drawn = topology.graph_of(deployment)
    except Conflict as error:
        return render(request, "web/topology.html", context | {"nothing": error})
    context |= _shown(deployment, drawn) | {
        "formats": [
            (_FORMATS[form], reverse("topology_file", args=[deployment.pk, form]))
            for form in topology.EXPORT_FORMATS
        ],
        "snapshot": deployment.snapshots.select_related("recorded_by").first(),
        "violations": topology.violations_of(drawn),
    }
    return render(request, "web/topology.html", context)


@page
@require_safe
def download(request: SignedInRequest, pk: UUID, form: str) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    content, media_type = topology.export(deployment, form)
    text = content if isinstance(content, str) else json.dumps(content, indent=2, ensure_ascii=False)
    response = HttpResponse(text, content_type=f"{media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{deployment.name}.{_ENDING[form]}"'
    return response


@page
@require_safe
def snapshots(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    context = steps.frame(deployment, None, [], title=gettext("Snapshots")) | {
        "tabs": tabs_of(deployment, "snapshots"),
        "snapshots": deployment.snapshots.select_related("recorded_by"),
        "broken": topology.first_broken_snapshot(deployment),
    }
    return render(request, "web/snapshots.html", context)


@page
@require_safe
def snapshot(request: SignedInRequest, pk: UUID, number: int) -> HttpResponse:
    """One record, and what changed since the one before."""
    deployment = deployments.get(pk, actor=request.user)
    row = deployment.snapshots.select_related("recorded_by").filter(number=number).first()
    if row is None:
        raise NotFound(Text(_("There is no such snapshot.")))
    drawn = topology.graph_in(row)
    context = steps.frame(deployment, None, [], title=str(number)) | _shown(deployment, drawn)
    context["crumbs"].insert(
        -1, {"label": gettext("Snapshots"), "url": reverse("snapshots", args=[deployment.pk])}
    )
    context |= {
        "snapshot": row,
        "tabs": tabs_of(deployment, "snapshots"),
        "changes": topology.compare(deployment, number - 1, number) if number > 1 else None,
    }
    return render(request, "web/snapshot.html", context)


def _shown(deployment: Deployment, drawn: Any) -> dict[str, Any]:
    return {
        "graph": drawn,
        # Safe as it is: the drawing room escapes every name that it writes.
        "svg": mark_safe(topology.picture(drawn, name=deployment.name)),  # noqa: S308 - a drawing, which escapes its words
        "components": topology.component_rows(drawn),
        "links": topology.link_rows(drawn),
    }
