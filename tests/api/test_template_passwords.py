"""Passwords for the template through the API: they go in, the standing comes out."""

from __future__ import annotations

import json

import pytest

from tests import asking_template, stories
from tests.api.client import Api, ok, problem
from tests.asking_template import PASSWORD
from wizard.models import Deployment, Operator
from wizard.services import template_contents

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(operator: Operator) -> Deployment:
    deployment = stories.answered(operator, "placement")
    asking_template.inspect(deployment, operator)
    return deployment


def test_passwords_go_in_and_never_come_out(api: Api, asking: Deployment) -> None:
    path = f"deployments/{asking.pk}/template-passwords/"
    before = {row["key"]: row for row in ok(api.get(path))["items"]}
    assert {key: (row["required"], row["secret_set"]) for key, row in before.items()} == {
        "admin.password": (True, False),
        "join.password": (False, False),
    }
    given = ok(api.put(path, {"passwords": {"admin.password": PASSWORD}}))["items"][0]
    assert (given["secret_set"], given["given_by"]) == (True, "oskar")
    assert PASSWORD not in json.dumps(ok(api.get(path)))
    assert template_contents.passwords_of(asking, asking_template.WHERE) == {"admin.password": PASSWORD}


def test_a_password_that_does_not_fit_is_refused_without_repeating_it(api: Api, asking: Deployment) -> None:
    response = api.put(
        f"deployments/{asking.pk}/template-passwords/", {"passwords": {"admin.password": "hunter2"}}
    )
    body = problem(response, 422, "invalid")
    assert body["errors"][0]["path"] == "passwords.admin.password"
    assert "hunter2" not in json.dumps(body)


def test_before_the_template_was_inspected_nothing_is_asked(api: Api, operator: Operator) -> None:
    draft = stories.answered(operator, "placement")
    assert ok(api.get(f"deployments/{draft.pk}/template-passwords/"))["items"] == []
