"""The facts that follow from what the operator answered, on every path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from wizard.models import Component, Deployment
from wizard.services import evidence
from wizard.services.answers import Answers
from wizard.services.errors import UserError
from wizard.services.template_contents import with_option
from wizard.text import Text, _


def answer_facts(answers: Answers, deployment: Deployment) -> dict[str, Any]:
    """Facts by key. Raises UserError where a proof that an answer needs is gone."""
    return {
        **_capacity(deployment),
        **_identity(answers["network"]),
        **_vault(answers["vault"]),
        "source.runs_on": answers["source"].get("runs_on", "vmware"),
        **(_template(answers, deployment) if "template" in answers else {}),
        **(_installation(answers) if "installation" in answers else {}),
        **(_appliance(answers["appliance"]) if "appliance" in answers else {}),
        "topology.bios_uuids": recorded_machines(deployment),
        "today": timezone.localdate(),
    }


def fqdn(network: Mapping[str, Any]) -> str:
    return ".".join(part for part in (network["host_name"], network["dns_suffix"]) if part)


def recorded_machines(deployment: Deployment) -> dict[str, str]:
    """BIOS UUIDs of the machines that other deployments recorded, each with the name of its deployment; "" for one that not
    everybody sees who sees this one."""
    rows = (
        Component.objects.exclude(deployment=deployment)
        .filter(attributes__has_key="bios_uuid")
        .values_list("attributes__bios_uuid", "deployment__name", "deployment__team")
    )
    return {
        uuid.lower(): name if team in (None, deployment.team_id) else "" for uuid, name, team in rows if uuid
    }


def _capacity(deployment: Deployment) -> dict[str, Any]:
    sizing = evidence.sizing_of(deployment)
    if sizing is None:
        raise UserError(Text(_("The capacity is not known any more; open that step again.")))
    return {
        "capacity.vcpu": sizing.vcpu,
        "capacity.memory_gb": sizing.memory_gb,
        "capacity.cache_gb": sizing.cache_gb,
        "capacity.needs_scaleout": sizing.needs_scaleout,
    }


def _identity(network: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "identity.host_name": network["host_name"],
        "identity.fqdn": fqdn(network),
        "identity.address": network["address"],
        "identity.netmask": network["netmask"],
        "identity.gateway": network["gateway"],
        "identity.dns": network["dns"],
        "identity.ntp": network["ntp"],
        "identity.proxy": network["proxy"],
        "identity.data_port": network["data_port"],
    }


def _vault(vault: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "vault.cloud": vault["cloud"],
        "vault.region": vault["region"],
        "vault.private_endpoints": vault.get("private_endpoints", False),
    }


def _template(answers: Answers, deployment: Deployment) -> dict[str, Any]:
    inspected = evidence.inspected(deployment, answers["template"])
    if inspected is None or not inspected.result:
        raise UserError(Text(_("The template is not known any more; open that step again.")))
    descriptor = with_option(inspected.result["descriptor"], answers["template"].get("deployment_option", ""))
    return {
        "template.descriptor": descriptor,
        "template.manifest": inspected.result["manifest"],
        "placement.disk_provisioning": answers["placement"]["disk_provisioning"],
        # The disks of a deployed appliance have their room already.
        "placement.need_gb": _need_gb(descriptor) if deployment.is_open else 0.0,
    }


def _need_gb(descriptor: Mapping[str, Any]) -> float:
    """All disks at their full size: what thick provisioning takes, and what thin provisioning can grow to."""
    return float(sum(disk["capacity_bytes"] for disk in descriptor["disks"]) / 2**30)


def _installation(answers: Answers) -> dict[str, Any]:
    installation = answers["installation"]
    return {
        "installation.install_drive": installation["install_drive"],
        "installation.data_port": answers["network"]["data_port"],
        # Of Unified Setup alone; the appliance asks for neither.
        "installation.mysql": installation.get("mysql"),
        "installation.cs_address": installation.get("cs_address") or None,
    }


def _appliance(appliance: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "appliance.connectivity": appliance["connectivity"],
        "appliance.several_subnets": appliance["several_subnets"],
    }
