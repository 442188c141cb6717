"""Questions that a person answers: on the page of the checks, on a page of their own, with a file and without."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import stories
from tests.web.pages import QUESTION, read
from tests.web.results import add_result
from wizard.models import Attestation, AuditEntry, Deployment, Operator
from wizard.services import attestations
from wizard.services.attestations import MAX_FILE_BYTES, EvidenceFile

PDF = b"%PDF-1.7\n<script>alert(1)</script>"


@pytest.fixture
def asked(operator: Operator) -> Deployment:
    draft = stories.answered(operator, "vault")
    stories.check(draft, operator)
    add_result(draft, QUESTION)
    return draft


def checks(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/checks/"


def url(deployment: Deployment, rest: str = "") -> str:
    return f"/deployments/{deployment.pk}/checks/{QUESTION}/answer/{rest}"


def form(answer: str = "yes", note: str = "", **files: SimpleUploadedFile) -> dict[str, object]:
    fields: dict[str, object] = {f"{QUESTION}-answer": answer, f"{QUESTION}-note": note}
    return fields | {f"{QUESTION}-{name}": file for name, file in files.items()}


def pdf(content: bytes = PDF, name: str = "proof.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, "text/html")


def test_a_question_is_answered_where_its_result_is(working: Client, asked: Deployment) -> None:
    page = read(working.get(checks(asked)))
    (sent,) = page.all("form", action=url(asked))
    assert sent["enctype"] == "multipart/form-data"
    assert {radio["value"] for radio in page.all("input", name=f"{QUESTION}-answer")} == {
        "yes",
        "no",
        "not_applicable",
    }
    assert "At most 10 MB; one of .pdf, .png" in page.words

    answer = working.post(url(asked), form("yes", "Seen in the portal.", file=pdf()), follow=True)

    words = read(answer).words
    assert answer.redirect_chain[-1][0].endswith(f"#check-{QUESTION}")
    for part in (
        "Yes , oskar,",
        "Seen in the portal.",
        "proof.pdf",
        "oskar confirmed it.",
        "Change the answer",
    ):
        assert part in words, part


def test_the_answer_that_is_there_is_in_the_form(
    working: Client, asked: Deployment, operator: Operator
) -> None:
    attestations.attest(asked, QUESTION, answer="no", note="Not <b>yet</b>.", actor=operator)
    answer = working.get(checks(asked))
    page = read(answer)
    (chosen,) = [radio for radio in page.all("input", name=f"{QUESTION}-answer") if "checked" in radio]
    assert chosen["value"] == "no"
    assert "<b>yet</b>" not in answer.content.decode()
    assert "oskar answered that it is not so." in page.words


@pytest.mark.parametrize(
    ("sent", "field", "said"),
    [
        (form("", "Some note."), "answer", "Choose an answer."),
        (form("perhaps", "Some note."), "answer", "is no answer"),
        (form("not_applicable", " "), "note", "Say why this does not apply"),
        (form("yes", "x" * 4001), "note", "at most 4000"),
    ],
)
def test_an_answer_that_is_none_is_refused_at_its_field_and_nothing_typed_is_lost(
    working: Client, asked: Deployment, sent: dict[str, object], field: str, said: str
) -> None:
    answer = working.post(url(asked), sent)
    assert answer.status_code == 422
    page = read(answer)
    assert page.all("a", href=f"#id_{QUESTION}-{field}")
    assert said in page.words
    assert str(sent[f"{QUESTION}-note"]).strip() in page.text
    assert not Attestation.objects.exists()


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (pdf(name="proof.exe"), "is of a type that is not kept"),
        (pdf(b"MZ\x90", "proof.pdf"), "is not what its ending says"),
        (pdf(b"\xff\xfe\x00", "proof.txt"), "is not what its ending says"),
        (pdf(PDF + b"x" * MAX_FILE_BYTES, "proof.pdf"), "The file has 10.0 MB; expected are at most 10 MB."),
    ],
)
def test_a_file_that_is_not_kept_is_refused_and_the_words_stay(
    working: Client, asked: Deployment, file: SimpleUploadedFile, said: str
) -> None:
    answer = working.post(url(asked), form("no", "As the mail says.", file=file))
    assert answer.status_code == 422
    page = read(answer)
    assert said in page.words
    assert page.all("a", href=f"#id_{QUESTION}-file")
    assert "As the mail says." in page.text
    assert [radio["value"] for radio in page.all("input", type="radio") if "checked" in radio] == ["no"]
    assert not Attestation.objects.exists()


def test_a_file_is_handed_out_as_an_attachment_of_the_type_of_its_ending(
    looking: Client, asked: Deployment, operator: Operator
) -> None:
    name = "Prüfung <1>.pdf"
    attestations.attest(
        asked, QUESTION, answer="yes", file=EvidenceFile(name=name, content=PDF), actor=operator
    )
    assert read(looking.get(checks(asked))).all("a", href=url(asked, "file"))
    answer = looking.get(url(asked, "file"))
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_a_file_stays_with_the_same_answer_and_goes_with_another(working: Client, asked: Deployment) -> None:
    working.post(url(asked), form("yes", file=pdf()))
    working.post(url(asked), form("yes", "More words."))
    assert Attestation.objects.get().file_name == "proof.pdf"
    working.post(url(asked), form("no"))
    assert Attestation.objects.get().file_name == ""
    assert working.get(url(asked, "file")).status_code == 404


def test_an_answer_is_taken_back(working: Client, asked: Deployment) -> None:
    working.post(url(asked), form())
    assert read(working.get(checks(asked))).all("form", action=url(asked, "remove/"))
    answer = working.post(url(asked, "remove/"), follow=True)
    assert f"The answer for {QUESTION} is taken back." in read(answer).words
    assert not Attestation.objects.exists()
    assert working.post(url(asked, "remove/")).status_code == 404


def test_who_may_look_reads_answers_and_gives_none(
    looking: Client, asked: Deployment, operator: Operator
) -> None:
    attestations.attest(asked, QUESTION, answer="yes", note="Seen.", actor=operator)
    before = AuditEntry.objects.count()
    page = read(looking.get(checks(asked)))
    assert "Seen." in page.words
    assert not page.all("form", action=url(asked))
    for address in (url(asked), url(asked, "remove/")):
        assert looking.post(address, form("no")).status_code == 403
    assert looking.get(url(asked)).status_code == 403
    assert Attestation.objects.get().answer == "yes"
    assert AuditEntry.objects.count() == before


def test_what_asks_nobody_has_no_page_for_an_answer(working: Client, asked: Deployment) -> None:
    for requirement in ("TPL-01", "NOPE-1"):
        address = f"/deployments/{asked.pk}/checks/{requirement}/answer/"
        assert working.get(address).status_code == 404
        assert working.post(address, {f"{requirement}-answer": "yes"}).status_code == 404


def test_while_a_task_changes_the_deployment_the_words_stay_in_the_form(
    working: Client, asked: Deployment, operator: Operator
) -> None:
    stories.running(asked, "preflight", operator)
    answer = working.post(url(asked), form("yes", "Seen in the portal."))
    assert answer.status_code == 409
    assert "Seen in the portal." in read(answer).text
    assert not Attestation.objects.exists()


def test_an_answer_lets_the_deployment_go_on_at_once(
    working: Client, asked: Deployment, operator: Operator
) -> None:
    assert f"blocks the deployment {QUESTION}" in read(working.get(checks(asked))).words
    working.post(url(asked), form())
    assert "Nothing blocks the deployment" in read(working.get(checks(asked))).words


def test_an_old_answer_is_not_called_old_facts(
    working: Client, asked: Deployment, operator: Operator
) -> None:
    attestations.attest(asked, QUESTION, answer="yes", actor=operator)
    Attestation.objects.update(answered_at=timezone.now() - timedelta(days=40))
    assert "more than a day ago" not in read(working.get(checks(asked))).words
