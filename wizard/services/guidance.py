"""What the planning room advises, for the doors: the state of the classic architecture, the route, the size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone
from pydantic import ValidationError

from wizard.journey import base as journey
from wizard.planning.circumstances import circumstances
from wizard.planning.method import Decision, RouteFacts, decide
from wizard.planning.migration import Migration, moving
from wizard.planning.regions import REGIONS, Region
from wizard.planning.retirement import Retirement, classic_on
from wizard.planning.sizing import SizedComponent, SizingAdvice, advise


def retirement() -> Retirement:
    """The banner about the classic architecture, as of today."""
    return classic_on(timezone.localdate())


def route(profile: str, answers: Mapping[str, Mapping[str, Any]]) -> Decision:
    """Which method the rules DD01 to DD15 recommend for what is answered so far, each with its reason."""
    source, vault = answers.get("source", {}), answers.get("vault", {})
    found = circumstances(profile, answers)
    known: dict[str, Any] = {
        "profile": profile,
        # Before anything is chosen the rules assume VMware.
        "protects": frozenset(source.get("protects") or ("vmware",)),
        "method": source.get("method") or None,
        "cloud": vault.get("cloud", "public"),
    }
    return decide(
        RouteFacts(
            today=timezone.localdate(),
            process_server_only="ps_scaleout" in found,
            server_is_physical="physical_host" in found,
            failback="failback" in found,
            private_endpoints="private_endpoints" in found,
            **known,
        )
    )


def move(answers: Mapping[str, Mapping[str, Any]]) -> Migration | None:
    """What moving a classic deployment to replication appliances would take; None before its capacity is answered."""
    capacity = answers.get("capacity")
    advice = size("asr-classic", capacity) if capacity else None
    if capacity is None or advice is None:
        return None
    return moving(process_servers=advice.process_servers, machines=int(capacity["machines"]))


def size(
    profile: str, answers: Mapping[str, Any], *, component: SizedComponent = "cs"
) -> SizingAdvice | None:
    """The sizing of `component` for answers of the capacity step; None where they are not complete."""
    model: Any = journey.step(profile, "capacity").answers
    try:
        asked = model.model_validate(dict(answers))
    except ValidationError:
        return None
    return advise(replace(asked.sizing_input(profile), component=component))


def regions() -> dict[str, tuple[Region, ...]]:
    """The regions of each cloud."""
    return REGIONS
