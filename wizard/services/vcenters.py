"""vCenter: looked at before anybody trusts it, and signed in to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from wizard.journey.errors import explain
from wizard.journey.vcenter import VCenterAddress, VCenterAnswers
from wizard.models import Credential, Deployment
from wizard.services import credentials, deployments, evidence, targets, vcenter_registry
from wizard.services import privileges as account_rights
from wizard.services.errors import Invalid, UserError
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vcenter_access import address_book, fresh_session
from wizard.text import Text, _
from wizard.vsphere import inventory, probe
from wizard.wire.destinations import DestinationRefused

# --- probe ------------------------------------------------------------------------------------------------------------


def prepare_probe(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Takes `host` and `port` from the inputs, else from what the vCenter step holds. Raises Invalid."""
    stored, _version = deployments.form_of(deployment, "vcenter")
    wanted = {name: inputs.get(name, stored.get(name)) for name in ("host", "port")}
    try:
        address = VCenterAddress.model_validate({k: v for k, v in wanted.items() if v not in (None, "")})
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    given = address.model_dump(mode="json")
    targets.require_none(targets.vcenter_refusals(given))
    return Prepared(inputs=given)


def run_probe(progress: Progress) -> Done:
    host, port = progress.task.inputs["host"], progress.task.inputs["port"]
    progress.phase(Text(_("Looking at %(host)s, port %(port)s"), host=host, port=str(port)), 10)
    report = probe.probe(host, port, book=address_book())
    for layer in report.layers:
        if layer.status == "fail":
            progress.warning(layer.detail, layer=layer.name)
        else:
            progress.info(layer.detail, layer=layer.name)
    if not report.ok:
        failed = next(layer for layer in report.layers if layer.status == "fail")
        code = {"dns": "unreachable", "tcp": "unreachable", "tls": "tls_failed", "soap": "not_vsphere"}[
            failed.name
        ]
        if failed.code == DestinationRefused.code:
            code = failed.code
        raise UserError(failed.detail, remedy=failed.remedy, code=code)
    return Done(
        summary=Text(
            _("%(host)s is a vSphere server; compare its certificate before you trust it."), host=host
        ),
        result=report.to_json(),
    )


# --- sign in ----------------------------------------------------------------------------------------------------------


def prepare_sign_in(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Takes the answers of the vCenter step from the inputs, else from the step. Raises Invalid, Conflict."""
    stored, _version = deployments.form_of(deployment, "vcenter")
    wanted = {name: inputs.get(name, stored.get(name)) for name in evidence.VCENTER_INPUTS}
    missing = []
    if not wanted["thumbprint_sha256"]:
        missing.append(Text(_("the confirmation of vCenter's certificate")))
    if not wanted["credential"]:
        missing.append(Text(_("the account for vCenter")))
    if missing:
        return Prepared(missing=tuple(missing))
    try:
        answers = VCenterAnswers.model_validate({k: v for k, v in wanted.items() if v not in (None, "")})
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    given = answers.model_dump(mode="json")
    targets.require_none(targets.vcenter_refusals(given))
    credentials.usable(
        str(wanted["credential"]),
        Credential.Kind.VCENTER,
        deployment=deployment,
        address=credentials.address_of(given["host"], given["port"]),
    )
    return Prepared(inputs=given)


def run_sign_in(progress: Progress) -> Done:
    task = progress.task
    progress.phase(Text(_("Signing in to %(host)s"), host=task.inputs["host"]), 10)
    with fresh_session(task.inputs, task.deployment) as session:
        progress.info(
            Text(
                _("Signed in as %(user)s to %(product)s."),
                user=session.account_name,
                product=session.about.product,
            )
        )
        # Said while the address can still be changed; it is asked again when the vCenter is registered.
        vcenter_registry.refuse_second_name(session.about, task.inputs, task.deployment)
        offset = (session.server_time() - datetime.now(UTC)).total_seconds()
        progress.phase(Text(_("Reading the inventory")), 35)
        placement = inventory.read_placement(session)
        progress.phase(Text(_("Comparing privileges")), 70)
        result = {
            "about": session.about.to_json(),
            "signed_in_as": session.account_name,
            "clock_offset_s": round(offset, 1),
            **account_rights.look_up(session, placement, task.deployment),
            "inventory": placement.to_json(),
        }
    return Done(
        summary=Text(_("The account can sign in; the inventory is known.")),
        result=result,
        commit=lambda: _save_vcenter_answers(task.deployment, task.inputs, progress),
    )


def tidy_sign_in(progress: Progress) -> None:
    credentials.forget_attempt(progress.task.inputs["credential"])


def tidy_visit(progress: Progress) -> None:
    """Before work that signs in on the way is done again. Raises Conflict where its password may have been sent already."""
    deployment = progress.task.deployment
    names = set(deployment.vcenters.values_list("credential__name", flat=True))
    # A deployment without vCenter has no such account.
    if "vcenter" in (answers := deployments.answers_of(deployment)):
        names.add(answers["vcenter"]["credential"])
    credentials.refuse_second_attempt(names)


def _save_vcenter_answers(deployment: Deployment, inputs: dict[str, Any], progress: Progress) -> None:
    row = deployment.steps.filter(step="vcenter").first()
    # To save the same once more would look like a change, to preflight and to whoever has the page open.
    if not deployment.is_open or (row and row.data == inputs and row.draft is None):
        return
    stored, _version = deployments.form_of(deployment, "vcenter")
    # Not where somebody has typed another address meanwhile: that one is not proven.
    if not stored.get("host") or _same_address(stored, inputs):
        deployments.answer(deployment, "vcenter", inputs, actor=progress.task.requested_by)


def _same_address(stored: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether what the step holds, perhaps as it was typed, is the address that a task looked at."""
    names = tuple(VCenterAddress.model_fields)
    try:
        address = VCenterAddress.model_validate({name: stored[name] for name in names if name in stored})
    except ValidationError:
        return False
    return all(getattr(address, name) == inputs[name] for name in names)
