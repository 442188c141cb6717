"""What the API takes and gives of a vault: observations, notices, corrected roles."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from ninja import Field, Schema

from wizard.api.schemas import Input
from wizard.models import Severity

ServerRole = Literal["ps_builtin", "ps_scaleout", "ps_failback", "mt_builtin", "mt_windows", "mt_linux"]


class ObservationRow(Schema):
    number: int = Field(description="From 1; a new one begins where something changed that matters.")
    severity: Severity = Field(description="The worst state of that time.")
    first_seen_at: datetime
    last_seen_at: datetime
    digest: str = Field(description="SHA-256 of what matters: not of heartbeats and loads.")


class DifferenceOut(Schema):
    key: str
    kind: str = Field(description="added, missing or changed: against the recorded topology.")
    severity: str = Field(description="critical, warning or info.")
    component: str
    field: str
    planned: Any
    seen: Any
    seen_in: str = Field(description="vault or vcenter.")
    text: str
    remedy: str


class HealthOut(Schema):
    key: str
    component: str
    name: str = Field(description="The name of the component.")
    metric: str = Field(description="cpu, memory, cache_space, heartbeat, certificate, version and so on.")
    state: Severity
    value: str
    threshold: str
    remedy: str


class VaultFinding(Schema):
    code: str
    severity: str
    text: str
    remedy: str
    components: list[str]


class ObservationOut(ObservationRow):
    document: dict[str, Any] = Field(
        description="Vault, components, links, findings and skipped parts as of the last look; fields that are not known here "
        "stand in `extra` of their component, as the service sent them."
    )
    differences: list[DifferenceOut]
    health: list[HealthOut]
    findings: list[VaultFinding]


class ObservationPage(Schema):
    items: list[ObservationRow]
    next_cursor: str | None


class NoticeOut(Schema):
    id: int
    key: str = Field(description="What it is about, the same at every look.")
    severity: Severity
    message: str
    remedy: str
    began_at: datetime
    ended_at: datetime | None
    seen_by: str | None
    seen_at: datetime | None


class NoticePage(Schema):
    items: list[NoticeOut]
    next_cursor: str | None


class LookFailure(Schema):
    at: datetime
    code: str
    message: str
    remedy: str
    where: str = Field(description="What did not exist, the address, the step.")


class WatchOut(Schema):
    account: str = Field(description="The Azure account of the vault step; empty: nobody looks.")
    looked_at: datetime | None
    looking: bool
    next_at: datetime | None = Field(description="Null where nothing is scheduled.")
    failure: LookFailure | None = Field(
        description="Why the last look failed; null after one that went well."
    )
    roles: dict[str, ServerRole] = Field(description="Corrected roles by the id of the server.")


class AccountChoice(Input):
    account: str = Field(
        description="The name of an Azure account of the vault's cloud; empty: nobody asks the vault."
    )


class CorrectionsIn(Input):
    roles: dict[str, ServerRole] = Field(
        description="By the id of the server, as `document.components[].id` has it; takes the place of all corrections before."
    )


class CorrectionsOut(Schema):
    roles: dict[str, ServerRole]
