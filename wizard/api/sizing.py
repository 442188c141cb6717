"""How large things have to be, by the published tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Field, Router, Schema

from wizard.api import schemas
from wizard.api.auth import caller
from wizard.api.description import problems
from wizard.planning.sizing_tables import TableRow
from wizard.services import sizing
from wizard.text import Text

router = Router(tags=["sizing"])


class SizingIn(schemas.Input):
    profile: str = Field(description="A requirement profile.", examples=["asr-classic"])
    machines: int = Field(description="All machines that will replicate.", examples=[120])
    daily_change_gb: float = Field(description="Over all machines, in GB a day.", examples=[700])
    largest_machine_change_gb: float | None = Field(
        None, description="Of the busiest machine, in GB a day; null where nobody knows.", examples=[90]
    )
    failback: bool = Field(False, description="Machines are to return to this site after a failover.")
    component: Literal["cs", "ps_scaleout"] = Field(
        "cs",
        description="What is installed: a configuration server, or a further process server. The modernized profile knows the "
        "appliance alone, whatever is said here.",
    )


class TableRowOut(Schema):
    table: str = Field(description="The title of the published table.")
    link: str = Field(description="The page that holds it.")
    tier: Literal["S", "M", "L"]
    label: str = Field(description="The row, as the advice names it.")
    machines: str = Field(description="As printed.", examples=["100–150"])
    change: str = Field(description="As printed.", examples=["500 GB – 1 TB"])
    most_machines: int = Field(description="The most that the row covers.")
    most_change_gb: float = Field(description="GB a day; the most that the row covers.")
    vcpu: int
    memory_gb: int
    cache_gb: int


class SizingOut(Schema):
    row: TableRowOut = Field(description="The row of the table that the advice came from.")
    process_server_row: TableRowOut | None = Field(description="That of each further process server.")
    tier: Literal["S", "M", "L"]
    vcpu: int = Field(description="Of one machine of `row`, as memory_gb, cache_gb and retention_gb are.")
    memory_gb: int
    cache_gb: int
    retention_gb: int = Field(description="0 without failback.")
    need_gb: int = Field(description="Room that one machine of `row` takes when all its disks are thick.")
    needs_scaleout: bool
    configuration_servers: int
    process_servers: int = Field(description="Further ones.")
    appliances: int
    total_vcpu: int
    total_memory_gb: int
    total_cache_gb: int
    cache_hours: float = Field(
        description="How long all empty caches together hold the changes while the link to Azure is down."
    )
    reasons: list[str]
    warnings: list[str]


@router.post("/", response={200: SizingOut, **problems(400, 413)}, summary="Ask for sizing advice")
def advise_size(request: HttpRequest, payload: SizingIn) -> dict[str, Any]:
    """By the published tables, with the row that it came from. The numbers are validated as in the capacity step; nothing is
    stored."""
    caller(request)
    given = payload.dict()
    profile, component = given.pop("profile"), given.pop("component")
    advice = sizing.advice(profile, given, component=component)
    names = set(SizingOut.model_fields) - {"row", "process_server_row", "reasons", "warnings"}
    return {
        **{name: getattr(advice, name) for name in names},
        "row": _row(advice.row),
        "process_server_row": _row(advice.process_server_row) if advice.process_server_row else None,
        "reasons": [str(text) for text in advice.reasons],
        "warnings": [str(text) for text in advice.warnings],
    }


def _row(row: TableRow) -> dict[str, Any]:
    return {**asdict(row), "table": str(Text(row.table))}
