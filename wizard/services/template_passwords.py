"""Passwords for properties of a template: sealed, shown to nobody again, and forgotten once they were used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from wizard.journey.errors import FieldError
from wizard.models import Deployment, DeploymentState, InstallationSecret, Operator
from wizard.services import audit, deployments, evidence, template_contents
from wizard.services.errors import Conflict, Invalid
from wizard.text import Text, _
from wizard.vsphere.ovf_property import OvfProperty
from wizard.vsphere.property_value import fault_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordState:
    """What is known of one password without showing it. `given_by` and `given_at` are those of the last one given."""

    key: str
    label: str
    required: bool
    given: bool
    given_by: str = ""
    given_at: datetime | None = None


def states(deployment: Deployment) -> list[PasswordState]:
    """Every property of the chosen template that is a password; none before it was inspected."""
    chosen, _version = deployments.form_of(deployment, "template")
    row = template_contents.sealed_row(deployment)
    held = template_contents.passwords_of(deployment, chosen)
    found = []
    for item in _asked(deployment, chosen).values():
        given = item.key in held
        found.append(
            PasswordState(
                key=item.key,
                label=item.label or item.key,
                required=item.needs_a_value,
                given=given,
                given_by=row.given_by.get_username() if given and row and row.given_by else "",
                given_at=row.given_at if given and row else None,
            )
        )
    return found


@transaction.atomic
def give(deployment: Deployment, passwords: Mapping[str, str], *, actor: Operator) -> None:
    """Seal passwords for the chosen template, beside those that were given before; an empty one takes one back.

    Raises Invalid at `passwords.KEY`, Conflict `already_deployed` and `task_running`.
    """
    deployments.hold_for(actor, "installation.give_secret", deployment)
    if not deployment.is_open:
        raise Conflict(
            Text(_("The appliance of %(name)s was deployed already."), name=deployment.name),
            code="already_deployed",
        )
    deployments.refuse_while_changing(deployment)
    chosen, _version = deployments.form_of(deployment, "template")
    _refuse_unfit(_asked(deployment, chosen), passwords)
    before = template_contents.passwords_of(deployment, chosen)
    now = {key: value for key, value in {**before, **passwords}.items() if value}
    if now == before:
        return
    row = template_contents.sealed_row(deployment)
    row = row or InstallationSecret(deployment=deployment, kind=InstallationSecret.Kind.TEMPLATE)
    row.label, row.given_by, row.given_at = template_contents.which(chosen), actor, timezone.now()
    row.hold(json.dumps(now).encode())
    row.save()
    _outdate(deployment)
    audit.record(
        "template.passwords_given",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s gave passwords for the template of %(name)s: %(keys)s."),
            who=actor.username,
            name=deployment.name,
            keys=sorted(passwords),
        ),
        after={"template": row.label, "set": sorted(now)},
    )


def drop(deployment: Deployment) -> None:
    """They were used."""
    deployment.installation_secrets.filter(kind=InstallationSecret.Kind.TEMPLATE).delete()


def _asked(deployment: Deployment, chosen: Mapping[str, object]) -> dict[str, OvfProperty]:
    task = evidence.inspected(deployment, chosen)
    report = task.result if task else None
    return {item.key: item for item in template_contents.settable(report) if item.password} if report else {}


def _refuse_unfit(asked: Mapping[str, OvfProperty], passwords: Mapping[str, str]) -> None:
    errors = []
    for key, value in passwords.items():
        fault: Text | None
        if key not in asked:
            fault = Text(
                _("The chosen template has no property of this name that is a password; it has: %(names)s."),
                names=list(asked) or "–",
            )
        else:
            fault = fault_of(asked[key], value) if value else None
        if fault is not None:
            errors.append(FieldError(path=f"passwords.{key}", message=fault, code="wrong_value"))
    if errors:
        raise Invalid(errors)


def _outdate(deployment: Deployment) -> None:
    """Another password is another answer: what was checked and planned with the one before does not hold."""
    deployment.steps.filter(step="template", data__isnull=False).update(changed_at=timezone.now())
    if deployment.state == DeploymentState.CHECKED:
        deployments.move_to(deployment, DeploymentState.DRAFT)
