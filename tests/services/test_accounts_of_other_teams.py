"""An account that is another team's by now is used by no task; the account that reads a shared vCenter stays with its team."""

from __future__ import annotations

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from tests.api.client import Api, ok, token_of
from tests.builders import make_operator
from tests.lab_fixtures import leave_vcenter
from tests.services.conftest import Begin
from tests.waiting import wait_until
from tests.walk import Failure, Walk
from wizard.models import (
    AuditEntry,
    Credential,
    Deployment,
    DeploymentState,
    Machine,
    Operator,
    Task,
    TaskEvent,
    TaskState,
    Team,
    VCenter,
)
from wizard.services import deployment_team, deployments, discovery, freshness, tasks, vcenter_registry
from wizard.services.errors import Conflict
from wizard.services.permissions import forget_teams
from wizard.services.vcenter_access import open_session

pytestmark = pytest.mark.vcenter


def of_team(walk: Walk, name: str) -> Team:
    """Deployment and account are that team's."""
    team, _new = Team.objects.get_or_create(name=name)
    team.members.add(walk.operator)
    forget_teams(walk.operator)
    Deployment.objects.filter(pk=walk.deployment.pk).update(team=team)
    Credential.objects.filter(name=walk.credential).update(team=team)
    walk.deployment.refresh_from_db()
    return team


def standing(begin: Begin, name: str, team: str, account: str = "asr-operator") -> Walk:
    """Its appliance is there, as far as registering asks."""
    walk = begin(name).to("source")
    walk.answer("capacity")
    walk.trust(account)
    of_team(walk, team)
    walk.done("sign_in_vcenter")
    Deployment.objects.filter(pk=walk.deployment.pk).update(state=DeploymentState.DEPLOYED)
    walk.deployment.refresh_from_db()
    return walk


def logins(walk: Walk) -> dict[str, int]:
    return {name: counts["attempts"] for name, counts in walk.control.logins().items()}


# --- use ----------------------------------------------------------------------------------------------------------------


def test_an_account_that_was_moved_after_the_launch_is_not_used(walk: Walk) -> None:
    walk.to("capacity").trust()
    of_team(walk, "Lyon")
    task = walk.launch("sign_in_vcenter")
    Credential.objects.update(team=Team.objects.create(name="Essen"))
    walk.control.reset_logins()
    failure = Failure(walk.execute(task))
    assert failure.code == "account_of_other_team"
    assert walk.credential in failure.message
    assert walk.deployment.name in failure.message
    assert "deployment’s own team" in failure.remedy
    assert walk.control.logins() == {}


def test_a_deployment_that_was_given_away_since_it_was_read_does_not_use_it_either(walk: Walk) -> None:
    walk.to("capacity").trust()
    of_team(walk, "Lyon")
    answers = deployments.answers_of(walk.deployment)["vcenter"]
    with open_session(answers, walk.deployment):
        pass
    Deployment.objects.update(team=Team.objects.create(name="Essen"))
    # The session of before is still there, and this deployment was read when it was Lyon's.
    with pytest.raises(Conflict) as refused, open_session(answers, walk.deployment):
        pytest.fail("lent")
    assert refused.value.code == "account_of_other_team"


def test_a_session_that_ended_is_not_renewed_with_an_account_that_was_moved(walk: Walk) -> None:
    walk.to("capacity").trust()
    of_team(walk, "Lyon")
    answers = deployments.answers_of(walk.deployment)["vcenter"]
    with open_session(answers, walk.deployment) as session:
        Credential.objects.update(team=Team.objects.create(name="Essen"))
        walk.control.reset_logins()
        walk.control.expire_sessions()
        with pytest.raises(Exception, match="given to another team"):
            session.server_time()
    assert logins(walk) == {}


def test_deployment_and_account_that_move_together_work_on(walk: Walk, admin: Operator) -> None:
    walk.to("capacity").trust()
    of_team(walk, "Lyon")
    Team.objects.create(name="Essen").members.add(walk.operator)
    walk.done("sign_in_vcenter")
    deployment_team.give(walk.deployment, team="Essen", actor=admin)
    forget_teams(walk.operator)
    assert Credential.objects.get().team == walk.deployment.team
    walk.done("sign_in_vcenter")
    entry = AuditEntry.objects.get(action="deployment.given_to_team")
    assert entry.after == {"team": "Essen", "accounts": [walk.credential]}


# --- a vCenter that several teams use -----------------------------------------------------------------------------------


