"""The question for an account of a remote part: one that was entered before, or another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext

from wizard.journey.errors import FieldError
from wizard.models import Credential, Deployment
from wizard.services import credentials
from wizard.services.errors import Invalid
from wizard.text import Text, _
from wizard.web.forms import Option, Shown, ShownForm

# Stands for the account that is entered below the list.
NEW_ACCOUNT = ""


def account_form(
    deployment: Deployment,
    kind: str,
    own: str,
    saved: str | None,
    *,
    typed: Mapping[str, Any],
    problems: tuple[FieldError, ...],
    user_help: str,
    password_help: str,
) -> ShownForm:
    """`own` is the name under which this deployment keeps an account, `saved` the name that is in its answers."""
    others = [row for row in credentials.of_kind(kind, deployment) if row.name != own]
    mine = credentials.of_kind(kind, deployment).filter(name=own).first()
    fields: dict[str, Shown] = {}
    if others:
        # Its first, empty line stands for the account that is entered below.
        fields["account"] = Shown(
            label=gettext("Account"),
            help_text=gettext("One that was entered before, or another one."),
            widget=forms.Select(),
            options=[_known_account(row) for row in others],
        )
    fields["username"] = Shown(
        label=gettext("User name"),
        help_text=user_help,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    fields["password"] = Shown(
        label=gettext("Password"),
        help_text=password_help,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    chosen = typed.get("account", saved if saved != own else NEW_ACCOUNT)
    values = {
        "account": chosen or NEW_ACCOUNT,
        "username": typed.get("username", mine.username if mine else ""),
    }
    return ShownForm(fields, values, problems)


def chosen_name(deployment: Deployment, kind: str, own: str, chosen: str) -> str:
    """The name of the credential that was chosen. Raises Invalid for one that is gone."""
    if chosen == NEW_ACCOUNT:
        return own
    if not credentials.of_kind(kind, deployment).filter(name=chosen).exists():
        gone = Text(_("There is no account of that name any more. Choose another."))
        raise Invalid([FieldError(path="account", message=gone, code="unknown_credential")])
    return chosen


def _known_account(row: Credential) -> Option:
    rejected = row.standing == Credential.Standing.REJECTED
    return Option(
        value=row.name,
        label=row.name,
        detail=row.username,
        usable=not rejected,
        reason=gettext("its password was refused; enter it anew where it was entered.") if rejected else "",
    )
