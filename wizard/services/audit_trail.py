"""The audit trail as it is read: who may see which entries, what is looked for, and the whole of it as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import translation

from wizard.models import AuditEntry, AuditSeal, Deployment, Operator
from wizard.models.fields import UNREADABLE, sentence_of, unreadable
from wizard.services.audit_chain import COVERED, as_stored, document_of
from wizard.services.permissions import may
from wizard.services.visibility import rows_for
from wizard.spreadsheet import csv_line
from wizard.text import Text, _

Format = Literal["json", "csv"]

_AT_ONCE: Final = 500
_COLUMNS: Final = (
    Text(_("Number")), Text(_("Time (UTC)")), Text(_("Who")), Text(_("Action")), Text(_("What happened")),
    Text(_("Subject")), Text(_("Subject id")), Text(_("Deployment id")), Text(_("Before")), Text(_("After")),
    Text(_("Address")), Text(_("Request id")), Text(_("Place")), Text(_("Digest")), Text(_("Digest before")),
    Text(_("Sealed (UTC)")),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to look for. `action` is a code or the part before its dot; `actor` a name; `since` is included, `until` is not."""

    deployment: UUID | None = None
    actor: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    request_id: str = ""


def may_read(actor: Operator) -> bool:
    """Reviewers and administrators read the whole trail; what concerns a deployment whoever sees that."""
    return may(actor, "audit.read")


def visible_entries(actor: Operator) -> QuerySet[AuditEntry]:
    """Newest first. What concerns a deployment, a team or an account that the reader does not see, or that is gone, is for
    administrators alone."""
    rows = AuditEntry.objects.select_related("actor", "seal")
    return rows_for(actor, rows) if may_read(actor) else rows.none()


def of_deployment(deployment: Deployment) -> QuerySet[AuditEntry]:
    """The history of a deployment, newest first; for whoever sees it."""
    return AuditEntry.objects.select_related("actor", "seal").filter(deployment_id=deployment.pk)


def find(rows: QuerySet[AuditEntry], wish: Wish) -> QuerySet[AuditEntry]:
    """Those of `rows` that are wished for."""
    if wish.deployment is not None:
        rows = rows.filter(deployment_id=wish.deployment)
    if wish.actor:
        rows = rows.filter(actor__username__iexact=wish.actor)
    if wish.action:
        rows = rows.filter(Q(action=wish.action) | Q(action__startswith=f"{wish.action}."))
    if wish.since is not None:
        rows = rows.filter(at__gte=wish.since)
    if wish.until is not None:
        rows = rows.filter(at__lt=wish.until)
    if wish.request_id:
        rows = rows.filter(request_id=wish.request_id)
    return rows


# --- as a file --------------------------------------------------------------------------------------------------------


def export(rows: QuerySet[AuditEntry], form: Format) -> Iterator[str]:
    """The entries in the order in which they were recorded, in pieces, however many there are; sentences in English.

    JSON: a list of objects, a line each; without `digest` and `text` each is what its digest is of (docs/audit.md).
    CSV: a header and a line for each, with a BOM for spreadsheets.
    """
    return _as_json(rows) if form == "json" else _as_csv(rows)


def _as_json(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    before = "["
    for document in _documents(rows):
        yield before + "\n" + json.dumps(document, ensure_ascii=False, sort_keys=True)
        before = ","
    yield "[]\n" if before == "[" else "\n]\n"


def _as_csv(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    with translation.override("en"):
        header = csv_line([str(title) for title in _COLUMNS])
    yield "\ufeff" + header
    for document in _documents(rows):
        entry, actor = document["entry"], document["entry"]["actor"]
        cells = (
            entry["id"], entry["at"], actor["name"] if actor else None, entry["action"], document["text"],
            entry["subject"], entry["subject_id"], entry["deployment_id"], _json(entry["before"]),
            _json(entry["after"]), entry["address"], entry["request_id"], document["place"], document["digest"],
            document["previous"], document["sealed_at"],
        )  # fmt: skip
        yield csv_line(["" if cell is None else str(cell) for cell in cells])


def _documents(rows: QuerySet[AuditEntry]) -> Iterator[dict[str, Any]]:
    link_before = AuditSeal.objects.filter(place=OuterRef("seal__place") - 1).values("digest")[:1]
    wanted = (
        rows.select_related(None)
        .order_by("id")
        .annotate(
            stored_sentence=as_stored("sentence"),
            actor_name=F("actor__username"),
            sealed_name=F("seal__actor_name"),
            place=F("seal__place"),
            digest=F("seal__digest"),
            sealed_at=F("seal__sealed_at"),
            previous=Subquery(link_before),
        )
    )
    columns = ("actor_name", "sealed_name", "place", "digest", "sealed_at", "previous")
    read: QuerySet[AuditEntry, dict[str, Any]] = wanted.values(*COVERED, *columns)
    for row in read.iterator(chunk_size=_AT_ONCE):
        document = document_of(
            previous=row["previous"] or "",
            place=row["place"],
            sealed_at=row["sealed_at"],
            actor_name=row["sealed_name"] or row["actor_name"] or "",
            entry=row,
        )
        yield {
            **document,
            "digest": row["digest"],
            "text": _in_english(row["stored_sentence"], row["action"]),
        }


def _in_english(stored: Any, action: str) -> str:
    with translation.override("en"):
        text = sentence_of(stored)
        return str(unreadable(action) if text is UNREADABLE else text)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
