"""The state of a deployment follows the verdict, as long as nothing is deployed."""

from __future__ import annotations

from wizard.checks.engine import Gate
from wizard.models import Deployment, DeploymentState
from wizard.services import deployments, results


def settle(deployment: Deployment, verdict: Gate) -> None:
    deployment.refresh_from_db()
    if deployment.is_open:
        deployments.move_to(deployment, DeploymentState.DRAFT if verdict.blocked else DeploymentState.CHECKED)


def settle_anew(deployment: Deployment) -> None:
    """After a waiver or an attestation: what was found is the same, what follows from it may not be."""
    # Results count only while they are of the present answers; a changed answer took the state back to draft, and an old
    # run must not lift it again by way of a waiver.
    verdict = results.verdict_of(deployment)
    if verdict is not None and (verdict.blocked or not results.outdated(deployment)):
        settle(deployment, verdict)
