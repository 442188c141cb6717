"""Attestations as an answer file gives them: `HW-01: yes`, or `HW-01: {answer: no, note: why}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from wizard.planning.quoting import refusal, shown
from wizard.text import _

_LONGEST_ID = 32


def _requirement_id(value: str) -> str:
    plain = value.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and len(value) <= _LONGEST_ID):
        raise refusal(
            _("“%(found)s” is not the id of a requirement. Expected is one such as HW-01."),
            found=shown(value),
        )
    return value


RequirementId = Annotated[str, AfterValidator(_requirement_id)]


class Attested(BaseModel):
    """What somebody says about one requirement."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    answer: Literal["yes", "no", "not_applicable"]
    note: Annotated[str, Field(max_length=4000)] = ""

    @model_validator(mode="before")
    @classmethod
    def _answer_alone(cls, given: Any) -> Any:
        return given if isinstance(given, Mapping) else {"answer": given}


def canonical(attestations: Mapping[str, Attested]) -> dict[str, dict[str, str]]:
    """Plain data: {"answer": …, "note": …} by requirement id, in the order of the ids."""
    return {
        requirement_id: attested.model_dump() for requirement_id, attested in sorted(attestations.items())
    }


def shortest(attested: Mapping[str, str]) -> str | dict[str, str]:
    """The same as a person would write it: the answer alone where there is no note."""
    return dict(attested) if attested["note"] else attested["answer"]
