"""What somebody enters for an Azure account, and what of it cannot be taken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from wizard.journey.errors import FieldError
from wizard.models import AzureAccount
from wizard.planning.quoting import shown
from wizard.services.certificate_and_key import problem_of
from wizard.services.errors import Invalid
from wizard.services.storable import storable
from wizard.text import Text, _

How = AzureAccount.How
WITH_SECRET: Final = frozenset({How.CLIENT_SECRET, How.CLIENT_CERTIFICATE})

_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# The credential behind an account is named after it, within the length of its own name.
_LONGEST_NAME: Final = 90
_LONGEST_SECRET: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWish:
    """What somebody enters for an account. `secret` is the client secret, or certificate and private key as PEM; empty keeps
    what is stored. `team` is the name of the team that it is for, chosen when it is added; without one it is everybody's."""

    name: str
    how: str
    cloud: str = AzureAccount.Cloud.PUBLIC
    tenant: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    team: str = ""


def tidied(wish: AccountWish) -> AccountWish:
    """Without what its way to sign in has no use for, and without spaces around."""
    values: Mapping[str, str] = storable({name: getattr(wish, name) for name in AccountWish.__slots__})
    kept = {name: value.strip() for name, value in values.items()}
    if kept["how"] not in WITH_SECRET:
        kept["secret"] = ""
    if kept["how"] == How.DEFAULT:
        kept |= {"client_id": "", "tenant": ""}
    if kept["how"] == How.MANAGED_IDENTITY:
        kept["tenant"] = ""
    return AccountWish(**kept)


def must_be_sound(wish: AccountWish, *, needs_secret: bool, moved: bool = False) -> None:
    """`moved`: the secret that is stored is of another application, tenant or cloud. Raises Invalid that names the fields."""
    errors: list[FieldError] = []

    def refuse(path: str, code: str, text: Text) -> None:
        errors.append(FieldError(path=path, message=text, code=code))

    if not wish.name:
        refuse("name", "missing", Text(_("Give the account a name, such as lyon-reader.")))
    elif len(wish.name) > _LONGEST_NAME or not wish.name.isprintable():
        text = Text(
            _("The name has %(found)s characters; expected are at most %(most)s, on one line."),
            found=len(wish.name),
            most=_LONGEST_NAME,
        )
        refuse("name", "too_long", text)
    for path, known in (("how", How), ("cloud", AzureAccount.Cloud)):
        if getattr(wish, path) not in known.values:
            text = Text(
                _("“%(found)s” is not among the choices. Expected is one of: %(known)s."),
                found=shown(getattr(wish, path)),
                known=list(known.values),
            )
            refuse(path, "unknown", text)
    for path in ("tenant", "client_id"):
        value = getattr(wish, path)
        if not value and wish.how in WITH_SECRET:
            refuse(path, "missing", Text(_MISSING_ID[path]))
        elif value and not _GUID.fullmatch(value):
            text = Text(
                _("“%(found)s” is not an id. Expected are 32 hexadecimal digits such as %(example)s."),
                found=shown(value),
                example="0a1b2c3d-1111-2222-3333-444455556666",
            )
            refuse(path, "invalid", text)
    if not wish.secret:
        if needs_secret:
            refuse("secret", "missing", Text(_MOVED_SECRET if moved else _MISSING_SECRET[wish.how]))
    elif len(wish.secret) > _LONGEST_SECRET:
        refuse("secret", "too_long", Text(_("This is too long for a secret.")))
    elif wish.how == How.CLIENT_CERTIFICATE:
        if (found := problem_of(wish.secret)) is not None:
            refuse("secret", found.code, found.text)
    elif _GUID.fullmatch(wish.secret):
        # The portal shows the id of a secret beside its value, for ever; the value only once.
        text = Text(_("This is the id of a secret. Expected is its value, which the portal shows once."))
        refuse("secret", "secret_id", text)
    if errors:
        raise Invalid(errors)


_MISSING_ID: Final = {
    "tenant": _("Enter the tenant id (directory id) of the service principal."),
    "client_id": _("Enter the client id (application id) of the service principal."),
}
_MOVED_SECRET: Final = _(
    "Enter the secret again: the one that is stored is of another application, tenant or cloud, and is not sent there."
)
_MISSING_SECRET: Final[Mapping[str, str]] = {
    How.CLIENT_SECRET: _("Enter the value of the client secret."),
    How.CLIENT_CERTIFICATE: _("Enter certificate and private key as PEM."),
}
