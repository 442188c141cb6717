"""The secrets of an installation: generated once or given by a person, sealed, and shown to nobody again."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PureWindowsPath
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone, translation

from wizard.azure.vault_credentials import VaultCredentials
from wizard.journey.errors import FieldError
from wizard.models import Deployment, InstallationSecret, Operator
from wizard.planning import setup_files
from wizard.planning.setup_files import MySqlCredentials
from wizard.services import audit, deployments, vault_credentials
from wizard.services.answers import answers_in_play, circumstances_of
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.opening import damaged, opening
from wizard.services.permissions import require
from wizard.services.vault_credentials import KeyFacts
from wizard.text import Text, _

Kind = InstallationSecret.Kind

MAX_KEY_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretState:
    """What is known of one secret without opening it. `required`: the installation does not go without it.

    `label` is the name of the file or of the account. `generated`: the wizard makes it by itself. `about`: what a vault
    credentials file says of itself.
    """

    kind: str
    title: str
    required: bool
    generated: bool
    given: bool
    label: str = ""
    given_by: str = ""
    given_at: datetime | None = None
    ends_at: datetime | None = None
    about: KeyFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKey:
    """The registration key of the vault: the file as it was downloaded, under the name that the portal gives."""

    name: str
    content: bytes = field(repr=False)
    ends_at: datetime


def states(deployment: Deployment) -> list[SecretState]:
    """Every secret that this installation has a place for, given or not."""
    rows = {row.kind: row for row in _current(deployment).select_related("given_by").defer("sealed")}
    key = rows.get(Kind.VAULT_CREDENTIALS)
    if key is not None and not vault_credentials.is_of_this_vault(deployment, key.about):
        del rows[key.kind]
    return [_state(kind, required, rows.get(kind)) for kind, required in _asked(deployment).items()]


def give_passphrase(deployment: Deployment, passphrase: str, *, actor: Operator) -> None:
    """The passphrase of the configuration server that a process server joins. Raises Invalid, Conflict `task_running`."""
    content = _checked("passphrase", lambda: setup_files.passphrase_file(passphrase))
    _give(deployment, Kind.PASSPHRASE, content.encode(), actor=actor)


def give_proxy_account(deployment: Deployment, *, username: str, password: str, actor: Operator) -> None:
    """Name and password for a proxy that asks who connects. Raises Invalid, Conflict `task_running`."""
    _checked("username", lambda: setup_files.file_value(username, Text(_("Proxy user name"))))
    _checked("password", lambda: setup_files.file_value(password, Text(_("Proxy password"))))
    account = json.dumps({"username": username, "password": password})
    _give(deployment, Kind.PROXY, account.encode(), label=username, actor=actor)


def give_vault_credentials(deployment: Deployment, *, name: str, content: bytes, actor: Operator) -> None:
    """The .VaultCredentials file, for an installation over WinRM; it goes once it is used, and when it has ended.

    What counts is its content, not its name. Raises Invalid with the codes of `vault_credentials.read` at the field file, and
    Conflict `task_running`.
    """
    require(actor, "installation.give_secret", deployment)
    found = vault_credentials.read(deployment, content)
    plain = "".join(character for character in PureWindowsPath(name.strip()).name if character.isprintable())
    _give(
        deployment,
        Kind.VAULT_CREDENTIALS,
        content,
        label=plain[:255] or vault_credentials.file_name(found),
        about=found.to_json(),
        ends_at=found.not_after,
        actor=actor,
    )


@transaction.atomic
def take_back(deployment: Deployment, kind: str, *, actor: Operator) -> None:
    """Forget a secret that somebody gave. Raises NotFound where there is none, Conflict `task_running`."""
    deployments.hold_for(actor, "installation.give_secret", deployment)
    deployments.refuse_while_changing(deployment)
    # The generated passwords may be those of a database that exists by now.
    row = deployment.installation_secrets.filter(kind=kind).exclude(kind=Kind.MYSQL).first()
    if row is None:
        raise NotFound(Text(_("Nobody has given such a secret.")))
    row.delete()
    audit.record(
        "installation.secret_taken_back",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s took back a secret of the installation of %(name)s: %(kind)s."),
            who=actor.username,
            name=deployment.name,
            kind=_named(kind),
        ),
    )


# --- for the files of the bundle --------------------------------------------------------------------------------------


@transaction.atomic
def mysql_credentials(deployment: Deployment) -> MySqlCredentials:
    """The same ones at every call: setup that is run a second time finds the database that the first one made."""
    deployments.hold(deployment)
    row = deployment.installation_secrets.filter(kind=Kind.MYSQL).first()
    if row is None:
        made = setup_files.new_mysql_credentials()
        row = InstallationSecret(deployment=deployment, kind=Kind.MYSQL)
        row.hold(json.dumps({"root": made.root_password, "user": made.user_password}).encode())
        row.save()
    root, user = _members(row, "root", "user")
    return MySqlCredentials(root_password=root, user_password=user)


def passphrase_of(deployment: Deployment) -> str | None:
    row = deployment.installation_secrets.filter(kind=Kind.PASSPHRASE).first()
    if row is None:
        return None
    content = _opened(row)
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise _damaged(row) from None


def proxy_account_of(deployment: Deployment) -> tuple[str, str] | None:
    """User name and password."""
    row = deployment.installation_secrets.filter(kind=Kind.PROXY).first()
    if row is None:
        return None
    username, password = _members(row, "username", "password")
    return username, password


def vault_key_of(deployment: Deployment) -> VaultKey | None:
    """The registration key, if there is one that has not ended and is of the vault that the answers name now."""
    row = _current(deployment).filter(kind=Kind.VAULT_CREDENTIALS).first()
    if row is None or row.ends_at is None or not vault_credentials.is_of_this_vault(deployment, row.about):
        return None
    name = vault_credentials.file_name(VaultCredentials.from_json(row.about))
    return VaultKey(name=name, content=_opened(row), ends_at=row.ends_at)


def drop_vault_key(deployment: Deployment) -> None:
    """It was used."""
    deployment.installation_secrets.filter(kind=Kind.VAULT_CREDENTIALS).delete()


def drop_ended() -> int:
    """Delete, for all deployments, what has come to its end. Returns how many there were."""
    return InstallationSecret.objects.filter(ends_at__lte=timezone.now()).delete()[0]


# --- inside -----------------------------------------------------------------------------------------------------------


def _opened(row: InstallationSecret) -> bytes:
    """Raises Conflict `secret_unreadable`."""
    with opening(str(Kind(row.kind).label)):
        try:
            return row.reveal()
        except ValueError:
            # Sealed is Base64; what was sealed was something else.
            raise _damaged(row) from None


def _members(row: InstallationSecret, *names: str) -> list[str]:
    """What is sealed as JSON, by name. Raises Conflict `secret_unreadable`, which quotes nothing of it."""
    content = _opened(row)
    try:
        stored = json.loads(content)
    except ValueError:
        raise _damaged(row) from None
    found = [stored.get(name) for name in names] if isinstance(stored, dict) else []
    texts = [value for value in found if isinstance(value, str)]
    if len(texts) != len(names):
        raise _damaged(row)
    return texts


def _damaged(row: InstallationSecret) -> Conflict:
    remedy = (
        # A database that was set up with them may exist: others would not open it.
        Text(
            _(
                "Restore it from a backup of Foothold’s database; passwords that were generated are not made twice."
            )
        )
        if row.kind == Kind.MYSQL
        else Text(_("Enter it again: the new one takes its place."))
    )
    return damaged(str(Kind(row.kind).label), remedy=remedy)


def _current(deployment: Deployment) -> QuerySet[InstallationSecret]:
    """The secrets that have not ended; those that have are deleted on the way."""
    rows = deployment.installation_secrets
    rows.filter(ends_at__lte=timezone.now()).delete()
    return rows.all()


def _asked(deployment: Deployment) -> dict[str, bool]:
    """The kinds that there is a place for, each with whether it is required."""
    held = circumstances_of(deployment, answers_in_play(deployment))
    asked: dict[str, bool] = {}
    if "manual" not in held or "appliance" in held:
        return asked
    if "cs" in held:
        asked[Kind.MYSQL] = True
        # By hand the person at the machine puts it there.
        asked[Kind.VAULT_CREDENTIALS] = "winrm" in held
    if "ps_scaleout" in held:
        asked[Kind.PASSPHRASE] = True
    if "proxy" in held:
        asked[Kind.PROXY] = False
    return asked


def _state(kind: str, required: bool, row: InstallationSecret | None) -> SecretState:
    base: dict[str, Any] = {
        "kind": str(kind),
        "title": str(Kind(kind).label),
        "required": required,
        "generated": kind == Kind.MYSQL,
    }
    if row is None:
        return SecretState(**base, given=False)
    return SecretState(
        **base,
        given=True,
        label=row.label,
        given_by=row.given_by.get_username() if row.given_by else "",
        given_at=row.given_at,
        ends_at=row.ends_at,
        about=vault_credentials.facts_of(row.about),
    )


@transaction.atomic
def _give(
    deployment: Deployment,
    kind: str,
    content: bytes,
    *,
    actor: Operator,
    label: str = "",
    about: dict[str, Any] | None = None,
    ends_at: datetime | None = None,
) -> None:
    deployments.hold_for(actor, "installation.give_secret", deployment)
    deployments.refuse_while_changing(deployment)
    if kind not in _asked(deployment):
        text = Text(_("This installation needs no such secret."))
        raise Invalid([FieldError(path="", message=text, code="not_asked")])
    row = deployment.installation_secrets.filter(kind=kind).first()
    row = row or InstallationSecret(deployment=deployment, kind=kind)
    row.label, row.ends_at, row.given_by, row.given_at = label, ends_at, actor, timezone.now()
    row.about = about or {}
    row.hold(content)
    row.save()
    audit.record(
        "installation.secret_given",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s gave a secret for the installation of %(name)s: %(kind)s."),
            who=actor.username,
            name=deployment.name,
            kind=_named(kind),
        ),
        after={"kind": str(kind), "label": label, "ends_at": ends_at.isoformat() if ends_at else None},
    )


def _named(kind: str) -> Text:
    """Its title as a sentence is stored: in English, translated when it is read."""
    with translation.override("en"):
        return Text(str(Kind(kind).label))


def _checked(path: str, check: Any) -> str:
    try:
        return str(check())
    except ValueError as refused:
        error = FieldError(path=path, message=refused.args[0], code="invalid")
        raise Invalid([error]) from None
