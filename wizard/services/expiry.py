"""What ends: everything with a last day that bears on a deployment, as a list and as a calendar file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from django.utils import timezone

from wizard.models import ApiToken, Deployment, HostFacts, InstallationSecret, Operator
from wizard.planning import expiry
from wizard.planning.expiry import CalendarRow, ExpiryEntry
from wizard.services import evidence, vault_credentials
from wizard.services.answers import answers_in_play
from wizard.services.permissions import require
from wizard.text import Text, _

if TYPE_CHECKING:
    from icalendar import Event


def calendar_of(
    deployment: Deployment, *, actor: Operator, own_tokens: bool = True
) -> tuple[CalendarRow, ...]:
    """What ends for this deployment and, with `own_tokens`, for the caller's tokens, the earliest first, as seen from now."""
    require(actor, "calendar.see", deployment)
    return expiry.calendar_of(_entries(deployment, actor if own_tokens else None), timezone.localtime())


def as_ics(deployment: Deployment, *, actor: Operator, own_tokens: bool = True) -> bytes:
    """The same as an iCalendar file (RFC 5545), in the reader's language."""
    # Loaded by who asks for the file: every page and command would wait for it otherwise.
    from icalendar import Calendar

    calendar = Calendar()
    calendar.add("prodid", "-//Foothold//Expiry//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", str(Text(_("What ends for %(name)s"), name=deployment.name)))
    now = timezone.now()
    for row in calendar_of(deployment, actor=actor, own_tokens=own_tokens):
        calendar.add_component(_event(deployment, row.entry, now))
    content: bytes = calendar.to_ical()
    return content


# --- inside -----------------------------------------------------------------------------------------------------------


def _entries(deployment: Deployment, owner: Operator | None) -> Iterator[ExpiryEntry]:
    for waiver in deployment.waivers.exclude(approved_at=None):
        yield expiry.waiver(waiver.requirement_id, waiver.until)
    for token in ApiToken.objects.filter(user=owner, revoked_at=None) if owner else ():
        yield expiry.api_token(token.name, token.expires_at)
    keys = deployment.installation_secrets.filter(kind=InstallationSecret.Kind.VAULT_CREDENTIALS)
    for key in keys:
        if facts := vault_credentials.facts_of(key.about):
            yield expiry.registration_key(facts.vault, facts.made_at)
    for added in deployment.additions.filter(removed_at=None, remind_at__isnull=False):
        if added.remind_at is not None:
            yield expiry.temporary_component(added.name, added.remind_at)
    answers = answers_in_play(deployment)
    machine = answers.get("network", {}).get("host_name", deployment.name)
    said = evidence.of_the_machine(deployment, answers)
    if said is not None:
        yield from _said_by(said)
    elif (deployed := evidence.latest(deployment, "deploy_ova")) and deployed.finished_at:
        yield expiry.evaluation_from_deployment(machine, deployed.finished_at)
        if deployment.profile == "asr-classic":
            yield expiry.web_certificate_from_installation(machine, timezone.localdate(deployed.finished_at))


def _said_by(row: HostFacts) -> Iterator[ExpiryEntry]:
    licence = row.facts.get("os.licence", {}).get("value")
    if licence and (entry := expiry.evaluation_from_fact(row.host_name, licence, row.collected_at)):
        yield entry
    bound: dict[str, Any] | None = row.facts.get("certificates.bound_443", {}).get("value")
    if bound:
        ends = datetime.fromisoformat(bound["not_after"])
        yield expiry.web_certificate(
            row.host_name, not_after=ends if ends.tzinfo else ends.replace(tzinfo=UTC)
        )


def _event(deployment: Deployment, entry: ExpiryEntry, now: datetime) -> Event:
    from icalendar import Event

    event = Event()
    # The same end keeps its identity, so that a calendar that reads the file again does not show it twice.
    identity = f"{deployment.pk}/{entry.kind}/{entry.title.to_json()}"
    event.add("uid", f"{uuid5(NAMESPACE_URL, identity)}@foothold")
    event.add("dtstamp", now)
    event.add("summary", str(entry.title))
    event.add("description", str(entry.what_then))
    event.add("categories", [entry.kind])
    if isinstance(entry.ends, datetime):
        event.add("dtstart", entry.ends.astimezone(UTC))
    else:
        day: date = entry.ends
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
    return event
