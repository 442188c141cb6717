"""Whatever is sent, the answer is a problem document that says what was wrong, and nothing of the inside."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection

from tests.api.client import Api, ok, problem
from wizard.models import Deployment, IdempotencyRecord

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    ["", "nowhere", "nowhere/", "deployments", "deployments/7/", "tasks/../x", "v2/", "%00", "a" * 3000],
)
def test_an_unknown_path_answers_as_the_api_does(stranger: Api, method: str, path: str) -> None:
    problem(stranger.send(method, path), 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "deployments/", {"GET", "HEAD", "POST"}),
        ("DELETE", "tasks/", {"GET", "HEAD"}),
        ("POST", "deployments/00000000-0000-0000-0000-000000000001/", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("TRACE", "tasks/", {"GET", "HEAD"}),
        ("OPTIONS", "tasks/", {"GET", "HEAD"}),
        ("HEAD", "sizing/", {"POST"}),
    ],
)
def test_a_method_that_a_path_does_not_take_is_refused_with_those_it_does(
    api: Api, method: str, path: str, allowed: set[str]
) -> None:
    response = api.send(method, path)
    assert response.status_code == 405
    assert set(response["Allow"].split(", ")) == allowed
    if method != "HEAD":
        assert problem(response, 405, "method_not_allowed")["detail"].startswith(f"{method} cannot")


def test_head_tells_what_get_would_without_the_content(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/"
    told, shown = api.send("HEAD", path), api.get(path)
    assert (told.status_code, told.content) == (200, b"")
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "RateLimit-Policy"):
        assert told[name] == shown[name]
    assert api.send("HEAD", f"deployments/{deployment.pk}/steps/nope/").status_code == 404
    assert Api().send("HEAD", path).status_code == 401


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_an_address_that_is_nearly_one_is_told_the_one_that_is(stranger: Api, method: str) -> None:
    some = "0123abcd-0000-4000-8000-00000000abcd"
    for sent, meant in (
        ("deployments", "deployments/"),
        (f"deployments/{some.upper()}/", f"deployments/{some}/"),
        (f"tasks/{some.upper()}/cancel", f"tasks/{some}/cancel/"),
        (f"deployments/{some}/checks/report/", f"deployments/{some}/checks/report"),
    ):
        body = problem(stranger.send(method, sent), 404, "not_found")
        assert body["remedy"] == f"Ask /api/v1/{meant}: the final slash counts, and ids have small letters."
    for sent in ("", "nowhere", "nowhere/", "%00", "openapi.json/x", f"x/{some.upper()}/"):
        assert problem(stranger.send(method, sent), 404, "not_found")["remedy"] == ""


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (b"{", "Expecting property name"),
        (b"name=lyon", "Expecting value"),
        (b"\xff\xfe", "can't decode byte"),
        (b'{"name": NaN}', "NaN is not a number in JSON"),
        (b'{"name": 1e400}', "1e400 is too large a number"),
        (b'{"name": Infinity}', "Infinity is not a number in JSON"),
        (b'{"name": "a", "name": "b"}', "a name stands twice in one object"),
        (b'{"name": "a\\u0000b"}', "U+0000 is not taken"),
        (b'{"name": "a\x00b"}', "Invalid control character"),
        (b'{"name": "a\\ud800"}', "half of a surrogate pair"),
        (b'{"name": "a", "\\uDFFF": ["b"]}', "half of a surrogate pair"),
        (b'{"name": ' + b"9" * 5000 + b"}", "999… is too large a number"),
        (b'{"name": -' + b"9" * 1001 + b"}", "999… is too large a number"),
        (b"\xef\xbb\xbf{}", "BOM"),
    ],
)
def test_a_body_that_is_no_json_is_refused_with_the_reason(api: Api, body: bytes, hint: str) -> None:
    answer = problem(api.post("deployments/", body), 400, "malformed")
    assert hint in answer["detail"]
    assert answer["remedy"] == "Send one JSON object in UTF-8."


@pytest.mark.parametrize("path", ["deployments/", "sizing/", "webhooks/"])
@pytest.mark.parametrize("levels", [201, 900, 10_000, 100_000])
def test_a_body_that_nests_deeper_than_anything_asked_for_is_refused(
    api: Api, levels: int, path: str
) -> None:
    inside = levels - 1
    for body in (
        b"[" * levels + b"]" * levels,
        b'{"name": ' * levels + b"1" + b"}" * levels,
        b'{"name": ' + b"[" * inside + b"]" * inside + b"}",
    ):
        answer = problem(api.post(path, body), 400, "malformed")
        assert answer["detail"] == "The body is not JSON: it nests deeper than 200 levels"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-16", "text/plain", "x/y; charset="])
def test_a_body_is_read_as_utf_8_whatever_its_type_says(api: Api, content_type: str) -> None:
    text = '{"profile": "asr-classic", "machines": 1, "daily_change_gb": 1}'
    ok(api.send("POST", "sizing/", text.encode(), content_type=content_type))
    problem(api.send("POST", "sizing/", text.encode("utf-16"), content_type=content_type), 400, "malformed")


@pytest.mark.parametrize("change", [5e-324, 1e-320, 1e-9])
def test_next_to_no_change_is_advised_on_too(api: Api, change: float) -> None:
    advice = ok(api.post("sizing/", {"profile": "asr-classic", "machines": 1, "daily_change_gb": change}))
    assert 0 < advice["cache_hours"] < 1e9


def test_a_backslash_before_u0000_is_a_backslash(api: Api) -> None:
    body = rb'{"name": "a\\u0000b", "profile": "asr-classic"}'
    problem(api.post("deployments/", body), 422, "invalid")


def test_both_halves_of_a_pair_are_a_character(api: Api, deployment: Deployment) -> None:
    body = rb'{"answer": "yes", "note": "\ud83d\ude00"}'
    assert ok(api.put(f"deployments/{deployment.pk}/attestations/LIFE-02/", body))["note"] == "😀"


def test_a_huge_body_is_refused_unread(api: Api) -> None:
    body = json.dumps({"name": "a" * 3_000_000, "profile": "asr-classic"}).encode()
    answer = problem(api.post("deployments/", body), 413, "too_large")
    assert answer["detail"] == f"The body has {len(body)} bytes; expected are at most 2.5 MB."
    assert answer["remedy"].startswith("Send it in several requests")


@pytest.mark.parametrize("length", ["abc", "-1", "1" * 30, "²", "1.5"])
def test_a_length_that_is_none_is_refused(api: Api, length: str) -> None:
    for headers in ({}, {"Idempotency-Key": "one"}):
        answer = api.send("POST", "deployments/", b"{}", headers=headers, extra={"CONTENT_LENGTH": length})
        problem(answer, 400, "malformed")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "one"}])
@pytest.mark.parametrize(
    ("path", "content_type", "sent"),
    [
        ("tasks/", "application/json", b'{"kind": "probe_vcenter"}'),
        ("physical-servers/import", "text/csv", b"name,address,operating system\nf1,192.0.2.1,Windows\n"),
        (
            "physical-servers/import",
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nname,address,operating',
        ),
    ],
    ids=["json", "file", "form"],
)
def test_what_broke_off_on_the_way_is_not_taken_for_the_whole(
    api: Api, deployment: Deployment, path: str, content_type: str, sent: bytes, headers: dict[str, str]
) -> None:
    cut = {"wsgi.input": BytesIO(sent), "CONTENT_LENGTH": str(len(sent) + 5)}
    body = problem(
        api.send(
            "POST",
            f"deployments/{deployment.pk}/{path}",
            sent,
            headers=headers,
            content_type=content_type,
            extra=cut,
        ),
        400,
        "malformed",
    )
    assert f"ended after {len(sent)} of {len(sent) + 5} bytes" in body["detail"]
    assert not deployment.tasks.exists()
    assert not IdempotencyRecord.objects.exists()


def test_a_body_without_a_length_is_not_taken_for_none(api: Api) -> None:
    chunked = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
    body = problem(api.send("POST", "deployments/", b"{}", extra=chunked), 400, "malformed")
    assert body["remedy"] == "Send it in one piece, with Content-Length."


def test_a_deep_body_within_the_limits_is_read(api: Api, deployment: Deployment) -> None:
    deep: Any = "x"
    for _level in range(198):
        deep = {"x": deep}
    problem(api.put(f"deployments/{deployment.pk}/steps/capacity/", {"x": [deep]}, 1), 422, "invalid")
    asked = {"kind": "probe_vcenter", "inputs": deep}
    problem(api.post(f"deployments/{deployment.pk}/tasks/", asked), 422, "invalid")


def test_more_parameters_than_are_taken_are_refused(api: Api) -> None:
    body = problem(api.send("GET", f"deployments/?{'a=&' * 1001}"), 400, "malformed")
    assert body["detail"] == "The address has too many parameters; expected are at most 1000."


def test_a_request_without_a_body_names_what_is_missing(api: Api) -> None:
    body = problem(api.post("deployments/"), 422, "invalid")
    assert body["errors"][0]["code"] == "missing"


def test_a_row_that_cannot_be_shown_is_an_incident_without_its_inside(
    api: Api, deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    Deployment.objects.update(profile="canary-profile")
    response = api.get(f"deployments/{deployment.pk}/")
    body = problem(response, 500, "internal")
    assert "canary" not in json.dumps(body)
    assert response["X-Request-ID"]
    assert "api.crashed" in caplog.text


@pytest.mark.parametrize(
    "path", ["deployments/?name=%00", "deployments/?profile=a%00b", "tasks/?kind=%00", "tasks/?cursor=%00"]
)
def test_a_null_character_in_the_address_is_refused(api: Api, path: str) -> None:
    problem(api.send("GET", path), 400, "malformed")


@pytest.mark.parametrize("path", ["attestations/LIFE%00/", "waivers/%00/", "manual-steps/P1%00/"])
def test_a_null_character_in_a_name_is_refused_before_the_database_sees_it(
    api: Api, deployment: Deployment, path: str
) -> None:
    problem(api.delete(f"deployments/{deployment.pk}/{path}"), 400, "malformed")


def test_a_database_that_is_away_asks_to_come_back(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    def away(*_query: Any) -> NoReturn:
        raise OperationalError("connection to server at 127.0.0.1 failed: password canary")

    with connection.execute_wrapper(away):
        response = api.get("deployments/")
    body = problem(response, 503, "database_unavailable")
    assert response["Retry-After"] == "5"
    assert "canary" not in json.dumps(body) + caplog.text
    ok(api.get("deployments/"))


@pytest.mark.parametrize("language", ["fr", "sv", "de", "xx-YY", "fr;q=0.1,*"])
def test_the_readers_language_changes_no_code(api: Api, deployment: Deployment, language: str) -> None:
    headers = {"Accept-Language": language}
    path = f"deployments/{deployment.pk}/"
    assert ok(api.send("GET", path, headers=headers))["state"] == "draft"
    problem(api.send("GET", "nowhere", headers=headers), 404, "not_found")
    wrong = {"If-Match": '"1"', **headers}
    refused = api.send("PUT", f"{path}steps/capacity/", {"machines": 0}, headers=wrong)
    codes = [error["code"] for error in problem(refused, 422, "invalid")["errors"]]
    assert codes == ["greater_than_equal", "missing"]


def test_an_answer_may_not_be_kept_or_framed(api: Api, deployment: Deployment) -> None:
    response = api.get(f"deployments/{deployment.pk}/")
    assert response["Cache-Control"] == "no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert api.get("nowhere")["Cache-Control"] == "no-store"
