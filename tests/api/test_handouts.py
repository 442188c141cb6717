"""What is handed to others through the API: firewall matrix, calendar, task sheets, the bundle and what goes into it."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from typing import Any

import icalendar
import pytest
import pyzipper
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests import stories
from tests.api.client import Api, assert_problem, ok, problem, token_of
from tests.services import machines
from tests.vault_files import canary, file_of, usual_file
from wizard.models import AuditEntry, Deployment, InstallationSecret, Operator
from wizard.services import installation_secrets

pytestmark = pytest.mark.django_db

PASSWORD = "a phrase that is long enough"


@pytest.fixture
def site(operator: Operator) -> Deployment:
    return machines.by_hand(operator, "essen-cs01")


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    deployment = stories.answered(operator, "vault", name="lyon-cs01")
    stories.check(deployment, operator, failing=("TPL-02",))
    return deployment


# --- firewall, calendar, sheets ---------------------------------------------------------------------------------------


def test_the_firewall_matrix_is_the_same_as_json_and_as_a_table(api: Api, checked: Deployment) -> None:
    path = f"deployments/{checked.pk}/firewall"
    rules = ok(api.get(path, limit="200"))["items"]
    assert {rule["direction"] for rule in rules} >= {"in", "out"}
    for rule in rules:
        assert rule["why"], rule["id"]
        assert rule["port"], rule["id"]
        assert (rule["verdict"] == "") == (not rule["proved_by"]), rule["id"]
    response = api.get(path, format="csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="lyon-cs01-firewall.csv"'
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert [row[0] for row in rows[1:]] == [rule["id"] for rule in rules]


def test_before_there_is_a_vault_no_rule_can_be_computed(api: Api, deployment: Deployment) -> None:
    problem(api.get(f"deployments/{deployment.pk}/firewall"), 409, "not_ready")


def test_what_ends_is_the_same_as_json_and_as_a_calendar(
    api: Api, site: Deployment, operator: Operator
) -> None:
    machines.hear(site, operator)
    path = f"deployments/{site.pk}/expiry"
    rows = ok(api.get(path))["items"]
    assert "api_token" in {row["kind"] for row in rows}, "that of the caller"
    assert [row["days_left"] for row in rows] == sorted(row["days_left"] for row in rows)
    response = api.get(path, format="ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    events = icalendar.Calendar.from_ical(response.content).walk("VEVENT")
    assert sorted(str(event["summary"]) for event in events) == sorted(row["title"] for row in rows)


def test_the_sheets_name_who_can_mend_what(api: Api, checked: Deployment) -> None:
    path = f"deployments/{checked.pk}/task-sheets"
    sheets = {sheet["owner"]: sheet for sheet in ok(api.get(path))["items"]}
    found = [item["requirement_id"] for sheet in sheets.values() for item in sheet["items"]]
    assert sorted(found) == ["LIFE-01", "TPL-02"]
    assert all(item["remedy"] for sheet in sheets.values() for item in sheet["items"])
    response = api.get(path, format="markdown")
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert "TPL-02" in response.content.decode()
    problem(api.get(path, phase="after"), 404, "not_found")


def test_results_and_report_of_the_phase_after_are_asked_for_by_name(api: Api, checked: Deployment) -> None:
    path = f"deployments/{checked.pk}/checks/"
    assert ok(api.get(path, phase="after"))["items"] == []
    problem(api.get(f"{path}report", phase="after"), 404, "not_found")
    problem(api.get(path, phase="during"), 422, "invalid")
    response = api.get(f"{path}report", format="sarif")
    assert response["Content-Type"] == "application/sarif+json; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="lyon-cs01-preflight.sarif"'


@pytest.mark.parametrize("path", ["firewall", "expiry", "task-sheets"])
def test_a_format_that_is_none_is_refused(api: Api, checked: Deployment, path: str) -> None:
    body = problem(api.get(f"deployments/{checked.pk}/{path}", format="docx"), 422, "invalid")
    assert body["errors"][0]["path"] == "format"


# --- the bundle -------------------------------------------------------------------------------------------------------


def take(api: Api, deployment: Deployment, password: str | None = None) -> Any:
    headers = {"Foothold-Bundle-Password": password} if password is not None else {}
    return api.send("GET", f"deployments/{deployment.pk}/installation-bundle", headers=headers)


def content(response: Any) -> io.BytesIO:
    assert response.status_code == 200
    return io.BytesIO(b"".join(response.streaming_content))


def test_the_bundle_is_streamed_and_who_took_it_is_written_down(api: Api, site: Deployment) -> None:
    response = take(api, site)
    assert response.streaming
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == 'attachment; filename="Foothold-essen-cs01-cs.zip"'
    assert response["Cache-Control"] == "no-store"
    with zipfile.ZipFile(content(response)) as archive:
        assert archive.testzip() is None
        assert {"README.txt", "Install.ps1", "Manifest.sha256"} <= set(archive.namelist())
    entry = AuditEntry.objects.get(action="installation.bundle_taken")
    assert (str(entry.actor), "not encrypted" in str(entry.sentence)) == ("oskar", True)


@pytest.mark.parametrize("password", [PASSWORD, "Übergabe an Essen 2026"])
def test_a_password_in_the_header_encrypts_every_file(api: Api, site: Deployment, password: str) -> None:
    # A client sends the bytes of UTF-8, which the server hands over as Latin-1.
    response = take(api, site, password.encode().decode("latin-1"))
    with pyzipper.AESZipFile(content(response)) as archive:
        names = archive.namelist()
        assert all(entry.flag_bits & 1 for entry in archive.infolist())
        archive.setpassword(password.encode())
        assert b"Foothold" in archive.read("README.txt")
    assert "README.txt" in names
    assert password not in str(AuditEntry.objects.get(action="installation.bundle_taken").after)


def test_a_short_password_is_refused_without_a_trace_of_it(api: Api, site: Deployment) -> None:
    response = take(api, site, "canary-7")
    assert problem(response, 422, "invalid")["errors"][0]["code"] == "too_short"
    assert "canary-7" not in response.content.decode()
    assert not AuditEntry.objects.filter(action="installation.bundle_taken").exists()


def test_where_there_is_no_bundle_the_reason_is_said(
    api: Api, operator: Operator, checked: Deployment
) -> None:
    problem(take(api, checked), 409, "no_bundle")
    empty = machines.make_deployment(operator, "empty")
    assert "Source and method" in problem(take(api, empty), 409, "not_ready")["remedy"]


def test_a_token_to_read_takes_no_bundle(operator: Operator, viewer: Operator, site: Deployment) -> None:
    problem(take(Api(token_of(operator, "read")), site), 403, "scope_too_small")
    problem(take(Api(token_of(viewer, "operate")), site), 403, "not_allowed")
    assert not InstallationSecret.objects.exists()


# --- what goes into it ------------------------------------------------------------------------------------------------


def key_form(name: str, text: bytes = b"<RSVaultAsrCreds/>") -> bytes:
    return encode_multipart(BOUNDARY, {"file": SimpleUploadedFile(name, text)})


def test_secrets_go_in_and_never_come_out(api: Api, operator: Operator, site: Deployment) -> None:
    path = f"deployments/{site.pk}/installation-secrets/"
    states = {row["kind"]: row for row in ok(api.get(path))["items"]}
    assert {kind: row["secret_set"] for kind, row in states.items()} == {
        "mysql": False,
        "vault_credentials": False,
    }
    name = "renamed.xml"
    response = api.send(
        "PUT",
        f"{path}vault_credentials/file",
        key_form(name, usual_file()),
        content_type=MULTIPART_CONTENT,
    )
    given = ok(response)
    assert (given["secret_set"], given["label"], given["given_by"]) == (True, name, "oskar")
    assert given["about"]["vault"] == "lyon-vault"
    assert (given["about"]["hours_left"], given["about"]["ends_soon"]) == (119, False)
    assert given["about"]["ends_at"] == given["ends_at"]
    content(take(api, site))
    credentials = installation_secrets.mysql_credentials(site)
    for shown in (
        response.content,
        api.get(path).content,
        api.get(f"deployments/{site.pk}/").content,
        api.get(f"deployments/{site.pk}/answers").content,
    ):
        assert canary(usual_file()) not in shown.decode()
        assert credentials.root_password.encode() not in shown
    assert api.delete(f"{path}vault_credentials/").status_code == 204
    problem(api.delete(f"{path}vault_credentials/"), 404, "not_found")
    problem(api.delete(f"{path}mysql/"), 422, "invalid")
    assert InstallationSecret.objects.filter(kind="mysql").exists()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"vault": "other-vault"}, "other_vault"),
        ({"begins": timedelta(days=-6)}, "expired"),
        ({"root": "VaultCreds"}, "wrong_kind_backup"),
    ],
)
def test_a_key_that_cannot_be_the_one_is_refused(
    api: Api, site: Deployment, changed: dict[str, Any], code: str
) -> None:
    response = api.send(
        "PUT",
        f"deployments/{site.pk}/installation-secrets/vault_credentials/file",
        key_form("key.VaultCredentials", file_of(**changed).make()),
        content_type=MULTIPART_CONTENT,
    )
    assert [error["code"] for error in problem(response, 422, "invalid")["errors"]] == [code]
    assert not InstallationSecret.objects.exists()


def test_a_process_server_needs_the_passphrase_of_its_configuration_server(
    api: Api, operator: Operator
) -> None:
    deployment = machines.by_hand(
        operator,
        "essen-ps01",
        source={"component": "ps_scaleout"},
        installation={"cs_address": "192.0.2.11"},
    )
    path = f"deployments/{deployment.pk}/installation-secrets/passphrase/"
    assert "passphrase" in problem(take(api, deployment), 409, "not_ready")["remedy"]
    problem(api.put(path, {"secret": "x\ny"}), 422, "invalid")
    response = api.put(path, {"secret": "canary-passphrase-11"})
    assert ok(response)["secret_set"]
    assert "canary" not in response.content.decode()
    names = zipfile.ZipFile(content(take(api, deployment))).namelist()
    assert any("passphrase" in name.lower() for name in names)


def test_a_secret_that_this_installation_has_no_place_for_is_refused(api: Api, site: Deployment) -> None:
    path = f"deployments/{site.pk}/installation-secrets/"
    response = api.put(f"{path}proxy/", {"username": "u", "secret": "canary-proxy"})
    assert_problem(response)
    assert problem(response, 422, "invalid")["errors"][0]["code"] == "not_asked"
    problem(api.put(f"{path}mysql/", {"secret": "canary-mysql"}), 422, "invalid")
    assert not InstallationSecret.objects.exists()


# --- the steps by hand ------------------------------------------------------------------------------------------------


def test_the_steps_by_hand_are_confirmed_and_taken_back(
    api: Api, site: Deployment, checked: Deployment
) -> None:
    path = f"deployments/{site.pk}/manual-steps/"
    steps = ok(api.get(path))["items"]
    assert [step["id"] for step in steps] == sorted(
        (step["id"] for step in steps), key=lambda name: int(name[1:])
    )
    assert all(step["what"] and step["confirm"].endswith("?") and step["proofs"] for step in steps)
    by_person = next(step for step in steps if step["proofs"][0]["kind"] == "attestation")
    assert by_person["state"] == "open"
    said = ok(api.put(f"{path}{by_person['id']}/", {"note": "Done at noon."}))
    assert (said["state"], said["note"], said["confirmed_by"]) == ("confirmed", "Done at noon.", "oskar")
    assert api.delete(f"{path}{by_person['id']}/").status_code == 204
    problem(api.delete(f"{path}{by_person['id']}/"), 404, "not_found")
    problem(api.put(f"{path}P99/", {}), 404, "not_found")
    problem(api.put(f"{path}{by_person['id']}/", {"note": "x" * 4001}), 422, "invalid")
    problem(api.get(f"deployments/{checked.pk}/manual-steps/"), 409, "no_manual_path")
