"""The secrets of an installation: generated once or given by a person, sealed, and shown to nobody again."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PureWindowsPath
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Deployment, InstallationSecret, Operator
from wizard.planning import setup_files
from wizard.planning.setup_files import MySqlCredentials
from wizard.services import audit, deployments
from wizard.services.answers import answers_in_play, circumstances_of
from wizard.services.errors import Invalid, NotFound
from wizard.services.permissions import require
from wizard.text import Text, _

Kind = InstallationSecret.Kind

KEY_LASTS: Final = timedelta(days=5)  # asr-facts 7.1
MAX_KEY_BYTES: Final = 64 * 1024
# The clock of the browser's machine and Azure's may differ a little; more is a wrong name.
_CLOCK_SLACK: Final = timedelta(hours=1)
# A browser that has the file already adds a number to its name.
_KEY_NAME: Final = re.compile(
    r"(?P<vault>[A-Za-z0-9-]+)_(?P<at>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d)(?: ?\(\d{1,3}\))?\.VaultCredentials",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretState:
    """What is known of one secret without opening it. `required`: the installation does not go without it.

    `label` is the name of the file or of the account. `generated`: the wizard makes it by itself.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultKey:
    """The registration key of the vault: the file as it was downloaded."""

    name: str
    content: bytes = field(repr=False)
    ends_at: datetime


def states(deployment: Deployment) -> list[SecretState]:
    """Every secret that this installation has a place for, given or not."""
    rows = {row.kind: row for row in _current(deployment).select_related("given_by").defer("sealed")}
    key = rows.get(Kind.VAULT_CREDENTIALS)
    if key is not None and not _of_this_vault(deployment, key.label):
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

    Raises Invalid with the codes wrong_name, other_vault, expired, too_big, wrong_type at the field file, and Conflict
    `task_running`.
    """
    require(actor, "operate")
    plain = PureWindowsPath(name.strip()).name
    ends_at = _end_of_key(deployment, plain)
    _refuse_content(content)
    _give(deployment, Kind.VAULT_CREDENTIALS, content, label=plain, ends_at=ends_at, actor=actor)


@transaction.atomic
def take_back(deployment: Deployment, kind: str, *, actor: Operator) -> None:
    """Forget a secret that somebody gave. Raises NotFound where there is none, Conflict `task_running`."""
    require(actor, "operate")
    deployments.hold(deployment)
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
            kind=kind,
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
    stored = json.loads(row.reveal())
    return MySqlCredentials(root_password=stored["root"], user_password=stored["user"])


def passphrase_of(deployment: Deployment) -> str | None:
    row = deployment.installation_secrets.filter(kind=Kind.PASSPHRASE).first()
    return row.reveal().decode() if row else None


def proxy_account_of(deployment: Deployment) -> tuple[str, str] | None:
    """User name and password."""
    row = deployment.installation_secrets.filter(kind=Kind.PROXY).first()
    if row is None:
        return None
    stored = json.loads(row.reveal())
    return stored["username"], stored["password"]


def vault_key_of(deployment: Deployment) -> VaultKey | None:
    """The registration key, if there is one that has not ended and is of the vault that the answers name now."""
    row = _current(deployment).filter(kind=Kind.VAULT_CREDENTIALS).first()
    if row is None or row.ends_at is None or not _of_this_vault(deployment, row.label):
        return None
    return VaultKey(name=row.label, content=row.reveal(), ends_at=row.ends_at)


def drop_vault_key(deployment: Deployment) -> None:
    """It was used."""
    deployment.installation_secrets.filter(kind=Kind.VAULT_CREDENTIALS).delete()


def drop_ended() -> int:
    """Delete, for all deployments, what has come to its end. Returns how many there were."""
    return InstallationSecret.objects.filter(ends_at__lte=timezone.now()).delete()[0]


# --- inside -----------------------------------------------------------------------------------------------------------


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
    )


@transaction.atomic
def _give(
    deployment: Deployment,
    kind: str,
    content: bytes,
    *,
    actor: Operator,
    label: str = "",
    ends_at: datetime | None = None,
) -> None:
    require(actor, "operate")
    deployments.hold(deployment)
    deployments.refuse_while_changing(deployment)
    if kind not in _asked(deployment):
        text = Text(_("This installation needs no such secret."))
        raise Invalid([FieldError(path="", message=text, code="not_asked")])
    row = deployment.installation_secrets.filter(kind=kind).first()
    row = row or InstallationSecret(deployment=deployment, kind=kind)
    row.label, row.ends_at, row.given_by, row.given_at = label, ends_at, actor, timezone.now()
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
            kind=str(kind),
        ),
        after={"kind": str(kind), "label": label, "ends_at": ends_at.isoformat() if ends_at else None},
    )


def _checked(path: str, check: Any) -> str:
    try:
        return str(check())
    except ValueError as refused:
        raise _invalid(path, refused.args[0], "invalid") from None


def _invalid(path: str, text: Text, code: str) -> Invalid:
    return Invalid([FieldError(path=path, message=text, code=code)])


def _of_this_vault(deployment: Deployment, name: str) -> bool:
    """Whether a key of this name is of the vault that the deployment registers with, for good (asr-facts 7.1)."""
    found = _KEY_NAME.fullmatch(name)
    vault = answers_in_play(deployment).get("vault", {}).get("vault", "")
    return found is not None and found["vault"].casefold() == vault.casefold()


def _end_of_key(deployment: Deployment, name: str) -> datetime:
    found = _KEY_NAME.fullmatch(name)
    try:
        made = datetime.strptime(found["at"], "%Y-%m-%dT%H-%M-%S").replace(tzinfo=UTC) if found else None
    except ValueError:
        made = None
    if found is None or made is None or made > timezone.now() + _CLOCK_SLACK:
        raise _invalid(
            "file",
            Text(
                _(
                    "“%(name)s” is not the name of a registration key. Expected is the name that the portal gave it: "
                    "vault_2026-01-31T08-00-00.VaultCredentials, with the time at which it was generated."
                ),
                name="".join(character for character in name if character.isprintable())[:100],
            ),
            "wrong_name",
        )
    if not _of_this_vault(deployment, name):
        vault = answers_in_play(deployment).get("vault", {}).get("vault", "")
        raise _invalid(
            "file",
            Text(
                _("This key is of the vault %(found)s; the vault step names %(expected)s."),
                found=found["vault"],
                expected=vault or "–",
            ),
            "other_vault",
        )
    if made + KEY_LASTS <= timezone.now():
        raise _invalid(
            "file",
            Text(
                _("This key was generated at %(at)s UTC and ended after %(days)s days. Download a new one."),
                at=f"{made:%Y-%m-%d %H:%M}",
                days=KEY_LASTS.days,
            ),
            "expired",
        )
    return made + KEY_LASTS


def _refuse_content(content: bytes) -> None:
    if len(content) > MAX_KEY_BYTES:
        raise _invalid(
            "file",
            Text(
                _("The file has %(found)s kB; expected are at most %(limit)s kB."),
                found=len(content) // 1024,
                limit=MAX_KEY_BYTES // 1024,
            ),
            "too_big",
        )
    beginning = content.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").replace(b"\0", b"").lstrip()
    if not beginning.startswith(b"<"):
        text = Text(_("The content is not that of a registration key, which is XML. Download it again."))
        raise _invalid("file", text, "wrong_type")
