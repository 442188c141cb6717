"""The character NUL, for which PostgreSQL has no place, is no failure of the server wherever somebody sends it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from tests.services.machines import by_hand
from wizard.models import Deployment, Operator
from wizard.services import attestations, deployments, manual_steps, preflight, tasks
from wizard.services.errors import Conflict, Invalid
from wizard.services.storable import storable

pytestmark = pytest.mark.django_db


def attest(deployment: Deployment, actor: Operator) -> str:
    asked = attestations.questions_for(deployment)[0].id
    return attestations.attest(deployment, asked, answer="yes", note="a\0b", actor=actor).note


def waive(deployment: Deployment, actor: Operator) -> str:
    row = next(row.id for row in preflight.requirements_for(deployment) if row.waivable)
    return preflight.waive(deployment, row, reason="a\0b", until=timezone.localdate(), actor=actor).reason


def confirm(deployment: Deployment, actor: Operator) -> str:
    step = manual_steps.overview(deployment)[0].step.id
    return manual_steps.confirm(deployment, step, note="a\0b", actor=actor).note


def answer(deployment: Deployment, actor: Operator) -> str:
    with pytest.raises(Invalid):
        deployments.answer(deployment, "network", {"host_name": "a\0b"}, actor=actor)
    return str(deployments.form_of(deployment, "network")[0]["host_name"])


@pytest.mark.parametrize("say", [attest, waive, confirm, answer])
def test_it_is_left_out_of_what_people_say(
    operator: Operator, say: Callable[[Deployment, Operator], str]
) -> None:
    assert say(by_hand(operator), operator) == "ab"


def test_it_is_left_out_of_the_inputs_of_a_task(operator: Operator) -> None:
    inputs = {"host": "cs01.lab.test", "credential": "a\0b", "thumbprint_sha256": ":".join(["AB"] * 32)}
    with pytest.raises(Conflict, match="no credential named “ab”"):
        tasks.launch("collect_facts", deployment=by_hand(operator), actor=operator, inputs=inputs)


def test_it_is_left_out_of_json_of_any_depth() -> None:
    assert storable({"a\0": [{"b": "\0c"}, 1, None]}) == {"a": [{"b": "c"}, 1, None]}


def test_half_a_character_is_shown_as_one_that_is_missing(operator: Operator) -> None:
    deployment = by_hand(operator)
    with pytest.raises(Invalid):
        deployments.answer(deployment, "network", {"host_name": "a\ud800b"}, actor=operator)
    assert deployments.form_of(deployment, "network")[0]["host_name"] == "a\ufffdb"
    assert storable("\ud83d\ude00 \U0001f600") == "\ufffd\ufffd \U0001f600"
