"""What a template asks whoever deploys it, as questions of a form: its networks, its options, its properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext

from wizard.services.template_contents import Contents, Property
from wizard.services.template_passwords import PasswordState
from wizard.web.forms import Option, Shown
from wizard.web.templatetags import mb

OPTION: Final = "deployment_option"
PASSWORDS: Final = "passwords."


def of_networks(names: Sequence[str], offered: Sequence[Any]) -> dict[str, Shown]:
    return {
        f"networks.{network}": Shown(
            label=gettext("Network for “%(name)s”") % {"name": network},
            widget=forms.Select(),
            options=offered,
        )
        for network in names
    }


def of_options(contents: Contents) -> dict[str, Shown]:
    """The choice of a deployment option, where there is one."""
    if not contents.options:
        return {}
    offered = [
        Option(
            value=option.id,
            label=option.label or option.id,
            detail=" · ".join(part for part in (_hardware(option), option.description) if part),
        )
        for option in contents.options
    ]
    return {
        OPTION: Shown(
            label=gettext("Deployment option"),
            help_text=gettext("The variants that the template comes in."),
            widget=forms.RadioSelect(),
            options=offered,
        )
    }


def of_properties(contents: Contents, passwords: Sequence[PasswordState]) -> dict[str, Shown]:
    """One question for each property; those of passwords are `passwords.KEY`, and never hold what was given."""
    held = {state.key: state for state in passwords}
    return {
        f"{PASSWORDS if item.password else 'properties.'}{item.key}": _question(item, held.get(item.key))
        for item in contents.properties
    }


def passwords_in(typed: QueryDict) -> dict[str, str]:
    """What was typed as passwords, by key; an empty one was left as it is."""
    return {
        name.removeprefix(PASSWORDS): str(typed[name])
        for name in typed
        if name.startswith(PASSWORDS) and typed[name]
    }


def suggested(contents: Contents, values: Mapping[str, Any]) -> dict[str, Any]:
    """The template's own values, where nobody has said anything else yet."""
    defaults = {item.key: _spelled(item, item.default) for item in contents.properties if not item.password}
    given = {
        item.key: _spelled(item, str(values["properties"][item.key]))
        for item in contents.properties
        if item.key in (values.get("properties") or {})
    }
    return {
        "properties": defaults | given,
        OPTION: values.get(OPTION) or contents.default_option,
    }


def _question(item: Property, password: PasswordState | None) -> Shown:
    widget, options = _control(item)
    return Shown(
        label=item.label,
        help_text=" ".join(_sentences(item, password)),
        # What has an answer in it already is not called optional.
        required=bool(item.default)
        or (item.needs_a_value and not item.from_network and not (password and password.given)),
        widget=widget,
        options=options,
        width=10 if item.kind in ("whole", "decimal") else None,
    )


def _control(item: Property) -> tuple[forms.Widget, list[Option] | None]:
    if item.password:
        return forms.PasswordInput({"autocomplete": "new-password"}), None
    match item.kind:
        case "yes_no":
            return forms.RadioSelect(), [
                Option(value=_spelled(item, "True"), label=gettext("Yes")),
                Option(value=_spelled(item, "False"), label=gettext("No")),
            ]
        case "choice":
            return forms.Select(), [Option(value=choice, label=choice) for choice in item.choices]
        case "whole":
            return forms.TextInput({"inputmode": "numeric"}), None
        case "decimal":
            return forms.TextInput({"inputmode": "decimal"}), None
    return forms.TextInput({"spellcheck": "false"}), None


def _sentences(item: Property, password: PasswordState | None) -> list[str]:
    found = [item.description] if item.description else []
    if item.bounds is not None:
        found.append(f"{item.bounds}.")
    if password is not None:
        if password.given:
            words = gettext("Given by %(who)s at %(at)s; left empty, that one stays.")
            at = timezone.localtime(password.given_at).strftime("%Y-%m-%d %H:%M")
            found.append(words % {"who": password.given_by, "at": at})
        else:
            found.append(gettext("It is kept sealed, and shown to nobody again."))
    elif item.from_network:
        found.append(gettext("Left empty, it is taken from the network step."))
    elif not item.needs_a_value and item.kind not in ("yes_no", "choice"):
        found.append(gettext("Left empty, it stays as the template has it."))
    return found


def _spelled(item: Property, value: str) -> str:
    """A truth as the template spells its own, as the machine may compare letter by letter; else as vSphere does."""
    if item.kind != "yes_no":
        return value
    if item.default.islower():
        return value.lower()
    return value.upper() if item.default.isupper() else value.capitalize()


def _hardware(option: Any) -> str:
    if not option.cpu_count or not option.memory_mb:
        return ""
    return f"{option.cpu_count} vCPU, {mb(option.memory_mb)}"
