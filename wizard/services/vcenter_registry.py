"""The rows of registered vCenters: one for each vCenter, under one address."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from wizard.models import Credential, VCenter
from wizard.services.errors import Conflict
from wizard.text import Text, _
from wizard.vsphere.about import About


def identity_of(about: About, answers: dict[str, Any]) -> str:
    """The instance UUID; a standalone ESXi host has none, so there its address stands in for it."""
    return about.instance_uuid or str(uuid5(NAMESPACE_DNS, f"{answers['host']}:{answers['port']}"))


def refuse_second_name(about: About, answers: dict[str, Any]) -> None:
    """Raises Conflict `vcenter_registered` where this vCenter is known by another address."""
    other = (
        VCenter.objects.filter(instance_uuid=identity_of(about, answers))
        .exclude(host=answers["host"], port=answers["port"])
        .first()
    )
    if other is not None:
        raise Conflict(
            Text(
                _("This vCenter is registered already, as %(name)s at %(host)s, port %(port)s."),
                name=other.friendly_name,
                host=other.host,
                port=str(other.port),
            ),
            remedy=Text(
                _(
                    "Use that address in the vCenter step. One vCenter under two addresses makes machines appear twice."
                )
            ),
            code="vcenter_registered",
        )


def save(answers: dict[str, Any], about: About) -> tuple[VCenter, bool]:
    """The row of this vCenter as it was seen just now, and whether it is new."""
    seen = {
        "host": answers["host"],
        "port": answers["port"],
        "thumbprint_sha256": answers["thumbprint_sha256"],
        "credential": Credential.objects.get(name=answers["credential"]),
        "product": about.product,
        "version": about.version,
        "build": about.build,
        "api_type": about.api_type,
        "api_version": about.api_version,
    }
    return VCenter.objects.update_or_create(
        instance_uuid=identity_of(about, answers),
        defaults=seen,
        create_defaults={"friendly_name": answers["host"], **seen},
    )
