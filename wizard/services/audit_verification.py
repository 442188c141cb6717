"""Whether the audit trail is still what was sealed: link by link, in the memory of a few hundred entries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from django.db.models import QuerySet
from django.utils import timezone

from wizard.models import AuditEntry, AuditHead, AuditSeal
from wizard.services.audit_chain import COVERED, as_stored, digest_of, document_of
from wizard.text import Text, _

Kind = Literal["changed", "missing", "inserted", "cut_off", "head", "unknown_head", "unsealed", "unreadable"]

_AT_ONCE: Final = 1000
# Sealing follows the commit at once, and what is missed the next sweep after some seconds.
_PATIENCE: Final = timedelta(minutes=1)
_ENTRY_COLUMNS: Final = {column: f"entry__{column}" for column in COVERED if column != "stored_sentence"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """The first link that does not hold. `place` is its place in the chain, `entry_id` what stands or stood there; 0: none."""

    kind: Kind
    place: int
    entry_id: int
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`entries` were compared, `digest` is the end that they lead to. `pending` are too young to be missed already.

    `late` were sealed more than an hour after the time that they bear; that alone breaks nothing.
    """

    entries: int
    digest: str
    broken: Break | None
    pending: int
    late: int
    first_late_id: int = 0

    @property
    def holds(self) -> bool:
        return self.broken is None


def verify(*, head: str = "") -> Verdict:
    """Go along the whole chain. `head` is a digest that somebody kept elsewhere: the chain must have passed through it.

    Only such a digest tells of a chain that was cut off, or written anew from some place on, together with its end.
    """
    walk = _Walk(head.strip().lower())
    broken = walk.along()
    pending = 0
    if broken is None:
        broken = walk.at_the_end()
    if broken is None:
        broken, pending = _not_sealed()
    return Verdict(
        entries=walk.place,
        digest=walk.digest,
        broken=broken,
        pending=pending,
        late=walk.late,
        first_late_id=walk.first_late_id,
    )


def end_of_chain() -> tuple[int, str]:
    """The place of the last sealed entry and its digest, to be kept where nobody with access to this database writes."""
    head = AuditHead.objects.first()
    return (head.place, head.digest) if head else (0, "")


