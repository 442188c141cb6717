"""What the vault of a deployment sees: the newest look, how it differs from the record, what changed, what became worse."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from wizard.models import Deployment
from wizard.models.task import ACTIVE_STATES
from wizard.services import deployments
from wizard.services.errors import UserError
from wizard.services.vault_observation import account, corrections, history, notices, showing
from wizard.services.vault_observation.judgement import Judgement
from wizard.web import live, steps, vault_lines
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import say
from wizard.web.tabs import tabs_of
from wizard.web.views import work

KIND: Final = "refresh_health"
HISTORY_SIZE: Final = 10
NOTICES_SHOWN: Final = 20


class CorrectionForm(forms.Form):
    """A plain form: one server, and what it is."""

    server = forms.ChoiceField()
    role = forms.ChoiceField(required=False)

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(auto_id="correct-%s")
        servers = [
            (one.id, f"{one.name or one.address} ({one.address or one.id})")
            for one in judgement.observed.components
            if one.id and one.kind in corrections.CORRECTABLE and "#" not in one.key
        ]
        roles = [("", gettext("As the vault shows it"))]
        roles += [(kind, str(title)) for kind, title in corrections.role_words().items()]
        self.servers = len(servers)
        for name, label, choices in (
            ("server", gettext("Server"), servers),
            ("role", gettext("Role"), roles),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
            field.label, field.choices = label, choices


@page
@require_safe
def detail(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    # The answers are asked for at every turn; they are read once.
    prefetch_related_objects([deployment], "steps")
    active = deployment.tasks.filter(kind=KIND, state__in=ACTIVE_STATES).first()
    rows = deployment.observations.all()
    newest = rows.first()
    context = steps.frame(deployment, None, [], title=gettext("Vault")) | {
        "tabs": tabs_of(deployment, "observations"),
        "fresh": showing.freshness_of(deployment),
        "vault_step_url": reverse("step", args=[deployment.pk, "vault"]),
        "live": live.follow(active, at=live.OBSERVATIONS) if active else None,
        "newest": newest,
        "notices": _notices(deployment),
        "accounts": [] if deployment.is_open else account.choices_for(deployment),
    }
    if newest is not None:
        context |= _history(request, deployment)
        judgement = showing.judgement_in(newest, recorded=deployment.snapshots.exists())
        context |= _shown(deployment, judgement) if judgement is not None else {}
    return render(request, "web/observations.html", context)


@page
@require_POST
def look(request: SignedInRequest, pk: UUID) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    _start(request, deployment)
    return redirect("observations", deployment.pk)


@page
@require_POST
def correct(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """Say what a server is; what follows from that is shown after another look."""
    deployment = deployments.get(pk, actor=request.user)
    try:
        corrections.correct(
            deployment, request.POST.get("server", ""), request.POST.get("role", ""), actor=request.user
        )
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    else:
        _start(request, deployment)
    return redirect("observations", deployment.pk)


@page
@require_POST
def choose_account(request: SignedInRequest, pk: UUID) -> HttpResponse:
    """With whose rights the vault of a deployment that stands is asked."""
    deployment = deployments.get(pk, actor=request.user)
    try:
        account.choose(deployment, request.POST.get("account", ""), actor=request.user)
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)
    return redirect("observations", deployment.pk)


@page
@require_POST
def seen(request: SignedInRequest, pk: UUID, notice_id: int) -> HttpResponse:
    deployment = deployments.get(pk, actor=request.user)
    notices.mark_seen(deployment, notice_id, actor=request.user)
    messages.success(request, gettext("The notice is marked as seen."))
    return redirect(f"{reverse('observations', args=[deployment.pk])}#notices")


# --- inside -----------------------------------------------------------------------------------------------------------


def _start(request: SignedInRequest, deployment: Deployment) -> None:
    try:
        work.start(request, deployment, KIND)
    except UserError as error:
        if error.code == "not_allowed":
            raise
        say(request, error)


def _notices(deployment: Deployment) -> dict[str, Any]:
    """Open ones all, ended ones the newest."""
    rows = notices.of_deployment(deployment)
    return {
        "open": [_notice(row) for row in rows.filter(ended_at=None)],
        "ended": [_notice(row) for row in rows.exclude(ended_at=None)[:NOTICES_SHOWN]],
    }


def _notice(row: Any) -> dict[str, Any]:
    return {"row": row, "tag": vault_lines.Tag.of(row.severity)}


def _history(request: SignedInRequest, deployment: Deployment) -> dict[str, Any]:
    """A page of it."""
    rows = deployment.observations.defer("document", "differences", "health")
    shown = Paginator(rows, HISTORY_SIZE).get_page(request.GET.get("page"))
    return {
        "page": shown,
        "history": [
            {"entry": entry, "tag": vault_lines.Tag.of(entry.row.severity)}
            for entry in history.entries(shown.object_list)
        ],
    }


def _shown(deployment: Deployment, judgement: Judgement) -> dict[str, Any]:
    observed = judgement.observed
    components = vault_lines.components(judgement)
    health = vault_lines.health(judgement)
    form = CorrectionForm(judgement)
    corrected = corrections.of_deployment(deployment)
    words = corrections.role_words()
    names = {one.id: one.name or one.address or one.id for one in observed.components}
    return {
        "judgement": judgement,
        "observed": observed,
        "worst": vault_lines.Tag.of(judgement.severity),
        # Safe as it is: the drawing room escapes every name that it writes.
        "svg": mark_safe(showing.picture(judgement, name=deployment.name)),  # noqa: S308 - a drawing, which escapes its words
        "components": components,
        "links": vault_lines.links(observed),
        "differences": vault_lines.differences(judgement),
        "difference_counts": vault_lines.counted(one.severity for one in judgement.differences),
        "unwell": [line for line in health if not line["well"]],
        "well": [line for line in health if line["well"]],
        "health_counts": vault_lines.counted(state.state for state in judgement.health),
        "findings": vault_lines.findings(judgement),
        "skipped": vault_lines.skipped(observed),
        "correction": form if form.servers else None,
        "corrected": [
            {"id": server, "name": names.get(server, server), "role": words.get(kind, kind)}
            for server, kind in sorted(corrected.items())
        ],
    }
