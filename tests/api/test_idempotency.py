"""A request that is sent again with its Idempotency-Key is answered as the first time, and done once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.api.client import Api, ok, problem, token_of
from tests.services import machines
from wizard.models import CollectorIssue, Deployment, IdempotencyRecord, Operator
from wizard.services import accounts, deployments, idempotency

pytestmark = pytest.mark.django_db

BODY = {"name": "lyon-cs07", "profile": "asr-classic"}


def post(api: Api, key: str, body: Any = BODY, path: str = "deployments/", **more: Any) -> Any:
    return api.send("POST", path, body, headers={"Idempotency-Key": key}, **more)


def test_the_same_request_again_is_answered_as_before_and_not_done(api: Api) -> None:
    first, again = post(api, "one"), post(api, "one")
    assert ok(first, 201) == ok(again, 201)
    assert again.content == first.content
    for header in ("Content-Type", "Location", "ETag"):
        assert again[header] == first[header]
    assert (first.get("Idempotency-Replayed"), again["Idempotency-Replayed"]) == (None, "true")
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize("written", ["bearer {}", "Bearer  {}", "BEARER {}  "])
def test_the_same_token_is_the_same_however_its_header_is_written(operator: Operator, written: str) -> None:
    token = token_of(operator, "operate")
    first = ok(post(Api(token), "one"), 201)
    again = post(Api(headers={"Authorization": written.format(token)}), "one")
    assert ok(again, 201) == first
    assert again["Idempotency-Replayed"] == "true"


def test_without_a_key_it_is_done_again(api: Api) -> None:
    ok(api.post("deployments/", BODY), 201)
    problem(api.post("deployments/", BODY), 422, "invalid")
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.parametrize(
    ("path", "body"),
    [("deployments/", {**BODY, "name": "other"}), ("deployments/?a=1", BODY), ("sizing/", BODY)],
)
def test_the_same_key_with_another_request_is_refused(api: Api, path: str, body: Any) -> None:
    ok(post(api, "one"), 201)
    problem(post(api, "one", body, path), 409, "idempotency_key_reused")
    assert Deployment.objects.count() == 1


def test_keys_are_those_of_one_token(api: Api, operator: Operator) -> None:
    ok(post(api, "one"), 201)
    other = Api(token_of(operator, "operate", "another"))
    problem(post(other, "one"), 422, "invalid")  # the name is taken: it was really done


def test_a_refusal_of_the_work_is_kept(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/tasks/"
    first = post(api, "one", {"kind": "test_count", "inputs": {"locked": True}}, path)
    body = problem(first, 409, "not_ready")
    again = post(api, "one", {"kind": "test_count", "inputs": {"locked": True}}, path)
    assert problem(again, 409, "not_ready") == body
    assert again["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("body", "status", "code"), [(b"{", 400, "malformed"), ({"nam": "lyon"}, 422, "invalid")]
)
def test_what_was_not_understood_leaves_the_key_free(api: Api, body: Any, status: int, code: str) -> None:
    problem(post(api, "one", body), status, code)
    assert not IdempotencyRecord.objects.exists()
    ok(post(api, "one"), 201)


def test_what_was_not_allowed_leaves_the_key_free(operator: Operator) -> None:
    problem(post(Api(token_of(operator, "read")), "one"), 403, "scope_too_small")
    assert not IdempotencyRecord.objects.exists()


def test_what_went_wrong_leaves_the_key_free(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(deployments, "create", lambda **_: 1 / 0)
        problem(post(api, "one"), 500, "internal")
    ok(post(api, "one"), 201)


def test_a_revoked_token_is_not_answered_from_what_was_kept(api: Api, operator: Operator) -> None:
    ok(post(api, "one"), 201)
    accounts.revoke_token(token=operator.api_tokens.get(), actor=operator)
    problem(post(api, "one"), 401, "not_authenticated")


@pytest.mark.parametrize("key", ["", " ", "two words", "é", "tab\there", "x" * 256])
def test_a_key_that_is_none_is_refused(api: Api, key: str) -> None:
    body = problem(post(api, key), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == ["Idempotency-Key"]
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("key", ["!", "~" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
def test_a_key_is_whatever_can_be_seen(api: Api, key: str) -> None:
    ok(post(api, key), 201)


def test_other_methods_take_no_notice_of_it(api: Api, deployment: Deployment) -> None:
    headers = {"Idempotency-Key": "one", "If-Match": f'"{deployment.revision}"'}
    ok(api.send("PATCH", f"deployments/{deployment.pk}/", {"name": "lyon-cs09"}, headers=headers))
    assert not IdempotencyRecord.objects.exists()


def test_after_a_day_the_key_is_free_and_the_answer_forgotten(api: Api) -> None:
    ok(post(api, "one"), 201)
    row = IdempotencyRecord.objects.get()
    assert timedelta(hours=23, minutes=59) < row.expires_at - timezone.now() <= timedelta(hours=24)
    assert idempotency.drop_ended() == 0
    IdempotencyRecord.objects.update(expires_at=timezone.now())
    ok(post(api, "one", {**BODY, "name": "lyon-cs08"}), 201)
    IdempotencyRecord.objects.update(expires_at=timezone.now())
    assert idempotency.drop_ended() == 1


def test_what_is_kept_can_be_read_with_the_token_alone(api: Api, operator: Operator) -> None:
    """A collector's script holds the key that signs what it writes."""
    deployment = machines.by_hand(operator, "essen-cs01")
    path = f"deployments/{deployment.pk}/facts/collector"
    first = post(api, "script", None, f"{path}?component=cs")
    assert first.status_code == 200, first.content
    again = post(api, "script", None, f"{path}?component=cs")
    assert again.content == first.content
    assert again["Content-Disposition"] == first["Content-Disposition"]
    assert CollectorIssue.objects.count() == 1
    row = IdempotencyRecord.objects.get()
    issue = CollectorIssue.objects.get()
    assert issue.nonce.encode() in first.content
    assert issue.nonce.encode() not in bytes(row.body)
    assert row.body, "kept, and only encrypted"


