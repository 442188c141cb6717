"""Attestations and waivers through the API: answered, proven, taken back; asked by one person, approved by another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_operator
from tests.services import machines
from wizard.journey.answer_file import from_json, parse
from wizard.models import Attestation, AuditEntry, CheckResult, Deployment, Operator, Waiver

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 a contract"
SOON = timezone.localdate().isoformat()


@pytest.fixture
def site(operator: Operator) -> Deployment:
    return machines.by_hand(operator, "essen-cs01")


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    deployment = stories.answered(operator, "vault", name="lyon-cs01")
    stories.check(deployment, operator)
    return deployment


@pytest.fixture
def second(db: None) -> Api:
    """The program of a colleague."""
    return Api(token_of(make_operator("nora", Operator.Role.REVIEWER), "operate"))


def form(content: bytes, name: str = "contract.pdf") -> bytes:
    return encode_multipart(BOUNDARY, {"file": SimpleUploadedFile(name, content)})


def put_file(api: Api, path: str, content: bytes, name: str = "contract.pdf") -> Any:
    return api.send("PUT", f"{path}file", form(content, name), content_type=MULTIPART_CONTENT)


# --- attestations -----------------------------------------------------------------------------------------------------


def test_the_questions_come_with_their_answers(api: Api, site: Deployment) -> None:
    path = f"deployments/{site.pk}/attestations/"
    questions = ok(api.get(path))["items"]
    by_id = {row["requirement_id"]: row for row in questions}
    assert {"AZ-07", "NET-06"} <= set(by_id)
    assert by_id["AZ-07"]["question"].endswith("?")
    assert (by_id["AZ-07"]["phase"], by_id["AZ-07"]["asked"]) == ("before", True)
    assert {row["phase"] for row in questions} == {"before", "after"}
    assert all(row["attestation"] is None for row in questions)

    given = ok(api.put(f"{path}AZ-07/", {"answer": "yes", "note": "Seen in the portal."}))
    assert (given["answer"], given["note"], given["answered_by"], given["file"]) == (
        "yes",
        "Seen in the portal.",
        "oskar",
        None,
    )
    again = {row["requirement_id"]: row["attestation"] for row in ok(api.get(path))["items"]}
    assert again["AZ-07"] == given
    assert AuditEntry.objects.filter(action="attestation.given").count() == 1


def test_an_answer_counts_where_results_are_read(api: Api, operator: Operator) -> None:
    deployment = stories.answered(operator, "vault", name="lyon-cs01")
    run = stories.check(deployment, operator)
    CheckResult.objects.filter(requirement_id="TPL-01").update(requirement_id="AZ-01", status="unknown")
    checks = f"deployments/{deployment.pk}/checks/"

    def passed(**query: Any) -> list[str]:
        return [row["requirement_id"] for row in ok(api.get(checks, status="pass", **query))["items"]]

    assert passed() == ["TPL-02"]
    ok(api.put(f"deployments/{deployment.pk}/attestations/AZ-01/", {"answer": "yes"}))
    assert passed() == ["AZ-01", "TPL-02"]
    assert passed(task=run.pk) == ["TPL-02"], "what the run itself found stays as it was"


def test_a_file_proves_an_answer_and_comes_back_as_it_was(api: Api, site: Deployment) -> None:
    path = f"deployments/{site.pk}/attestations/AZ-07/"
    problem(put_file(api, path, PDF), 404, "not_found")
    ok(api.put(path, {"answer": "yes"}))
    row = ok(put_file(api, path, PDF, "ümlaut contract.pdf"))
    assert (row["file"]["name"], row["file"]["media_type"], row["file"]["size_bytes"]) == (
        "ümlaut contract.pdf",
        "application/pdf",
        len(PDF),
    )
    response = api.get(f"{path}file")
    assert (response.content, response["Content-Type"]) == (PDF, "application/pdf")
    assert response["Content-Disposition"].startswith("attachment; ")
    assert response["X-Content-Type-Options"] == "nosniff"
    ok(api.put(path, {"answer": "yes", "note": "More."}))
    assert ok(api.get(f"deployments/{site.pk}/attestations/"))["items"]
    assert Attestation.objects.get().file_name
    assert api.delete(path).status_code == 204
    problem(api.get(f"{path}file"), 404, "not_found")
    problem(api.delete(path), 404, "not_found")


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"not a pdf", "a.pdf", 422, "wrong_type"),
        (b"MZ", "a.exe", 422, "wrong_type"),
        (b"%PDF-" + bytes(10 * 2**20), "a.pdf", 413, "too_large"),
    ],
)
def test_a_file_that_is_not_kept_is_refused(
    api: Api, site: Deployment, content: bytes, name: str, status: int, code: str
) -> None:
    path = f"deployments/{site.pk}/attestations/AZ-07/"
    ok(api.put(path, {"answer": "yes"}))
    body = problem(put_file(api, path, content, name), status, "invalid" if status == 422 else "too_large")
    assert [(error["path"], error["code"]) for error in body["errors"]] == [("file", code)]
    assert not Attestation.objects.get().file_name


@pytest.mark.parametrize(
    ("requirement", "sent", "status", "code", "path"),
    [
        ("AZ-07", {"answer": "maybe"}, 422, "invalid", "answer"),
        ("AZ-07", {}, 422, "invalid", "answer"),
        ("AZ-07", {"answer": "not_applicable"}, 422, "invalid", "note"),
        ("AZ-07", {"answer": "yes", "note": "x" * 4001}, 422, "invalid", "note"),
        ("AZ-07", {"answer": "yes", "reason": "?"}, 422, "invalid", "reason"),
        ("HW-01", {"answer": "yes"}, 422, "not_attested", ""),
        ("XX-99", {"answer": "yes"}, 404, "not_found", None),
    ],
)
def test_an_answer_that_is_none_is_refused_by_its_field(
    api: Api, site: Deployment, requirement: str, sent: Any, status: int, code: str, path: str | None
) -> None:
    body = problem(api.put(f"deployments/{site.pk}/attestations/{requirement}/", sent), status, code)
    assert [error["path"] for error in body["errors"]] == ([] if path is None else [path])
    assert not Attestation.objects.exists()


def test_an_answer_that_is_asked_for_no_more_is_still_shown(
    api: Api, site: Deployment, operator: Operator
) -> None:
    row = Attestation(deployment=site, answer="yes", answered_by=operator, answered_at=timezone.now())
    for requirement in ("AZ-04", "GONE-01"):
        row.pk, row.requirement_id = None, requirement
        row.save(force_insert=True)
    left = [row for row in ok(api.get(f"deployments/{site.pk}/attestations/"))["items"] if not row["asked"]]
    assert [row["requirement_id"] for row in left] == ["AZ-04", "GONE-01"]


def test_the_list_costs_the_same_however_much_is_answered(
    api: Api, site: Deployment, operator: Operator
) -> None:
    path = f"deployments/{site.pk}/attestations/"

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            ok(api.get(path))
        return len(captured)

    cost()
    nothing = cost()
    machines.attest_all(site, operator)
    assert cost() == nothing


def test_another_revision_than_the_named_one_changes_nothing(api: Api, site: Deployment) -> None:
    path = f"deployments/{site.pk}/attestations/AZ-07/"
    problem(api.put(path, {"answer": "yes"}, site.revision + 1), 412, "revision_outdated")
    problem(api.send("PUT", path, {"answer": "yes"}, headers={"If-Match": "seven"}), 422, "invalid")
    assert not Attestation.objects.exists()
    response = api.put(path, {"answer": "yes"}, site.revision)
    ok(response)
    site.refresh_from_db()
    assert response["ETag"] == f'"{site.revision}"'
    problem(api.delete(path, site.revision + 1), 412, "revision_outdated")
    assert Attestation.objects.exists()


def test_the_answer_file_takes_the_answers_along(api: Api, site: Deployment) -> None:
    base = f"deployments/{site.pk}/"
    ok(api.put(f"{base}attestations/AZ-07/", {"answer": "yes"}))
    note = 'Two lines:\n"quoted", with # and ümlaut.'
    ok(api.put(f"{base}attestations/NET-06/", {"answer": "no", "note": note}))
    expected = {"AZ-07": {"answer": "yes", "note": ""}, "NET-06": {"answer": "no", "note": note}}
    assert parse(api.get(f"{base}answers").content.decode()).attestations == expected
    assert from_json(api.get(f"{base}answers", format="json").json()).attestations == expected


# --- waivers ----------------------------------------------------------------------------------------------------------


def until(days: int = 30) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


def test_a_waiver_is_asked_for_by_one_and_approved_by_another(
    api: Api, second: Api, checked: Deployment
) -> None:
    path = f"deployments/{checked.pk}/waivers/LIFE-01/"
    asked = ok(api.put(path, {"reason": "Known.", "until": until()}))
    assert (asked["approved"], asked["in_force"], asked["asked_by"]) == (False, False, "oskar")
    rows = ok(api.get(f"deployments/{checked.pk}/checks/", status="warn"))["items"]
    assert [row["waived"] for row in rows] == [False]

    problem(api.post(f"{path}approve/"), 403, "not_allowed")
    approved = ok(second.post(f"{path}approve/"))
    assert (approved["approved"], approved["in_force"], approved["approved_by"]) == (True, True, "nora")
    problem(second.post(f"{path}approve/"), 409, "already_approved")
    rows = ok(api.get(f"deployments/{checked.pk}/checks/", status="warn"))["items"]
    assert [row["waived"] for row in rows] == [True]
    assert ok(api.get(f"deployments/{checked.pk}/waivers/")) == {"items": [approved], "next_cursor": None}

    assert api.delete(path).status_code == 204
    assert not Waiver.objects.exists()
    problem(api.delete(path), 404, "not_found")
    problem(second.post(f"{path}approve/"), 404, "not_found")


def test_where_no_second_person_is_needed_it_counts_at_once(
    api: Api, checked: Deployment, settings: Any
) -> None:
    settings.WAIVERS_NEED_SECOND_PERSON = False
    row = ok(api.put(f"deployments/{checked.pk}/waivers/LIFE-01/", {"reason": "Known.", "until": until()}))
    assert (row["approved"], row["in_force"], row["approved_by"]) == (True, True, "oskar")


def test_an_ended_waiver_is_no_more_in_force_and_not_approved(
    api: Api, second: Api, checked: Deployment
) -> None:
    path = f"deployments/{checked.pk}/waivers/LIFE-01/"
    ok(api.put(path, {"reason": "Known.", "until": until()}))
    Waiver.objects.update(until=timezone.localdate() - timedelta(days=1))
    problem(second.post(f"{path}approve/"), 409, "waiver_ended")
    assert not ok(api.get(f"deployments/{checked.pk}/waivers/"))["items"][0]["in_force"]


@pytest.mark.parametrize(
    ("requirement", "sent", "status", "code", "path"),
    [
        ("TPL-02", {"reason": "Known.", "until": SOON}, 422, "not_waivable", ""),
        ("LIFE-01", {"reason": " ", "until": SOON}, 422, "invalid", "reason"),
        ("LIFE-01", {"reason": "Known.", "until": "2020-01-01"}, 422, "invalid", "until"),
        ("LIFE-01", {"reason": "Known.", "until": "9999-12-31"}, 422, "invalid", "until"),
        ("LIFE-01", {"reason": "Known.", "until": "tomorrow"}, 422, "invalid", "until"),
        ("LIFE-01", {"reason": "Known."}, 422, "invalid", "until"),
        ("XX-99", {"reason": "Known.", "until": SOON}, 404, "not_found", None),
    ],
)
def test_a_waiver_without_ground_is_refused_by_its_field(
    api: Api, checked: Deployment, requirement: str, sent: Any, status: int, code: str, path: str | None
) -> None:
    body = problem(api.put(f"deployments/{checked.pk}/waivers/{requirement}/", sent), status, code)
    assert [error["path"] for error in body["errors"]] == ([] if path is None else [path])
    assert not Waiver.objects.exists()
