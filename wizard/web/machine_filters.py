"""What can be asked of the list of machines, as a form, as columns to sort by, and as a wish to the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext

from wizard.models import Machine, VCenter
from wizard.services.machines import POWER_WORDS, RULES, SORTS, VERDICT_WORDS, Wish

_CHOICES: Final = ("verdict", "system", "power", "kind", "rule", "presence", "vault")


class Filters(forms.Form):
    """A plain GET form: the address says what is shown. What somebody edited there counts for nothing."""

    q = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput({"type": "search", "autocomplete": "off"})
    )
    verdict = forms.ChoiceField(required=False)
    system = forms.ChoiceField(required=False)
    power = forms.ChoiceField(required=False)
    kind = forms.ChoiceField(required=False)
    rule = forms.ChoiceField(required=False)
    presence = forms.ChoiceField(required=False)
    vault = forms.ChoiceField(required=False)
    vcenter = forms.ChoiceField(required=False)
    # So that a search keeps the order.
    sort = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(self, data: Any, vcenters: list[VCenter], *, vaulted: bool = False) -> None:
        """`vaulted`: the vault has listed machines, so that one can ask for those."""
        super().__init__(data)
        self.fields["q"].label = gettext("Name, host name or address")
        self._offer("verdict", gettext("Verdict"), list(VERDICT_WORDS.items()))
        self._offer("system", gettext("Operating system"), Machine.System.choices)
        self._offer("power", gettext("Power"), list(POWER_WORDS.items()))
        kinds = [*Machine.Kind.choices, ("template", gettext("Template"))]
        self._offer("kind", gettext("Kind"), kinds)
        rules = [(rule.id, f"{rule.id} {gettext(rule.title)}") for rule in RULES.values() if rule.seen]
        self._offer("rule", gettext("Finding"), rules)
        presence = [("gone", gettext("No longer shown by vCenter")), ("all", gettext("Both"))]
        self._offer("presence", gettext("Presence"), presence, none=gettext("Shown by vCenter"))
        if vaulted:
            listed = [
                ("listed", gettext("Listed in the vault")),
                ("protected", gettext("Protected")),
                ("missing", gettext("Not in the vault")),
            ]
            self._offer("vault", gettext("Vault"), listed)
        else:
            del self.fields["vault"]
        if len(vcenters) > 1:
            self._offer("vcenter", gettext("vCenter"), [(str(row.pk), str(row)) for row in vcenters])
        else:
            del self.fields["vcenter"]

    def wish(self) -> Wish:
        """What is asked for; what makes no sense is left out."""
        self.is_valid()
        known = self.cleaned_data
        chosen = {name: known.get(name, "") for name in _CHOICES}
        sort = known.get("sort", "")
        vcenter = known.get("vcenter")
        return Wish(
            words=known.get("q", ""),
            sort=sort if sort.removeprefix("-") in SORTS else "name",
            vcenter=UUID(vcenter) if vcenter else None,
            **chosen,
        )

    def _offer(self, name: str, label: str, choices: list[Any], *, none: str = "") -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.label = label
        field.choices = [("", none or pgettext("every value of a filter", "All")), *choices]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column; see `includes/table_head.html`."""

    label: str
    numeric: bool = False
    sort_url: str = ""
    sorted: str = ""


def columns(sort: str, query: QueryDict, *, vaulted: bool = False) -> list[Column]:
    """The columns of the list. A click on one that is sorted by already turns its order round."""
    titles = {
        "name": gettext("Name"),
        "verdict": gettext("Verdict"),
        "": gettext("Findings"),
        "system": gettext("Operating system"),
        "power": gettext("Power"),
        "memory": gettext("Memory"),
        "disks": gettext("Disks"),
        "address": gettext("Addresses"),
        **({"vault": gettext("Vault")} if vaulted else {}),
    }
    return [
        Column(
            label=title,
            numeric=name in ("memory", "disks"),
            sort_url=_address(query, f"-{name}" if sort == name else name) if name in SORTS else "",
            sorted="ascending" if sort == name else "descending" if sort == f"-{name}" else "",
        )
        for name, title in titles.items()
    ]


def _address(query: QueryDict, sort: str) -> str:
    changed = query.copy()
    changed["sort"] = sort
    # In another order a page holds other machines.
    changed.pop("page", None)
    return f"?{changed.urlencode()}"
