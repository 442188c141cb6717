"""How often a token may call, what it is told of that, and what becomes of those who guess tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from tests.api.client import Api, ok, problem, token_of
from wizard.models import Operator
from wizard.services import accounts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def three_a_minute(settings: Any) -> None:
    settings.API_RATE_PER_MINUTE, settings.API_RATE_PER_SECOND = 3, 0


@pytest.mark.usefixtures("three_a_minute")
def test_a_program_that_calls_too_often_is_told_when_to_come_back(api: Api, operator: Operator) -> None:
    left = [ok_left(api.get("tasks/")) for _ in range(3)]
    assert left == [2, 1, 0]
    response = api.get("tasks/")
    problem(response, 429, "too_many_requests")
    assert 1 <= int(response["Retry-After"]) <= 120
    assert ok_left(Api(token_of(operator, "read")).get("tasks/")) == 2, "the limit is that of one token"


def ok_left(response: Any) -> int:
    ok(response)
    assert response["RateLimit-Policy"] == '"minute";q=3;w=60'
    name, left, reset = response["RateLimit"].split(";")
    assert name == '"minute"'
    assert 60 <= int(reset.removeprefix("t=")) <= 120
    return int(left.removeprefix("r="))


def test_both_limits_are_told_and_refusals_tell_them_too(api: Api) -> None:
    response = api.get("tasks/00000000-0000-0000-0000-000000000001/")
    problem(response, 404, "not_found")
    assert response["RateLimit-Policy"] == '"minute";q=600;w=60, "second";q=100;w=1'


@pytest.mark.usefixtures("three_a_minute")
def test_a_refused_request_does_nothing_and_leaves_its_key_free(api: Api, settings: Any) -> None:
    for _ in range(3):
        ok(api.get("tasks/"))
    body = {"name": "lyon-cs07", "profile": "asr-classic"}
    problem(
        api.send("POST", "deployments/", body, headers={"Idempotency-Key": "one"}), 429, "too_many_requests"
    )
    settings.API_RATE_PER_MINUTE = 0
    ok(api.send("POST", "deployments/", body, headers={"Idempotency-Key": "one"}), 201)


def test_who_guesses_tokens_is_not_listened_to_for_a_while(api: Api, stranger: Api) -> None:
    for number in range(30):
        problem(Api(f"fht_{number}").get("tasks/"), 401, "not_authenticated")
    response = Api("fht_next").get("tasks/")
    problem(response, 429, "too_many_requests")
    assert int(response["Retry-After"]) >= 1
    problem(api.get("tasks/"), 429, "too_many_requests")
    problem(Api("fht_next").get("openapi.json"), 429, "too_many_requests")
    problem(stranger.get("tasks/"), 401, "not_authenticated")


def test_who_guesses_keeps_no_program_out_that_was_let_in_before(api: Api, operator: Operator) -> None:
    ok(api.get("tasks/"))
    revoked = Api(token_of(operator, "read", "revoked"))
    ok(revoked.get("tasks/"))
    for number in range(30):
        problem(Api(f"fht_{number}").get("tasks/"), 401, "not_authenticated")
    problem(Api("fht_next").get("tasks/"), 429, "too_many_requests")
    ok(api.get("tasks/"))
    accounts.revoke_token(token=operator.api_tokens.get(name="revoked"), actor=operator)
    problem(revoked.get("tasks/"), 401, "not_authenticated")


def test_an_old_program_behind_the_same_address_keeps_nobody_out(api: Api) -> None:
    for number in range(50):
        # However it writes its header.
        program = Api(headers={"Authorization": f"Bearer{' ' * (1 + number)}fht_revoked"})
        problem(program.get("tasks/"), 401, "not_authenticated")
    ok(api.get("tasks/"))


@pytest.mark.usefixtures("three_a_minute")
def test_the_same_wrong_token_has_the_limit_of_a_token(api: Api) -> None:
    for _ in range(3):
        problem(Api("fht_revoked").get("tasks/"), 401, "not_authenticated")
    problem(Api("fht_revoked").get("tasks/"), 429, "too_many_requests")
    ok(api.get("tasks/"))


def test_an_answer_names_its_request(api: Api, stranger: Api) -> None:
    response = api.send("GET", "tasks/", headers={"X-Request-ID": "build-4711.1"})
    assert ok(response) is not None
    assert response["X-Request-ID"] == "build-4711.1"
    for caller, path in ((stranger, "tasks/"), (api, "nowhere"), (api, "tasks/?limit=0")):
        response = caller.send("GET", path, headers={"X-Request-ID": "build-4711.2"})
        assert response.json()["request_id"] == response["X-Request-ID"] == "build-4711.2"
    response = api.get("nowhere")
    assert response.json()["request_id"] == response["X-Request-ID"] != ""
