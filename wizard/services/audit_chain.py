"""The audit trail as a chain: each entry is sealed with a digest that covers it and the digest of the one before.

Sealing takes place right after the commit of what was recorded, never inside it: whoever records would have to wait for
everybody else who does. What is missed then is sealed by the next `sweep`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog
from django.db import DatabaseError, connection, transaction
from django.db.models import ExpressionWrapper, F, JSONField, Max, QuerySet
from django.utils import timezone

from wizard.models import AuditEntry, AuditHead, AuditSeal

log = structlog.get_logger(__name__)

# What a digest covers of an entry, beside the name of the person.
COVERED: Final = (
    "id", "at", "actor_id", "action", "stored_sentence", "subject", "subject_id", "before", "after", "address",
    "request_id", "deployment_id",
)  # fmt: skip
_AT_ONCE: Final = 500
# No transaction that records something is open for as long: what is older has been committed, or never will be.
_SETTLED_AFTER: Final = timedelta(hours=1)
_ONLY_HEAD: Final = 1


# --- sealing ----------------------------------------------------------------------------------------------------------


def seal_after_commit(entry_id: int) -> None:
    """Seal the entry once its transaction is committed, together with all others of that transaction."""
    for hook in connection.run_on_commit:
        waiting = hook[1]
        if isinstance(waiting, _Recorded):
            waiting.entry_ids.append(entry_id)
            return
    transaction.on_commit(_Recorded(entry_id), robust=True)


class _Recorded:
    """What one transaction recorded. Entries that a savepoint took back are simply not found later."""

    def __init__(self, entry_id: int) -> None:
        self.entry_ids = [entry_id]
        # The name under which Django would log what is not caught below.
        self.__qualname__ = "audit_chain.seal"

    def __call__(self) -> None:
        try:
            for start in range(0, len(self.entry_ids), _AT_ONCE):
                _seal(self.entry_ids[start : start + _AT_ONCE])
        except DatabaseError as error:
            # What was done is done; the next sweep seals it.
            log.warning("audit.not_sealed", entries=len(self.entry_ids), error=str(error))


def sweep() -> int:
    """Seal whatever is left, in the order of its ids, in pieces. Returns how many that were."""
    total = 0
    while True:
        sealed, left = _sweep_some()
        total += sealed
        if not left:
            return total


def _sweep_some() -> tuple[int, bool]:
    with transaction.atomic():
        head = _held_head()
        if head is None:
            return 0, False
        rows = AuditEntry.objects.filter(id__gt=head.swept_id).order_by("id")
        found = list(rows.filter(seal__isnull=True).values_list("id", flat=True)[:_AT_ONCE])
        _append(head, found)
        left = len(found) == _AT_ONCE
        if not left:
            settled = rows.filter(at__lt=timezone.now() - _SETTLED_AFTER).aggregate(last=Max("id"))["last"]
            if settled is not None:
                head.swept_id = settled
                head.save(update_fields=["swept_id"])
        return len(found), left


def _seal(entry_ids: Sequence[int]) -> None:
    with transaction.atomic():
        head = _held_head()
        if head is not None:
            _append(head, entry_ids)


def _held_head() -> AuditHead | None:
    """The end of the chain, held to the end of the transaction; None where somebody else holds it just now.

    Nobody who did something waits here for others: a holder that stands still must not make requests stand still.
    """
    skip = connection.features.has_select_for_update_skip_locked
    heads = AuditHead.objects.select_for_update(skip_locked=skip).filter(pk=_ONLY_HEAD)
    head = heads.first()
    if head is None and not AuditHead.objects.filter(pk=_ONLY_HEAD).exists():
        AuditHead.objects.get_or_create(pk=_ONLY_HEAD)
        head = heads.first()
    return head


def _append(head: AuditHead, entry_ids: Sequence[int]) -> None:
    rows = AuditEntry.objects.filter(id__in=entry_ids, seal__isnull=True).order_by("id")
    now = timezone.now()
    seals = []
    for entry in covered(rows):
        name = entry.pop("actor__username") or ""
        head.place += 1
        head.digest = digest_of(
            document_of(previous=head.digest, place=head.place, sealed_at=now, actor_name=name, entry=entry)
        )
        seals.append(
            AuditSeal(
                place=head.place, entry_id=entry["id"], digest=head.digest, actor_name=name, sealed_at=now
            )
        )
    if seals:
        AuditSeal.objects.bulk_create(seals)
        head.save(update_fields=["place", "digest"])


# --- what is sealed ---------------------------------------------------------------------------------------------------


def covered(rows: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    """The columns that a digest covers, and the person's name of now under `actor__username`."""
    named = rows.annotate(stored_sentence=as_stored("sentence"))
    yield from named.values(*COVERED, "actor__username").iterator(chunk_size=_AT_ONCE)


def as_stored(column: str) -> ExpressionWrapper[F]:
    """The JSON of a sentence as it is in the table; read as a sentence, what does not belong there would be lost."""
    return ExpressionWrapper(F(column), output_field=JSONField())


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of what `document_of` gives, in its canonical spelling: JSON in ASCII, keys sorted, no spaces."""
    return hashlib.sha256(_encode(document).encode("ascii")).hexdigest()


def document_of(
    *, previous: str, place: int, sealed_at: datetime, actor_name: str, entry: Mapping[str, Any]
) -> dict[str, Any]:
    """What a digest is of, as JSON: times in UTC with microseconds, ids as text, the sentence as template and values."""
    return {
        "previous": previous,
        "place": place,
        "sealed_at": _moment(sealed_at),
        "entry": {
            "id": entry["id"],
            "at": _moment(entry["at"]),
            "actor": None if entry["actor_id"] is None else {"id": entry["actor_id"], "name": actor_name},
            "action": entry["action"],
            "sentence": entry["stored_sentence"],
            "subject": entry["subject"],
            "subject_id": entry["subject_id"],
            "before": entry["before"],
            "after": entry["after"],
            "address": entry["address"],
            "request_id": entry["request_id"],
            "deployment_id": None if entry["deployment_id"] is None else str(entry["deployment_id"]),
        },
    }


_encode: Final = functools.partial(json.dumps, sort_keys=True, separators=(",", ":"))


def _moment(value: datetime | None) -> str | None:
    # SQLite gives None for what somebody wrote in the place of a time.
    return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")
