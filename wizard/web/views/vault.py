"""The vault step: by hand as every question, or chosen from what an Azure account sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from wizard.journey import base as journey
from wizard.journey import vault_choices
from wizard.models import Deployment
from wizard.services import deployments, vaults_seen
from wizard.services.errors import Conflict, NotAllowed, NotFound, UserError
from wizard.text import Text, _
from wizard.web import stepping, steps
from wizard.web.guard import SignedInRequest
from wizard.web.problems import say
from wizard.web.views import question, work


def show(request: SignedInRequest, deployment: Deployment, step: journey.Step) -> HttpResponse:
    act = _ACTIONS.get(request.POST.get("action", "")) if request.method == "POST" else None
    if act is None:
        return question.show(request, deployment, step)
    anchor = ""
    try:
        anchor = act(request, deployment)
    except (NotAllowed, NotFound):
        raise
    except UserError as error:
        say(request, error)
    back = "?back=answers" if steps.wants_answers(request) else ""
    return redirect(reverse("step", args=[deployment.pk, step.id]) + back + anchor)


# --- what can be done here --------------------------------------------------------------------------------------------


def _look_up(request: SignedInRequest, deployment: Deployment) -> str:
    account = request.POST.get("account", "")
    before, _version = deployments.form_of(deployment, "vault")
    if account != (before.get("account") or ""):
        # What another account saw says nothing about this one; without one the answers stay as they were typed.
        deployments.keep_draft(
            deployment,
            "vault",
            {**before, "account": account},
            actor=request.user,
            version=stepping.version_in(request),
        )
    if account:
        work.start(request, deployment, vaults_seen.LOOK_UP, {"account": account})
    return ""


def _choose(request: SignedInRequest, deployment: Deployment) -> str:
    values, _version = deployments.form_of(deployment, "vault")
    found = vaults_seen.newest(deployment, str(values.get("account") or ""))
    wanted = request.POST.get("choice", "")
    vaults = found["vaults"] if found else []
    vault = next((row for row in vaults if vault_choices.key_of(row) == wanted), None)
    if found is None or vault is None:
        raise Conflict(
            Text(_("Choose one of the vaults in the list.")),
            remedy=Text(_("If it is missing there, look up the vaults again.")),
            code="no_vault",
        )
    chosen = vault_choices.filled_in(found, vault)
    if vault_choices.key_of(vault) != _key_of_typed(values):
        # The name that was typed again was that of another vault, and so was what was said of it.
        values = {name: value for name, value in values.items() if name not in ("confirm_name", "exclusive")}
    deployments.keep_draft(
        deployment,
        "vault",
        {**values, **chosen},
        actor=request.user,
        version=stepping.version_in(request),
    )
    return "#answers"


def _key_of_typed(values: dict[str, object]) -> str:
    names = ("subscription", "resource_group", "vault")
    return vault_choices.key_of({name: str(values.get(name) or "") for name in names})


_ACTIONS: Final[dict[str, Callable[[SignedInRequest, Deployment], str]]] = {
    "look_up": _look_up,
    "choose": _choose,
}
