"""Which questions of a step apply: those that follow from other answers are asked once these are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from wizard.journey import base as journey
from wizard.planning.circumstances import circumstances

Answers = Mapping[str, Mapping[str, Any]]
Condition = Callable[[frozenset[str], Mapping[str, Any]], bool]

# Step and field, and when it is asked: what holds for the deployment, and what is in the form.
_ASKED_WHEN: Final[dict[tuple[str, str], Condition]] = {
    # The template makes a virtual machine, whatever else is chosen.
    ("source", "runs_on"): lambda found, values: values.get("method") != "ova",
    ("capacity", "linux_failback"): lambda found, values: (
        "ps_scaleout" not in found and is_yes(values.get("failback"))
    ),
    # Only a configuration server keeps accounts for vCenter that the vault knows by name.
    ("vault", "run_as_account"): lambda found, values: (
        {"cs", "vcenter"} <= found and bool(values.get("account"))
    ),
    ("installation", "mysql"): lambda found, values: "cs" in found,
    ("installation", "cs_address"): lambda found, values: "ps_scaleout" in found,
}


def fields_of(step: journey.Step, profile: str, answers: Answers, values: Mapping[str, Any]) -> list[str]:
    """The fields of a step that apply, in their order. `values` are what is in its form, `answers` all valid ones."""
    if step.answers is None:
        return []
    found = circumstances(profile, answers)
    return [
        name for name in step.answers.model_fields if _ASKED_WHEN.get((step.id, name), _always)(found, values)
    ]


def is_yes(value: Any) -> bool:
    """Whether a tick box is set, as forms, drafts and answers write it."""
    return value is True or value in ("on", "true", "True")


def _always(_found: frozenset[str], _values: Mapping[str, Any]) -> bool:
    return True
