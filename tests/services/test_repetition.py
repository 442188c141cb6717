"""Work that a dead worker left is done again by another one, but a password is not sent a second time by that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.walk import Failure, Walk
from wizard.models import Credential, Task, TaskState
from wizard.services.tasks.runner import claim

pytestmark = [pytest.mark.vcenter, pytest.mark.every_database]


def abandoned(walk: Walk, kind: str) -> Task:
    """A task whose worker died."""
    task = walk.launch(kind)
    claim(task.pk, "a worker that dies")
    Task.objects.filter(pk=task.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    return task


@pytest.mark.parametrize("kind", ["register_vcenter", "discover_machines"])
def test_a_password_that_a_dead_worker_had_in_hand_is_not_sent_again_by_itself(walk: Walk, kind: str) -> None:
    walk.to("registered" if kind == "discover_machines" else "deployed")
    walk.enter_password()
    task = abandoned(walk, kind)
    Credential.objects.filter(name=walk.credential).update(standing="trying")
    before = walk.control.logins()
    failure = Failure(walk.execute(task))
    assert failure.code == "credential_untried"
    assert f"while the password of “{walk.credential}” was being tried" in failure.message
    assert "Start it again to try the password once more" in failure.remedy
    assert walk.control.logins() == before
    walk.done(kind)
    assert walk.standing == "accepted"


def test_a_deployment_whose_worker_died_at_the_sign_in_leaves_the_account_usable(walk: Walk) -> None:
    task = abandoned(walk.to("checked"), "deploy_ova")
    Credential.objects.filter(name=walk.credential).update(standing="trying")
    assert Failure(walk.execute(task)).code == "worker_lost"
    assert walk.standing == "untried"
    walk.done("sign_in_vcenter")
    walk.done("deploy_ova")


@pytest.mark.parametrize(
    ("stage", "kind"),
    [("vault", "preflight"), ("deployed", "register_vcenter"), ("registered", "record_topology")],
)
def test_work_that_is_safe_to_repeat_goes_on_after_a_dead_worker(walk: Walk, stage: str, kind: str) -> None:
    task = walk.to(stage).execute(abandoned(walk, kind))
    assert (task.state, task.attempt) == (TaskState.SUCCEEDED, 2)


def test_what_takes_its_worker_down_three_times_is_given_up(walk: Walk) -> None:
    task = abandoned(walk.to("vault"), "preflight")
    Task.objects.filter(pk=task.pk).update(attempt=3)
    failure = Failure(walk.execute(task))
    assert failure.code == "worker_lost"
    assert failure.remedy == "Start it again."
    walk.done("preflight")
