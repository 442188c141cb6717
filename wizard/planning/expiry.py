"""What ends, when, and what happens then: keys, licences, certificates, waivers, tokens, passwords.

Nothing here reads a clock: each function is told the moments that it counts from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Any, Final, Literal

from wizard.text import Text, _

ExpiryKind = Literal[
    "registration_key",
    "evaluation_licence",
    "web_certificate",
    "waiver",
    "api_token",
    "password",
    "component",
]
ExpiryStatus = Literal["ended", "soon", "later"]

SOON: Final = timedelta(days=14)
REGISTRATION_KEY_LASTS: Final = timedelta(days=5)  # asr-facts 7.1
EVALUATION_LASTS: Final = timedelta(days=180)  # asr-facts 2.3
CERTIFICATE_LASTS_YEARS: Final = 3  # asr-facts 1.2

# SoftwareLicensingProduct.LicenseStatus: 1 is licensed, 0 and 5 are not; the others are periods of grace.
_LICENSED: Final = 1
_UNLICENSED: Final = (0, 5)
_FURTHEST_EAST: Final = timezone(timedelta(hours=14))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryEntry:
    """One thing that ends. `ends`: the last day (a date) or the moment (with time zone)."""

    kind: ExpiryKind
    title: Text
    ends: date | datetime
    what_then: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRow:
    """An entry as seen from a moment. `left`: how long until it ends, negative when it has ended."""

    entry: ExpiryEntry
    status: ExpiryStatus
    left: timedelta

    def to_json(self) -> dict[str, Any]:
        """`ends` as ISO 8601, `days_left` rounded down."""
        return {
            "kind": self.entry.kind,
            "title": self.entry.title.to_json(),
            "ends": self.entry.ends.isoformat(),
            "what_then": self.entry.what_then.to_json(),
            "status": self.status,
            "days_left": self.left.days,
        }


def calendar_of(entries: Iterable[ExpiryEntry], now: datetime) -> tuple[CalendarRow, ...]:
    """The entries by their end, the earliest first, as seen from `now` (with time zone; days are days of that zone).

    What has a date lasts through the whole of that day.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone")
    zone = now.tzinfo
    rows = [
        CalendarRow(entry=entry, status=_status(left), left=left)
        for entry in entries
        for left in [_moment(entry.ends, zone) - now]
    ]
    return tuple(sorted(rows, key=lambda row: (row.left, row.entry.kind, row.entry.title.template)))


def registration_key(vault: str, generated_at: datetime) -> ExpiryEntry:
    """A key ends 5 days after it was generated."""
    return ExpiryEntry(
        kind="registration_key",
        title=Text(_("Registration key of vault %(vault)s"), vault=vault),
        ends=generated_at + REGISTRATION_KEY_LASTS,
        what_then=Text(_("Setup refuses the file. Download a new key from the portal.")),
    )


def evaluation_from_deployment(machine: str, deployed_at: datetime) -> ExpiryEntry:
    """The template's evaluation licence, as long as the machine itself was not asked: 180 days."""
    return _evaluation(machine, deployed_at + EVALUATION_LASTS)


def evaluation_from_fact(
    machine: str, licence: Mapping[str, Any], collected_at: datetime
) -> ExpiryEntry | None:
    """The end by the fact `os.licence`, to the minute; None for a licence that does not end.

    A KMS client has minutes of grace, too, but renews itself: it counts as licensed. A machine that is not licensed any
    more ended when it was asked, or earlier. So many minutes that no calendar reaches as far count as no end: what one
    machine says of itself takes nobody's list away.
    """
    status, minutes = int(licence["status"]), int(licence["grace_minutes"])
    evaluation = "EVAL" in str(licence["description"]).upper()
    if status in _UNLICENSED:
        return _evaluation(machine, collected_at)
    if status == _LICENSED and not evaluation:
        return None
    try:
        ends = collected_at + timedelta(minutes=minutes)
        # It is shown in the reader's time zone, where the calendar's last day may be over already.
        ends.astimezone(_FURTHEST_EAST)
    except OverflowError:
        return None
    return _evaluation(machine, ends)


def web_certificate(machine: str, *, not_after: datetime) -> ExpiryEntry:
    """The certificate of the configuration server's web site, by the fact `certificates.bound_443`."""
    return ExpiryEntry(
        kind="web_certificate",
        title=Text(_("Web certificate of %(machine)s"), machine=machine),
        ends=not_after,
        what_then=Text(
            _(
                "Agents and process servers lose contact. Renew it in the portal before; after the end run RenewCerts in "
                "C:\\ProgramData\\ASR\\home\\svsystems\\bin on the server."
            )
        ),
    )


def web_certificate_from_installation(machine: str, installed_on: date) -> ExpiryEntry:
    """The same, as long as the machine itself was not asked: 3 years from the installation."""
    year = installed_on.year + CERTIFICATE_LASTS_YEARS
    try:
        ends = installed_on.replace(year=year)
    except ValueError:  # 29 February
        ends = date(year, 2, 28)
    midnight = datetime.combine(ends, time.min, tzinfo=UTC)
    return web_certificate(machine, not_after=midnight)


def waiver(requirement_id: str, ends: date) -> ExpiryEntry:
    """A waiver counts through its last day."""
    return ExpiryEntry(
        kind="waiver",
        title=Text(_("Waiver of %(requirement)s"), requirement=requirement_id),
        ends=ends,
        what_then=Text(_("The requirement counts as failed again. Meet it, or ask for a new waiver.")),
    )


def api_token(name: str, ends: datetime) -> ExpiryEntry:
    """A token of the programming interface."""
    return ExpiryEntry(
        kind="api_token",
        title=Text(_("API token “%(name)s”"), name=name),
        ends=ends,
        what_then=Text(_("Programs that use it are turned away. Issue a new one.")),
    )


def temporary_component(name: str, ends: datetime) -> ExpiryEntry:
    """A process server in Azure stands for as long as machines come home (asr-facts 9.4)."""
    return ExpiryEntry(
        kind="component",
        title=Text(_("Removal of the failback process server %(name)s"), name=name),
        ends=ends,
        what_then=Text(_("Remove it once all machines are home: it costs money for as long as it stands.")),
    )


def _evaluation(machine: str, ends: datetime) -> ExpiryEntry:
    return ExpiryEntry(
        kind="evaluation_licence",
        title=Text(_("Evaluation licence of %(machine)s"), machine=machine),
        ends=ends,
        what_then=Text(
            _("Windows shuts the machine down again and again. Activate it with a licence that you bought.")
        ),
    )


def _moment(ends: date | datetime, zone: tzinfo) -> datetime:
    if isinstance(ends, datetime):
        return ends
    return datetime.combine(ends + timedelta(days=1), time.min, tzinfo=zone)


def _status(left: timedelta) -> ExpiryStatus:
    if left <= timedelta(0):
        return "ended"
    return "soon" if left <= SOON else "later"
