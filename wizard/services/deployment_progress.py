"""How far a deployment has come: what of it is done, and its steps as a task list."""

from __future__ import annotations

from typing import Final

from wizard.journey import base as journey
from wizard.models import Deployment, DeploymentState, TaskState
from wizard.services import evidence, results
from wizard.services.answers import Answers, answers_of

# What is done once a deployment has come to a state: by the template or by hand, it is deployed.
_DONE_BY_STATE: Final = (
    (DeploymentState.DEPLOYED, ("deploy", "install")),
    (DeploymentState.REGISTERED, ("register",)),
    (DeploymentState.RECORDED, ("record",)),
)


def completed_steps(deployment: Deployment, answers: Answers | None = None) -> set[str]:
    """What is done, work steps by the deployment's state, and answers that need proof only with it."""
    answers = answers_of(deployment) if answers is None else answers
    done = {"profile", *answers}
    if "vcenter" in answers and evidence.signed_in(deployment, answers["vcenter"]) is None:
        done.discard("vcenter")
    if "template" in answers and evidence.inspected(deployment, answers["template"]) is None:
        done.discard("template")
    # A component that was chosen later may need more of a step than was asked at its time.
    if not evidence.joins_a_server(answers):
        done.discard("installation")
    if "evidence" in answers and evidence.of_the_machine(deployment, answers) is None:
        done.discard("evidence")
    order = list(DeploymentState)
    came_to = order.index(reached(deployment))
    for state, steps in _DONE_BY_STATE:
        if came_to >= order.index(state):
            done.update(steps)
    if came_to >= order.index(DeploymentState.CHECKED):
        # Asked anew: a waiver may have ended since, or the template been replaced, without anybody having been here.
        verdict = results.verdict_of(deployment)
        holds = not (deployment.is_open and results.outdated(deployment))
        if verdict is not None and not verdict.blocked and holds:
            done.add("preflight")
    return done


def reached(deployment: Deployment) -> DeploymentState:
    """How far its set-up has come; for one that is out of service, how far it had come before."""
    state = DeploymentState(deployment.state)
    if state != DeploymentState.DECOMMISSIONED:
        return state
    if deployment.snapshots.exists():
        return DeploymentState.RECORDED
    registered = deployment.tasks.filter(kind="register_vcenter", state=TaskState.SUCCEEDED).exists()
    return DeploymentState.REGISTERED if registered else DeploymentState.DEPLOYED


def overview(deployment: Deployment) -> list[journey.StepStatus]:
    """The task list: every step with its status, and why it cannot start where it cannot."""
    answers = answers_of(deployment)
    return journey.progress(deployment.profile, completed_steps(deployment, answers), answers)
