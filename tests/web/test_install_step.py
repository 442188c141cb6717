from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.services import machines
from tests.vault_files import file_of, usual_file
from tests.web.pages import Page, read, step_url
from wizard.models import AuditEntry, Credential, Deployment, InstallationSecret, Operator
from wizard.services import credentials, host_facts
from wizard.services.answers import primary_component
from wizard.web.views.install import ACTIONS


def checked(operator: Operator, **changed: Any) -> Deployment:
    deployment = machines.by_hand(operator, **changed)
    script = machines.script_for(deployment, operator, primary_component(deployment))
    host_facts.receive(deployment, machines.answer_of(script), actor=operator)
    stories.check(deployment, operator)
    return deployment


@pytest.fixture
def by_hand(operator: Operator) -> Deployment:
    """Nothing stands in the way of the installation, whose facts come by hand."""
    return checked(operator)


@pytest.fixture
def reached(operator: Operator) -> Deployment:
    """The same, over WinRM."""
    credentials.keep(
        name="lyon-windows", kind="windows", username="setup", secret=stories.PASSWORD, actor=operator
    )
    Credential.objects.update(standing="accepted")
    evidence = {
        "way": "winrm",
        "host": "cs01.lab.test",
        "credential": "lyon-windows",
        "thumbprint_sha256": stories.SHA256,
    }
    return checked(operator, evidence=evidence)


def post(client: Client, deployment: Deployment, action: str, **data: Any) -> Any:
    return client.post(step_url(deployment, "install"), {"action": action, **data})


def page_of(client: Client, deployment: Deployment) -> Page:
    answer: Any = client.get(step_url(deployment, "install"))
    return read(answer)


