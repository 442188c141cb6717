"""What the planning room advises, for the doors: the state of the classic architecture, the route, the size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from pydantic import ValidationError

from wizard.journey import base as journey
from wizard.planning.method import Decision, RouteFacts, decide
from wizard.planning.regions import REGIONS, Region
from wizard.planning.retirement import Retirement, classic_on
from wizard.planning.sizing import SizingAdvice, advise


def retirement() -> Retirement:
    """The banner about the classic architecture, as of today."""
    return classic_on(timezone.localdate())


def route(profile: str, answers: Mapping[str, Mapping[str, Any]]) -> Decision:
    """Which method the rules DD01 to DD15 recommend for what is answered so far, each with its reason."""
    source, capacity = answers.get("source", {}), answers.get("capacity", {})
    cloud = answers.get("vault", {}).get("cloud", "public")
    known: dict[str, Any] = {
        "profile": profile,
        "protects": frozenset(source.get("protects", ("vmware",))),
        "method": source.get("method"),
        "failback": capacity.get("failback", False),
        "cloud": cloud,
    }
    return decide(RouteFacts(today=timezone.localdate(), **known))


def size(profile: str, answers: Mapping[str, Any]) -> SizingAdvice | None:
    """The sizing for answers of the capacity step; None where they are not complete."""
    model: Any = journey.step(profile, "capacity").answers
    try:
        asked = model.model_validate(dict(answers))
    except ValidationError:
        return None
    return advise(asked.sizing_input(profile))


def regions() -> dict[str, tuple[Region, ...]]:
    """The regions of each cloud."""
    return REGIONS
