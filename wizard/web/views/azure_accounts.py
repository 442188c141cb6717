"""The Azure accounts of this installation: listed, added, changed, tested, deleted; and what rights they need."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django import forms
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
from wizard.text import _
from wizard.web import crumbs
from wizard.web.forms import Option, Shown, ShownForm
from wizard.web.guard import SignedInRequest, page
from wizard.web.problems import Problem
from wizard.web.team_field import team_field

_READ: Final = require_http_methods(["GET", "HEAD", "POST"])
_HOW_HINTS: Final = {
    AzureAccount.How.CLIENT_SECRET: _("An application in Microsoft Entra, with a secret that ends some day."),
    AzureAccount.How.CLIENT_CERTIFICATE: _("An application in Microsoft Entra that knows the certificate."),
    AzureAccount.How.MANAGED_IDENTITY: _(
        "Only where Foothold runs on a machine in Azure, or on an Arc-enabled one."
    ),
    AzureAccount.How.DEFAULT: _(
        "From the environment of the worker: variables, a managed identity, or az login."
    ),
}
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
    problem = None
    if request.method == "POST":
        values = _typed(request) | {"name": row.name}
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
    title = gettext("Change %(name)s") % {"name": row.name}
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


def _form(
    request: SignedInRequest,
    title: str,
    values: dict[str, Any],
    problem: Problem | None,
    *,
    row: AzureAccount | None = None,
) -> HttpResponse:
    text = {"autocomplete": "off", "spellcheck": "false"}
    kept = row is not None and row.how in WITH_SECRET
    fields = {
        "how": Shown(
            label=gettext("It signs in with"),
            widget=forms.RadioSelect(),
            options=[
                Option(value=how.value, label=str(how.label), detail=gettext(_HOW_HINTS[how]))
                for how in AzureAccount.How
            ],
        ),
        "cloud": Shown(
            label=gettext("Azure cloud"),
            widget=forms.Select(),
            options=[Option(value=cloud.value, label=str(cloud.label)) for cloud in AzureAccount.Cloud],
        ),
        "tenant": Shown(
            label=gettext("Tenant id"),
            help_text=gettext("For a service principal: the directory id, from its overview in Entra."),
            required=False,
            widget=forms.TextInput(text),
        ),
        "client_id": Shown(
            label=gettext("Client id"),
            help_text=gettext(
                "For a service principal its application id; for a managed identity only where the machine has several."
            ),
            required=False,
            widget=forms.TextInput(text),
        ),
        "secret": Shown(
            label=gettext("Secret"),
            help_text=(
                gettext("Kept encrypted. Left empty, the one that is stored stays.")
                if kept
                else gettext(
                    "For a service principal: the value of the client secret, or certificate and private key as PEM text. "
                    "Kept encrypted, and shown to nobody again."
                )
            ),
            required=False,
            # PEM text has many lines.
            widget=forms.Textarea({**text, "rows": 4, "class": "mono"}),
        ),
    }
    if row is None:
        name = Shown(
            label=gettext("Name"),
            help_text=gettext("Under which vault steps and answer files name it, such as lyon-reader."),
            widget=forms.TextInput(text),
        )
        fields = {"name": name, **team_field(request.user), **fields}
    # What was typed as a secret goes back to nobody, not even to who typed it.
    shown = {name: value for name, value in values.items() if name != "secret"}
    wanted = request.POST.get("back_to") or request.GET.get("back_to", "")
    context = _frame(title) | {
        "form": ShownForm(fields, shown, problem.fields if problem else ()),
        "problem": problem,
        "account": row,
        "back_to": wanted,
        "back_url": wanted if wanted.startswith("/deployments/") else reverse("azure_accounts"),
    }
    return render(request, "web/azure_account.html", context, status=problem.status if problem else 200)
