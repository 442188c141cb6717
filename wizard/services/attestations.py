"""Attestations: what no probe can see, a person answers for, with a note and perhaps a file as evidence."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath, PureWindowsPath
from typing import Final

from django.db import transaction
from django.utils import timezone

from wizard.checks.requirement import Requirement
from wizard.journey.errors import FieldError
from wizard.models import Attestation, Deployment, Operator
from wizard.services import audit, deployments
from wizard.services.applicable import find, requirements_for
from wizard.services.errors import Invalid, NotFound
from wizard.services.permissions import require
from wizard.services.settlement import settle_anew
from wizard.services.storable import storable
from wizard.text import Text, _, verbatim

MAX_FILE_BYTES: Final = 10 * 1024 * 1024
MAX_NOTE_CHARACTERS: Final = 4000
_ANSWER_WORDS: Final = {
    "yes": Text(_("yes")),
    "no": Text(_("no")),
    "not_applicable": Text(_("does not apply here")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """A file as it was given, or as it is handed out: always as an attachment, never shown in a page."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = ""


def _begins_with(*beginnings: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(beginnings)


def _is_text(content: bytes) -> bool:
    try:
        return "\0" not in content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
# Ending: its media type, and whether the content is what the ending says.
_KINDS: Final[dict[str, tuple[str, Callable[[bytes], bool]]]] = {
    ".pdf": ("application/pdf", _begins_with(b"%PDF-")),
    ".png": ("image/png", _begins_with(b"\x89PNG\r\n\x1a\n")),
    ".jpg": ("image/jpeg", _begins_with(b"\xff\xd8\xff")),
    ".jpeg": ("image/jpeg", _begins_with(b"\xff\xd8\xff")),
    ".txt": ("text/plain", _is_text),
    ".csv": ("text/csv", _is_text),
    ".json": ("application/json", _is_json),
    ".zip": ("application/zip", _begins_with(b"PK\x03\x04")),
    ".docx": (f"{_OFFICE}.wordprocessingml.document", _begins_with(b"PK\x03\x04")),
    ".xlsx": (f"{_OFFICE}.spreadsheetml.sheet", _begins_with(b"PK\x03\x04")),
}
FILE_ENDINGS: Final = tuple(_KINDS)
FILE_TYPES: Final = tuple(dict.fromkeys(media_type for media_type, _fits in _KINDS.values()))


def questions_for(deployment: Deployment) -> tuple[Requirement, ...]:
    """The requirements that a person answers for, of both phases, in the order of the catalogue."""
    rows = (*requirements_for(deployment), *requirements_for(deployment, "after"))
    return tuple({row.id: row for row in rows if row.kind == "attested"}.values())


@transaction.atomic
def attest(
    deployment: Deployment,
    requirement_id: str,
    *,
    answer: str,
    note: str = "",
    file: EvidenceFile | None = None,
    actor: Operator,
) -> Attestation:
    """Answer the question of a requirement; it takes the place of the answer before.

    Without a file, the one that is there stays as long as the answer stays the same. Raises NotFound, Conflict
    `task_running`, and Invalid with the codes not_attested, unknown_answer, missing, too_long, too_big,
    wrong_type at the fields answer, note and file.
    """
    deployments.hold_for(actor, "attestation.give", deployment)
    # The verdict under which a task works must not change beneath it.
    deployments.refuse_while_changing(deployment)
    note = storable(note).strip()
    _refuse_unless_asked(deployment, requirement_id)
    errors = [*_wrong_words(answer, note), *(_wrong_file(file) if file else ())]
    if errors:
        raise Invalid(errors)
    before = deployment.attestations.defer("file").filter(requirement_id=requirement_id).first()
    values = {"answer": answer, "note": note, "answered_by": actor, "answered_at": timezone.now()}
    if file is not None or before is None or before.answer != answer:
        values |= _columns(file)
    row, _created = Attestation.objects.update_or_create(
        deployment=deployment, requirement_id=requirement_id, defaults=values
    )
    audit.record(
        "attestation.given",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s answered for %(id)s of %(deployment)s: %(answer)s."),
            who=actor.username,
            id=requirement_id,
            deployment=deployment.name,
            answer=_ANSWER_WORDS.get(answer, verbatim(answer)),
        ),
        before={"answer": before.answer, "note": before.note} if before else None,
        after={"answer": answer, "note": note, "file": row.file_name, "file_sha256": row.file_sha256},
    )
    settle_anew(deployment)
    return row


