"""Webhooks are added and changed: what is asked for, and what of it comes back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from wizard.journey.errors import FieldError
from wizard.models import Team, Webhook
from wizard.services import deployments
from wizard.services.errors import Invalid
from wizard.services.permissions import may, require
from wizard.services.webhooks import registry
from wizard.services.webhooks.events import EVENTS
from wizard.services.webhooks.registry import WebhookWish
from wizard.text import Text, _
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem
from wizard.web.webhook_page import frame, managed, shown

_READ: Final = require_http_methods(["GET", "HEAD", "POST"])
_NONE: Final = UUID(int=0)


@sensitive_post_parameters("secret")
@page
@_READ
def add(request: SignedInRequest) -> HttpResponse:
    require(request.user, "webhook.change")
    values: dict[str, Any] = {"deployment": request.GET.get("deployment", ""), "events": []}
    problem = None
    if request.method == "POST":
        values = _typed(request)
        secret = values["secret"].strip() or registry.new_secret()
        try:
            row = registry.create(_wish(request, values, secret), actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            if not values["secret"].strip():
                return shown(request, registry.get(row.pk, actor=request.user), secret=secret)
            messages.success(request, gettext("The webhook “%(name)s” is added.") % {"name": row.name})
            return redirect("webhook", row.pk)
    return _form(request, gettext("Add a webhook"), values, problem)


@sensitive_post_parameters("secret")
@page
@_READ
def change(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = managed(request, webhook_id)
    values: dict[str, Any] = {
        "name": row.name,
        "url": row.url,
        "events": row.events,
        "deployment": row.deployment.name if row.deployment else "",
        "team": str(row.team_id or ""),
    }
    problem = None
    if request.method == "POST":
        values = _typed(request)
        try:
            registry.change(row, _wish(request, values, values["secret"]), actor=request.user)
        except Invalid as error:
            row = managed(request, webhook_id)
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("The webhook “%(name)s” is changed.") % {"name": row.name})
            return redirect("webhook", row.pk)
    title = gettext("Change %(name)s") % {"name": row.name}
    return _form(request, title, values, problem, row=row)


# --- inside -----------------------------------------------------------------------------------------------------------


def _typed(request: SignedInRequest) -> dict[str, Any]:
    words = {name: request.POST.get(name, "") for name in ("name", "url", "deployment", "team", "secret")}
    return {**words, "events": request.POST.getlist("events")}


def _wish(request: SignedInRequest, values: dict[str, Any], secret: str) -> WebhookWish:
    """Deployments are named by people and known by id. What nothing is called is no id that the service knows either."""
    wanted = None
    if name := values["deployment"].strip():
        found = deployments.visible_deployments(request.user).filter(name=name).values_list("pk", flat=True)
        wanted = next(iter(found), _NONE)
    elif not may(request.user, "webhook.change_general"):
        text = Text(_("Name one of your deployments; administrators alone have all of them told."))
        raise Invalid([FieldError(path="deployment", message=text, code="missing")])
    return WebhookWish(
        name=values["name"],
        url=values["url"],
        events=tuple(values["events"]),
        deployment=wanted,
        team=_uuid(values["team"]) if values["team"] else None,
        secret=secret,
    )


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return _NONE


def _form(
    request: SignedInRequest,
    title: str,
    values: dict[str, Any],
    problem: Problem | None,
    *,
    row: Webhook | None = None,
) -> HttpResponse:
    text = {"autocomplete": "off", "spellcheck": "false"}
    general = may(request.user, "webhook.change_general")
    fields = {
        "name": Shown(
            label=gettext("Name"),
            help_text=gettext("How people here call it, such as chat-lyon."),
            widget=forms.TextInput(text),
        ),
        "url": Shown(
            label=gettext("Address"),
            help_text=gettext("It begins with https://. Notices are sent there by POST, as JSON."),
            widget=forms.URLInput(text),
        ),
        "deployment": Shown(
            label=gettext("Deployment"),
            help_text=gettext("The name of the one that it is told of. Empty: all that you may see.")
            if general
            else gettext("The name of the one that it is told of."),
            required=not general,
            widget=forms.TextInput(text),
        ),
    }
    if general and Team.objects.exists():
        fields["team"] = Shown(
            label=gettext("Team"),
            help_text=gettext("Instead of one deployment: those of a team."),
            required=False,
            widget=forms.Select(),
            options=[Option(value=str(team.pk), label=team.name) for team in Team.objects.all()],
        )
    fields["events"] = Shown(
        label=gettext("Events"),
        help_text=gettext("None chosen stands for all, those that will be added later as well."),
        required=False,
        widget=forms.CheckboxSelectMultiple(),
        options=[Option(value=code, label=code, detail=Text(title)) for code, title in EVENTS.items()],
    )
    fields["secret"] = Shown(
        label=gettext("Secret"),
        help_text=gettext("Kept encrypted. Left empty, the one that is stored stays.")
        if row is not None
        else gettext(
            "At least 16 characters; the receiver verifies with it that a notice comes from here. Left empty, one is made "
            "and shown once."
        ),
        required=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    # What was typed as a secret goes back to nobody, not even to who typed it.
    again = {name: value for name, value in values.items() if name != "secret"}
    context = frame(title, row) | {
        "form": ShownForm(fields, again, problem.fields if problem else ()),
        "problem": problem,
        "webhook": row,
        "back_url": reverse("webhook", args=[row.pk]) if row else reverse("webhooks"),
    }
    return render(request, "web/form_page.html", context, status=problem.status if problem else 200)
