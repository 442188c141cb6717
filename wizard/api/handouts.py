"""What is handed to others: the firewall matrix, the calendar of what ends, the task sheets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from wizard.api.auth import caller
from wizard.api.checks import PHASE, Phase
from wizard.api.description import problems, sends
from wizard.api.of_deployment import CURSOR, LIMIT, binary_file, find, text_file, whole_list
from wizard.services import expiry, firewall, task_sheets
from wizard.topology.firewall import End, FirewallRule, verdict_of

router = Router(tags=["hand-outs"])


class EndOut(Schema):
    name: str
    address: str | None = Field(description="IPv4 address, DNS name or pattern; null where it is not known.")


class RuleOut(Schema):
    id: str
    source: EndOut
    target: EndOut
    protocol: str
    port: str = Field(description="One, several, or a range.")
    direction: Literal["in", "out", "between"] = Field(description="As the machine being set up sees it.")
    why: str
    proved_by: list[str] = Field(description="The requirements whose checks try it.")
    verdict: str = Field(description="The worst of their newest results; empty where nothing proves it.")
    needed_by: Literal["site_recovery", "foothold"] = Field(
        description="`foothold`: this server opens it itself, in order to set up, check or watch; its id begins with `FH-`."
    )
    known_from: str = Field(
        description="The answer, setting or webhook that a rule of Foothold follows from; else empty."
    )


class RulePage(Schema):
    items: list[RuleOut]
    next_cursor: str | None


class EndingOut(Schema):
    kind: str
    title: str
    ends: date | datetime = Field(description="The last day, or the moment.")
    what_then: str
    status: Literal["ended", "soon", "later"]
    days_left: int


class EndingPage(Schema):
    items: list[EndingOut]
    next_cursor: str | None


class SheetItem(Schema):
    requirement_id: str
    title: str
    status: str
    severity: str
    found: str
    details: list[str]
    remedy: str
    command: str = Field(description="To be copied, where there is one.")


class SheetOut(Schema):
    owner: str
    title: str
    items: list[SheetItem] = Field(description="What blocks comes first.")


class SheetPage(Schema):
    items: list[SheetOut]
    next_cursor: str | None


@router.get(
    "/{uuid:deployment_id}/firewall",
    response={200: RulePage, **problems(404, {409: ("not_ready",)})},
    summary="Every firewall rule that the deployment needs",
    openapi_extra=sends(200, csv="text/csv"),
)
def get_firewall(
    request: HttpRequest,
    deployment_id: UUID,
    form: Literal["json", "csv"] = Query("json", alias="format"),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> Any:
    """Computed from answers and topology, with the last verdict of what proves each, and with what this server itself opens for
    the deployment; webhooks are among that where you may see them. 409 `not_ready` before the vault step is
    answered."""
    deployment, actor = find(request, deployment_id), caller(request)
    if form == "csv":
        body = firewall.as_csv(deployment, actor=actor)
        return text_file(body, "text/csv", f"{deployment.name}-firewall.csv")
    verdicts = firewall.verdicts_of(deployment)
    return whole_list(
        [_show_rule(rule, verdicts) for rule in firewall.rules_of(deployment, actor=actor)],
        of="get_firewall",
        limit=limit,
        cursor=cursor,
    )


@router.get(
    "/{uuid:deployment_id}/expiry",
    response={200: EndingPage, **problems(404)},
    summary="What ends, and when",
    openapi_extra=sends(200, ics="text/calendar"),
)
def get_expiry(
    request: HttpRequest,
    deployment_id: UUID,
    form: Literal["json", "ics"] = Query("json", alias="format"),
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> Any:
    """Licences, certificates, waivers, and your own API tokens, the earliest first; as a calendar file (RFC 5545), too."""
    deployment, actor = find(request, deployment_id), caller(request)
    if form == "ics":
        body: bytes = expiry.as_ics(deployment, actor=actor)
        return binary_file(body, "text/calendar; charset=utf-8", f"{deployment.name}.ics")
    return whole_list(
        [
            {
                "kind": row.entry.kind,
                "title": str(row.entry.title),
                "ends": row.entry.ends,
                "what_then": str(row.entry.what_then),
                "status": row.status,
                "days_left": row.left.days,
            }
            for row in expiry.calendar_of(deployment, actor=actor)
        ],
        of="get_expiry",
        limit=limit,
        cursor=cursor,
    )


@router.get(
    "/{uuid:deployment_id}/task-sheets",
    response={200: SheetPage, **problems(404)},
    summary="What is still open, by who can mend it",
    openapi_extra=sends(200, markdown="text/markdown"),
)
def get_task_sheets(
    request: HttpRequest,
    deployment_id: UUID,
    form: Literal["json", "markdown"] = Query("json", alias="format"),
    phase: Phase = PHASE,
    limit: int = LIMIT,
    cursor: str | None = CURSOR,
) -> Any:
    """What did not pass and is not waived, with the commands to copy; 404 before the first run of the checks."""
    deployment, actor = find(request, deployment_id), caller(request)
    if form == "markdown":
        body = task_sheets.as_markdown(deployment, actor=actor, phase=phase)
        return text_file(body, "text/markdown", f"{deployment.name}-tasks.md")
    return whole_list(
        [
            {
                "owner": sheet.owner,
                "title": str(sheet.title),
                "items": [
                    {
                        "requirement_id": item.requirement_id,
                        "title": str(item.title),
                        "status": item.status,
                        "severity": item.severity,
                        "found": str(item.found),
                        "details": [str(detail) for detail in item.details],
                        "remedy": str(item.remedy),
                        "command": item.command or "",
                    }
                    for item in sheet.items
                ],
            }
            for sheet in task_sheets.sheets_of(deployment, actor=actor, phase=phase)
        ],
        of="get_task_sheets",
        limit=limit,
        cursor=cursor,
    )


def _show_rule(rule: FirewallRule, verdicts: dict[str, str]) -> dict[str, Any]:
    return {
        "id": rule.id,
        "source": _show_end(rule.source),
        "target": _show_end(rule.target),
        "protocol": rule.protocol,
        "port": rule.port,
        "direction": rule.direction,
        "why": str(rule.why),
        "proved_by": list(rule.proved_by),
        "verdict": verdict_of(rule, verdicts),
        "needed_by": rule.needed_by,
        "known_from": str(rule.known_from or ""),
    }


def _show_end(end: End) -> dict[str, Any]:
    return {"name": str(end.name), "address": end.address}
