"""The vaults that were seen with an account, and answers compared with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from wizard.journey import vault_choices
from wizard.journey.errors import FieldError
from wizard.models import AzureAccount, Deployment, Task
from wizard.services import evidence
from wizard.services.account_use import usable_in
from wizard.services.answers import primary_component
from wizard.text import Text, _

# The kind of task that looks.
LOOK_UP: Final = "look_up_vaults"


def newest(deployment: Deployment, account: str) -> Mapping[str, Any] | None:
    """What was found with this account last, in the shape that `wizard.journey.vault_choices` knows; None before that.

    What it saw before it was changed does not count: it may have been of another tenant, or another account of that name.
    """
    row = AzureAccount.objects.filter(usable_in(deployment), name=account).first() if account else None
    task = evidence.latest(deployment, LOOK_UP, {"account": account}) if row else None
    if row is None or task is None or task.started_at is None or task.started_at < row.changed_at:
        return None
    return task.result


def last_task(deployment: Deployment) -> Task | None:
    """The newest look-up in whatever state."""
    return evidence.newest(deployment, LOOK_UP)


def conflicts(deployment: Deployment, data: Mapping[str, Any]) -> list[FieldError]:
    """What keeps the answers of the vault step from fitting what its account saw; nothing where it names no account."""
    name = data.get("account") or ""
    if not name:
        return []
    if not AzureAccount.objects.filter(usable_in(deployment), name=name).exists():
        text = Text(
            _("There is no Azure account named “%(name)s”. Add it under Azure accounts, or choose none."),
            name=name,
        )
        return [FieldError(path="account", message=text, code="unknown_account")]
    found = newest(deployment, name)
    if found is None:
        text = Text(
            _("Which vaults “%(name)s” sees is not known yet. Look them up with this account first."),
            name=name,
        )
        return [FieldError(path="account", message=text, code="not_looked_up")]
    return vault_choices.conflicts(found, data, primary_component(deployment))