class _Walk:
    """How far the chain holds."""

    def __init__(self, wanted: str) -> None:
        self.place, self.digest, self.entry_id = 0, "", 0
        self.late, self.first_late_id = 0, 0
        self._wanted = wanted
        self._seen_wanted = False

    def along(self) -> Break | None:
        try:
            return self._along()
        except ValueError as error:
            text = Text(
                _("What follows place %(place)s cannot be read: %(error)s"),
                place=self.place,
                error=str(error),
            )
            return Break(kind="unreadable", place=self.place + 1, entry_id=0, text=text)

    def _along(self) -> Break | None:
        began = None
        older = True
        rows = AuditSeal.objects.order_by("place").annotate(stored_sentence=as_stored("entry__sentence"))
        columns = ("place", "digest", "sealed_at", "actor_name", "stored_sentence", *_ENTRY_COLUMNS.values())
        read: QuerySet[AuditSeal, dict[str, Any]] = rows.values(*columns)
        for row in read.iterator(chunk_size=_AT_ONCE):
            entry = {column: row[name] for column, name in _ENTRY_COLUMNS.items()}
            entry["stored_sentence"] = row["stored_sentence"]
            if row["place"] != self.place + 1:
                return self._missing(row["place"])
            document = document_of(
                previous=self.digest,
                place=row["place"],
                sealed_at=row["sealed_at"],
                actor_name=row["actor_name"],
                entry=entry,
            )
            if digest_of(document) != row["digest"]:
                return self._changed(row["place"], entry["id"], str(entry["subject"]))
            self.place, self.digest, self.entry_id = row["place"], row["digest"], entry["id"]
            self._seen_wanted = self._seen_wanted or self.digest == self._wanted
            # Entries of versions that sealed nothing come first, and are all older than their seals.
            began = began or row["sealed_at"]
            older = older and entry["at"] < began
            if not older and row["sealed_at"] - entry["at"] > timedelta(hours=1):
                self.late += 1
                self.first_late_id = self.first_late_id or entry["id"]
        return None

    def at_the_end(self) -> Break | None:
        place, digest = end_of_chain()
        # Somebody may have sealed meanwhile; what was passed is what counts then.
        seal = AuditSeal.objects.filter(place=place).first()
        # Whoever takes out entries may leave their seals behind: an end without its entry is none.
        ends = seal is not None and AuditEntry.objects.filter(pk=seal.entry_id).exists()
        passed = seal.digest if seal is not None and ends else None
        if place > self.place and passed is None:
            text = Text(
                _("The end is cut off: the chain has %(place)s places and was %(count)s long."),
                place=self.place,
                count=place,
            )
            return Break(kind="cut_off", place=self.place + 1, entry_id=0, text=text)
        if place < self.place or (passed is not None and passed != digest):
            text = Text(
                _("The end of the chain is not noted as it is: place %(place)s, noted is %(noted)s."),
                place=self.place,
                noted=place,
            )
            return Break(kind="head", place=self.place, entry_id=self.entry_id, text=text)
        if self._wanted and not self._seen_wanted:
            text = Text(
                _(
                    "The chain never passed through the digest %(digest)s that was kept: it was cut off or written anew."
                ),
                digest=self._wanted,
            )
            return Break(kind="unknown_head", place=self.place, entry_id=self.entry_id, text=text)
        return None

    def _missing(self, found: int) -> Break:
        text = (
            Text(
                _("Place %(place)s is missing: what stood behind entry %(before)s was taken out."),
                place=self.place + 1,
                before=self.entry_id,
            )
            if self.entry_id
            else Text(
                _("Place 1 is missing: the beginning was taken out, place %(found)s comes first."),
                found=found,
            )
        )
        return Break(kind="missing", place=self.place + 1, entry_id=0, text=text)

    def _changed(self, place: int, entry_id: int, subject: str) -> Break:
        text = Text(
            _(
                "Place %(place)s, entry %(entry)s about “%(subject)s”, is not what was sealed: it was changed, or put in."
            ),
            place=place,
            entry=entry_id,
            subject=subject,
        )
        return Break(kind="changed", place=place, entry_id=entry_id, text=text)


def _not_sealed() -> tuple[Break | None, int]:
    """Entries without a place: put in beside Foothold where older ones are settled, else not sealed in time."""
    open_ = AuditEntry.objects.filter(seal__isnull=True).order_by("id")
    head = AuditHead.objects.first()
    young = timezone.now() - _PATIENCE
    # Not the whole row: of what somebody put in, not every column may be readable.
    rows = open_.values_list("id", "subject")
    inserted = rows.filter(id__lte=head.swept_id).first() if head else None
    overdue = rows.filter(at__lt=young).first()
    if inserted is not None:
        text = Text(
            _("Entry %(entry)s about “%(subject)s” has no place in the chain: it was put in afterwards."),
            entry=inserted[0],
            subject=inserted[1],
        )
        return Break(kind="inserted", place=0, entry_id=inserted[0], text=text), 0
    if overdue is not None:
        text = Text.counted(
            "%(count)s entry older than a minute is not sealed: %(entry)s about “%(subject)s”. No worker runs, "
            "or it was put in afterwards.",
            "%(count)s entries older than a minute are not sealed, the first is %(entry)s about “%(subject)s”: "
            "no worker runs, or they were put in afterwards.",
            "count",
            count=open_.filter(at__lt=young).count(),
            entry=overdue[0],
            subject=overdue[1],
        )
        return Break(kind="unsealed", place=0, entry_id=overdue[0], text=text), 0
    return None, open_.count()
