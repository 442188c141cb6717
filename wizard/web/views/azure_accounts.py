"""The Azure accounts of this installation: listed, added, changed, tested, deleted; and what rights they need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from wizard.models import AzureAccount
from wizard.services import azure_account_sign_in, azure_accounts, azure_roles, teams
from wizard.services.azure_account_wish import WITH_SECRET, AccountWish
from wizard.services.errors import Conflict, Invalid
from wizard.services.permissions import require
from wizard.web import azure_account_form, crumbs
from wizard.web.forms import ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem

_READ: Final = require_http_methods(["GET", "HEAD", "POST"])
_IDS: Final = ("tenant", "client_id")
_TAGS: Final = {"well": "pass", "failed": "fail", "waits": "unknown"}


@page
@require_safe
def listing(request: SignedInRequest) -> HttpResponse:
    rows = list(azure_accounts.visible_accounts(request.user))
    users = azure_accounts.users_by_name(actor=request.user)
    lines = [_line(row, users.get(row.name, [])) for row in rows]
    context = {
        "section": "azure_accounts",
        "lines": lines,
        "waiting": any(line["waits"] for line in lines),
        "purposes": azure_roles.purposes(),
    }
    if request.htmx:
        return render(request, "web/_azure_account_rows.html", context)
    return render(request, "web/azure_accounts.html", context)


@sensitive_post_parameters("secret")
@page
@_READ
def add(request: SignedInRequest) -> HttpResponse:
    require(request.user, "azure_account.change")
    values: dict[str, Any] = {
        "how": AzureAccount.How.CLIENT_SECRET,
        "cloud": AzureAccount.Cloud.PUBLIC,
        "team": teams.usual(request.user),
    }
    problem = None
    if request.method == "POST":
        values = _typed(request)
        if further := azure_account_form.not_asked_yet(values, _shown_for(request), kept=False):
            return _form(request, gettext("Add an Azure account"), values, None, further=further)
        try:
            row = azure_accounts.create(AccountWish(**values), actor=request.user)
        except Invalid as error:
            problem = Problem.of(error)
        else:
            azure_account_sign_in.ask_for_test(row, actor=request.user)
            messages.success(
                request, gettext("The account “%(name)s” is added, and being tested.") % {"name": row.name}
            )
            return redirect(_way_back(request))
    return _form(request, gettext("Add an Azure account"), values, problem)


@sensitive_post_parameters("secret")
@page
@_READ
def change(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    row = azure_accounts.get(account_id, actor=request.user)
    require(request.user, "azure_account.change")
    values: dict[str, Any] = {
        name: getattr(row, name) for name in ("name", "how", "cloud", "tenant", "client_id")
    }
    title = gettext("Change %(name)s") % {"name": row.name}
    problem = None
    if request.method == "POST":
        values = _typed(request) | {"name": row.name}
        kept = _keeps_secret(row, values)
        if further := azure_account_form.not_asked_yet(values, _shown_for(request), kept=kept):
            return _form(request, title, values, None, row=row, further=further)
        try:
            azure_accounts.change(row, AccountWish(**values), actor=request.user)
        except Invalid as error:
            row = azure_accounts.get(account_id, actor=request.user)
            problem = Problem.of(error)
        else:
            azure_account_sign_in.ask_for_test(row, actor=request.user)
            messages.success(
                request, gettext("The account “%(name)s” is changed, and being tested.") % {"name": row.name}
            )
            return redirect(_way_back(request))
    return _form(request, title, values, problem, row=row)


@page
@require_POST
def test(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    row = azure_accounts.get(account_id, actor=request.user)
    azure_account_sign_in.ask_for_test(row, actor=request.user)
    messages.info(request, gettext("The account “%(name)s” is being tested.") % {"name": row.name})
    return redirect("azure_accounts")


@page
@_READ
def delete(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    row = azure_accounts.get(account_id, actor=request.user)
    require(request.user, "azure_account.change")
    problem = None
    if request.method == "POST":
        try:
            azure_accounts.delete(row, actor=request.user)
        except Conflict as error:
            problem = Problem.of(error)
        else:
            messages.success(request, gettext("The account “%(name)s” is deleted.") % {"name": row.name})
            return redirect("azure_accounts")
    context = _frame(gettext("Delete %(name)s") % {"name": row.name}) | {
        "account": row,
        "problem": problem,
        "users": azure_accounts.names_of_users(row, actor=request.user),
    }
    return render(
        request, "web/azure_account_delete.html", context, status=problem.status if problem else 200
    )


@page
@require_safe
def role(request: SignedInRequest, form: str) -> HttpResponse:
    """A role definition that Azure takes as it is."""
    name, content = azure_roles.definition(form, subscription=request.GET.get("subscription", ""))
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


# --- inside -----------------------------------------------------------------------------------------------------------


def _typed(request: SignedInRequest) -> dict[str, Any]:
    return {name: request.POST.get(name, "") for name in AccountWish.__slots__}


def _line(row: AzureAccount, users: list[str]) -> dict[str, Any]:
    state = "waits" if row.tested_at is None else "failed" if row.failure else "well"
    words = {
        "well": gettext("Signs in"),
        "failed": gettext("Does not work"),
        "waits": gettext("Not tested yet"),
    }
    return {
        "account": row,
        "state": words[state],
        "tag": _TAGS[state],
        "waits": state == "waits",
        "users": users,
    }


def _way_back(request: SignedInRequest) -> str:
    """The vault step that sent the reader here, else the list."""
    wanted = request.POST.get("back_to", "")
    fits = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/deployments/")
    return wanted if fits else reverse("azure_accounts")


def _frame(title: str) -> dict[str, Any]:
    return crumbs.below("azure_accounts", gettext("Azure accounts"), title)


def _shown_for(request: SignedInRequest) -> str:
    """The way to sign in whose questions were on the page; empty where it does not say."""
    return request.POST.get("asked", "")


def _keeps_secret(row: AzureAccount | None, values: Mapping[str, Any]) -> bool:
    """Whether a secret is stored that may stay: that of another way to sign in is of no use."""
    return row is not None and row.how in WITH_SECRET and row.how == values["how"]


def _form(
    request: SignedInRequest,
    title: str,
    values: dict[str, Any],
    problem: Problem | None,
    *,
    row: AzureAccount | None = None,
    further: Sequence[str] = (),
) -> HttpResponse:
    """`further` are the questions that the answer has only just opened."""
    alone = request.method == "GET" and bool(request.htmx) and "how" in request.GET
    if alone:
        # Another way to sign in was chosen: what it needs, with what was typed so far.
        values = values | {name: request.GET[name] for name in ("how", *_IDS) if name in request.GET}
    fields = azure_account_form.questions(
        request.user, values["how"], named=row is None, kept=_keeps_secret(row, values)
    )
    # What was typed as a secret goes back to nobody, not even to who typed it.
    shown = {name: value for name, value in values.items() if name != "secret"}
    form = ShownForm(fields, shown, problem.fields if problem else ())
    context: dict[str, Any] = {
        "form": form,
        "asked": azure_account_form.asked_for(values["how"]),
        "asked_for": values["how"],
        # What another way had a use for stays on the page: whoever goes back to that one finds it there.
        "carried": {name: shown[name] for name in _IDS if name not in form.fields and shown.get(name)},
    }
    if alone:
        return render(request, "web/_azure_account_questions.html", context)
    wanted = request.POST.get("back_to") or request.GET.get("back_to", "")
    context |= _frame(title) | {
        "further": [form[name].label for name in further],
        "problem": problem,
        "account": row,
        "back_to": wanted,
        "back_url": wanted if wanted.startswith("/deployments/") else reverse("azure_accounts"),
    }
    status = 422 if further else problem.status if problem else 200
    return render(request, "web/azure_account.html", context, status=status)
