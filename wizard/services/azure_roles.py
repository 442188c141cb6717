"""What an Azure account needs to be allowed to do, as role definitions to take away."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from wizard.azure.required_actions import PURPOSES, role_definition
from wizard.services.errors import NotFound
from wizard.text import Text, _

_SUBSCRIPTION: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# To be replaced before the file is of use, and impossible to overlook.
_PLACEHOLDER: Final = "00000000-0000-0000-0000-000000000000"
_WORDS: Final = {
    "read": (
        _("Look only"),
        _("Lists vaults, and reads what a vault shows: servers, their health, machines, jobs."),
    ),
    "vcenters": (
        _("Look, and register vCenter Server"),
        _("Also adds, changes and removes vCenter Server in the vault, and refreshes servers."),
    ),
    "machines": (
        _("Look, and move machines"),
        _("Also adds physical servers to the vault, and moves machines between process servers."),
    ),
    "all": (_("Everything that the wizard can do"), _("All of the above.")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePurpose:
    id: str
    title: Text
    about: Text


def purposes() -> list[RolePurpose]:
    """What roles there are, the smallest first."""
    return [
        RolePurpose(id=purpose, title=Text(_WORDS[purpose][0]), about=Text(_WORDS[purpose][1]))
        for purpose in PURPOSES
    ]


def definition(purpose: str, *, subscription: str = "") -> tuple[str, str]:
    """File name and JSON of a role definition that `az role definition create` takes. Raises NotFound for another purpose.

    Without a subscription id that could be one, zeros stand in its place.
    """
    known = next((one for one in PURPOSES if one == purpose), None)
    if known is None:
        raise NotFound(Text(_("There is no role for “%(purpose)s”."), purpose=purpose))
    scope = subscription.lower() if _SUBSCRIPTION.fullmatch(subscription) else _PLACEHOLDER
    return f"foothold-role-{known}.json", json.dumps(
        role_definition(known, subscription=scope), indent=2
    ) + "\n"