def key_file(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("renamed.xml", usual_file() if content is None else content)


# --- the bundle -------------------------------------------------------------------------------------------------------


def test_the_bundle_is_sent_and_written_down(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    answer = post(working, by_hand, "bundle")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="Foothold-{by_hand.name}-cs.zip"'
    found = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert {"README.txt", "Install.ps1"} <= set(found.namelist())
    (entry,) = AuditEntry.objects.filter(action="installation.bundle_taken", actor=operator)
    assert entry.after is not None
    assert entry.after["encrypted"] is False


def test_the_bundle_is_sent_to_who_has_just_proved_who_they_are(working: Client, by_hand: Deployment) -> None:
    install = step_url(by_hand, "install")
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        confirm = f"/sign-in/again/?{urlencode({'next': install})}"
        page = page_of(working, by_hand)
        # Back to the bundle, not to the top of a long page.
        there = f"{install}#way-hand"
        assert page.all("a", href=f"/sign-in/again/?{urlencode({'next': there})}")
        assert page.all("section", aria_labelledby="way-hand")
        assert not page.all("input", name="bundle-password")
        refused = working.post(install, {"action": "bundle"}, HTTP_REFERER=f"http://testserver{install}")
        assert refused["Location"] == confirm
        assert not AuditEntry.objects.filter(action="installation.bundle_taken").exists()
        proof = {"password": "correct horse battery", "next": there}
        assert working.post("/sign-in/again/", proof)["Location"] == there
        assert post(working, by_hand, "bundle").status_code == 200


def test_a_password_encrypts_the_bundle_and_a_short_one_is_refused_at_its_field(
    working: Client, by_hand: Deployment
) -> None:
    answer = post(working, by_hand, "bundle", **{"bundle-password": "short"})
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("input", name="bundle-password")[0]["aria-invalid"] == "true"
    assert "short" not in page.value_of("bundle-password")
    answer = post(working, by_hand, "bundle", **{"bundle-password": stories.PASSWORD})
    content = b"".join(answer.streaming_content)
    with pytest.raises((RuntimeError, NotImplementedError)):
        zipfile.ZipFile(io.BytesIO(content)).read("README.txt")
    assert "Windows Explorer cannot open such a zip" in page_of(working, by_hand).words


def test_the_bundle_waits_for_what_is_missing(working: Client, operator: Operator) -> None:
    deployment = checked(
        operator,
        source={"component": "ps_scaleout"},
        installation={"cs_address": "192.0.2.5"},
    )
    page = page_of(working, deployment)
    assert "the passphrase of the configuration server" in page.words
    assert post(working, deployment, "bundle").status_code == 409
    answer = post(working, deployment, "give_passphrase", **{"passphrase-passphrase": ""})
    assert answer.status_code == 422
    assert read(answer).all("input", name="passphrase-passphrase")[0]["aria-invalid"] == "true"
    answer = post(working, deployment, "give_passphrase", **{"passphrase-passphrase": stories.PASSWORD})
    assert answer.status_code == 302
    assert stories.PASSWORD not in page_of(working, deployment).text
    assert post(working, deployment, "bundle").status_code == 200


# --- over WinRM -------------------------------------------------------------------------------------------------------


def test_by_hand_the_wizard_offers_no_installation_of_its_own(working: Client, by_hand: Deployment) -> None:
    page = page_of(working, by_hand)
    assert page.all("a", href=step_url(by_hand, "evidence"))
    assert not page.all("input", name="action", value="install")
    answer = post(working, by_hand, "install")
    assert answer.status_code == 409
    assert not by_hand.tasks.filter(kind="prepare_host").exists()


def test_what_is_missing_for_the_installation_is_named(working: Client, reached: Deployment) -> None:
    answer = post(working, reached, "install")
    assert answer.status_code == 409
    assert "the vault credentials file, not older than 5 days" in read(answer).words


def test_the_installation_is_started_once_and_followed(working: Client, reached: Deployment) -> None:
    post(working, reached, "give_vault_credentials", **{"vault_credentials-file": key_file()})
    for _again in range(2):
        answer = post(working, reached, "install", **{"install-installer_path": "C:\\Temp"})
        assert answer.status_code == 302
    (task,) = reached.tasks.filter(kind="prepare_host")
    assert task.inputs["installer_path"] == "C:\\Temp"
    page = page_of(working, reached)
    assert page.all("div", id="live-task")
    assert not page.all("input", name="action", value="install")
    assert page.all("form", action=f"/tasks/{task.pk}/cancel/")


def test_a_path_that_is_none_is_refused_at_its_field(working: Client, reached: Deployment) -> None:
    answer = post(working, reached, "install", **{"install-installer_path": "/usr/bin"})
    assert answer.status_code == 422
    page = read(answer)
    assert page.value_of("install-installer_path") == "/usr/bin"
    assert page.all("input", name="install-installer_path")[0]["aria-invalid"] == "true"


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_the_vault_credentials_file_is_kept_with_its_end_and_taken_back(
    working: Client, reached: Deployment
) -> None:
    answer = post(working, reached, "give_vault_credentials", **{"vault_credentials-file": key_file()})
    assert answer.status_code == 302
    page = page_of(working, reached)
    assert "renamed.xml" in page.words
    assert "lyon-vault in rg-lyon-dr, francecentral" in page.words
    assert "CN=Foothold lab vault" in page.words
    assert "119 hours" in page.words
    assert "oskar" in page.words
    row = InstallationSecret.objects.get(kind="vault_credentials")
    assert row.reveal() == usual_file()
    assert post(working, reached, "take_back", kind="vault_credentials").status_code == 302
    assert not InstallationSecret.objects.filter(kind="vault_credentials").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (lambda: None, "Choose the .VaultCredentials file"),
        (lambda: file_of(vault="paris-vault").make(), "It says paris-vault; the vault step says lyon-vault."),
        (lambda: file_of(root="RSBackupVaultAADCreds").make(), "Backup"),
        (lambda: b"x" * 100_000, "a vault credentials file has some thousand"),
    ],
    ids=["nothing", "other vault", "for backup", "too big"],
)
def test_a_file_that_is_no_key_is_refused_at_its_field(
    working: Client, reached: Deployment, given: Callable[[], bytes | None], words: str
) -> None:
    content = given()
    files = {"vault_credentials-file": key_file(content)} if content else {}
    answer = post(working, reached, "give_vault_credentials", **files)
    assert answer.status_code == 422
    page = read(answer)
    assert words in page.words
    assert page.all("input", name="vault_credentials-file")[0]["aria-invalid"] == "true"
    assert not InstallationSecret.objects.filter(kind="vault_credentials").exists()


# --- verification -----------------------------------------------------------------------------------------------------


