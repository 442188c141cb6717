"""What the answers of a deployment say about the import of its template."""

from __future__ import annotations

from typing import Any, Final

from wizard.models import Deployment
from wizard.services import evidence, templates
from wizard.services.errors import Conflict
from wizard.text import Text, _
from wizard.vsphere.import_plan import ImportPlan
from wizard.vsphere.ovf import OvfDescriptor

# Keys that templates commonly use, without the number of the adapter; what the operator filled in goes first.
_NETWORK_PROPERTIES: Final = {
    "hostname": "host_name",
    "domain": "dns_suffix",
    "ip": "address",
    "netmask": "netmask",
    "gateway": "gateway",
    "dns": "dns",
    "ntp": "ntp",
}


def import_plan(answers: dict[str, dict[str, Any]], descriptor: OvfDescriptor) -> ImportPlan:
    placement, template = answers["placement"], answers["template"]
    return ImportPlan(
        vm_name=placement["vm_name"],
        datacenter=placement["datacenter"],
        folder=placement["folder"],
        compute=placement["compute"],
        datastore=placement["datastore"],
        networks=template["networks"],
        disk_provisioning=placement["disk_provisioning"],
        properties=_properties(answers, descriptor),
        accept_license=template["accept_license"],
        # Answers that were given before it was asked for take the template's default.
        deployment_option=template.get("deployment_option", ""),
    )


def may_stay_blank(property_key: str) -> bool:
    """Whether the network step answers this property of a template."""
    return _network_field(property_key) is not None


def refuse_replaced(deployment: Deployment, answers: dict[str, dict[str, Any]]) -> None:
    """Raises Conflict `template_changed` for a file that is not the one that was inspected."""
    inspected = evidence.inspected(deployment, answers["template"])
    path = templates.local_path(answers["template"])
    seen = inspected.result if inspected and inspected.result else {}
    if not path.exists() or any(
        seen.get(name) != value for name, value in templates.fingerprint(path).items()
    ):
        raise Conflict(
            Text(_("The template file was replaced after it was inspected.")),
            remedy=Text(_("Inspect the template again, then run preflight again.")),
            code="template_changed",
        )


def _network_field(key: str) -> str | None:
    """The field of the network step that answers a property; its key may be wrapped, as in com.example.ip0.1."""
    parts = [part.lower().rstrip("0123456789") for part in key.split(".")]
    return next((_NETWORK_PROPERTIES[part] for part in reversed(parts) if part in _NETWORK_PROPERTIES), None)


def _properties(answers: dict[str, dict[str, Any]], descriptor: OvfDescriptor) -> dict[str, str]:
    """The values of the template's properties: as answered, else from the network identity where the key says so."""
    answered = answers["template"]["properties"]
    values: dict[str, str] = {}
    for offered in descriptor.properties:
        if not offered.user_configurable:
            continue
        step_field = _network_field(offered.key)
        known = answers["network"][step_field] if step_field else ""
        value = answered.get(offered.key) or (",".join(known) if isinstance(known, list) else known)
        if value:
            values[offered.key] = value
    return values
