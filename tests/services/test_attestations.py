"""What people answer for: judged when it is read, kept with its file, settling the deployment like a waiver does."""

from __future__ import annotations

import hashlib

import pytest
from django.utils import timezone

from tests import stories
from tests.services.machines import attest_all, by_hand
from wizard.models import Attestation, AuditEntry, CheckResult, Deployment, Operator
from wizard.services import attestations, deployments, preflight, tasks
from wizard.services.attestations import EvidenceFile
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotFound
from wizard.text import Text

pytestmark = pytest.mark.django_db

PDF = EvidenceFile(name="C:\\plans\\vault roles.pdf", content=b"%PDF-1.7 ...")


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    return stories.answered(operator)


def question(deployment: Deployment) -> str:
    """A question whose answer decides."""
    return next(row.id for row in attestations.questions_for(deployment) if row.severity == "block")


def judged(deployment: Deployment, actor: Operator, asked: str) -> CheckResult:
    """A preflight whose only unsettled result is that of the question, as nobody had answered it by then."""
    task = stories.check(deployment, actor, failing=("TPL-01",))
    row = task.checks.get(requirement_id="TPL-01")
    task.checks.filter(pk=row.pk).update(requirement_id=asked, status="unknown", summary=Text("Nobody."))
    row.refresh_from_db()
    return row


def codes(refused: pytest.ExceptionInfo[Invalid]) -> list[tuple[str, str]]:
    return [(error.path, error.code) for error in refused.value.errors]


def test_a_yes_lifts_what_blocked_and_a_no_blocks_again(deployment: Deployment, operator: Operator) -> None:
    asked = question(deployment)
    row = judged(deployment, operator, asked)
    verdict = preflight.verdict_of(deployment)
    assert verdict is not None
    assert verdict.blocking == (asked,)

    attestations.attest(deployment, asked, answer="yes", note="Seen in the portal.", actor=operator)
    deployment.refresh_from_db()
    assert deployment.state == "checked"
    found = {item.requirement_id: item for item in preflight.latest_results(deployment)}[asked]
    assert (found.status, str(found.summary)) == ("pass", "oskar confirmed it.")
    assert (found.observed_from, found.pk) == ("oskar", row.pk)
    report, _media = preflight.export(deployment, "json")
    assert "oskar confirmed it." in report

    attestations.attest(deployment, asked, answer="no", actor=operator)
    deployment.refresh_from_db()
    assert deployment.state == "draft"
    verdict = preflight.verdict_of(deployment)
    assert verdict is not None
    assert verdict.blocking == (asked,)


def test_the_row_of_the_run_stays_what_it_was(deployment: Deployment, operator: Operator) -> None:
    asked = question(deployment)
    row = judged(deployment, operator, asked)
    attestations.attest(deployment, asked, answer="yes", actor=operator)
    row.refresh_from_db()
    assert (row.status, str(row.summary)) == ("unknown", "Nobody.")


def test_an_answer_that_is_taken_back_blocks_without_a_run(
    deployment: Deployment, operator: Operator
) -> None:
    asked = question(deployment)
    judged(deployment, operator, asked)
    attestations.attest(deployment, asked, answer="yes", actor=operator)
    attestations.withdraw(deployment, asked, actor=operator)
    deployment.refresh_from_db()
    assert deployment.state == "draft"
    with pytest.raises(NotFound):
        attestations.withdraw(deployment, asked, actor=operator)
    actions = [
        row.action for row in AuditEntry.objects.filter(action__startswith="attestation.").order_by("id")
    ]
    assert actions == ["attestation.given", "attestation.withdrawn"]


def test_what_does_not_apply_says_why_and_passes(deployment: Deployment, operator: Operator) -> None:
    asked = question(deployment)
    judged(deployment, operator, asked)
    with pytest.raises(Invalid) as refused:
        attestations.attest(deployment, asked, answer="not_applicable", note="  ", actor=operator)
    assert codes(refused) == [("note", "missing")]
    attestations.attest(deployment, asked, answer="not_applicable", note="There is no proxy.", actor=operator)
    verdict = preflight.verdict_of(deployment)
    assert verdict is not None
    assert not verdict.blocked


