"""What a step of work says of the vault: whether the server arrived there, and vCenter with it. Only with an Azure account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.models.task import ACTIVE_STATES
from wizard.services import azure_access, evidence, vault_vcenter_entries, vault_vcenters
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.errors import Invalid, NotAllowed, NotFound, UserError
from wizard.web import live
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.guard import SignedInRequest
from wizard.web.problems import Problem, say
from wizard.web.views import work

# Followed on the page of the step beside its own work.
KINDS: Final = ("register_vault", "remove_vcenter")
_ACTIONS: Final = {
    "wait_in_vault": "register_vault",
    "register_in_vault": "register_vcenter",
    "remove_from_vault": "remove_vcenter",
}


def act(
    request: SignedInRequest, deployment: Deployment, step: journey.Step
) -> HttpResponse | Problem | None:
    """The answer to one of the forms here, or what is wrong with its fields; None where another one was sent."""
    action = request.POST.get("action", "") if request.method == "POST" else ""
    kind = _ACTIONS.get(action)
    if kind is None:
        return None
    inputs = {
        "register_in_vault": {name: request.POST.get(name, "") for name in vault_vcenters.INPUTS},
        "remove_from_vault": {"confirm": request.POST.get("confirm", "").strip()},
    }.get(action)
    try:
        work.start(request, deployment, kind, inputs)
    except (NotAllowed, NotFound):
        raise
    except Invalid as error:
        return Problem.of(error)
    except UserError as error:
        say(request, error)
    return redirect("step", deployment.pk, step.id)


def context(
    deployment: Deployment,
    step: journey.Step,
    *,
    typed: Mapping[str, str] | None = None,
    problem: Problem | None = None,
) -> dict[str, Any]:
    """For `web/steps/_in_vault.html`; `in_vault` is None without an account, and before the server stands.

    With `problem` the form that was sent says what is wrong, and holds what was typed.
    """
    typed, problems = typed or {}, problem.fields if problem else ()
    account = azure_access.account_name(deployment)
    if not account or deployment.is_open:
        return {"in_vault": None}
    # Before what it leads to: a task that ends meanwhile is followed once more, rather than its outcome missed.
    newest = deployment.tasks.filter(kind__in=(*KINDS, "register_vcenter")).order_by("-queued_at").first()
    arrived = evidence.latest(deployment, "register_vault")
    server = dict(arrived.result or {}) if arrived else None
    if server and server.get("heartbeat"):
        server["heartbeat"] = datetime.fromisoformat(server["heartbeat"])
    vcenter = vault_vcenters.last_in_vault(deployment)
    vcenter_row = deployment.vcenters.first()
    following = newest if newest and newest.active and newest.kind in KINDS else None
    return {
        "in_vault": {
            "account": account,
            "vault": answers_in_play(deployment).get("vault", {}).get("vault", ""),
            "component": primary_component(deployment),
            "server": server,
            "arrived": arrived,
            "vcenter": vcenter if vcenter.get("name") else None,
            "vcenter_told": vault_vcenter_entries.told_of(vcenter),
            "vcenter_row": vcenter_row,
            "form": _register_form(deployment, server or {}, typed, problems) if vcenter_row else None,
            "remove_form": _remove_form(typed, problems),
            "failure": live.failure_of(newest),
            "live": live.follow(following, at=step.id) if following else None,
            "busy": deployment.tasks.filter(state__in=ACTIVE_STATES, changing=True).exists(),
        }
    }


def _register_form(
    deployment: Deployment,
    server: dict[str, Any],
    typed: Mapping[str, str],
    problems: tuple[FieldError, ...],
) -> ShownForm:
    chosen = typed.get("run_as_account") or answers_in_play(deployment).get("vault", {}).get(
        "run_as_account", ""
    )
    return ShownForm(
        {
            "run_as_account": _choice(
                gettext("Account for vCenter on the configuration server"),
                gettext("As cspsconfigtool.exe names it; the only one is used by itself."),
                server.get("accounts") or (),
                chosen,
            ),
            "process_server": _choice(
                gettext("Process server that discovers"),
                gettext("The one that is built in, unless you name another."),
                server.get("process_servers") or (),
                typed.get("process_server", ""),
            ),
        },
        {"run_as_account": chosen, "process_server": typed.get("process_server", "")},
        tuple(one for one in problems if one.path in vault_vcenters.INPUTS),
    )


def _choice(label: str, help_text: str, known: Sequence[str], chosen: str) -> Shown:
    names = [*known, *([chosen] if chosen and chosen not in known else [])]
    options = [
        Option(value=name, label=name, detail="" if name in known else gettext("not known there"))
        for name in names
    ]
    # Before the server was looked at nobody knows what there is to choose from.
    widget = forms.Select() if options else forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
    return Shown(label=label, help_text=help_text, required=False, widget=widget, options=options or None)


def _remove_form(typed: Mapping[str, str], problems: tuple[FieldError, ...]) -> ShownForm:
    field = Shown(
        label=gettext("Name of the vCenter Server"),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    wrong = tuple(one for one in problems if one.path == "confirm")
    return ShownForm({"confirm": field}, {"confirm": typed.get("confirm", "")}, wrong)
