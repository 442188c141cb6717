"""Who is let in: bearers of good tokens, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.api.client import Api, ok, problem, token_of
from wizard.models import ApiToken, Deployment, Operator
from wizard.services import accounts

pytestmark = pytest.mark.django_db

PATHS = ("deployments/", "tasks/", "deployments/00000000-0000-0000-0000-000000000001/")


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_is_asked_for_a_token(stranger: Api, path: str) -> None:
    response = stranger.get(path)
    problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer fht_no-such-token", "Basic b3NrYXI6eA==", "fht_x", "Bearer é", ""]
)
def test_what_is_no_good_token_is_refused(db: None, header: str) -> None:
    response = Api(headers={"Authorization": header}).get("deployments/")
    problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_a_good_token_lets_its_person_in(operator: Operator, deployment: Deployment) -> None:
    assert [row["name"] for row in ok(Api(token_of(operator, "read")).get("deployments/"))["items"]] == [
        "lyon-cs01"
    ]


def test_the_scheme_may_be_written_small(operator: Operator) -> None:
    ok(Api(headers={"Authorization": f"bearer {token_of(operator, 'read')}"}).get("deployments/"))


def test_an_expired_token_is_refused(operator: Operator) -> None:
    api = Api(token_of(operator, "read"))
    ok(api.get("deployments/"))
    ApiToken.objects.update(expires_at=timezone.now())
    problem(api.get("deployments/"), 401, "not_authenticated")


def test_a_revoked_token_is_refused_at_once(operator: Operator) -> None:
    api = Api(token_of(operator, "read"))
    ok(api.get("deployments/"))
    accounts.revoke_token(token=ApiToken.objects.get(), actor=operator)
    problem(api.get("deployments/"), 401, "not_authenticated")


def test_the_token_of_somebody_who_left_is_refused(operator: Operator) -> None:
    api = Api(token_of(operator, "read"))
    Operator.objects.update(is_active=False)
    problem(api.get("deployments/"), 401, "not_authenticated")


def test_the_last_use_of_a_token_is_noted_once_a_minute(operator: Operator) -> None:
    api = Api(token_of(operator, "read"))
    ok(api.get("deployments/"))
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    ok(api.get("deployments/"))
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    ok(api.get("deployments/"))
    again = ApiToken.objects.get().last_used_at
    assert again is not None
    assert again > first


def test_a_cookie_signs_nobody_in(operator: Operator, deployment: Deployment) -> None:
    browser = Client()
    browser.force_login(operator)
    assert browser.get("/api/v1/deployments/").status_code == 401
    changing = browser.post(
        "/api/v1/deployments/", {"name": "x", "profile": "asr-classic"}, content_type="application/json"
    )
    assert changing.status_code == 401
    assert Deployment.objects.count() == 1


def test_a_token_needs_no_csrf_token_and_sets_no_cookie(operator: Operator) -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        "/api/v1/deployments/",
        {"name": "lyon-cs01", "profile": "asr-classic"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token_of(operator, 'operate')}"},
    )
    assert response.status_code == 201
    assert not response.cookies


def test_no_token_is_shown_in_an_answer(operator: Operator, deployment: Deployment) -> None:
    text = token_of(operator, "operate")
    api = Api(text)
    for path in ("deployments/", f"deployments/{deployment.pk}/", "tasks/", "nowhere"):
        assert text not in api.get(path).content.decode()
