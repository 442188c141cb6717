"""The audit trail: one entry for each thing that somebody did, written in the transaction that did it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Model

from wizard.models import AuditEntry, Deployment, Operator
from wizard.services import audit_chain
from wizard.services.webhooks import outbox
from wizard.text import Text
from wizard.wire import trace

# What would move a terminal's cursor, break a line of a log or turn a line's direction around, and halves of characters, which
# PostgreSQL does not store. Notes may have lines and tabs.
_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_BREAKS: Final = re.compile("[\t\n]")
_SHOWN_INSTEAD: Final = "\ufffd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from."""

    address: str | None = None
    request_id: str = ""


_NOWHERE = Origin()
_origin: ContextVar[Origin] = ContextVar("origin", default=_NOWHERE)


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Everything recorded inside carries this origin."""
    token = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(token)


def origin() -> Origin:
    """Where the request that is being answered came from."""
    return _origin.get()


def record(
    action: str,
    *,
    subject: Model,
    actor: Operator | None,
    sentence: Text,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    deployment: Deployment | None = None,
) -> AuditEntry:
    """Write one entry. `action` is a dotted code, such as "deployment.created"; no secret may be in before or after.

    It belongs to `deployment`, by default the one that the subject is or belongs to, and with it to those who may see that one.
    """
    came_from = _origin.get()
    entry = AuditEntry.objects.create(
        action=action,
        subject=_BREAKS.sub(_SHOWN_INSTEAD, harmless(str(subject)))[:255],
        subject_id=str(subject.pk),
        deployment_id=_deployment_of(deployment or subject),
        actor=actor,
        sentence=harmless(sentence),
        before=harmless(before),
        after=harmless(after),
        address=came_from.address,
        # A command of manage.py has an id, and no origin.
        request_id=harmless(came_from.request_id or trace.current())[:64],
    )
    audit_chain.seal_after_commit(entry.pk)
    outbox.of_audit(entry)
    return entry


def harmless(value: Any) -> Any:
    """The same text, sentence or JSON with a visible sign in the place of every control character."""
    match value:
        case str():
            return _CONTROLS.sub(_SHOWN_INSTEAD, value)
        case Text():
            return value.with_values(**harmless(dict(value.values)))
        case Mapping():
            return {harmless(key): harmless(item) for key, item in value.items()}
        case list() | tuple():
            return [harmless(item) for item in value]
    return value


def _deployment_of(subject: Model) -> UUID | None:
    found = subject.pk if isinstance(subject, Deployment) else getattr(subject, "deployment_id", None)
    return found if isinstance(found, UUID) else None
