from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.services import machines
from tests.web.pages import Page, read, step_url
from wizard.hosts.document import MAX_BYTES
from wizard.models import AuditEntry, CollectorIssue, Credential, Deployment, HostFacts, Operator, Task
from wizard.services import deployment_progress, deployments
from wizard.web.views import evidence

ADDRESS = {"host": "cs01.lab.test", "transport": "https", "port": 5986}
TYPED = {"host": "cs01.lab.test", "transport": "https", "port": "", "auth": "negotiate"}
CHOSEN = {"way": "winrm", **ADDRESS, "auth": "negotiate"}


@pytest.fixture
def draft(operator: Operator) -> Deployment:
    """Installed by hand on a physical server; everything is answered but the evidence."""
    deployment = machines.by_hand(operator)
    deployment.steps.filter(step="evidence").delete()
    return deployment


@pytest.fixture
def by_hand(operator: Operator) -> Deployment:
    return machines.by_hand(operator)


@pytest.fixture
def trusted(draft: Deployment, operator: Operator) -> Deployment:
    look(draft, operator)
    keep(draft, operator, thumbprint_sha256=stories.SHA256)
    return draft


def keep(deployment: Deployment, operator: Operator, **more: Any) -> None:
    deployments.keep_draft(deployment, "evidence", {**CHOSEN, **more}, actor=operator)


def look(deployment: Deployment, operator: Operator, **changed: Any) -> Task:
    """A look at the machine that got through."""
    names = ("dns", "tcp", "tls", "wsman")
    layer = {"status": "pass", "remedy": None, "seconds": 0.01}
    result = {
        "ok": True,
        "layers": [{**layer, "name": name, "detail": {"text": f"{name} answers."}} for name in names],
        "fingerprint_sha256": stories.SHA256,
        "subject": "CN=cs01.lab.test",
        "not_after": "2036-01-01T00:00:00+00:00",
        "self_signed": True,
        "key_type": None,
        **ADDRESS,
        **changed,
    }
    inputs = {name: result[name] for name in ADDRESS}
    return stories.succeeded(deployment, "probe_host", operator, inputs=inputs, result=result)


def post(client: Client, deployment: Deployment, **data: Any) -> Any:
    return client.post(step_url(deployment, "evidence"), data)


def page_of(client: Client, deployment: Deployment) -> Page:
    answer: Any = client.get(step_url(deployment, "evidence"))
    return read(answer)


def upload(client: Client, deployment: Deployment, content: bytes, component: str = "cs") -> Any:
    file = SimpleUploadedFile("host-facts.json", content, "application/json")
    return post(client, deployment, action="upload", component=component, **{f"{component}-document": file})


# --- the way ----------------------------------------------------------------------------------------------------------


def test_first_only_the_way_is_asked_for(working: Client, draft: Deployment) -> None:
    page = page_of(working, draft)
    assert {radio["value"] for radio in page.all("input", name="way")} == {"winrm", "by_hand"}
    assert not [radio for radio in page.all("input", name="way") if "checked" in radio]
    assert not page.all("input", name="host")
    assert not page.all("input", type="file")


def test_a_way_that_was_not_chosen_is_missed_at_its_question(working: Client, draft: Deployment) -> None:
    answer = post(working, draft, action="choose")
    assert answer.status_code == 422
    assert "An answer is missing here." in read(answer).words
    assert not draft.steps.filter(step="evidence", data__isnull=False).exists()


def test_each_way_shows_its_own_stages(working: Client, draft: Deployment) -> None:
    answer = post(working, draft, action="choose", way="winrm")
    assert answer["Location"] == step_url(draft, "evidence"), "nothing is under way that the reader is led to"
    page = page_of(working, draft)
    assert all(form.get("action") for form in page.all("form", method="post")), "else the place of before is"
    assert page.all("input", name="host")
    assert not page.all("input", type="file")
    assert post(working, draft, action="choose", way="by_hand").status_code == 302
    page = page_of(working, draft)
    assert not page.all("input", name="host")
    assert page.all("input", type="file", name="cs-document")


# --- by WinRM ---------------------------------------------------------------------------------------------------------