def form(boundary: str, content: bytes) -> tuple[bytes, str]:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="document"; filename="a.json"\r\n\r\n'
    return (
        head.encode() + content + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )


def test_a_form_is_known_again_under_another_boundary(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/facts/"
    large = b"[" + b" " * (3 * 2**20) + b"]"
    body, content_type = form("aaaa", large)
    first = problem(post(api, "file", body, path, content_type=content_type), 422, "not_json")
    body, content_type = form("bbbb", large)
    again = post(api, "file", body, path, content_type=content_type)
    assert problem(again, 422, "not_json") == first
    assert again["Idempotency-Replayed"] == "true"
    body, content_type = form("cccc", large + b" ")
    problem(post(api, "file", body, path, content_type=content_type), 409, "idempotency_key_reused")


def test_a_file_that_is_too_large_is_not_even_read(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/facts/"
    problem(post(api, "file", b"{}", path, extra={"CONTENT_LENGTH": str(2**40)}), 413, "too_large")
    problem(post(api, "file", b"[" + b" " * (3 * 2**20) + b"]", "deployments/"), 413, "too_large")
    assert not IdempotencyRecord.objects.exists()


def test_a_process_that_died_gives_the_key_free_after_a_while(api: Api, operator: Operator) -> None:
    token, fingerprint = operator.api_tokens.get(), "f" * 64
    lost = idempotency.begin(token=token, secret="x", key="one", fingerprint=fingerprint)
    assert isinstance(lost, idempotency.Claim)
    response = post(api, "one")
    problem(response, 409, "idempotency_key_reused")
    IdempotencyRecord.objects.update(expires_at=timezone.now())
    ok(post(api, "one"), 201)
    # Had it only been slow, its answer would not take the place of the one that was given.
    idempotency.keep(lost, idempotency.Answer(status=204, headers={}, body=b""))
    idempotency.give_free(lost)
    assert ok(post(api, "one"), 201)["name"] == "lyon-cs07"


@pytest.mark.django_db(transaction=True)
def test_while_the_first_is_under_way_the_second_is_asked_to_come_back(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ok(api.get("tasks/"))
    begun, go_on = threading.Event(), threading.Event()
    create = deployments.create

    def slowly(**given: Any) -> Any:
        begun.set()
        assert go_on.wait(20)
        return create(**given)

    monkeypatch.setattr(deployments, "create", slowly)
    answers: list[Any] = []

    def first() -> None:
        try:
            answers.append(post(api, "one"))
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert begun.wait(20)
    response = post(api, "one")
    problem(response, 409, "idempotency_in_progress")
    assert response["Retry-After"] == "2"
    problem(post(api, "one", {**BODY, "name": "other"}), 409, "idempotency_key_reused")
    go_on.set()
    thread.join()
    assert ok(answers[0], 201) == ok(post(api, "one"), 201)
    assert Deployment.objects.count() == 1
