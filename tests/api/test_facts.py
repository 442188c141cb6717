"""Facts through the API: the script is taken, the document brought, and what is not taken is told apart by its code."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone

from tests.api.client import Api, ok, problem, token_of
from tests.hosts.signing import document, signed
from tests.services import machines
from wizard.models import AuditEntry, CollectorIssue, Deployment, HostFacts, Operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(operator: Operator) -> Deployment:
    return machines.by_hand(operator, "essen-cs01")


def path(deployment: Deployment, rest: str = "") -> str:
    return f"deployments/{deployment.pk}/facts/{rest}"


def script(api: Api, deployment: Deployment, **query: str) -> str:
    response = api.send("POST", path(deployment, "collector"), query={"component": "cs", **query})
    assert response.status_code == 200, response.content.decode()
    text: str = response.content.decode()
    return text


def form(name: str, content: bytes, file_name: str = "facts.json") -> bytes:
    return encode_multipart(BOUNDARY, {name: SimpleUploadedFile(file_name, content)})


def test_the_script_comes_as_a_file_and_its_issue_is_written_down(api: Api, site: Deployment) -> None:
    response = api.send("POST", path(site, "collector"), query={"component": "cs"})
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="Collect-Facts-essen-cs01-cs.ps1"'
    assert response["Cache-Control"] == "no-store", "the key in it signs what is believed"
    issue = CollectorIssue.objects.get()
    assert issue.nonce in response.content.decode()
    assert AuditEntry.objects.filter(action="facts.script_issued", actor__username="oskar").count() == 1


@pytest.mark.parametrize(
    ("query", "where", "code"),
    [
        ({"component": "vault"}, "component", "unknown_component"),
        ({"component": "cs", "language": "shell"}, "language", "wrong_language"),
        ({"component": "cs", "language": "cobol"}, "language", None),
        ({}, "component", "missing"),
    ],
)
def test_a_script_that_no_machine_here_needs_is_refused_by_the_field(
    api: Api, site: Deployment, query: dict[str, str], where: str, code: str | None
) -> None:
    body = problem(api.send("POST", path(site, "collector"), query=query), 422, "invalid")
    assert [error["path"] for error in body["errors"]] == [where]
    assert code in (None, body["errors"][0]["code"])
    assert not CollectorIssue.objects.exists()


def test_before_there_is_something_to_look_for_there_is_no_script(api: Api, operator: Operator) -> None:
    deployment = machines.make_deployment(operator)
    answers = {"protects": ["physical"], "method": "manual", "runs_on": "physical"}
    machines.deployments.answer(deployment, "source", answers, actor=operator)
    body = problem(
        api.send("POST", path(deployment, "collector"), query={"component": "cs"}), 409, "not_ready"
    )
    assert "Network identity" in body["remedy"]


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_the_machine_wrote_is_taken_and_shown_with_its_age(
    api: Api, site: Deployment, wrapped: bool
) -> None:
    data = machines.answer_of(script(api, site), "broken-wmi" if wrapped else "2019")
    response = (
        api.send("POST", path(site), form("document", data), content_type=MULTIPART_CONTENT)
        if wrapped
        else api.send("POST", path(site), data)
    )
    taken = ok(response, 201)
    assert response["Location"] == f"/api/v1/deployments/{site.pk}/facts/"
    row = HostFacts.objects.get()
    assert (taken["component"], taken["host"], taken["way"], taken["received_by"]) == (
        "cs",
        "cs01",
        "upload",
        "oskar",
    )
    unread = {item["key"]: item["reason"] for item in taken["unread"]}
    assert taken["fact_count"] + len(unread) == len(row.facts)
    assert bool(unread) or not wrapped
    assert all(unread.values())

    (shown,) = ok(api.get(path(site)))["items"]
    assert {name: shown[name] for name in taken} == taken
    assert (shown["old"], shown["age_seconds"] < 60) == (False, True)
    for key, fact in shown["facts"].items():
        assert fact == {
            "value": row.facts[key].get("value"),
            "reason": unread.get(key, ""),
        }
    secret = bytes(CollectorIssue.objects.get().key()).hex()
    assert secret not in json.dumps(shown)


def test_facts_of_yesterday_say_that_they_are_old(api: Api, site: Deployment, operator: Operator) -> None:
    machines.hear(site, operator)
    HostFacts.objects.update(collected_at=timezone.now() - timedelta(hours=30))
    (shown,) = ok(api.get(path(site)))["items"]
    assert shown["old"]
    assert shown["age_seconds"] == pytest.approx(30 * 3600, abs=60)


def test_before_anything_came_there_is_nothing(api: Api, site: Deployment) -> None:
    assert ok(api.get(path(site))) == {"items": [], "next_cursor": None}


Spoil = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda data: b"", "not_json"),
        (lambda data: b"{", "not_json"),
        (lambda data: b"[1, 2]", "not_json"),
        (lambda data: data.replace(b"host-facts/1", b"host-facts/9"), "wrong_schema"),
        (lambda data: b"\xff\xfe\x00", "wrong_encoding"),
        (lambda data: b'{"schema": "foothold.host-facts/1"}', "wrong_schema"),
        (lambda data: data.replace(b'"finished_at"', b'"ended_at"'), "incomplete"),
        (lambda data: data.replace(b'"2019"', b'"2022"').replace(b"17763", b"20348"), "tampered"),
        (lambda data: data + b" " * (5 * 2**20), "too_big"),
    ],
)
def test_what_is_not_the_document_is_told_apart(api: Api, site: Deployment, spoil: Spoil, code: str) -> None:
    data = machines.answer_of(script(api, site))
    assert spoil(data) != data
    body = problem(api.send("POST", path(site), spoil(data)), 422, code)
    assert body["remedy"]
    assert [error["path"] for error in body["errors"]] == ["document"]
    assert not HostFacts.objects.exists()


def test_utf_16_as_powershell_writes_it_is_taken(api: Api, site: Deployment) -> None:
    data = machines.answer_of(script(api, site)).decode().encode("utf-16")
    ok(api.send("POST", path(site), data), 201)


def test_a_document_for_another_place_time_or_machine_is_told_apart(
    api: Api, site: Deployment, operator: Operator
) -> None:
    def refused(data: bytes, code: str) -> None:
        problem(api.send("POST", path(site), data), 422, code)

    strange = document("2019", nonce="ab" * 16, deployment=str(site.pk), component="cs")
    refused(signed(strange, b"k" * 32), "unknown_nonce")
    other = machines.by_hand(operator, "lyon-cs02")
    refused(machines.answer_of(script(api, other)), "other_deployment")
    refused(machines.answer_of(script(api, site), host="db07"), "other_host")
    data = machines.answer_of(script(api, site))
    ok(api.send("POST", path(site), data), 201)
    refused(data, "same_document")
    late = machines.answer_of(script(api, site))
    CollectorIssue.objects.update(expires_at=timezone.now())
    refused(late, "expired")
    assert HostFacts.objects.count() == 1


def test_a_hundred_megabytes_are_refused_before_they_are_read(api: Api, site: Deployment) -> None:
    response = api.send("POST", path(site), b"{}", extra={"CONTENT_LENGTH": str(100 * 2**20)})
    body = problem(response, 413, "too_large")
    assert body["detail"] == "The body has 104857600 bytes; expected are at most 6 MB."
    assert body["errors"] == [{"path": "document", "message": body["detail"], "code": "too_large"}]
    assert body["remedy"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (form("other", b"{}"), 422, "invalid"),
        (b"this is no form", 422, "invalid"),
    ],
)
def test_a_form_without_the_document_is_refused(
    api: Api, site: Deployment, body: bytes, status: int, code: str
) -> None:
    response = api.send("POST", path(site), body, content_type=MULTIPART_CONTENT)
    assert problem(response, status, code)["errors"][0]["path"] == "document"


def test_a_form_without_a_boundary_is_malformed(api: Api, site: Deployment) -> None:
    problem(api.send("POST", path(site), b"x", content_type="multipart/form-data"), 400, "malformed")


def test_a_token_to_read_takes_no_script_and_brings_nothing(
    viewer: Operator, operator: Operator, site: Deployment
) -> None:
    data = machines.answer_of(machines.script_for(site, operator))
    for who, code in ((operator, "scope_too_small"), (viewer, "not_allowed")):
        api = Api(token_of(who, "read" if who is operator else "operate"))
        problem(api.send("POST", path(site), data), 403, code)
        problem(api.send("POST", path(site, "collector"), query={"component": "cs"}), 403, code)
        assert ok(api.get(path(site)))["items"] == []
    assert CollectorIssue.objects.count() == 1


def test_how_much_a_machine_said_costs_no_further_query(
    api: Api, site: Deployment, operator: Operator, django_assert_max_num_queries: Any
) -> None:
    for _round in range(3):
        machines.hear(site, operator)
    with django_assert_max_num_queries(12):
        assert len(ok(api.get(path(site)))["items"]) == 1
