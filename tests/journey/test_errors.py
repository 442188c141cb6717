from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from wizard.journey.errors import FieldError, FieldProblem, explain, prefixed
from wizard.text import Text


class Inner(BaseModel):
    name: str


class State(StrEnum):
    DRAFT = "draft"
    CHECKED = "checked"


class Sample(BaseModel):
    model_config = ConfigDict(extra="forbid")

    whole: Annotated[int, Field(ge=1, le=9)] = 1
    part: Annotated[float, Field(gt=0, lt=10, allow_inf_nan=False)] = 1
    yes: bool = True
    word: Annotated[str, Field(min_length=2, max_length=4)] = "abc"
    choice: Literal["ova", "manual"] = "ova"
    many: Annotated[list[str], Field(min_length=1, max_length=2)] = ["a"]
    mapping: dict[str, str] = {}
    inner: Inner = Inner(name="x")
    ruled: str = "fine"
    plain: str = "fine"
    state: State = State.DRAFT
    until: date = date(2026, 12, 31)
    since: datetime = datetime(2026, 12, 31, tzinfo=UTC)
    row: UUID = Field(default_factory=uuid4)

    @field_validator("ruled")
    @classmethod
    def _ruled(cls, value: str) -> str:
        if value != "fine":
            raise ValueError(Text("“%(found)s” is not fine.", found=value))
        return value

    @field_validator("plain")
    @classmethod
    def _plain(cls, value: str) -> str:
        if value != "fine":
            raise ValueError("not fine.")
        return value

    @model_validator(mode="after")
    def _across(self) -> Sample:
        if self.whole == 7:
            raise FieldProblem("many.0", Text("Seven is taken."), code="seven")
        return self


def errors(answers: Any) -> list[FieldError]:
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate(answers)
    return explain(caught.value)


@pytest.mark.parametrize(
    ("answers", "path", "message", "code"),
    [
        ({"whole": "x"}, "whole", "“x” is not a whole number. Expected are digits only.", "int_parsing"),
        ({"whole": 1.5}, "whole", "“1.5” is not a whole number. Expected are digits only.", "int_from_float"),
        ({"whole": []}, "whole", "“[]” is not a whole number. Expected are digits only.", "int_type"),
        ({"whole": 0}, "whole", "0 is too small. The least possible is 1.", "greater_than_equal"),
        ({"whole": 10}, "whole", "10 is too large. The most possible is 9.", "less_than_equal"),
        (
            {"part": "1,5"},
            "part",
            "“1,5” is not a number. Expected are digits, with a point before the decimals.",
            "float_parsing",
        ),
        (
            {"part": "nan"},
            "part",
            "“nan” is not a number. Expected are digits, with a point before the decimals.",
            "finite_number",
        ),
        ({"part": 0}, "part", "0 is too small. Expected is more than 0.0.", "greater_than"),
        ({"part": 10}, "part", "10 is too large. Expected is less than 10.0.", "less_than"),
        (
            {"yes": "maybe"},
            "yes",
            "“maybe” is neither yes nor no. Expected is true or false.",
            "bool_parsing",
        ),
        ({"word": 12}, "word", "“12” is not a text. Put it in quotes.", "string_type"),
        ({"word": None}, "word", "An answer is missing here.", "missing"),
        ({"word": "a"}, "word", "“a” is too short. Expected are at least 2 characters.", "string_too_short"),
        (
            {"word": "abcde"},
            "word",
            "“abcde” is too long. Expected are at most 4 characters.",
            "string_too_long",
        ),
        (
            {"choice": "both"},
            "choice",
            "“both” is not among the choices. Expected is one of: ova, manual.",
            "literal_error",
        ),
        ({"choice": None}, "choice", "An answer is missing here.", "missing"),
        (
            {"state": "nope"},
            "state",
            "“nope” is not among the choices. Expected is one of: draft, checked.",
            "enum",
        ),
        ({"state": None}, "state", "An answer is missing here.", "missing"),
        (
            {"until": "soon"},
            "until",
            "“soon” is not a date. Expected is a day such as 2026-12-31.",
            "date_from_datetime_parsing",
        ),
        ({"until": None}, "until", "An answer is missing here.", "missing"),
        (
            {"since": "yesterday"},
            "since",
            "“yesterday” is not a date. Expected is a day such as 2026-12-31.",
            "datetime_from_date_parsing",
        ),
        (
            {"row": "nope"},
            "row",
            "“nope” is not an id. Expected are 32 hexadecimal digits such as 5f0c6c5e-8f1b-4f0e-9d51-3a1f7d0c2b44.",
            "uuid_parsing",
        ),
        ({"many": []}, "many", "There are 0 entries. Expected are at least 1.", "too_short"),
        ({"many": ["a", "b", "c"]}, "many", "There are 3 entries. Expected are at most 2.", "too_long"),
        ({"many": ["a", 2]}, "many.1", "“2” is not a text. Put it in quotes.", "string_type"),
        (
            {"many": 1},
            "many",
            "“1” is not a list. Expected are several entries, such as [one, two].",
            "list_type",
        ),
        (
            {"mapping": "x"},
            "mapping",
            "“x” is not a set of names and values, such as {name: value}.",
            "dict_type",
        ),
        ({"mapping": {1: "x"}}, "mapping.1", "“1” is not a text. Put it in quotes.", "string_type"),
        ({"inner": {}}, "inner.name", "An answer is missing here.", "missing"),
        (
            {"other": 1},
            "other",
            "This field is not known here. Check the spelling, or remove it.",
            "extra_forbidden",
        ),
        ("text", "", "“text” is not a set of names and values, such as {name: value}.", "model_type"),
        ({"ruled": "odd"}, "ruled", "“odd” is not fine.", "invalid"),
        ({"plain": "odd"}, "plain", "This answer cannot be used: not fine.", "invalid"),
        ({"whole": 7}, "many.0", "Seven is taken.", "seven"),
    ],
)
def test_what_pydantic_finds_becomes_a_sentence(answers: Any, path: str, message: str, code: str) -> None:
    found = errors(answers)
    assert [(error.path, str(error.message), error.code) for error in found] == [(path, message, code)]


def test_an_error_nobody_foresaw_keeps_pydantics_own_words() -> None:
    class Odd(BaseModel):
        number: Annotated[int, Field(multiple_of=5)]

    with pytest.raises(ValidationError) as caught:
        Odd.model_validate({"number": 7})
    (error,) = explain(caught.value)
    assert str(error.message) == "This answer cannot be used: Input should be a multiple of 5."
    assert error.code == "multiple_of"


def test_a_long_value_is_not_repeated_in_full() -> None:
    (error,) = errors({"word": "x" * 5000})
    assert len(str(error.message)) < 150


def test_messages_can_be_stored_and_read_back() -> None:
    for error in errors({"whole": "x", "choice": "both", "many": []}):
        assert str(Text.from_json(error.message.to_json())) == str(error.message)


def test_a_prefix_goes_before_every_path_and_stands_for_the_whole() -> None:
    text = Text("Wrong.")
    inside = [
        FieldError(path="gateway", message=text, code="invalid"),
        FieldError(path="", message=text, code="invalid"),
    ]
    assert [error.path for error in prefixed("answers.network", inside)] == [
        "answers.network.gateway",
        "answers.network",
    ]