def test_by_hand_verification_asks_for_facts_from_after_the_installation(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    answer = post(working, by_hand, "verify")
    assert answer.status_code == 409
    assert "facts of the machine that were collected after the installation" in read(answer).words
    machines.hear(by_hand, operator)
    assert post(working, by_hand, "verify").status_code == 302
    assert by_hand.tasks.filter(kind="verify_installation", state="queued").count() == 1


def test_a_failed_installation_says_why(working: Client, reached: Deployment, operator: Operator) -> None:
    task = stories.failed(reached, "prepare_host", operator, "setup_failed", "Setup ended with 3.")
    page = page_of(working, reached)
    assert "Setup ended with 3." in page.words
    assert page.all("a", href=f"/tasks/{task.pk}/")


# --- people and places ------------------------------------------------------------------------------------------------


def test_who_may_only_look_can_take_and_change_nothing(looking: Client, by_hand: Deployment) -> None:
    page = page_of(looking, by_hand)
    assert "Verify the installation" in page.words
    assert [form for form in page.all("form", method="post") if not form.get("action")] == []
    for action in ACTIONS:
        data = {"vault_credentials-file": key_file()} if action == "give_vault_credentials" else {}
        assert post(looking, by_hand, action, **data).status_code == 403, action


def test_what_is_no_action_of_the_page_is_not_found(working: Client, by_hand: Deployment) -> None:
    assert post(working, by_hand, "format_c").status_code == 404


def test_before_the_preflight_passed_there_is_nothing_to_install(working: Client, operator: Operator) -> None:
    draft = machines.by_hand(operator)
    page = page_of(working, draft)
    assert "Cannot start yet." in page.words
    assert not page.all("input", name="action")


def test_the_answers_lead_on_to_the_installation(working: Client, by_hand: Deployment) -> None:
    page = read(working.get(f"/deployments/{by_hand.pk}/answers/"))
    assert "Go on to the installation of cs01" in page.words
    assert page.all("a", href=step_url(by_hand, "install"))
    assert "Deploy the virtual machine" not in page.words


# --- step by step -----------------------------------------------------------------------------------------------------


def test_every_step_by_hand_is_there_with_what_to_type(working: Client, by_hand: Deployment) -> None:
    page = page_of(working, by_hand)
    assert {f"step-P{number}" for number in range(1, 16)} <= {
        attributes.get("id", "") for attributes in page.all("li")
    }
    assert "9443" in page.words
    assert page.all("code", id="value-P12-install_drive")
    assert page.all("button", data_copy="value-P12-install_drive")
    assert (
        len([link for link in page.all("a", rel="noreferrer") if "learn.microsoft.com" in link["href"]]) >= 15
    )


def test_a_process_server_and_an_appliance_have_steps_of_their_own(
    working: Client, operator: Operator
) -> None:
    server = checked(operator, source={"component": "ps_scaleout"}, installation={"cs_address": "192.0.2.5"})
    page = page_of(working, server)
    assert page.all("code", id="value-PS1-cs_address")
    assert not page.all("li", id="step-P6")


def test_no_form_takes_the_place_of_another_step_along(
    working: Client, by_hand: Deployment, reached: Deployment
) -> None:
    for deployment in (by_hand, reached):
        forms = page_of(working, deployment).all("form", method="post")
        # Without an address of its own a form is sent to that of the page, and redirects inherit what stands behind its #.
        assert len([form for form in forms if form.get("action") == step_url(deployment, "install")]) > 2
        assert all(form.get("action") for form in forms)


def test_a_step_is_confirmed_with_a_note_and_taken_back(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    answer = post(working, by_hand, "confirm_step", step="P1", **{"step-P1-note": "Seen in the portal."})
    assert answer["Location"] == f"{step_url(by_hand, 'install')}#step-P1"
    words = page_of(working, by_hand).words
    assert "Confirmed by oskar" in words
    assert "Seen in the portal." in words
    assert AuditEntry.objects.filter(action="manual_step.confirmed", actor=operator).count() == 1
    assert post(working, by_hand, "take_back_step", step="P1").status_code == 302
    assert "Confirmed by" not in page_of(working, by_hand).words
    assert post(working, by_hand, "take_back_step", step="P1").status_code == 404


def test_a_note_that_is_too_long_is_refused_at_its_step(working: Client, by_hand: Deployment) -> None:
    answer = post(working, by_hand, "confirm_step", step="P2", **{"step-P2-note": "x" * 4001})
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("textarea", name="step-P2-note")[0]["aria-invalid"] == "true"
    assert page.all("a", href="#id_step-P2-note")
    assert "aria-invalid" not in page.all("textarea", name="step-P1-note")[0]


def test_a_step_that_is_not_on_this_path_cannot_be_confirmed(working: Client, by_hand: Deployment) -> None:
    assert post(working, by_hand, "confirm_step", step="A01").status_code == 404
    assert post(working, by_hand, "confirm_step").status_code == 404


def test_what_the_machine_shows_is_seen_beside_the_step(working: Client, by_hand: Deployment) -> None:
    page = page_of(working, by_hand)
    assert "Not so Products of Site Recovery are installed" in page.words
    assert page.all("a", href="/requirements/asr-classic/OS-09/")
