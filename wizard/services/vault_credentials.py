"""What the vault credentials file of a deployment says: read when it is given, compared with the answers, never shown itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from wizard.azure import vault_credentials
from wizard.azure.vault_credentials import Mismatch, VaultCredentials, VaultFileError
from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.planning.expiry import REGISTRATION_KEY_LASTS
from wizard.planning.quoting import shown
from wizard.services.answers import answers_in_play
from wizard.services.errors import Invalid
from wizard.text import Text, _

# Where the file is of another place altogether; the rest may have been answered wrongly.
_PLACE: Final = frozenset({"subscription", "resource_group", "vault"})


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What may be shown of a file. `age` counts from when it was made, `hours_left` until it ends, rounded down."""

    vault: str
    subscription: str
    resource_group: str
    region: str
    subject: str
    thumbprint: str
    made_at: datetime
    ends_at: datetime
    age_hours: int
    hours_left: int
    ends_soon: bool


def read(deployment: Deployment, content: bytes) -> VaultCredentials:
    """The content of a file, which must be of the vault that the answers name.

    Raises Invalid at the field `file` with the codes of `VaultFileError`, and with other_vault, other_region, other_cloud and
    other_endpoints.
    """
    try:
        found = vault_credentials.read(content, now=timezone.now())
    except VaultFileError as error:
        raise _refused(
            error.code, Text(_("%(text)s %(remedy)s"), text=error.text, remedy=error.remedy)
        ) from None
    if found.not_after <= timezone.now():
        # Clocks may differ by some minutes; here nothing is kept beyond its end.
        text = Text(
            _("The certificate in the file ended on %(at)s UTC. Download the file again from the portal."),
            at=f"{found.not_after:%Y-%m-%d %H:%M}",
        )
        raise _refused("expired", text)
    mismatches = _compare(deployment, found)
    place = [one for one in mismatches if one.field in _PLACE]
    if place:
        raise _refused("other_vault", *(_told(one) for one in place))
    for one in mismatches:
        raise _refused(_CODES[one.field], _told(one))
    return found


def facts_of(about: Mapping[str, Any]) -> KeyFacts | None:
    """What a row remembers of its file; None for one that was given before files were read."""
    if not about:
        return None
    known, now = VaultCredentials.from_json(about), timezone.now()
    made_at = known.not_after - REGISTRATION_KEY_LASTS
    return KeyFacts(
        vault=known.vault,
        subscription=known.subscription,
        resource_group=known.resource_group,
        region=known.region,
        subject=known.subject,
        thumbprint=known.thumbprint,
        made_at=made_at,
        ends_at=known.not_after,
        age_hours=max(0, (now - made_at) // timedelta(hours=1)),
        hours_left=max(0, known.left(now) // timedelta(hours=1)),
        ends_soon=known.ends_soon(now),
    )


def is_of_this_vault(deployment: Deployment, about: Mapping[str, Any]) -> bool:
    """Whether a file that was given before is still of the vault that the answers name."""
    if not about or not answers_in_play(deployment).get("vault"):
        return False
    mismatches = _compare(deployment, VaultCredentials.from_json(about))
    return not any(one.field in _PLACE for one in mismatches)


def file_name(found: VaultCredentials) -> str:
    """The name that the portal would give it; scripts on the machine read its age from that, whatever it was renamed to."""
    return f"{found.vault}_{found.not_after - REGISTRATION_KEY_LASTS:%Y-%m-%dT%H-%M-%S}.VaultCredentials"


# --- inside -----------------------------------------------------------------------------------------------------------

_CODES: Final = {
    "region": "other_region",
    "cloud": "other_cloud",
    "private_endpoints": "other_endpoints",
}


def _compare(deployment: Deployment, found: VaultCredentials) -> tuple[Mismatch, ...]:
    answers = answers_in_play(deployment).get("vault", {})
    names = ("subscription", "resource_group", "vault", "region", "cloud", "private_endpoints")
    return vault_credentials.compare(found, **{name: answers.get(name) for name in names})


def _told(mismatch: Mismatch) -> Text:
    return Text(
        _("%(text)s It says %(found)s; the vault step says %(expected)s."),
        text=mismatch.text,
        found=shown(mismatch.found),
        expected=shown(mismatch.expected),
    )


def _refused(code: str, *texts: Text) -> Invalid:
    return Invalid([FieldError(path="file", message=text, code=code) for text in texts])
