"""What the answers of a deployment say about the import of its template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.models import Deployment
from wizard.services import evidence, templates
from wizard.services.errors import Conflict
from wizard.services.template_contents import network_field
from wizard.text import Text, _
from wizard.vsphere.import_plan import ImportPlan
from wizard.vsphere.ovf import OvfDescriptor


def import_plan(
    answers: dict[str, dict[str, Any]], descriptor: OvfDescriptor, *, passwords: Mapping[str, str]
) -> ImportPlan:
    """`passwords` are those of the template's properties that are some; see `template_contents.passwords_of`."""
    placement, template = answers["placement"], answers["template"]
    return ImportPlan(
        vm_name=placement["vm_name"],
        datacenter=placement["datacenter"],
        folder=placement["folder"],
        compute=placement["compute"],
        datastore=placement["datastore"],
        networks=template["networks"],
        disk_provisioning=placement["disk_provisioning"],
        properties=_properties(answers, descriptor, passwords),
        accept_license=template["accept_license"],
        # Answers that were given before it was asked for take the template's default.
        deployment_option=template.get("deployment_option", ""),
    )


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


def _properties(
    answers: dict[str, dict[str, Any]], descriptor: OvfDescriptor, passwords: Mapping[str, str]
) -> dict[str, str]:
    """The values of the template's properties: as answered, else from the network identity where the key says so."""
    answered = answers["template"]["properties"]
    values: dict[str, str] = {}
    for offered in descriptor.properties:
        if not offered.user_configurable:
            continue
        given = passwords if offered.password else answered
        step_field = network_field(offered.key)
        known = answers["network"][step_field] if step_field else ""
        value = given.get(offered.key) or (",".join(known) if isinstance(known, list) else known)
        if value:
            values[offered.key] = value
    return values
