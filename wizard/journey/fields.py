"""What the answers of every step have in common, and how a field describes itself to the doors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import FieldInfo

Widget = Literal["text", "number", "select", "radios", "checkboxes", "textarea", "password", "confirm"]


class StepAnswers(BaseModel):
    """The answers of one step; immutable, and refused as a whole when it contains a field that is not known.

    A text of nothing but blanks counts as no answer, so that an empty form field gives the default, or the
    message that an answer is missing. `blank_is_an_answer` names the fields where emptiness means something.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, validate_default=True)

    blank_is_an_answer: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _drop_blank(cls, answers: Any) -> Any:
        if not isinstance(answers, Mapping):
            return answers
        return {
            field: value
            for field, value in answers.items()
            if field in cls.blank_is_an_answer or not isinstance(value, str) or value.strip()
        }


def ask(
    title: str,
    description: str = "",
    *,
    widget: Widget = "text",
    autocomplete: str | None = None,
    suffix: str | None = None,
    width: int | None = None,
    choices: Mapping[str, str] | None = None,
    hints: Mapping[str, str] | None = None,
) -> FieldInfo:
    """How a field is asked for: all words are message ids, `width` is in characters.

    `choices` maps each permitted value to its label, `hints` some of them to a sentence below the label.
    """
    looks: dict[str, Any] = {
        "widget": widget,
        "autocomplete": autocomplete,
        "suffix": suffix,
        "width": width,
        "choices": dict(choices) if choices else None,
        "hints": dict(hints) if hints else None,
    }
    extra = {key: value for key, value in looks.items() if value is not None}
    info: FieldInfo = Field(title=title, description=description or None, json_schema_extra=extra)
    return info
