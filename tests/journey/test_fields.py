from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from tests.journey.complete import ANSWERS, PROFILE, wrong
from wizard.journey.base import JOURNEYS, Step
from wizard.journey.fields import StepAnswers, Widget

QUESTIONS = [step for step in JOURNEYS["asr-classic"] if step.answers is not None]
FIELDS = [
    pytest.param(name, field, id=f"{step.id}.{name}")
    for step in QUESTIONS
    if step.answers is not None
    for name, field in step.answers.model_fields.items()
]


def model(step: Step) -> type[StepAnswers]:
    assert step.answers is not None
    return step.answers


@pytest.mark.parametrize(("name", "field"), FIELDS)
def test_every_field_says_what_it_asks_for_and_how(name: str, field: FieldInfo) -> None:
    looks = field.json_schema_extra
    assert isinstance(looks, dict)
    assert field.title
    assert field.description
    assert looks["widget"] in get_args(Widget)
    if looks["widget"] in ("radios", "checkboxes"):
        assert looks["choices"]


@pytest.mark.parametrize("step", QUESTIONS, ids=lambda step: step.id)
def test_the_offered_choices_are_exactly_what_the_field_takes_in_that_order(step: Step) -> None:
    schemas = model(step).model_json_schema()["properties"]
    for name, field in model(step).model_fields.items():
        looks: Any = field.json_schema_extra
        if "choices" in looks:
            permitted = schemas[name].get("enum") or schemas[name]["items"]["enum"]
            assert list(looks["choices"]) == permitted, name
            assert set(looks.get("hints", {})) <= set(permitted), name


@pytest.mark.parametrize("step", QUESTIONS, ids=lambda step: step.id)
def test_the_json_schema_carries_titles_and_descriptions(step: Step) -> None:
    schema = model(step).model_json_schema()
    json.dumps(schema)
    assert schema["description"]
    assert schema["additionalProperties"] is False
    for name, field in schema["properties"].items():
        assert field["title"] == model(step).model_fields[name].title
        assert field["description"] == model(step).model_fields[name].description


@pytest.mark.parametrize("step", QUESTIONS, ids=lambda step: step.id)
def test_stored_answers_are_valid_answers(step: Step) -> None:
    answers = model(step).model_validate(ANSWERS.get(step.id, PROFILE))
    stored = json.loads(json.dumps(answers.model_dump(mode="json")))
    assert model(step).model_validate(stored) == answers


@pytest.mark.parametrize("step", QUESTIONS, ids=lambda step: step.id)
def test_an_unknown_field_is_refused(step: Step) -> None:
    answers = {**ANSWERS.get(step.id, PROFILE), "colour": "red"}
    assert wrong(model(step), answers) == {
        "colour": "This field is not known here. Check the spelling, or remove it."
    }


@pytest.mark.parametrize("step", QUESTIONS, ids=lambda step: step.id)
def test_empty_form_fields_are_missing_answers_or_defaults(step: Step) -> None:
    fields = model(step).model_fields
    required = {name for name, field in fields.items() if field.is_required()}
    found = wrong(model(step), dict.fromkeys(fields, "  "))
    assert {path for path, message in found.items() if message == "An answer is missing here."} == required


def test_answers_cannot_be_changed_after_they_were_judged() -> None:
    answers = model(QUESTIONS[0]).model_validate(PROFILE)
    with pytest.raises(ValidationError):
        answers.name = "other"  # type: ignore[attr-defined]