def test_a_file_is_kept_with_its_hash_and_handed_out_as_it_came(
    deployment: Deployment, operator: Operator, viewer: Operator
) -> None:
    asked = question(deployment)
    row = attestations.attest(deployment, asked, answer="yes", file=PDF, actor=operator)
    assert (row.file_name, row.file_type, row.file_size) == (
        "vault roles.pdf",
        "application/pdf",
        len(PDF.content),
    )
    assert row.file_sha256 == hashlib.sha256(PDF.content).hexdigest()
    attestations.attest(deployment, asked, answer="yes", note="Seen again.", actor=operator)
    assert attestations.file_of(deployment, asked, actor=viewer).content == PDF.content
    attestations.attest(deployment, asked, answer="no", actor=operator)
    with pytest.raises(NotFound):
        attestations.file_of(deployment, asked, actor=viewer)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("page.html", b"<script>alert(1)</script>", "wrong_type"),
        ("picture.svg", b"<svg/>", "wrong_type"),
        ("none", b"%PDF-", "wrong_type"),
        ("picture.png", b"<svg/>", "wrong_type"),
        ("note.txt", b"\xff\xfe\x00", "wrong_type"),
        ("list.json", b"{", "wrong_type"),
        ("big.pdf", b"%PDF-" + b" " * (10 * 2**20), "too_big"),
    ],
)
def test_a_file_that_could_do_harm_or_is_too_big_is_refused(
    deployment: Deployment, operator: Operator, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        attestations.attest(
            deployment,
            question(deployment),
            answer="yes",
            file=EvidenceFile(name=name, content=content),
            actor=operator,
        )
    assert codes(refused) == [("file", code)]
    assert not Attestation.objects.exists()


def test_nobody_attests_what_a_probe_sees_or_what_does_not_exist(
    deployment: Deployment, operator: Operator, viewer: Operator
) -> None:
    with pytest.raises(Invalid) as refused:
        attestations.attest(deployment, "TPL-01", answer="yes", actor=operator)
    assert codes(refused) == [("", "not_attested")]
    with pytest.raises(NotFound):
        attestations.attest(deployment, "XYZ-99", answer="yes", actor=operator)
    with pytest.raises(Invalid) as refused:
        attestations.attest(deployment, question(deployment), answer="perhaps", actor=operator)
    assert codes(refused) == [("answer", "unknown_answer")]
    with pytest.raises(NotAllowed):
        attestations.attest(deployment, question(deployment), answer="yes", actor=viewer)


def test_answers_stay_as_they_are_while_a_task_changes_the_deployment(
    deployment: Deployment, operator: Operator
) -> None:
    asked = question(deployment)
    attestations.attest(deployment, asked, answer="yes", actor=operator)
    stories.running(deployment, "preflight", operator)
    for act in (
        lambda: attestations.attest(deployment, asked, answer="no", actor=operator),
        lambda: attestations.withdraw(deployment, asked, actor=operator),
    ):
        with pytest.raises(Conflict) as refused:
            act()
        assert refused.value.code == "task_running"


def test_results_with_questions_cost_the_same_however_many_there_are(
    operator: Operator, django_assert_max_num_queries: object
) -> None:
    deployment = by_hand(operator)
    attest_all(deployment, operator)
    task = stories.succeeded(deployment, "preflight", operator)
    CheckResult.objects.bulk_create(
        CheckResult(
            deployment=deployment,
            task=task,
            requirement_id=row.id,
            position=position,
            category=row.category,
            severity=row.severity,
            owner=row.owner,
            status="unknown",
            observed_at=timezone.now(),
        )
        for position, row in enumerate(preflight.requirements_for(deployment))
        if row.kind == "attested"
    )
    assert task.checks.count() > 5
    deployment = Deployment.objects.get(pk=deployment.pk)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        rows = preflight.latest_results(deployment)
    assert {row.status for row in rows} == {"pass"}


@pytest.mark.django_db(transaction=True)
def test_a_run_judges_by_the_answers_that_are_there(operator: Operator, nowhere: None) -> None:
    deployment = stories.answered(operator)
    asked = question(deployment)
    attestations.attest(deployment, asked, answer="yes", actor=operator)
    task = tasks.launch("preflight", deployment=deployment, actor=operator)
    tasks.execute(task.pk, "test")
    assert task.checks.get(requirement_id=asked).status == "pass"
    assert deployments.get(deployment.pk, actor=operator).state == "draft"