def test_the_machines_are_read_with_the_account_of_the_first_team(begin: Begin) -> None:
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    machines = Machine.objects.filter(gone_at=None).count()
    second = standing(begin, "second", "Essen", "asr-readonly")
    task = second.done("register_vcenter")
    row = VCenter.objects.get()
    assert row.credential.name == first.credential
    assert {found.name for found in row.deployments.all()} == {"first", "second"}
    assert Machine.objects.filter(gone_at=None).count() == machines
    assert task.result is not None
    assert task.result["machines_read_with_own_account"] is False
    assert any("account of that one, as before" in str(event.message) for event in task.events.all())
    entry = AuditEntry.objects.filter(action="vcenter.registered").latest("pk")
    assert entry.after is not None
    assert entry.after["machines_read_with"] == "another_deployments_account"
    assert first.credential not in str(entry.after)
    # Whose account that is, is for its team; and so is the name under which it signs in.
    outsider = make_operator("essen", Operator.Role.VIEWER)
    outsider.teams.add(Team.objects.get(name="Essen"))
    assert ok(Api(token_of(outsider, "read")).get(f"vcenters/{row.pk}/"))["credential"] == ""
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.UNTRIED)
    (fresh,) = freshness.of_deployment(second.deployment)
    assert str(fresh.waits).startswith("The password of another team’s account was entered anew")
    (fresh,) = freshness.of_deployment(first.deployment)
    assert first.vcenter.account("asr-operator").username in str(fresh.waits)
    # Its own work goes on with its own account.
    with open_session(deployments.answers_of(second.deployment)["vcenter"], second.deployment) as session:
        assert session.account_name == second.vcenter.account("asr-readonly").username


def test_why_the_machines_could_not_be_read_does_not_name_the_account_of_another_team(begin: Begin) -> None:
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    user = first.vcenter.account("asr-operator").username
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
    assert user in first.failed("discover_machines").message, "as long as its own team alone reads it"
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.ACCEPTED)
    second = standing(begin, "second", "Essen", "asr-readonly")
    second.done("register_vcenter")
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
    failure = second.failed("discover_machines")
    assert failure.code == "credential_rejected"
    assert failure.message == (
        "The password of the account for vCenter was refused before; it is not sent again."
    )
    (fresh,) = freshness.of_deployment(second.deployment)
    assert fresh.failure is not None
    assert user not in str(fresh.failure.text)


@pytest.mark.parametrize("why", ["refused", "out of service", "moved", "another certificate"])
def test_an_account_that_can_do_so_no_more_is_replaced(begin: Begin, why: str) -> None:
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    second = standing(begin, "second", "Essen")
    match why:
        case "refused":
            Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
        case "out of service":
            Deployment.objects.filter(name="first").update(state=DeploymentState.DECOMMISSIONED)
        case "moved":
            Credential.objects.filter(name=first.credential).update(team=Team.objects.create(name="Oslo"))
        case _:
            VCenter.objects.update(thumbprint_sha256="00:11")
    task = second.done("register_vcenter")
    row = VCenter.objects.get()
    assert row.credential.name == second.credential
    assert row.thumbprint_sha256 == second.vcenter.thumbprint_sha256
    assert task.result is not None
    assert task.result["machines_read_with_own_account"] is True


def test_a_registration_that_fails_leaves_the_account_as_it_was(begin: Begin) -> None:
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    second = standing(begin, "second", "Essen")
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
    discovery.close_watches()
    second.control.add_fault("CreateContainerView", "NoPermission", count=9)
    failure = second.failed("register_vcenter")
    assert failure.code
    assert VCenter.objects.get().credential.name == first.credential
    assert [found.name for found in VCenter.objects.get().deployments.all()] == ["first"]


def test_a_worker_that_is_killed_while_it_registers_leaves_the_account_as_it_was(begin: Begin) -> None:
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    second = standing(begin, "second", "Essen")
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
    # The worker comes as far as to the reading of the machines, where it waits for another refresh.
    right = discovery.take(VCenter.objects.get().pk)
    assert right is not None
    task = second.launch("register_vcenter")
    leave_vcenter()
    # A child has its own connections to the database, as a worker process has.
    connections.close_all()
    worker = os.fork()
    if worker == 0:
        try:
            tasks.execute(task.pk, "a worker that is killed")
        finally:
            os._exit(1)
    try:
        wait_until(
            lambda: any("this one comes after it" in str(event.message) for event in task.events.all())
        )
    finally:
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
    row = VCenter.objects.get()
    assert row.credential.name == first.credential
    assert [found.name for found in row.deployments.all()] == ["first"]

    right.end()
    second.control.expire_sessions()
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    second.execute(task)
    assert (task.state, task.attempt) == (TaskState.SUCCEEDED, 2)
    row.refresh_from_db()
    assert row.credential.name == second.credential
    assert {found.name for found in row.deployments.all()} == {"first", "second"}


