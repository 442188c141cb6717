"""A deployment that has to be approved takes two people, and what was approved is what is set up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests import stories
from tests.builders import make_operator
from tests.services.machines import by_hand
from wizard.models import Approval, AuditEntry, Deployment, Operator, Task, TaskState, Team
from wizard.services import (
    approvals,
    automation,
    deployments,
    go_ahead,
    hand_over_contents,
    installation_bundle,
    manual_steps,
    results,
    tasks,
)
from wizard.services.errands import Errand, WaitsForPerson
from wizard.services.errors import Conflict, Invalid, NotAllowed, NotReady, Outdated

pytestmark = pytest.mark.django_db

OTHER = {"machines": 121, "daily_change_gb": 700}


@pytest.fixture
def reviewer(db: Any) -> Operator:
    return make_operator("rosa", Operator.Role.REVIEWER)


@pytest.fixture
def deployment(operator: Operator) -> Deployment:
    """Checked, planned, and not to be set up without an approval."""
    made = stories.answered(operator, "checked")
    Deployment.objects.filter(pk=made.pk).update(needs_approval=True)
    made.refresh_from_db()
    return made


def deploy(deployment: Deployment, actor: Operator) -> Any:
    return tasks.launch("deploy_ova", deployment=deployment, actor=actor, inputs=stories.approval(deployment))


def approved(deployment: Deployment, operator: Operator, reviewer: Operator) -> Approval:
    return approvals.approve(approvals.ask(deployment, actor=operator), actor=reviewer)


def check_anew(deployment: Deployment, actor: Operator) -> None:
    stories.check(deployment, actor)
    stories.plan(deployment, actor)


def state_of(deployment: Deployment) -> str:
    return approvals.standing(Deployment.objects.get(pk=deployment.pk)).state


def test_nothing_is_set_up_before_another_person_has_approved_the_answers(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    with pytest.raises(NotReady, match="cannot start yet") as refused:
        deploy(deployment, operator)
    assert "who may approve: rosa" in str(refused.value.remedy)
    approval = approvals.ask(deployment, actor=operator, note="For Lyon.")
    with pytest.raises(NotReady) as refused:
        deploy(deployment, operator)
    assert "the approval that oskar asked for" in str(refused.value.remedy)
    approvals.approve(approval, actor=reviewer, digest=approval.digest)
    assert deploy(deployment, operator).state == TaskState.QUEUED


def test_where_none_is_needed_nobody_is_asked(operator: Operator) -> None:
    deployment = stories.answered(operator, "checked")
    assert not approvals.needs(deployment)
    assert deploy(deployment, operator).state == TaskState.QUEUED


def test_the_settings_can_demand_it_of_every_deployment(operator: Operator, settings: Any) -> None:
    deployment = stories.answered(operator, "checked")
    settings.DEPLOYMENTS_NEED_APPROVAL = True
    with pytest.raises(NotReady) as refused:
        deploy(deployment, operator)
    assert "nobody yet; it takes a reviewer" in str(refused.value.remedy)


def test_a_plan_of_the_import_may_be_made_before_the_approval(
    deployment: Deployment, operator: Operator
) -> None:
    assert go_ahead.unchecked(deployment) == ()
    assert tasks.launch("plan_deployment", deployment=deployment, actor=operator).state == TaskState.QUEUED


def test_one_thing_changed_after_the_approval_is_named_and_stops_the_run(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approved(deployment, operator, reviewer)
    deployments.answer(deployment, "capacity", OTHER, actor=operator)
    found = approvals.standing(deployment)
    assert (found.state, found.holds) == ("outdated", False)
    assert [(change.path, change.before, change.after) for change in found.changed] == [
        ("capacity.machines", 120, 121)
    ]
    # Even before the preflight is run again, the refusal says which answer it was.
    for _again in (1, 2):
        with pytest.raises(NotReady) as refused:
            deploy(deployment, operator)
        assert str(found.changed[0].label) in str(refused.value.remedy)
        check_anew(deployment, operator)
        deployment.refresh_from_db()
    deployments.answer(deployment, "capacity", stories.ANSWERS["capacity"], actor=operator)
    check_anew(deployment, operator)
    deployment.refresh_from_db()
    assert approvals.standing(deployment).digest == approval.digest
    assert deploy(deployment, operator).state == TaskState.QUEUED


def test_another_file_in_the_templates_place_is_not_what_was_approved(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approved(deployment, operator, reviewer)
    again = stories.inspect(deployment, operator)
    assert state_of(deployment) == "approved"
    Task.objects.filter(pk=again.pk).update(result={**(again.result or {}), "modified_ns": "2"})
    check_anew(deployment, operator)
    assert [change.path for change in approvals.standing(deployment).changed] == ["template"]
    with pytest.raises(NotReady, match="cannot start yet") as refused:
        deploy(deployment, operator)
    assert "changed since: OVA template" in str(refused.value.remedy)
    approved(deployment, operator, reviewer)
    assert deploy(deployment, operator).state == TaskState.QUEUED


def test_another_name_is_not_what_was_approved(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approved(deployment, operator, reviewer)
    deployments.rename(deployment, name="paris-cs01", actor=operator)
    assert [change.path for change in approvals.standing(deployment).changed] == ["name"]


def test_the_digest_and_the_people_are_in_the_audit_trail(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approved(deployment, operator, reviewer)
    asked, given = AuditEntry.objects.filter(action__startswith="approval.").order_by("id")
    assert (asked.actor, given.actor) == (operator, reviewer)
    assert [(entry.after or {})["digest"] for entry in (asked, given)] == [approval.digest] * 2
    assert str(given.sentence) == (
        f"rosa approved {deployment.name} (SHA-256 of the answers: {approval.digest[:12]}), as oskar had asked."
    )


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("began", "You began this deployment yourself"),
        ("answers", "You answered Capacity"),
        ("answered", "You answered questions of this deployment yourself"),
        ("asked", "You asked for this approval yourself"),
    ],
)
def test_nobody_approves_what_they_had_a_part_in(
    deployment: Deployment, operator: Operator, admin: Operator, reviewer: Operator, part: str, said: str
) -> None:
    if part == "began":
        Deployment.objects.filter(pk=deployment.pk).update(created_by=admin)
    if part in ("answers", "answered"):
        deployments.answer(deployment, "capacity", OTHER, actor=admin)
    if part == "answered":
        deployments.answer(deployment, "capacity", stories.ANSWERS["capacity"], actor=operator)
    check_anew(deployment, operator)
    deployment.refresh_from_db()
    approval = approvals.ask(deployment, actor=admin if part == "asked" else operator)
    with pytest.raises(Conflict, match=said) as refused:
        approvals.approve(approval, actor=admin)
    assert refused.value.code == "same_person"
    assert "rosa" in str(refused.value.remedy)
    assert "ada" not in str(refused.value.remedy)
    assert list(approvals.waiting(admin)) == []
    assert list(approvals.waiting(reviewer)) == [approval]
    assert not approvals.may_decide(approval, admin)


@pytest.mark.parametrize("decide", [approvals.approve, approvals.reject])
def test_only_reviewers_and_administrators_decide(
    deployment: Deployment, operator: Operator, viewer: Operator, decide: Callable[..., Approval]
) -> None:
    approval = approvals.ask(deployment, actor=operator)
    second = make_operator("olga", Operator.Role.OPERATOR)
    for actor in (viewer, second):
        with pytest.raises(NotAllowed):
            decide(approval, actor=actor, reason="no")
        assert list(approvals.waiting(actor)) == []
    assert state_of(deployment) == "waiting"


def test_of_a_team_only_its_members_and_administrators_are_named(
    deployment: Deployment, admin: Operator, reviewer: Operator, django_assert_num_queries: Any
) -> None:
    member = make_operator("mona", Operator.Role.REVIEWER)
    team = Team.objects.create(name="Lyon")
    team.members.add(member)
    deployment.team = team
    deployment.save()
    with django_assert_num_queries(4):
        assert approvals.who_may_approve(deployment) == [admin, member]
    Team.objects.get().members.add(reviewer)
    with django_assert_num_queries(4):
        assert approvals.who_may_approve(deployment) == [admin, member, reviewer]


def test_a_reviewer_asks_for_nothing(deployment: Deployment, reviewer: Operator) -> None:
    with pytest.raises(NotAllowed):
        approvals.ask(deployment, actor=reviewer)


@pytest.mark.parametrize("upto", ["network", "vault"])
def test_what_is_not_answered_or_not_checked_cannot_be_asked_for(operator: Operator, upto: str) -> None:
    deployment = stories.answered(operator, upto)
    with pytest.raises(NotReady, match="nothing to approve yet") as refused:
        approvals.ask(deployment, actor=operator)
    said = str(refused.value.remedy)
    assert ("vault" in said.lower()) is (upto == "network")
    assert ("preflight" in said) is (upto == "vault")


def test_who_rejects_says_why_and_who_asked_reads_it(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approvals.ask(deployment, actor=operator)
    with pytest.raises(Invalid) as refused:
        approvals.reject(approval, actor=reviewer, reason="  ")
    assert [error.path for error in refused.value.errors] == ["reason"]
    approvals.reject(approval, actor=reviewer, reason="The vault is the wrong one.")
    with pytest.raises(NotReady) as stopped:
        deploy(deployment, operator)
    assert "rosa rejected these answers (The vault is the wrong one." in str(stopped.value.remedy)
    again = approvals.ask(deployment, actor=operator)
    assert state_of(deployment) == "waiting"
    assert again.pk != approval.pk


def test_one_request_at_a_time_and_the_same_answers_once(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    first = approvals.ask(deployment, actor=operator)
    with pytest.raises(Conflict) as refused:
        approvals.ask(deployment, actor=operator)
    assert refused.value.code == "already_asked"
    deployments.answer(deployment, "capacity", OTHER, actor=operator)
    check_anew(deployment, operator)
    deployment.refresh_from_db()
    assert state_of(deployment) == "outdated"
    second = approvals.ask(deployment, actor=operator)
    first.refresh_from_db()
    assert (first.state, second.state) == ("withdrawn", "waiting")
    approvals.approve(second, actor=reviewer)
    with pytest.raises(Conflict) as refused:
        approvals.ask(deployment, actor=operator)
    assert refused.value.code == "already_approved"


def test_answers_that_change_between_reading_and_approving_are_not_approved(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approvals.ask(deployment, actor=operator)
    deployments.answer(deployment, "capacity", OTHER, actor=operator)
    with pytest.raises(Outdated, match=r"Changed since: .*machines"):
        approvals.approve(approval, actor=reviewer, digest=approval.digest)
    check_anew(deployment, operator)
    deployment.refresh_from_db()
    anew = approvals.ask(deployment, actor=operator)
    with pytest.raises(Outdated, match="You read other answers"):
        approvals.approve(anew, actor=reviewer, digest=approval.digest)
    with pytest.raises(Conflict, match="oskar has withdrawn this"):
        approvals.approve(approval, actor=reviewer, digest=approval.digest)
    assert state_of(deployment) == "waiting"


def test_an_approval_withdrawn_while_the_work_waits_for_a_worker_stops_it(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approved(deployment, operator, reviewer)
    task = deploy(deployment, operator)
    approvals.withdraw(approval, actor=reviewer)
    tasks.execute(task.pk, "worker-1")
    task.refresh_from_db()
    assert (task.state, task.error["code"]) == (TaskState.FAILED, "not_ready")
    assert "approval" in str(task.error["remedy"])
    assert state_of(deployment) == "none"


def test_an_approval_is_not_withdrawn_beneath_work_that_rests_on_it(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approved(deployment, operator, reviewer)
    stories.running(deployment, "deploy_ova", operator)
    with pytest.raises(Conflict) as refused:
        approvals.withdraw(approval, actor=reviewer)
    assert refused.value.code == "task_running"
    assert state_of(deployment) == "approved"


def test_work_that_begins_says_in_its_log_who_approved_what(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approved(deployment, operator, reviewer)
    task = deploy(deployment, operator)
    # The template is not there; what counts here comes before it is looked for.
    tasks.execute(task.pk, "worker-1")
    lines = [str(event.message) for event in task.events.all()]
    assert f"Approved by rosa, SHA-256 of the answers: {approval.digest}" in lines


def test_the_digest_and_the_people_are_in_the_report_and_in_the_pack(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    assert "approval" not in json.loads(results.export(deployment, "json")[0])
    approval = approved(deployment, operator, reviewer)
    told = json.loads(results.export(deployment, "json")[0])["approval"]
    assert (told["by"], told["asked_by"], told["sha256"]) == ("rosa", "oskar", approval.digest)
    readme = hand_over_contents.readme(
        deployment,
        list(hand_over_contents.parts_of(deployment, actor=operator)),
        [],
        actor=operator,
        at=timezone.now(),
    )
    for text in (*(results.export(deployment, form)[0] for form in ("markdown", "html")), readme):
        assert "Approved by rosa on" in text
        assert approval.digest in text
    # Of other answers nobody has approved anything.
    deployments.answer(deployment, "capacity", OTHER, actor=operator)
    assert approval.digest not in results.export(deployment, "html")[0]


def test_who_had_a_part_in_it_does_not_let_it_off(
    deployment: Deployment, operator: Operator, admin: Operator, reviewer: Operator
) -> None:
    with pytest.raises(NotAllowed):
        approvals.require_approval(deployment, needed=False, actor=operator)
    deployments.answer(deployment, "capacity", OTHER, actor=admin)
    with pytest.raises(Conflict) as refused:
        approvals.require_approval(deployment, needed=False, actor=admin)
    assert refused.value.code == "same_person"
    seen = deployment.revision
    approvals.require_approval(deployment, needed=False, actor=reviewer, revision=seen)
    assert not Deployment.objects.get(pk=deployment.pk).needs_approval
    with pytest.raises(Outdated):
        approvals.require_approval(deployment, needed=True, actor=admin, revision=seen)
    approvals.require_approval(deployment, needed=True, actor=admin)
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="approval.")] == [
        "approval.demanded",
        "approval.waived",
    ]


def test_what_is_deployed_is_approved_no_more(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approvals.ask(deployment, actor=operator)
    stories.deploy(deployment, operator)
    for use in (
        lambda: approvals.approve(approval, actor=reviewer),
        lambda: approvals.reject(approval, actor=reviewer, reason="no"),
        lambda: approvals.withdraw(approval, actor=operator),
        lambda: approvals.require_approval(deployment, needed=False, actor=reviewer),
    ):
        with pytest.raises(Conflict) as refused:
            use()
        assert refused.value.code == "already_deployed"


def test_an_answer_file_asks_once_and_goes_on_when_it_is_approved(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    followed: list[str] = []

    def follow(task: Task) -> Task:
        followed.append(task.kind)
        raise KeyboardInterrupt

    errand = Errand(actor=operator, follow=follow, tell=lambda _text: None)
    for _again in (1, 2):
        with pytest.raises(WaitsForPerson, match="waits for another person") as waits:
            automation.carry_on(deployment, errand=errand)
        assert (waits.value.code, followed) == ("waits_for_approval", [])
    approval = deployment.approvals.get()
    approvals.reject(approval, actor=reviewer, reason="Another vault.")
    with pytest.raises(WaitsForPerson, match="rosa rejected these answers") as waits:
        automation.carry_on(deployment, errand=errand)
    assert "Change what was rejected" in str(waits.value.remedy)
    approvals.approve(approvals.ask(deployment, actor=operator), actor=reviewer)
    with pytest.raises(KeyboardInterrupt):
        automation.carry_on(deployment, errand=errand)
    assert followed == ["deploy_ova"]


def test_an_installation_by_hand_waits_for_the_approval_as_well(operator: Operator) -> None:
    deployment = by_hand(operator)
    Deployment.objects.filter(pk=deployment.pk).update(needs_approval=True)
    deployment.refresh_from_db()
    step = manual_steps.overview(deployment)[0].step.id
    for refused in (
        lambda: installation_bundle.stream(deployment, actor=operator),
        lambda: manual_steps.confirm(deployment, step, actor=operator),
    ):
        with pytest.raises(NotReady) as error:
            refused()
        assert "the approval of these answers" in str(error.value.remedy)
    stories.check(deployment, operator)
    with pytest.raises(NotReady) as error:
        tasks.launch("verify_installation", deployment=deployment, actor=operator)
    assert "the approval of these answers" in str(error.value.remedy)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_is_told_that_the_other_has(
    deployment: Deployment, operator: Operator, reviewer: Operator
) -> None:
    approval = approvals.ask(deployment, actor=operator)
    second = make_operator("rune", Operator.Role.REVIEWER)
    ready = threading.Barrier(2)
    ended: list[str] = []

    def decide(use: Callable[[Approval], Approval]) -> None:
        try:
            mine = Approval.objects.get(pk=approval.pk)
            ready.wait(10)
            use(mine)
            ended.append("decided")
        except Conflict as error:
            ended.append(error.code)
        finally:
            connection.close()

    uses: tuple[Callable[[Approval], Approval], ...] = (
        lambda row: approvals.approve(row, actor=reviewer),
        lambda row: approvals.reject(row, actor=second, reason="no"),
    )
    threads = [threading.Thread(target=decide, args=(use,)) for use in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ended) == ["already_decided", "decided"]
    assert AuditEntry.objects.filter(action__in=("approval.approved", "approval.rejected")).count() == 1
