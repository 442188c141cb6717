"""What somebody enters for a webhook, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from wizard.journey.errors import FieldError
from wizard.models import Team
from wizard.planning.quoting import shown
from wizard.services.errors import Invalid
from wizard.services.storable import storable
from wizard.services.vcenter_access import address_book
from wizard.services.webhooks.events import EVENTS
from wizard.text import Text, _
from wizard.wire.destinations import DestinationRefused
from wizard.wire.post import Target, UnusableUrl

LEAST_SECRET: Final = 16
_LONGEST_SECRET: Final = 256
_LONGEST_NAME: Final = 100
_LONGEST_URL: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWish:
    """What somebody enters. No `events` stand for all; `deployment` or `team`, not both; an empty `secret` keeps the old."""

    name: str
    url: str = field(repr=False)
    events: tuple[str, ...] = ()
    deployment: UUID | None = None
    team: UUID | None = None
    secret: str = field(default="", repr=False)


def place_of(url: str) -> str:
    """Scheme, host and port alone: what follows often holds keys. Empty for what is no address."""
    try:
        target = Target.parse(url)
    except UnusableUrl:
        return ""
    return f"{target.scheme}://{target.place}"


def tidied(wish: WebhookWish) -> WebhookWish:
    return WebhookWish(
        name=storable(wish.name).strip(),
        url=storable(wish.url).strip(),
        events=tuple(dict.fromkeys(wish.events)),
        deployment=wish.deployment,
        team=wish.team,
        secret=storable(wish.secret).strip(),
    )


def refuse(wish: WebhookWish, *, needs_secret: bool, moved: bool = False) -> None:
    """Raises Invalid that names the fields. `moved`: it is another receiver than the one that knows the stored secret."""
    errors = [*_name_errors(wish), *_url_errors(wish), *_scope_errors(wish)]
    strange = [code for code in wish.events if code not in EVENTS]
    if strange:
        text = Text(
            _("“%(found)s” is not an event. Expected are: %(known)s."),
            found=shown(strange[0]),
            known=list(EVENTS),
        )
        errors.append(FieldError(path="events", message=text, code="unknown"))
    if not wish.secret and needs_secret:
        text = (
            Text(_("Enter the secret again: the one that is stored was agreed upon with another receiver."))
            if moved
            else Text(_("Enter a secret; the receiver knows by it that a notice comes from here."))
        )
        errors.append(FieldError(path="secret", message=text, code="missing"))
    elif wish.secret and not LEAST_SECRET <= len(wish.secret) <= _LONGEST_SECRET:
        text = Text.counted(
            "The secret has %(found)s character; expected are %(least)s to %(most)s.",
            "The secret has %(found)s characters; expected are %(least)s to %(most)s.",
            "found",
            found=len(wish.secret),
            least=LEAST_SECRET,
            most=_LONGEST_SECRET,
        )
        errors.append(FieldError(path="secret", message=text, code="length"))
    if errors:
        raise Invalid(errors)


def _name_errors(wish: WebhookWish) -> list[FieldError]:
    if not wish.name:
        text = Text(_("Give the webhook a name, such as chat-lyon."))
        return [FieldError(path="name", message=text, code="missing")]
    if len(wish.name) > _LONGEST_NAME or not wish.name.isprintable():
        text = Text(
            _("The name has %(found)s characters; expected are at most %(most)s, on one line."),
            found=len(wish.name),
            most=_LONGEST_NAME,
        )
        return [FieldError(path="name", message=text, code="too_long")]
    return []


def _url_errors(wish: WebhookWish) -> list[FieldError]:
    if len(wish.url) > _LONGEST_URL:
        text = Text(
            _("%(found)s characters are too many; expected are at most %(most)s."),
            found=len(wish.url),
            most=_LONGEST_URL,
        )
        return [FieldError(path="url", message=text, code="too_long")]
    try:
        Target.parse(wish.url).destination(address_book()).check_as_entered()
    except (UnusableUrl, DestinationRefused) as refused:
        return [FieldError(path="url", message=refused.text, code=refused.code)]
    return []


def _scope_errors(wish: WebhookWish) -> list[FieldError]:
    if wish.deployment is not None and wish.team is not None:
        text = Text(_("Choose a deployment or a team, not both."))
        return [FieldError(path="team", message=text, code="contradiction")]
    if wish.team is not None and not Team.objects.filter(pk=wish.team).exists():
        return [FieldError(path="team", message=Text(_("There is no such team.")), code="unknown")]
    return []