def test_who_registers_meanwhile_keeps_the_account_of_the_vcenter(begin: Begin) -> None:
    """Two replace a refused account at once: the one that comes to its end first is the one that the machines are read with."""
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    second, third = standing(begin, "second", "Essen"), standing(begin, "third", "Oslo")
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
    answers = deployments.answers_of(second.deployment)["vcenter"]
    with open_session(answers, second.deployment) as session:
        waiting = vcenter_registry.save(answers, session.about, second.deployment)
    third.done("register_vcenter")
    with transaction.atomic():
        waiting.settle(second.deployment)
    assert VCenter.objects.get().credential.name == third.credential


def test_who_lets_the_account_be_of_who_registered_meanwhile_says_so_and_has_the_machines_read_with_it(
    begin: Begin,
) -> None:
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    second, third = standing(begin, "second", "Essen"), standing(begin, "third", "Oslo")
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
    row = VCenter.objects.get()
    right = discovery.take(row.pk)
    assert right is not None

    def register_the_third() -> None:
        try:
            wait_until(
                lambda: any(
                    "this one comes after it" in str(event.message) for event in TaskEvent.objects.all()
                )
            )
            VCenter.objects.update(credential=Credential.objects.get(name=third.credential))
            row.deployments.add(third.deployment)
        finally:
            right.end()
            connection.close()

    meanwhile = threading.Thread(target=register_the_third, daemon=True)
    meanwhile.start()
    task = second.done("register_vcenter")
    meanwhile.join()
    row.refresh_from_db()
    assert row.credential.name == third.credential
    assert task.result is not None
    assert task.result["machines_read_with_own_account"] is False
    assert any("account of that one, as before" in str(event.message) for event in task.events.all())
    entry = AuditEntry.objects.filter(action="vcenter.registered").latest("pk")
    assert entry.after is not None
    assert entry.after["machines_read_with"] == "another_deployments_account"
    assert row.next_refresh_at is not None
    assert row.next_refresh_at <= timezone.now()


def test_what_a_replaced_account_saw_last_is_not_where_the_next_reading_goes_on(begin: Begin) -> None:
    first = standing(begin, "first", "Lyon")
    first.done("register_vcenter")
    before = set(VCenter.objects.get().watches)
    second = standing(begin, "second", "Essen")
    Credential.objects.filter(name=first.credential).update(standing=Credential.Standing.REJECTED)
    second.done("register_vcenter")
    assert before
    assert not before & set(VCenter.objects.get().watches)


def test_a_row_that_a_dead_worker_left_unread_goes_with_the_next_failure(begin: Begin) -> None:
    walk = standing(begin, "first", "Lyon")
    answers = deployments.answers_of(walk.deployment)["vcenter"]
    with open_session(answers, walk.deployment) as session:
        vcenter_registry.save(answers, session.about, walk.deployment)
    assert VCenter.objects.count() == 1
    walk.control.add_fault("CreateContainerView", "NoPermission", count=9)
    assert walk.failed("register_vcenter").code
    assert not VCenter.objects.exists()


def test_the_schedule_reads_nothing_with_the_account_of_a_team_that_has_left(begin: Begin) -> None:
    first, second = standing(begin, "first", "Lyon"), standing(begin, "second", "Essen")
    first.done("register_vcenter")
    second.done("register_vcenter")
    Deployment.objects.filter(name="first").update(state=DeploymentState.DECOMMISSIONED)
    row = VCenter.objects.get()
    VCenter.objects.update(next_refresh_at=None)
    second.control.reset_logins()
    assert discovery.refresh_if_due(row.pk) is False
    row.refresh_from_db()
    assert row.refresh_failure_details["code"] == "account_of_other_team"
    assert first.credential not in str(row.refresh_failure)
    assert "Register the vCenter again" in str(row.refresh_remedy)
    assert logins(second) == {}
    second.done("register_vcenter")
    VCenter.objects.update(next_refresh_at=None)
    assert discovery.refresh_if_due(row.pk) is True


def test_a_team_leaves_a_shared_vcenter_with_its_own_account(begin: Begin, admin: Operator) -> None:
    """What stands in the way of giving it away is an account that others name, not a vCenter that others use."""
    first, second = standing(begin, "first", "Lyon"), standing(begin, "second", "Lyon")
    first.done("register_vcenter")
    second.done("register_vcenter")
    Team.objects.create(name="Essen").members.add(first.operator)
    for walk in (first, second):
        deployment_team.give(walk.deployment, team="Essen", actor=admin)
        forget_teams(walk.operator)
        assert Credential.objects.get(name=walk.credential).team == walk.deployment.team
        assert discovery.refresh_if_due(VCenter.objects.get().pk) in (True, False)
        assert VCenter.objects.get().refresh_failure_details == {}
    assert second.run("discover_machines").state == TaskState.SUCCEEDED
