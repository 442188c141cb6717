"""Every column in which something is sealed with CREDENTIAL_KEYS, and what it means when it cannot be read any more.

A column that is missing here would stay behind when keys are rotated, and be lost with the key that is taken away: a test
walks all tables for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps
from django.db.models import Model

from wizard.text import Text, _, verbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedColumn:
    """`model` is APP.MODEL; `beside` are the columns that `name` reads, of the row and of those that it refers to.

    A JSON column holds sealed values as strings under the names in `members`; any other holds nothing but one sealed value.
    `title`, `meaning` and `remedy` are templates of sentences: what it is, what fails without it, what to do.
    """

    kind: str
    model: str
    column: str
    beside: tuple[str, ...]
    name: Callable[[dict[str, Any]], Text]
    title: str
    meaning: str
    remedy: str
    members: tuple[str, ...] = ()

    @property
    def table(self) -> type[Model]:
        return apps.get_model(self.model)

    def sealed_in(self, value: Any) -> list[bytes]:
        """The sealed values in what the column holds."""
        if not self.members:
            return [bytes(value)]
        return [value[member].encode() for member in self.members if member in value]

    def replaced(self, value: Any, change: Callable[[bytes], bytes]) -> Any:
        """What the column holds, with each sealed value changed."""
        if not self.members:
            return change(bytes(value))
        changed = {
            member: change(value[member].encode()).decode() for member in self.members if member in value
        }
        return {**value, **changed}


def columns() -> Iterator[SealedColumn]:
    """Those of the applications that are installed."""
    for column in _COLUMNS:
        if apps.is_installed(_APPLICATIONS.get(column.model.partition(".")[0], "wizard")):
            yield column


_APPLICATIONS: Final = {"mfa": "allauth.mfa"}

_COLUMNS: Final = (
    SealedColumn(
        kind="credential",
        model="wizard.Credential",
        column="sealed",
        beside=("name",),
        name=lambda row: verbatim(row["name"]),
        title=_("Accounts of vCenters, machines, proxies and Azure"),
        meaning=_("Work that signs in with this account fails; nothing is sent to the far end."),
        remedy=_("Enter the password of this account again."),
    ),
    SealedColumn(
        kind="installation_secret",
        model="wizard.InstallationSecret",
        column="sealed",
        beside=("kind", "deployment__name"),
        name=lambda row: Text(
            _("%(kind)s of %(deployment)s"), kind=row["kind"], deployment=row["deployment__name"]
        ),
        title=_("Secrets of installations"),
        meaning=_("The installation bundle cannot be made, nor the installation over WinRM started."),
        remedy=_("Take the secret back and give it again; generated passwords go with --forget-lost."),
    ),
    SealedColumn(
        kind="collector_script",
        model="wizard.CollectorIssue",
        column="sealed_key",
        beside=("component", "deployment__name"),
        name=lambda row: Text(
            _("script for %(component)s of %(deployment)s"),
            component=row["component"],
            deployment=row["deployment__name"],
        ),
        title=_("Keys of collector scripts"),
        meaning=_("What this script writes is not accepted."),
        remedy=_("Hand out a new script."),
    ),
    SealedColumn(
        kind="signing_key",
        model="wizard.SigningKey",
        column="sealed",
        beside=("public_key",),
        name=lambda row: Text(_("the key with the public part %(start)s…"), start=row["public_key"][:16]),
        title=_("Key that signs hand-over packs"),
        meaning=_("No hand-over pack can be made; those that exist stay genuine."),
        remedy=_("A new key is made after --forget-lost; tell its public part to those who verify packs."),
    ),
    SealedColumn(
        kind="webhook",
        model="wizard.Webhook",
        column="sealed",
        beside=("name",),
        name=lambda row: verbatim(row["name"]),
        title=_("Secrets of webhooks"),
        meaning=_("Nothing is sent to this webhook."),
        remedy=_("Give this webhook a new secret, and the same to its receiver."),
    ),
    SealedColumn(
        kind="second_factor",
        model="mfa.Authenticator",
        column="data",
        members=("secret", "seed"),
        beside=("type", "user__username"),
        name=lambda row: Text(
            _("second factor (%(type)s) of %(who)s"), type=row["type"], who=row["user__username"]
        ),
        title=_("Second factors of people"),
        meaning=_("This person cannot sign in with it."),
        remedy=_("Remove it in the console; the person sets it up again."),
    ),
)
