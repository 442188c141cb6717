"""Facts of target machines: what collectors wrote there, told apart with care and kept with its age."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import transaction
from django.utils import timezone

from wizard.checks import freshness
from wizard.hosts import document
from wizard.hosts.document import DocumentRefused, HostDocument, Observed
from wizard.journey.errors import FieldError
from wizard.models import CollectorIssue, Deployment, DeploymentState, HostFacts, Operator
from wizard.models.task import ACTIVE_STATES
from wizard.services import audit, deployments, evidence
from wizard.services.answers import answers_in_play
from wizard.services.collector_scripts import components_to_ask, issue_script
from wizard.services.errors import Invalid
from wizard.services.opening import opening
from wizard.services.storable import storable
from wizard.text import Text, _
from wizard.topology.graph import Kind
from wizard.topology.roles import ROLES

__all__ = ["FactsRefused", "age", "components_to_ask", "is_old", "issue_script", "latest", "receive"]


class FactsRefused(Invalid):
    """A document that is not taken; `code` says why."""

    def __init__(self, text: Text, *, remedy: Text, code: str) -> None:
        super().__init__([FieldError(path="document", message=text, code=code)], text)
        self.remedy = remedy
        self.code = code


@transaction.atomic
def receive(
    deployment: Deployment, data: bytes, *, actor: Operator, way: str = HostFacts.Way.UPLOAD
) -> HostFacts:
    """Keep what a collector wrote. Raises FactsRefused, each reason with a code of its own:

    too_big, wrong_encoding, not_json, wrong_schema, incomplete, unknown_nonce, tampered, other_deployment, expired,
    other_component, other_host, same_document, older.
    """
    deployments.hold_for(actor, "facts.give", deployment)
    try:
        found = document.read(data)
        issue = _issue_of(found)
        with opening(str(issue)):
            key = issue.key()
        found.verify(key)
    except DocumentRefused as refused:
        raise FactsRefused(refused.text, remedy=refused.remedy, code=refused.code) from None
    _refuse_misdirected(deployment, issue, found, actor)
    now = timezone.now()
    # The clock of the machine may be wrong (there is a check for that): it cannot have run before the script was there, nor
    # later than now.
    collected_at = min(max(found.finished_at, issue.issued_at), now)
    # The text that is signed: the same document saved with other line ends is still the same.
    digest = hashlib.sha256(found.signed.replace(b"\r", b"")).hexdigest()
    before = latest(deployment, issue.component)
    _refuse_old(deployment, digest, collected_at, before)
    row = HostFacts.objects.create(
        deployment=deployment,
        component=issue.component,
        issue=issue,
        way=way,
        host_name=found.host_name,
        machine_id=found.machine_id or "",
        collected_at=collected_at,
        facts=_stored_form(found),
        digest=digest,
        received_by=actor,
    )
    audit.record(
        "facts.received",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s brought the facts of %(host)s (%(component)s) to %(name)s."),
            who=actor.username,
            host=row.host_name,
            component=ROLES[cast(Kind, row.component)].title,
            name=deployment.name,
        ),
        after={"way": way, "collected_at": collected_at.isoformat(), "digest": digest},
    )
    if before is not None and before.machine_id != row.machine_id:
        _note_another_machine(deployment)
    return row


def latest(deployment: Deployment, component: str) -> HostFacts | None:
    """The newest facts of that component's machine."""
    return deployment.host_facts.filter(component=component).defer("facts").first()


def age(deployment: Deployment, component: str) -> timedelta | None:
    """How long ago the newest facts were collected; None where there are none."""
    row = latest(deployment, component)
    return timezone.now() - row.collected_at if row else None


def is_old(row: HostFacts) -> bool:
    """Whether these facts are old enough to say so (a day)."""
    return freshness.is_old(row.collected_at, timezone.now())


# --- inside ----------------------------------------------------------------------------------------------------------


def _issue_of(found: HostDocument) -> CollectorIssue:
    issue = CollectorIssue.objects.select_related("deployment").filter(nonce=found.nonce).first()
    if issue is None:
        raise FactsRefused(
            Text(_("This document answers a script that this wizard did not make.")),
            remedy=Text(
                _("Download the script from this deployment, run it on the machine, upload its result.")
            ),
            code="unknown_nonce",
        )
    return issue


def _refuse_misdirected(
    deployment: Deployment, issue: CollectorIssue, found: HostDocument, actor: Operator
) -> None:
    """What is genuine may still not belong here."""
    again = Text(_("Download the script from this deployment, run it on the machine, upload its result."))
    if issue.deployment_id != deployment.pk:
        seen = deployments.visible_deployments(actor).filter(pk=issue.deployment_id).first()
        text = (
            Text(
                _("This document belongs to the deployment %(other)s, not to %(name)s."),
                other=seen.name,
                name=deployment.name,
            )
            if seen
            else Text(
                _("This document belongs to another deployment, not to %(name)s."), name=deployment.name
            )
        )
        raise FactsRefused(text, remedy=again, code="other_deployment")
    if issue.expired:
        raise FactsRefused(
            Text(
                _("The script that wrote this document was good until %(end)s."),
                end=issue.expires_at.date().isoformat(),
            ),
            remedy=again,
            code="expired",
        )
    asked = components_to_ask(deployment)
    if found.component != issue.component or issue.component not in asked:
        raise FactsRefused(
            Text(
                _("This document is of the component %(found)s; expected is one of: %(expected)s."),
                found=found.component,
                expected=list(asked),
            ),
            remedy=again,
            code="other_component",
        )
    wanted = answers_in_play(deployment).get("network", {}).get("host_name", "")
    if issue.component != "mt_linux" and not evidence.same_host(found.host_name, wanted):
        raise FactsRefused(
            Text(
                _("This document is of the machine %(found)s; the network step names %(expected)s."),
                found=found.host_name,
                expected=wanted,
            ),
            remedy=Text(
                _("Run the script on %(expected)s, or correct the host name in the network step."),
                expected=wanted,
            ),
            code="other_host",
        )


def _refuse_old(
    deployment: Deployment, digest: str, collected_at: datetime, before: HostFacts | None
) -> None:
    again = Text(_("Run the script once more and upload what it writes then."))
    same = deployment.host_facts.filter(digest=digest).defer("facts").first()
    if same is not None:
        raise FactsRefused(
            Text(
                _("This very document was received on %(at)s already."),
                at=f"{same.received_at:%Y-%m-%d %H:%M} UTC",
            ),
            remedy=again,
            code="same_document",
        )
    if before is not None and collected_at < before.collected_at:
        raise FactsRefused(
            Text(
                _("This document was collected at %(found)s; what is kept is newer, of %(kept)s."),
                found=f"{collected_at:%Y-%m-%d %H:%M:%S} UTC",
                kept=f"{before.collected_at:%Y-%m-%d %H:%M:%S} UTC",
            ),
            remedy=again,
            code="older",
        )


def _stored_form(found: HostDocument) -> dict[str, Any]:
    return {
        key: {"value": storable(fact.value)}
        if isinstance(fact, Observed)
        else {"reason": fact.reason.to_json()}
        for key, fact in found.facts.items()
    }


def _note_another_machine(deployment: Deployment) -> None:
    """Another machine in the place of the one that was checked is a change like that of an answer."""
    busy = deployment.tasks.filter(state__in=ACTIVE_STATES, changing=True).exists()
    if deployment.state == DeploymentState.CHECKED and not busy:
        deployments.move_to(deployment, DeploymentState.DRAFT)
