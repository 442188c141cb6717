"""The audit trail: one entry for each thing that somebody did, written in the transaction that did it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from wizard.models import AuditEntry, Operator
from wizard.text import Text


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


def record(
    action: str,
    *,
    subject: Model,
    actor: Operator | None,
    sentence: Text,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry. `action` is a dotted code, such as "deployment.created"; no secret may be in before or after."""
    origin = _origin.get()
    return AuditEntry.objects.create(
        action=action,
        subject=str(subject)[:255],
        subject_id=str(subject.pk),
        actor=actor,
        sentence=sentence,
        before=before,
        after=after,
        address=origin.address,
        request_id=origin.request_id,
    )
