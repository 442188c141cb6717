from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from tests.journey.complete import OF_PROFILE, wrong
from wizard.journey.base import JOURNEYS, Step
from wizard.journey.fields import StepAnswers, Widget
from wizard.journey.profile import ProfileAnswers

QUESTIONS = [
    pytest.param(step, OF_PROFILE[profile][step.id], id=f"{profile}-{step.id}")
    for profile, steps in JOURNEYS.items()
    for step in steps
    if step.answers is not None
]
FIELDS = [
    pytest.param(name, field, id=f"{profile}-{step.id}.{name}")
    for profile, steps in JOURNEYS.items()
    for step in steps
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


@pytest.mark.parametrize(("step", "complete"), QUESTIONS)
def test_the_offered_choices_are_exactly_what_the_field_takes_in_that_order(
    step: Step, complete: dict[str, Any]
) -> None:
    schemas = model(step).model_json_schema()["properties"]
    for name, field in model(step).model_fields.items():
        looks: Any = field.json_schema_extra
        if "choices" in looks:
            permitted = schemas[name].get("enum") or schemas[name]["items"]["enum"]
            assert list(looks["choices"]) == permitted, name
            assert set(looks.get("hints", {})) <= set(permitted), name


@pytest.mark.parametrize(("step", "complete"), QUESTIONS)
def test_the_json_schema_carries_titles_and_descriptions(step: Step, complete: dict[str, Any]) -> None:
    schema = model(step).model_json_schema()
    json.dumps(schema)
    assert schema["description"]
    assert schema["additionalProperties"] is False
    for name, field in schema["properties"].items():
        assert field["title"] == model(step).model_fields[name].title
        assert field["description"] == model(step).model_fields[name].description


@pytest.mark.parametrize(("step", "complete"), QUESTIONS)
def test_stored_answers_are_valid_answers(step: Step, complete: dict[str, Any]) -> None:
    answers = model(step).model_validate(complete)
    stored = json.loads(json.dumps(answers.model_dump(mode="json")))
    assert model(step).model_validate(stored) == answers


@pytest.mark.parametrize(("step", "complete"), QUESTIONS)
def test_an_unknown_field_is_refused(step: Step, complete: dict[str, Any]) -> None:
    answers = {**complete, "colour": "red"}
    assert wrong(model(step), answers) == {
        "colour": "This field is not known here. Check the spelling, or remove it."
    }


@pytest.mark.parametrize(("step", "complete"), QUESTIONS)
def test_empty_form_fields_are_missing_answers_or_defaults(step: Step, complete: dict[str, Any]) -> None:
    fields = model(step).model_fields
    required = {name for name, field in fields.items() if field.is_required()}
    found = wrong(model(step), dict.fromkeys(fields, "  "))
    assert {path for path, message in found.items() if message == "An answer is missing here."} == required


def test_answers_cannot_be_changed_after_they_were_judged() -> None:
    answers = ProfileAnswers.model_validate(OF_PROFILE["asr-classic"]["profile"])
    with pytest.raises(ValidationError):
        answers.name = "other"  # type: ignore[misc]
