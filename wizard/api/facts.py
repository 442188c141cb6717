"""Facts of target machines: the script that collects them, the document that it writes, and what is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT, binary_file, find, operate, whole_list
from wizard.api.uploads import described, upload
from wizard.models import HostFacts
from wizard.services import collector_scripts, host_facts
from wizard.text import Text

router = Router(tags=["facts"])

# One byte more than a document may have is read, so that it is the reader that says what is wrong with it.
_LIMIT: Final = 6 * 2**20
_COLLECTOR_TYPE: Final = "text/plain; charset=utf-8"


class Unread(Schema):
    key: str
    reason: str = Field(description="Why the machine could not tell.")


class FactsTaken(Schema):
    component: str = Field(description="What the machine is to become.", examples=["cs"])
    host: str
    machine_id: str
    way: Literal["winrm", "ssh", "upload"]
    collected_at: datetime
    received_at: datetime
    received_by: str
    fact_count: int = Field(description="Facts with a value.")
    unread: list[Unread]


class Fact(Schema):
    value: Any = Field(None, description="What was read; absent where nothing could be.")
    reason: str = Field("", description="Why it could not be read; else empty.")


class FactsOut(FactsTaken):
    age_seconds: int
    old: bool = Field(description="Older than a day: collect again before you rely on it.")
    facts: dict[str, Fact] = Field(description="By key, such as `os.build`.")


class FactsPage(Schema):
    items: list[FactsOut]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/facts/",
    response={200: FactsPage, **problems(404)},
    summary="The newest facts of each machine",
)
def list_facts(
    request: HttpRequest, deployment_id: UUID, limit: int = LIMIT, cursor: str | None = CURSOR
) -> dict[str, Any]:
    """One row for each component whose machine has said something of itself; empty before."""
    deployment = find(request, deployment_id)
    asked = host_facts.components_to_ask(deployment)
    rows = [host_facts.latest(deployment, component) for component in asked]
    return whole_list([_show(row) for row in rows if row], of="list_facts", limit=limit, cursor=cursor)


@router.post(
    "/{uuid:deployment_id}/facts/",
    response={
        201: FactsTaken,
        **problems(
            400,
            404,
            413,
            {
                409: ("secret_unreadable",),
                422: (
                    "too_big",
                    "wrong_encoding",
                    "not_json",
                    "wrong_schema",
                    "incomplete",
                    "unknown_nonce",
                    "tampered",
                    "other_deployment",
                    "expired",
                    "other_component",
                    "other_host",
                    "same_document",
                    "older",
                ),
            },
        ),
    },
    summary="Upload what the collector wrote",
    openapi_extra={**sends(201, "Location"), **described("document", media_type="application/json")},
)
def upload_facts(request: HttpRequest, response: HttpResponse, deployment_id: UUID) -> Status[dict[str, Any]]:
    """The JSON document as the body, or as the part `document` of a form; UTF-8, or UTF-16 with a BOM. What is not taken answers
    422 with the reason as `code`: `too_big`, `wrong_encoding`, `not_json`, `wrong_schema`, `incomplete`, `unknown_nonce`,
    `tampered`, `other_deployment`, `expired`, `other_component`, `other_host`, `same_document`, `older`; more than 6 MB are not
    even read (413). Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "facts.give")
    given = upload(request, "document", limit=_LIMIT)
    row = host_facts.receive(deployment, given.content, actor=actor)
    response["Location"] = reverse("api:list_facts", args=[deployment.pk])
    return Status(201, _show_taken(row))


@router.post(
    "/{uuid:deployment_id}/facts/collector",
    response=problems(404, {409: ("not_ready",)}),
    summary="A script that collects the facts of one machine",
    openapi_extra=sends(200, script="text/plain"),
)
def issue_collector(
    request: HttpRequest,
    deployment_id: UUID,
    component: str = Query(..., description="What the machine is to become.", examples=["cs"]),
    language: Literal["powershell", "shell"] | None = Query(
        None, description="Left out, the one that this machine understands."
    ),
) -> HttpResponse:
    """Read-only, whole in one file, made out for this deployment and good for seven days; with it a new key, which signs what
    the script writes. Run it on the machine, then upload the document. 409 `not_ready` before source, network and vault are
    answered. Needs the scope `operate`."""
    deployment, actor = operate(request, deployment_id, "facts.order_script")
    spoken = language or str(collector_scripts.language_of(component))
    name, script = host_facts.issue_script(deployment, component, spoken, actor=actor)
    return binary_file(script.encode(), _COLLECTOR_TYPE, name)


def _show_taken(row: HostFacts) -> dict[str, Any]:
    # By key, as PostgreSQL does not keep the order of what was written.
    unread = {key: fact["reason"] for key, fact in sorted(row.facts.items()) if "value" not in fact}
    return {
        "component": row.component,
        "host": row.host_name,
        "machine_id": row.machine_id,
        "way": row.way,
        "collected_at": row.collected_at,
        "received_at": row.received_at,
        "received_by": row.received_by.username,
        "fact_count": len(row.facts) - len(unread),
        "unread": [{"key": key, "reason": str(Text.from_json(reason))} for key, reason in unread.items()],
    }


def _show(row: HostFacts) -> dict[str, Any]:
    return {
        **_show_taken(row),
        "age_seconds": max(0, round((timezone.now() - row.collected_at).total_seconds())),
        "old": host_facts.is_old(row),
        "facts": {
            key: {"value": fact["value"]}
            if "value" in fact
            else {"reason": str(Text.from_json(fact["reason"]))}
            for key, fact in row.facts.items()
        },
    }