def test_the_machine_is_looked_at_in_the_background_at_the_usual_port(
    working: Client, draft: Deployment
) -> None:
    answer = post(working, draft, action="probe", **TYPED)
    assert answer["Location"] == step_url(draft, "evidence") + "#outcome"
    task = draft.tasks.get(kind="probe_host")
    assert task.inputs == ADDRESS
    page = page_of(working, draft)
    assert page.value_of("host") == "cs01.lab.test"
    (live,) = page.all("div", id="live-task")
    assert live["hx-get"].startswith(f"/tasks/{task.pk}/progress/")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"host": ""}, "host"),
        ({"host": "https://cs01"}, "host"),
        ({"port": "99999"}, "port"),
        ({"port": "5985"}, "port"),
        ({"transport": "http", "auth": "basic"}, "auth"),
        ({"auth": "digest"}, "auth"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_its_field(
    working: Client, draft: Deployment, wrong: dict[str, str], field: str
) -> None:
    answer = post(working, draft, action="probe", **{**TYPED, **wrong})
    assert answer.status_code == 422
    assert read(answer).all("div", id="error-summary")
    assert f"id_{field}_error" in answer.content.decode()
    assert not draft.tasks.exists()


def test_the_certificate_is_shown_before_anybody_trusts_it(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    look(draft, operator)
    keep(draft, operator)
    page = page_of(working, draft)
    for words in (stories.SHA256, "CN=cs01.lab.test", "2036-01-01", "Self-signed", "Trust this certificate"):
        assert words in page.words
    assert not page.all("input", name="password")


def test_trust_pins_the_certificate_that_was_shown_and_no_other(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    look(draft, operator)
    keep(draft, operator)
    assert post(working, draft, action="trust", sha256=stories.OTHER_SHA256).status_code == 409
    assert "thumbprint_sha256" not in deployments.form_of(draft, "evidence")[0]
    assert post(working, draft, action="trust", sha256=stories.SHA256).status_code == 302
    assert deployments.form_of(draft, "evidence")[0]["thumbprint_sha256"] == stories.SHA256
    assert page_of(working, draft).all("input", name="password")


def test_a_certificate_that_changed_takes_no_password(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    look(trusted, operator, fingerprint_sha256=stories.OTHER_SHA256)
    page = page_of(working, trusted)
    assert "The certificate is not the one that was confirmed" in page.words
    assert stories.SHA256 in page.words
    assert stories.OTHER_SHA256 in page.words
    assert not page.all("input", name="password")


def test_over_http_there_is_no_certificate_to_confirm(
    working: Client, draft: Deployment, operator: Operator
) -> None:
    http = {"transport": "http", "port": 5985}
    look(draft, operator, **http, fingerprint_sha256=None, subject=None, not_after=None, self_signed=None)
    keep(draft, operator, **http)
    page = page_of(working, draft)
    assert "Over HTTP there is no certificate to confirm" in page.words
    assert page.all("input", name="password")


def test_another_address_takes_the_trust_away(working: Client, trusted: Deployment) -> None:
    post(working, trusted, action="probe", **{**TYPED, "host": "other.lab.test"})
    assert "thumbprint_sha256" not in deployments.form_of(trusted, "evidence")[0]


def test_the_account_is_kept_sealed_and_the_facts_are_asked_for(working: Client, trusted: Deployment) -> None:
    answer = post(working, trusted, action="sign_in", username="LAB\\setup", password=stories.PASSWORD)
    assert answer.status_code == 302
    credential = Credential.objects.get(name=f"{trusted.name}-windows")
    assert (credential.kind, credential.username) == ("windows", "LAB\\setup")
    assert credential.reveal() == stories.PASSWORD
    task = trusted.tasks.get(kind="collect_facts")
    assert task.inputs["credential"] == credential.name
    assert task.inputs["component"] == "cs"
    for place in (task.inputs, deployments.form_of(trusted, "evidence"), page_of(working, trusted).text):
        assert stories.PASSWORD not in str(place)


def test_an_account_without_name_and_password_is_refused_at_both_fields(
    working: Client, trusted: Deployment
) -> None:
    answer = post(working, trusted, action="sign_in", username=" ", password="")
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("input", name="username")[0]["aria-invalid"] == "true"
    assert page.all("input", name="password")[0]["aria-invalid"] == "true"
    assert not trusted.tasks.filter(kind="collect_facts").exists()


def test_a_rejected_password_is_not_sent_again_until_it_is_entered_anew(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    data = {"action": "sign_in", "username": "setup", "password": stories.PASSWORD}
    post(working, trusted, **data)
    Task.objects.filter(kind="collect_facts").update(
        state="failed",
        error={"code": "access_denied", "message": {"text": "The password was refused."}, "remedy": None},
    )
    Credential.objects.update(standing="rejected")
    page = page_of(working, trusted)
    assert "The password was refused." in page.words
    assert "This password is not sent again" in page.words
    assert post(working, trusted, action="again").status_code == 409
    assert post(working, trusted, **data).status_code == 302
    assert trusted.tasks.filter(kind="collect_facts", state="queued").count() == 1


def test_two_operators_at_the_same_step_do_not_overwrite_each_other(
    working: Client, trusted: Deployment, operator: Operator
) -> None:
    seen = page_of(working, trusted).all("input", name="version")[0]["value"]
    keep(trusted, operator, host="theirs.lab.test")
    answer = post(working, trusted, action="probe", version=seen, **{**TYPED, "host": "mine.lab.test"})
    assert answer.status_code == 409
    assert read(answer).value_of("host") == "mine.lab.test"
    assert deployments.form_of(trusted, "evidence")[0]["host"] == "theirs.lab.test"


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_the_script_is_made_when_it_is_asked_for_and_that_is_written_down(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    assert not CollectorIssue.objects.exists()
    answer = post(working, by_hand, action="download", component="cs")
    assert answer.status_code == 200
    assert f"Collect-Facts-{by_hand.name}-cs.ps1" in answer["Content-Disposition"]
    issue = CollectorIssue.objects.get()
    assert issue.nonce in answer.content.decode()
    assert AuditEntry.objects.filter(action="facts.script_issued", actor=operator).count() == 1
    command = page_of(working, by_hand).words
    assert f"-File .\\Collect-Facts-{by_hand.name}-cs.ps1" in command


def test_no_script_is_made_before_it_is_known_what_to_look_for(working: Client, by_hand: Deployment) -> None:
    by_hand.steps.filter(step="vault").delete()
    page = page_of(working, by_hand)
    assert "Before facts can be collected, these steps have to be answered" in page.words
    assert "Recovery Services vault" in page.words
    assert post(working, by_hand, action="download", component="cs").status_code == 409
    assert not CollectorIssue.objects.exists()


def test_an_uploaded_document_completes_the_step_and_is_shown_with_its_age_and_person(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    assert "Nothing yet" in page_of(working, by_hand).words
    script = post(working, by_hand, action="download", component="cs").content.decode()
    answer = upload(working, by_hand, machines.answer_of(script))
    assert answer.status_code == 302
    page = page_of(working, by_hand)
    assert "The facts of cs01 are received." in page.words
    for words in ("Windows Server 2019", "C: ", "Processors 8", "Ethernet0: 10.20.0.40/24 (DHCP)", "oskar"):
        assert words in page.words
    assert re.search(r"Memory 3[12]", page.words)
    assert "evidence" in deployment_progress.completed_steps(by_hand)
    assert page.all("a", href=step_url(by_hand, "preflight"))


def test_what_could_not_be_read_is_listed_with_its_reason(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    machines.hear(by_hand, operator, "broken-wmi")
    row = HostFacts.objects.get()
    missing = [key for key, fact in row.facts.items() if "value" not in fact]
    assert missing
    words = page_of(working, by_hand).words
    assert f"{len(missing)} facts could not be read" in words
    assert all(key in words for key in missing)


def test_facts_older_than_a_day_say_so(working: Client, by_hand: Deployment, operator: Operator) -> None:
    machines.hear(by_hand, operator)
    assert "These facts are older than a day" not in page_of(working, by_hand).words
    HostFacts.objects.update(collected_at=timezone.now() - timedelta(days=2))
    assert "These facts are older than a day" in page_of(working, by_hand).words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "JSON"),
        (b"\x00\x01\x02\xff", ""),
        (b"{}", ""),
        (b"x" * (MAX_BYTES + 1), "expected are at most 5 MB"),
    ],
    ids=["empty", "binary", "no facts", "too big"],
)
def test_a_file_that_is_no_document_is_refused_at_the_field(
    working: Client, by_hand: Deployment, content: bytes, words: str
) -> None:
    answer = upload(working, by_hand, content)
    assert answer.status_code == 422
    page = read(answer)
    (field,) = page.all("input", type="file")
    assert field["aria-invalid"] == "true"
    assert page.all("a", href="#id_cs-document")
    assert words in page.words
    assert not HostFacts.objects.exists()


def test_an_edited_document_one_of_another_machine_and_one_that_came_already_are_told_apart(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    script = machines.script_for(by_hand, operator)
    edited = machines.answer_of(script).replace(b"Server 2019", b"Server 2016")
    other = machines.answer_of(script, host="db07")
    good = machines.answer_of(script)
    assert "db07" in read(upload(working, by_hand, other)).words
    assert upload(working, by_hand, edited).status_code == 422
    assert not HostFacts.objects.exists()
    assert upload(working, by_hand, good).status_code == 302
    words = read(upload(working, by_hand, good)).words
    assert "was received on" in words
    assert "Run the script once more and upload what it writes then." in words


def test_the_document_of_another_deployment_is_refused_with_what_to_do(
    working: Client, by_hand: Deployment, operator: Operator
) -> None:
    other = machines.by_hand(operator, "paris")
    answer = upload(working, by_hand, machines.answer_of(machines.script_for(other, operator)))
    assert answer.status_code == 422
    words = read(answer).words
    assert "This document belongs to the deployment paris" in words
    assert "Download the script from this deployment" in words


def test_nothing_chosen_is_said_at_the_field(working: Client, by_hand: Deployment) -> None:
    answer = post(working, by_hand, action="upload", component="cs")
    assert answer.status_code == 422
    assert "Choose the file that the script wrote." in read(answer).words


def test_a_linux_master_target_gets_its_own_script_on_the_same_page(
    working: Client, operator: Operator
) -> None:
    deployment = machines.by_hand(
        operator,
        source={"protects": ["vmware", "physical"]},
        capacity={"failback": True, "linux_failback": True},
    )
    page = page_of(working, deployment)
    assert "Linux master target (optional)" in page.words
    assert "further question" not in page.words
    assert page.all("input", type="file", name="mt_linux-document")
    assert f"sudo sh collect-facts-{deployment.name}-mt_linux.sh > host-facts.json" in page.words
    answer = post(working, deployment, action="download", component="mt_linux")
    assert answer.content.decode().startswith("#!/bin/sh")
    assert CollectorIssue.objects.get().component == "mt_linux"


def test_the_limit_on_the_page_is_that_of_the_reader() -> None:
    assert evidence.LARGEST == MAX_BYTES


# --- people who only look ---------------------------------------------------------------------------------------------


def test_who_may_only_look_sees_the_facts_and_changes_nothing(
    looking: Client, by_hand: Deployment, operator: Operator
) -> None:
    machines.hear(by_hand, operator)
    page = page_of(looking, by_hand)
    assert "Windows Server 2019" in page.words
    assert not page.all("input", name="action", value="download")
    assert not page.all("input", type="file")
    for action in (
        "choose",
        "probe",
        "sign_in",
        "again",
        "download",
        "upload",
        "ssh_probe",
        "ssh_collect",
        "ssh_again",
    ):
        data: dict[str, Any] = {"action": action, "component": "cs", "way": "winrm", **TYPED}
        assert post(looking, by_hand, **data).status_code == 403, action
    assert CollectorIssue.objects.count() == 1
    assert not by_hand.tasks.exists()


@pytest.mark.parametrize("language", ["fr", "sv"])
def test_the_page_is_there_in_other_languages(
    working: Client, by_hand: Deployment, operator: Operator, language: str
) -> None:
    machines.hear(by_hand, operator)
    working.post("/i18n/setlang/", {"language": language})
    answer = working.get(step_url(by_hand, "evidence"))
    assert answer.status_code == 200
    assert f'lang="{language}"' in answer.content.decode()
