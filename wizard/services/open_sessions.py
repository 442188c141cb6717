"""Where a person is signed in: listed, and ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from wizard.models import BrowserSession, Operator
from wizard.models.browser_session import digest_of
from wizard.services import audit, sessions
from wizard.services.errors import NotFound
from wizard.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """One browser in which somebody is signed in. `id` names it without opening it."""

    id: str
    started: datetime
    active: datetime
    address: str
    agent: str
    this: bool


def open_sessions(person: Operator, *, key: str | None, limits: sessions.Limits) -> list[OpenSession]:
    """Those that still go on, the one whose cookie says `key` first, then the most recently used."""
    found = list(_going_on(person, limits))
    here = digest_of(key) if key else ""
    return sorted(
        (
            OpenSession(
                id=row.session_key,
                started=marks.started,
                active=marks.active,
                address=marks.address,
                agent=marks.agent,
                this=row.session_key == here,
            )
            for row, marks in found
        ),
        key=lambda one: (not one.this, -one.active.timestamp()),
    )


@transaction.atomic
def end(person: Operator, session_id: str) -> None:
    """Sign `person` out of one browser. Raises NotFound where it is no session of theirs."""
    if not _rows(person).filter(session_key=session_id).delete()[0]:
        raise NotFound(Text(_("This session has ended already.")))
    audit.record(
        "account.session_ended",
        subject=person,
        actor=person,
        sentence=Text(_("%(who)s ended a session of theirs."), who=person.username),
    )


@transaction.atomic
def end_others(person: Operator, *, key: str | None) -> int:
    """Sign `person` out everywhere but in the browser whose cookie says `key`; how many sessions that ended."""
    others = _rows(person)
    if key:
        others = others.exclude(session_key=digest_of(key))
    count = others.delete()[0]
    if count:
        audit.record(
            "account.sessions_ended",
            subject=person,
            actor=person,
            sentence=Text(_("%(who)s ended all other sessions of theirs."), who=person.username),
            after={"count": count},
        )
    return count


def forget_old() -> None:
    """Delete what ran out; asked at each sign-in, so that the table stays as small as the number of browsers."""
    BrowserSession.objects.filter(expire_date__lte=timezone.now()).delete()


def _going_on(person: Operator, limits: sessions.Limits) -> Iterator[tuple[BrowserSession, sessions.Marks]]:
    now = timezone.now()
    # Of another password or role: ended, though the browser has not come to find out.
    current = person.get_session_auth_hash()
    for row in _rows(person).filter(expire_date__gt=now):
        data = row.get_decoded()
        marks = sessions.marks(data)
        if (
            marks is not None
            and data.get(HASH_SESSION_KEY) == current
            and sessions.ended(data, now, limits) is None
        ):
            yield row, marks


def _rows(person: Operator) -> QuerySet[BrowserSession]:
    return BrowserSession.objects.filter(person=person)
