"""What is asked about an Azure account: first how it signs in, then what that very way needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django import forms
from django.utils.translation import gettext

from wizard.models import AzureAccount, Operator
from wizard.services.azure_account_wish import WITH_SECRET
from wizard.text import _
from wizard.web.forms import Option, Shown
from wizard.web.team_field import team_field

How = AzureAccount.How

_TEXT: Final = {"autocomplete": "off", "spellcheck": "false"}
_HOW_HINTS: Final = {
    How.CLIENT_SECRET: _("An application in Microsoft Entra, with a secret that ends some day."),
    How.CLIENT_CERTIFICATE: _("An application in Microsoft Entra that knows the certificate."),
    How.MANAGED_IDENTITY: _("Only where Foothold runs on a machine in Azure, or on an Arc-enabled one."),
    How.DEFAULT: _("From the environment of the worker: variables, a managed identity, or az login."),
}
# What each way to sign in has a use for, beside the cloud.
_ASKED: Final[Mapping[str, tuple[str, ...]]] = {
    How.CLIENT_SECRET: ("tenant", "client_id", "secret"),
    How.CLIENT_CERTIFICATE: ("tenant", "client_id", "secret"),
    How.MANAGED_IDENTITY: ("client_id",),
    How.DEFAULT: (),
}


def asked_for(how: str) -> tuple[str, ...]:
    """The names of the questions that this way to sign in leads to; none for one that there is not."""
    return _ASKED.get(how, ())


def not_asked_yet(values: Mapping[str, str], shown_for: str, *, kept: bool) -> list[str]:
    """The questions that this very choice opened, where the page could not show them by itself (no JavaScript).

    `shown_for` is the way to sign in whose questions were on the page; `kept`: a secret is stored that may stay.
    """
    how = values["how"]
    if shown_for == how or shown_for not in _ASKED:
        return []
    opened = [name for name in asked_for(how) if name not in asked_for(shown_for)]
    # A secret and a certificate are asked for in the same place, under another name.
    if how in WITH_SECRET and "secret" not in opened and not kept:
        opened.append("secret")
    return [name for name in opened if not values[name].strip()]


def questions(person: Operator, how: str, *, named: bool, kept: bool) -> dict[str, Shown]:
    """All questions in their order; `named` with a name and a team, as for a new account.

    `kept`: a secret for this way to sign in is stored, and stays where none is entered.
    """
    first: dict[str, Shown] = {}
    if named:
        first["name"] = Shown(
            label=gettext("Name"),
            help_text=gettext("Under which vault steps and answer files name it, such as lyon-reader."),
            widget=forms.TextInput(_TEXT),
        )
        first |= team_field(person)
    first["cloud"] = Shown(
        label=gettext("Azure cloud"),
        widget=forms.Select(),
        options=[Option(value=cloud.value, label=str(cloud.label)) for cloud in AzureAccount.Cloud],
    )
    first["how"] = Shown(
        label=gettext("It signs in with"),
        widget=forms.RadioSelect(),
        options=[
            Option(value=way.value, label=str(way.label), detail=gettext(_HOW_HINTS[way])) for way in How
        ],
    )
    of_this_way = {
        "tenant": _tenant(),
        "client_id": _client_id(how),
        "secret": _secret(how, kept=kept),
    }
    return first | {name: of_this_way[name] for name in asked_for(how)}


# --- inside -----------------------------------------------------------------------------------------------------------


def _tenant() -> Shown:
    return Shown(
        label=gettext("Tenant id"),
        help_text=gettext("The directory id, from the overview of the application in Entra."),
        widget=forms.TextInput(_TEXT),
    )


def _client_id(how: str) -> Shown:
    principal = how in WITH_SECRET
    return Shown(
        label=gettext("Client id"),
        help_text=gettext("The application id, from the same overview.")
        if principal
        else gettext("Only where the machine has several identities: that of the one to use."),
        required=principal,
        widget=forms.TextInput(_TEXT),
    )


def _secret(how: str, *, kept: bool) -> Shown:
    certificate = how == How.CLIENT_CERTIFICATE
    if kept:
        about = gettext("Kept encrypted. Left empty, the one that is stored stays.")
    elif certificate:
        about = gettext(
            "Both as PEM text; the key is RSA and has no password. Kept encrypted, and shown to nobody again."
        )
    else:
        about = gettext(
            "Its value, not its id; the portal shows it once. Kept encrypted, and shown to nobody again."
        )
    return Shown(
        label=gettext("Certificate and private key") if certificate else gettext("Client secret"),
        help_text=about,
        required=not kept,
        # PEM text has many lines.
        widget=forms.Textarea({**_TEXT, "rows": 8 if certificate else 2, "class": "mono"}),
    )
