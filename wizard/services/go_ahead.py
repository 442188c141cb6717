"""Whether work that sets a machine up may begin: preflight has passed, and who had to approve did, for the very answers of now."""

from __future__ import annotations

from django.db import transaction

from wizard.models import Deployment, DeploymentState
from wizard.services import deployment_progress, deployments, preflight
from wizard.services.approval_standing import lacking_approval, needs, standing
from wizard.services.errors import Conflict, NotReady
from wizard.services.tasks.progress import Progress
from wizard.text import Text, _


def lacking(deployment: Deployment) -> tuple[Text, ...]:
    """What must be done before something is set up: the preflight, and an approval where one is needed.

    Raises Conflict `already_deployed`.
    """
    # Both are said at once: who changes an answer after the approval reads which one it was.
    return (*unchecked(deployment), *lacking_approval(deployment))


def unchecked(deployment: Deployment) -> tuple[Text, ...]:
    """What must be done before something is planned, or asked to be approved: a preflight that passed for the answers of now.

    Any change of answers takes the deployment back to draft.

    Raises Conflict `already_deployed`.
    """
    if not deployment.is_open:
        raise Conflict(
            Text(_("The appliance of %(name)s was deployed already."), name=deployment.name),
            code="already_deployed",
        )
    # An account entered anew after the preflight is one that nothing was checked with.
    steps = deployment_progress.overview(deployment)
    unproven = preflight.unanswered_among(steps, deployment.profile)
    if unproven:
        return unproven
    # Judged anew for the overview, as a waiver may have come to its end since the preflight ran.
    if any(status.step.id == "preflight" and status.status == "complete" for status in steps):
        return ()
    outdated = preflight.outdated(deployment)
    verdict = preflight.verdict_of(deployment)
    if verdict is not None and verdict.blocked and not outdated:
        return (Text(_("what preflight found to be mended or waived: %(ids)s"), ids=list(verdict.blocking)),)
    if deployment.state != DeploymentState.CHECKED or outdated:
        return (Text(_("a preflight without blocking findings, run after the last change")),)
    return ()


def refuse_unfit(progress: Progress, title: Text, *, changing: bool = True) -> None:
    """Ask once more when the work begins: a task may have waited for a worker until a waiver ended. Raises NotReady.

    Work that is not `changing` anything outside needs no approval.
    """
    deployment = progress.task.deployment
    # An approval that is being withdrawn holds this row: either that is seen here, or it is refused as the task runs.
    with transaction.atomic():
        deployments.hold(deployment)
        missing = lacking(deployment) if changing else unchecked(deployment)
    if missing:
        raise NotReady(Text(_("%(title)s cannot start yet."), title=title), missing=missing)
    if changing and needs(deployment) and (approval := standing(deployment).approval) is not None:
        progress.info(
            Text(
                _("Approved by %(who)s, SHA-256 of the answers: %(digest)s"),
                who=approval.decided_by.get_username() if approval.decided_by else "",
                digest=approval.digest,
            )
        )
