"""The task with which a person has the vault looked at now."""

from __future__ import annotations

import time
from typing import Any, Final

from wizard.models import Deployment, Severity
from wizard.services import azure_access
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_observation import claim
from wizard.services.vault_observation.claim import Claim
from wizard.services.vault_observation.looking import look
from wizard.services.vault_observation.schedule import WATCHED_STATES
from wizard.text import Text, _

# Seconds between two tries to get the claim that the schedule has.
_LOOK_AGAIN_S: Final = 0.5


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """An Azure account in the vault step, and something that can be in the vault."""
    missing = []
    if deployment.state not in WATCHED_STATES:
        missing.append(Text(_("a deployment that stands, and was not taken out of service")))
    if not azure_access.account_name(deployment):
        missing.append(Text(_("an Azure account in the vault step")))
    return Prepared(missing=tuple(missing))


def run(progress: Progress) -> Done:
    right = _claim(progress)
    outcome = look(right, report=progress.phase, check=progress.check)
    return Done(
        summary=Text(
            _(
                "Components seen: %(components)s, differences: %(differences)s; the worst state is: %(severity)s."
            ),
            components=outcome.components,
            differences=outcome.differences,
            severity=Text(_WORDS[outcome.severity]),
        ),
        result={
            "observation": outcome.number,
            "changed": outcome.changed,
            "severity": outcome.severity,
            "components": outcome.components,
            "differences": outcome.differences,
            "read_at": outcome.read_at.isoformat() if outcome.read_at else None,
        },
    )


# Lower case, in the middle of a sentence.
_WORDS: Final = {
    Severity.OK: _("healthy"),
    Severity.UNKNOWN: _("not known"),
    Severity.WARNING: _("warning"),
    Severity.CRITICAL: _("critical"),
}


def _claim(progress: Progress) -> Claim:
    """The right to look; what the schedule began just now is waited for."""
    said = False
    while (right := claim.take(progress.task.deployment_id)) is None:
        if not said:
            progress.info(Text(_("Another look at this vault is under way; this one comes after it.")))
            said = True
        progress.check()
        time.sleep(_LOOK_AGAIN_S)
    return right
