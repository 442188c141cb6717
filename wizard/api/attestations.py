"""Attestations: what no probe can see, answered by a person, with a note and perhaps a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.description import problems, sends, sends_as_given
from wizard.api.of_deployment import (
    CURSOR,
    IF_MATCH_MAY,
    LIMIT,
    binary_file,
    changing,
    find,
    operate,
    tag,
    whole_list,
)
from wizard.api.problems import named_by
from wizard.api.uploads import described, upload
from wizard.models import Attestation, Deployment
from wizard.services import applicable, attestations, attested
from wizard.services.attestations import MAX_FILE_BYTES, EvidenceFile
from wizard.services.errors import NotFound
from wizard.text import Text, _

router = Router(tags=["attestations"])


class AttestationIn(schemas.Input):
    answer: Literal["yes", "no", "not_applicable"]
    note: str = Field("", description="What reviewers should know; needed with not_applicable.")


class EvidenceOut(Schema):
    name: str
    media_type: str
    size_bytes: int
    sha256: str


class AttestationOut(Schema):
    requirement_id: str
    answer: Literal["yes", "no", "not_applicable"]
    note: str
    file: EvidenceOut | None
    answered_by: str
    answered_at: datetime


class QuestionOut(Schema):
    requirement_id: str
    title: str
    question: str = Field(description="The good answer is yes.")
    phase: str = Field(description="before or after the machine is set up.")
    severity: str
    owner: str
    asked: bool = Field(description="False for an answer to what is not asked here any more.")
    attestation: AttestationOut | None = Field(description="Null as long as nobody has answered.")


class QuestionPage(Schema):
    items: list[QuestionOut]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/attestations/",
    response={200: QuestionPage, **problems(404)},
    summary="What people are asked, and what they answered",
)
def list_attestations(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """In the order of the catalogue; answers to what is not asked here any more come last."""
    deployment = find(request, deployment_id)
    given = attested.stored(deployment)
    asked = attestations.questions_for(deployment)
    items = [_show_question(row, given.pop(row.id, None), asked=True) for row in asked]
    items += [_show_question(_find(deployment, left), row, asked=False) for left, row in given.items()]
    return whole_list(items, of="list_attestations", limit=limit, cursor=cursor)


@router.put(
    "/{uuid:deployment_id}/attestations/{requirement_id}/",
    response={
        200: AttestationOut,
        **problems(400, 404, 412, 413, {409: ("task_running",), 422: ("not_attested",)}),
    },
    summary="Answer for a requirement",
    openapi_extra=sends(200, "ETag"),
)
def put_attestation(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    requirement_id: str,
    payload: AttestationIn,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """Takes the place of the answer before, and counts at once; a file stays as long as the answer is the same. 422
    `not_attested` for a requirement that asks nobody here. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "attestation.give")
    with changing(deployment, if_match), named_by("not_attested"):
        row = attestations.attest(
            deployment, requirement_id, answer=payload.answer, note=payload.note, actor=actor
        )
    tag(response, deployment)
    return _show(row)


@router.delete(
    "/{uuid:deployment_id}/attestations/{requirement_id}/",
    response={204: None, **problems(404, 412, {409: ("task_running",)})},
    summary="Take an answer back",
)
def delete_attestation(
    request: HttpRequest, deployment_id: UUID, requirement_id: str, if_match: str | None = IF_MATCH_MAY
) -> Status[None]:
    """With its file. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "attestation.withdraw")
    with changing(deployment, if_match):
        attestations.withdraw(deployment, requirement_id, actor=actor)
    return Status(204, None)


@router.put(
    "/{uuid:deployment_id}/attestations/{requirement_id}/file",
    response={
        200: AttestationOut,
        **problems(400, 404, 412, 413, {409: ("task_running",), 422: ("not_attested",)}),
    },
    summary="Add the file that proves an answer",
    openapi_extra={**sends(200, "ETag"), **described("file")},
)
def put_attestation_file(
    request: HttpRequest,
    response: HttpResponse,
    deployment_id: UUID,
    requirement_id: str,
    if_match: str | None = IF_MATCH_MAY,
) -> dict[str, Any]:
    """As the part `file` of a form, at most 10 MB, of one of these types: PDF, PNG, JPEG, text, CSV, JSON, ZIP, DOCX, XLSX. 404
    before there is an answer. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "attestation.give")
    given = upload(request, "file", limit=MAX_FILE_BYTES, alone=False)
    with changing(deployment, if_match), named_by("not_attested"):
        row = deployment.attestations.defer("file").filter(requirement_id=requirement_id).first()
        if row is None:
            raise NotFound(Text(_("Nobody has answered for %(id)s."), id=requirement_id))
        file = EvidenceFile(name=given.name or "", content=given.content)
        row = attestations.attest(
            deployment, requirement_id, answer=row.answer, note=row.note, file=file, actor=actor
        )
    tag(response, deployment)
    return _show(row)


@router.get(
    "/{uuid:deployment_id}/attestations/{requirement_id}/file",
    response=problems(404),
    summary="The file that proves an answer",
    openapi_extra=sends_as_given(*attestations.FILE_TYPES),
)
def get_attestation_file(request: HttpRequest, deployment_id: UUID, requirement_id: str) -> HttpResponse:
    """As it was given, under the media type of its ending."""
    deployment, actor = find(request, deployment_id), caller(request)
    found = attestations.file_of(deployment, requirement_id, actor=actor)
    return binary_file(found.content, found.media_type, found.name)


def _find(deployment: Deployment, requirement_id: str) -> Any:
    """The requirement of an answer, which a newer catalogue may not have any more."""
    try:
        return applicable.find(deployment, requirement_id)
    except NotFound:
        return None


def _show(row: Attestation) -> dict[str, Any]:
    return {
        "requirement_id": row.requirement_id,
        "answer": row.answer,
        "note": row.note,
        "file": {
            "name": row.file_name,
            "media_type": row.file_type,
            "size_bytes": row.file_size,
            "sha256": row.file_sha256,
        }
        if row.file_name
        else None,
        "answered_by": row.answered_by.username,
        "answered_at": row.answered_at,
    }


def _show_question(requirement: Any, row: Attestation | None, *, asked: bool) -> dict[str, Any]:
    words = ("title", "question", "phase", "severity", "owner")
    return {
        "requirement_id": row.requirement_id if row else requirement.id,
        **{word: str(getattr(requirement, word, None) or "") for word in words},
        "asked": asked,
        "attestation": _show(row) if row else None,
    }
