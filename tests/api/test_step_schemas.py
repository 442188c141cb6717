"""The JSON Schema of a step: the same declaration that its form in the browser is drawn from."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client
from jsonschema import Draft202012Validator
from pydantic import Field, create_model

from tests import stories
from tests.api.client import Api, ok, problem
from wizard.journey import base
from wizard.journey.base import JOURNEYS, Step
from wizard.models import Operator
from wizard.web.forms import step_form

pytestmark = pytest.mark.django_db

STEPS = [
    pytest.param(profile, step, id=f"{profile}-{step.id}")
    for profile, steps in JOURNEYS.items()
    for step in steps
    if step.answers is not None
]


def schema(api: Api, profile: str, step: str) -> dict[str, Any]:
    found: dict[str, Any] = ok(api.get(f"profiles/{profile}/steps/{step}/schema"))
    return found


@pytest.mark.parametrize(("profile", "step"), STEPS)
def test_the_form_asks_for_what_the_schema_names_in_the_same_words(
    api: Api, profile: str, step: Step
) -> None:
    assert step.answers is not None
    found = schema(api, profile, step.id)
    Draft202012Validator.check_schema(found)
    form = step_form(step.answers, {})
    assert set(form.fields) == set(found["properties"])
    for name, field in form.fields.items():
        declared = found["properties"][name]
        assert declared["title"] == field.label, name
        assert declared.get("description", "") == field.help_text, name
        if name in found.get("required", []):
            assert field.required, name
    assert found["additionalProperties"] is False
    assert not {"widget", "autocomplete", "suffix", "hints"} & set(str(found).split("'"))


@pytest.mark.parametrize("name", [name for name in stories.ANSWERS if name != "profile"])
def test_answers_that_the_step_takes_are_valid_by_the_schema(api: Api, operator: Operator, name: str) -> None:
    deployment = stories.answered(operator)
    taken = ok(api.get(f"deployments/{deployment.pk}/steps/{name}/"))["answers"]
    if taken:
        Draft202012Validator(schema(api, deployment.profile, name)).validate(taken)


def inputs(page: str) -> dict[str, str]:
    """The labels of a page by the names of their fields."""
    labels = re.findall(r'<label[^>]*for="id_(\w+)"[^>]*>\s*(.*?)\s*</label>', page, re.DOTALL)
    return {name: html.unescape(re.sub(r"<[^>]+>", "", label)).strip() for name, label in labels}


def test_a_field_that_is_declared_appears_in_form_and_schema_alike(
    api: Api, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One more field in the declaration is all it takes."""
    deployment = stories.answered(operator, "source")
    steps = base.JOURNEYS[deployment.profile]
    place, step = next((place, step) for place, step in enumerate(steps) if step.id == "capacity")
    assert step.answers is not None
    wider = create_model("Wider", __base__=step.answers, growth=(int, Field(7, title="Growth in percent")))
    changed = Step(**{**{name: getattr(step, name) for name in step.__slots__}, "answers": wider})
    monkeypatch.setitem(base.JOURNEYS, deployment.profile, (*steps[:place], changed, *steps[place + 1 :]))
    assert schema(api, deployment.profile, "capacity")["properties"]["growth"]["title"] == "Growth in percent"
    browser = Client()
    browser.force_login(operator)
    page = browser.get(f"/deployments/{deployment.pk}/steps/capacity/").content.decode()
    assert inputs(page)["growth"].startswith("Growth in percent")
    assert inputs(page)["machines"].startswith("Number of machines")


def test_words_are_in_the_reader_s_language(api: Api, operator: Operator) -> None:
    french = api.send(
        "GET", "profiles/asr-classic/steps/capacity/schema", headers={"Accept-Language": "fr"}
    ).json()
    assert french["properties"].keys() == schema(api, "asr-classic", "capacity")["properties"].keys()
    assert french["properties"]["machines"]["title"] == "Nombre de machines"


@pytest.mark.parametrize(
    "path", ["asr-classic/steps/preflight", "asr-classic/steps/nothing", "none/steps/capacity"]
)
def test_what_takes_no_answers_has_none(api: Api, path: str) -> None:
    problem(api.get(f"profiles/{path}/schema"), 404, "not_found")


def test_strangers_read_none(stranger: Api) -> None:
    problem(stranger.get("profiles/asr-classic/steps/capacity/schema"), 401, "not_authenticated")
