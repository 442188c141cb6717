"""The firewall matrix: on a page by direction, as CSV and as a page of its own for those who open the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_safe

from wizard.models import CheckStatus, Deployment
from wizard.services import deployments, firewall
from wizard.services.errors import Conflict, NotFound
from wizard.text import Text, _
from wizard.topology.firewall import FirewallRule, verdict_of
from wizard.web import steps
from wizard.web.guard import SignedInRequest, page
from wizard.web.tabs import tabs_of

DIRECTIONS: Final = {
    "in": _lazy("In"),
    "out": _lazy("Out"),
    "between": _lazy("Between others"),
}
_FROM_FOOTHOLD: Final = "foothold"
_FORMATS: Final = {"csv": "CSV", "html": "HTML"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule with its direction in words and the last verdict of what proves it; `status` is empty where nothing does."""

    rule: FirewallRule
    direction: str
    status: str
    verdict: str


class Filters(forms.Form):
    direction = forms.ChoiceField(required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        direction = self.fields["direction"]
        direction.label = gettext("Direction")
        assert isinstance(direction, forms.ChoiceField)  # noqa: S101 - declared above
        direction.choices = [
            ("", gettext("All")),
            *DIRECTIONS.items(),
            (_FROM_FOOTHOLD, gettext("From Foothold")),
        ]


@page
@require_safe
def matrix(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    filters = Filters(request.GET)
    wanted = filters.cleaned_data["direction"] if filters.is_valid() else ""
    context = steps.frame(deployment, None, [], title=gettext("Firewall")) | {
        "tabs": tabs_of(deployment, "firewall"),
        "form": filters,
    }
    try:
        rows = _rows(request, deployment)
    except Conflict as error:
        return render(request, "web/firewall.html", context | {"nothing": error})
    context |= {
        "total": len(rows),
        "rows": [row for row in rows if wanted in ("", row.rule.direction, row.rule.needed_by)],
        "formats": [
            (name, reverse("firewall_file", args=[deployment.pk, form])) for form, name in _FORMATS.items()
        ],
    }
    return render(request, "web/firewall.html", context)


@page
@require_safe
def download(request: SignedInRequest, pk: UUID, form: str) -> HttpResponse:
    """Raises NotFound for another form, Conflict `not_ready` before the questions are answered."""
    deployment = deployments.get(pk, actor=request.user)
    if form == "csv":
        # A spreadsheet reads UTF-8 only where it is told so by a byte order mark.
        text = "\ufeff" + firewall.as_csv(deployment, actor=request.user)
    elif form == "html":
        # Answers are asked for at every turn; they are read once.
        prefetch_related_objects([deployment], "steps")
        text = firewall.as_html(deployment, actor=request.user)
    else:
        raise NotFound(
            Text(
                _("There is no such file; the format can be one of %(formats)s."),
                formats=list(_FORMATS),
            )
        )
    response = HttpResponse(text, content_type=f"text/{form}; charset=utf-8")
    # Always a download: the page brings its own style, which the policy of these pages would refuse.
    response["Content-Disposition"] = f'attachment; filename="{deployment.name}-firewall.{form}"'
    return response


def _rows(request: SignedInRequest, deployment: Deployment) -> list[Row]:
    # Answers are asked for at every turn; they are read once.
    prefetch_related_objects([deployment], "steps")
    verdicts = firewall.verdicts_of(deployment)
    words = dict(CheckStatus.choices)
    rows = []
    for rule in firewall.rules_of(deployment, actor=request.user):
        status = verdict_of(rule, verdicts)
        rows.append(
            Row(
                rule=rule,
                direction=str(DIRECTIONS[rule.direction]),
                status=status,
                verdict=str(words.get(status, "")),
            )
        )
    return rows