@transaction.atomic
def withdraw(deployment: Deployment, requirement_id: str, *, actor: Operator) -> None:
    """Take an answer back, with its file. Raises NotFound where there is none, Conflict `task_running`."""
    deployments.hold_for(actor, "attestation.withdraw", deployment)
    deployments.refuse_while_changing(deployment)
    row = deployment.attestations.defer("file").filter(requirement_id=requirement_id).first()
    if row is None:
        raise NotFound(Text(_("Nobody has answered for %(id)s."), id=requirement_id))
    before = {"answer": row.answer, "note": row.note, "file": row.file_name, "file_sha256": row.file_sha256}
    row.delete()
    audit.record(
        "attestation.withdrawn",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s took back the answer for %(id)s of %(deployment)s."),
            who=actor.username,
            id=requirement_id,
            deployment=deployment.name,
        ),
        before=before,
    )
    settle_anew(deployment)


def file_of(deployment: Deployment, requirement_id: str, *, actor: Operator) -> EvidenceFile:
    """The file of an answer, to be sent as an attachment. Raises NotFound."""
    require(actor, "attestation.see", deployment)
    row = deployment.attestations.filter(requirement_id=requirement_id).first()
    if row is None or row.file is None:
        raise NotFound(Text(_("There is no file with the answer for %(id)s."), id=requirement_id))
    return EvidenceFile(name=row.file_name, content=bytes(row.file), media_type=row.file_type)


# --- inside -----------------------------------------------------------------------------------------------------------


def _refuse_unless_asked(deployment: Deployment, requirement_id: str) -> None:
    find(deployment, requirement_id)
    if requirement_id in {row.id for row in questions_for(deployment)}:
        return
    text = Text(_("%(id)s asks nobody here: a probe looks, or it does not apply."), id=requirement_id)
    raise Invalid([FieldError(path="", message=text, code="not_attested")])


def _wrong_words(answer: str, note: str) -> list[FieldError]:
    errors = []
    if answer not in Attestation.Answer.values:
        text = Text(
            _("“%(found)s” is no answer; choose one of: %(known)s."),
            found=answer,
            known=list(Attestation.Answer.values),
        )
        errors.append(FieldError(path="answer", message=text, code="unknown_answer"))
    if answer == Attestation.Answer.NOT_APPLICABLE and not note:
        text = Text(_("Say why this does not apply; reviewers will read it."))
        errors.append(FieldError(path="note", message=text, code="missing"))
    if len(note) > MAX_NOTE_CHARACTERS:
        text = Text(
            _("The note has %(found)s characters; expected are at most %(limit)s."),
            found=len(note),
            limit=MAX_NOTE_CHARACTERS,
        )
        errors.append(FieldError(path="note", message=text, code="too_long"))
    return errors


def _wrong_file(file: EvidenceFile) -> list[FieldError]:
    if len(file.content) > MAX_FILE_BYTES:
        text = Text(
            _("The file has %(found)s MB; expected are at most %(limit)s MB."),
            found=f"{len(file.content) / 2**20:.1f}",
            limit=MAX_FILE_BYTES // 2**20,
        )
        return [FieldError(path="file", message=text, code="too_big")]
    kind = _KINDS.get(PurePath(file.name).suffix.lower())
    if kind is None:
        text = Text(
            _("“%(name)s” is of a type that is not kept; expected is one of: %(known)s."),
            name=_safe_name(file.name),
            known=list(FILE_ENDINGS),
        )
        return [FieldError(path="file", message=text, code="wrong_type")]
    if not kind[1](file.content):
        text = Text(_("The content of “%(name)s” is not what its ending says."), name=_safe_name(file.name))
        return [FieldError(path="file", message=text, code="wrong_type")]
    return []


def _columns(file: EvidenceFile | None) -> dict[str, object]:
    if file is None:
        return {"file": None, "file_name": "", "file_type": "", "file_size": 0, "file_sha256": ""}
    return {
        "file": file.content,
        "file_name": _safe_name(file.name),
        # By the ending, whatever the sender called it.
        "file_type": _KINDS[PurePath(file.name).suffix.lower()][0],
        "file_size": len(file.content),
        "file_sha256": hashlib.sha256(file.content).hexdigest(),
    }


def _safe_name(name: str) -> str:
    """The last part of a path, on one line; its ending is kept where it is too long."""
    last = PureWindowsPath(name.strip()).name
    shown = "".join(character for character in last if character.isprintable())
    return shown if len(shown) <= 200 else shown[:150] + PurePath(shown).suffix[-50:]
