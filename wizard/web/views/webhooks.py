"""Webhooks: listed, added, changed, tested, paused, deleted; and what became of each delivery."""

from __future__ import annotations

import json
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wizard.journey.errors import FieldError
from wizard.models import Team, Webhook, WebhookDelivery
from wizard.services import deployments
from wizard.services.errors import Conflict, Invalid
from wizard.services.permissions import may, require
from wizard.services.webhooks import registry
from wizard.services.webhooks.events import EVENTS
from wizard.services.webhooks.registry import WebhookWish
from wizard.text import Text, _
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem, say

_READ: Final = require_http_methods(["GET", "HEAD", "POST"])
_PAGE_SIZE: Final = 25
_NONE: Final = UUID(int=0)
_TAGS: Final = {
    WebhookDelivery.State.PENDING: "queued",
    WebhookDelivery.State.DELIVERED: "succeeded",
    WebhookDelivery.State.FAILED: "failed",
}


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    require(request.user, "webhook.see")
    lines = [_line(row) for row in registry.visible_webhooks(request.user).order_by("name")]
    return render(request, "web/webhooks.html", {"section": "webhooks", "lines": lines})


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
                return _detail(request, registry.get(row.pk, actor=request.user), secret=secret)
            messages.success(request, gettext("The webhook “%(name)s” is added.") % {"name": row.name})
            return redirect("webhook", row.pk)
    return _form(request, gettext("Add a webhook"), values, problem)


@page
@require_safe
def detail(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    return _detail(request, _managed(request, webhook_id))


@sensitive_post_parameters("secret")
@page
@_READ
def change(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = _managed(request, webhook_id)
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
            row = _managed(request, webhook_id)
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("The webhook “%(name)s” is changed.") % {"name": row.name})
            return redirect("webhook", row.pk)
    title = gettext("Change %(name)s") % {"name": row.name}
    return _form(request, title, values, problem, row=row)


@page
@require_POST
def new_secret(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    """Another secret, shown on this answer alone."""
    row = _managed(request, webhook_id)
    secret = registry.rotate_secret(row, actor=request.user)
    return _detail(request, row, secret=secret)


@page
@require_POST
def ping(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = _managed(request, webhook_id)
    try:
        sent = registry.ping(row, actor=request.user)
    except Conflict as error:
        say(request, error)
        return redirect("webhook", row.pk)
    return redirect("delivery", row.pk, sent.pk)


@page
@require_POST
def pause(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = _managed(request, webhook_id)
    registry.set_active(row, False, actor=request.user)
    return redirect("webhook", row.pk)


@page
@require_POST
def resume(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = _managed(request, webhook_id)
    registry.set_active(row, True, actor=request.user)
    return redirect("webhook", row.pk)


@page
@_READ
def delete(request: SignedInRequest, webhook_id: UUID) -> HttpResponse:
    row = _managed(request, webhook_id)
    if request.method == "POST":
        registry.delete(row, actor=request.user)
        messages.success(request, gettext("The webhook “%(name)s” is deleted.") % {"name": row.name})
        return redirect("webhooks")
    context = _frame(gettext("Delete %(name)s") % {"name": row.name}, row) | {
        "question": gettext("Delete this webhook?"),
        "text": gettext(
            "Its secret and the record of its deliveries are forgotten. What still waits is not sent any more."
        ),
        "button": gettext("Delete it"),
        "back_url": reverse("webhook", args=[row.pk]),
    }
    return render(request, "web/confirm_page.html", context)


@page
@require_safe
def delivery(request: SignedInRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = _managed(request, webhook_id)
    row = registry.get_delivery(webhook, delivery_id)
    context = _frame(row.event, webhook) | {
        "webhook": webhook,
        "delivery": _delivery_line(row),
        "waiting": row.state == WebhookDelivery.State.PENDING,
        "payload": json.dumps(row.payload, ensure_ascii=False, indent=2),
    }
    return render(request, "web/delivery.html", context)


@page
@require_POST
def resend(request: SignedInRequest, webhook_id: UUID, delivery_id: UUID) -> HttpResponse:
    webhook = _managed(request, webhook_id)
    row = registry.get_delivery(webhook, delivery_id)
    try:
        registry.resend(row, actor=request.user)
    except Conflict as error:
        say(request, error)
    return redirect("delivery", webhook.pk, row.pk)


# --- inside -----------------------------------------------------------------------------------------------------------


def _managed(request: SignedInRequest, webhook_id: UUID) -> Webhook:
    """Raises NotAllowed by the role, and NotFound for one that is not theirs."""
    require(request.user, "webhook.see")
    return registry.get(webhook_id, actor=request.user)


def _line(row: Webhook) -> dict[str, Any]:
    return {
        "webhook": row,
        "place": registry.place_of(row.url),
        "about": _about(row),
        "events": row.events,
        "tag": "pass" if row.active else "skipped",
        "state": gettext("Active") if row.active else gettext("Paused"),
    }


def _about(row: Webhook) -> str:
    if row.deployment is not None:
        return row.deployment.name
    if row.team is not None:
        return gettext("Deployments of %(team)s") % {"team": row.team.name}
    return gettext("All that %(who)s may see") % {"who": row.created_by.get_username()}


def _delivery_line(row: WebhookDelivery) -> dict[str, Any]:
    about = row.payload.get("deployment", {})
    return {
        "row": row,
        "tag": _TAGS[WebhookDelivery.State(row.state)],
        "title": str(Text(EVENTS[row.event])) if row.event in EVENTS else gettext("Test"),
        "deployment": about.get("name", ""),
    }


def _detail(request: SignedInRequest, row: Webhook, *, secret: str = "") -> HttpResponse:
    found = Paginator(registry.deliveries_of(row), _PAGE_SIZE).get_page(request.GET.get("page"))
    context = _frame(row.name, row) | {
        **_line(row),
        "titles": [(code, str(Text(EVENTS[code]))) for code in row.events if code in EVENTS],
        "paused_by_itself": registry.paused_by_itself(row),
        "page_obj": found,
        "deliveries": [_delivery_line(one) for one in found],
        "secret": secret,
        "waiting": any(one.state == WebhookDelivery.State.PENDING for one in found),
    }
    context["crumbs"] = [*context["crumbs"][:1], {"label": row.name, "url": ""}]
    return render(request, "web/webhook.html", context)


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


def _frame(title: str, row: Webhook | None = None) -> dict[str, Any]:
    crumbs = [{"label": gettext("Webhooks"), "url": reverse("webhooks")}]
    if row is not None:
        crumbs.append({"label": row.name, "url": reverse("webhook", args=[row.pk])})
    return {"section": "webhooks", "title": title, "crumbs": [*crumbs, {"label": title, "url": ""}]}


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
    if general:
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
    shown = {name: value for name, value in values.items() if name != "secret"}
    context = _frame(title, row) | {
        "form": ShownForm(fields, shown, problem.fields if problem else ()),
        "problem": problem,
        "webhook": row,
        "back_url": reverse("webhook", args=[row.pk]) if row else reverse("webhooks"),
    }
    return render(request, "web/form_page.html", context, status=problem.status if problem else 200)
