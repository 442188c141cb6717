"""Valid answers compared with what is known of the far end: what no step can know by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.journey import placement_choices as placement
from wizard.journey.errors import FieldError
from wizard.models import Credential, Deployment
from wizard.services import credentials, evidence, targets, template_checks, vaults_seen
from wizard.services.answers import answers_of
from wizard.services.errors import Invalid
from wizard.text import Text, _


def check_against(deployment: Deployment, step_id: str, data: Mapping[str, Any]) -> None:
    """Compare valid answers with what is known of the far end. Raises Invalid that names the fields."""
    checks = {
        "vcenter": _check_vcenter,
        "network": _check_network,
        "placement": _check_placement,
        "template": template_checks.conflicts,
        "installation": _check_installation,
        "evidence": _check_evidence,
        "vault": vaults_seen.conflicts,
    }
    check = checks.get(step_id)
    errors = check(deployment, data) if check else []
    if errors:
        raise Invalid(errors)


def hold_account(deployment: Deployment, step_id: str, data: Mapping[str, Any]) -> None:
    """Inside the transaction that saves the answers: the account that they name is still there, and stays as it is until then.

    Else a name could be left behind whose account is gone, and under which another team enters its own later. Raises Invalid.
    """
    kind = {"vcenter": Credential.Kind.VCENTER, "evidence": Credential.Kind.WINDOWS}.get(step_id)
    if kind is None or not data.get("credential"):
        return
    rows = credentials.of_kind(kind, deployment).filter(name=data["credential"])
    list(rows.select_for_update(no_key=True).values_list("pk"))
    check_against(deployment, step_id, data)


def _check_vcenter(deployment: Deployment, data: Mapping[str, Any]) -> list[FieldError]:
    if refused := targets.vcenter_refusals(data):
        return refused
    name = data["credential"]
    if credentials.of_kind(Credential.Kind.VCENTER, deployment).filter(name=name or "").exists():
        return []
    text = Text(
        _("There is no vCenter credential named “%(name)s”. Enter the account in the vCenter step first."),
        name=name,
    )
    return [FieldError(path="credential", message=text, code="unknown_credential")]


def _check_network(deployment: Deployment, data: Mapping[str, Any]) -> list[FieldError]:
    return targets.network_refusals(data)


def _check_installation(deployment: Deployment, data: Mapping[str, Any]) -> list[FieldError]:
    answers = answers_of(deployment)
    address = data.get("cs_address")
    if not evidence.joins_a_server({**answers, "installation": dict(data)}):
        text = Text(
            _("A further process server joins a configuration server. Give the IPv4 address of that server.")
        )
        return [FieldError(path="cs_address", message=text, code="missing")]
    if address and address == answers.get("network", {}).get("address"):
        text = Text(
            _("%(address)s is the address of this machine itself. Give that of the server it joins."),
            address=address,
        )
        return [FieldError(path="cs_address", message=text, code="own_address")]
    return []


def _check_evidence(deployment: Deployment, data: Mapping[str, Any]) -> list[FieldError]:
    name = data.get("credential")
    if data["way"] == "winrm" and (refused := targets.machine_refusals(data)):
        return refused
    known = credentials.of_kind(Credential.Kind.WINDOWS, deployment).filter(name=name or "").exists()
    if data["way"] != "winrm" or known:
        return []
    text = Text(
        _("There is no Windows credential named “%(name)s”. Enter the account in the evidence step first."),
        name=name,
    )
    return [FieldError(path="credential", message=text, code="unknown_credential")]


def _check_placement(deployment: Deployment, data: Mapping[str, Any]) -> list[FieldError]:
    inventory = evidence.inventory_of(deployment)
    if inventory is None:
        text = Text(_("What vCenter has is not known yet. Sign in to vCenter first."))
        return [FieldError(path="", message=text, code="inventory_unknown")]
    sizing = evidence.sizing_of(deployment)
    return placement.conflicts(inventory, data, sizing.need_gb if sizing else 0.0)
