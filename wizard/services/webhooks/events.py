"""What can be told of, by codes that stay."""

from __future__ import annotations

from typing import Final

from wizard.text import _

EVENTS: Final[dict[str, str]] = {
    "deployment.created": _("A deployment was begun"),
    "deployment.changed": _("Answers or the name of a deployment changed"),
    "deployment.state_changed": _("A deployment came to another state"),
    "deployment.deleted": _("A draft was deleted"),
    "task.queued": _("A task was started and waits for a worker"),
    "task.started": _("A worker began a task"),
    "task.succeeded": _("A task succeeded"),
    "task.failed": _("A task failed"),
    "task.cancelled": _("A task was cancelled"),
    "approval.asked": _("Somebody asked for the approval of a deployment"),
    "approval.approved": _("A deployment was approved"),
    "approval.rejected": _("A deployment was rejected"),
    "approval.withdrawn": _("An approval, or the request for one, was withdrawn"),
    "waiver.asked": _("Somebody asked for a waiver"),
    "waiver.approved": _("A waiver came into force"),
    "waiver.ended": _("A waiver was rejected or taken back"),
    "notice.raised": _("Something in the vault became worse"),
}
# Sent to one webhook when somebody asks for it, whatever it listens to.
PING: Final = "ping"

# Much of it is in the audit trail by the same act, and told of as it is written there.
OF_AUDIT: Final[dict[str, str]] = {
    "deployment.created": "deployment.created",
    "deployment.answered": "deployment.changed",
    "deployment.renamed": "deployment.changed",
    "deployment.deleted": "deployment.deleted",
    "approval.asked": "approval.asked",
    "approval.approved": "approval.approved",
    "approval.rejected": "approval.rejected",
    "approval.withdrawn": "approval.withdrawn",
    "waiver.asked": "waiver.asked",
    "waiver.granted": "waiver.approved",
    "waiver.approved": "waiver.approved",
    "waiver.refused": "waiver.ended",
    "waiver.taken_back": "waiver.ended",
}
