"""The rows of registered vCenters: one for each vCenter, under one address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from django.db import transaction

from wizard.models import Credential, Deployment, VCenter
from wizard.services import account_use, credentials
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """`kept`: its machines are read with the account of another deployment, as before, and not with that of the answers."""

    vcenter: VCenter
    new: bool
    kept: bool
    # How it was signed in to before: account and certificate.
    before: dict[str, Any]

    def take_back(self) -> None:
        """Nothing was registered: who uses it goes on with the account of before."""
        if self.before:
            VCenter.objects.filter(pk=self.vcenter.pk, credential=self.vcenter.credential).update(
                **self.before
            )


@transaction.atomic
def save(answers: dict[str, Any], about: About, deployment: Deployment) -> Saved:
    """The row of this vCenter as it was seen just now.

    All who use a vCenter see the machines that one account shows. That stays the account of whoever registered it first, as
    long as a deployment beside this one uses it and it can sign in: else a second one would put an account into the hands of
    others, or one that shows less in the place of one that shows everything.
    """
    own = Credential.objects.get(name=answers["credential"])
    held = VCenter.objects.select_for_update(of=("self",)).select_related("credential")
    row = held.filter(instance_uuid=identity_of(about, answers)).first()
    kept = row is not None and row.credential_id != own.pk and _is_needed(row, answers, deployment)
    before = {} if row is None else _signed_in(row)
    seen = {
        "host": answers["host"],
        "port": answers["port"],
        "thumbprint_sha256": answers["thumbprint_sha256"],
        "credential": row.credential if row is not None and kept else own,
        "product": about.product,
        "version": about.version,
        "build": about.build,
        "api_type": about.api_type,
        "api_version": about.api_version,
    }
    vcenter, new = VCenter.objects.update_or_create(
        instance_uuid=identity_of(about, answers),
        defaults=seen,
        create_defaults={"friendly_name": answers["host"], **seen},
    )
    return Saved(vcenter=vcenter, new=new, kept=kept, before=before)


def _signed_in(row: VCenter) -> dict[str, Any]:
    return {"credential": row.credential, "thumbprint_sha256": row.thumbprint_sha256}


def _is_needed(row: VCenter, answers: dict[str, Any], deployment: Deployment) -> bool:
    """Whether the account of this row is one that another deployment uses, and that still leads into this vCenter."""
    credential = row.credential
    if credential.standing == Credential.Standing.REJECTED:
        return False
    # Whoever registered it confirmed another certificate than the one that is there; their password is not sent to this one.
    if row.thumbprint_sha256 != answers["thumbprint_sha256"]:
        return False
    if credentials.bound_elsewhere(credential, credentials.address_of(row.host, row.port)):
        return False
    return account_use.is_used_by_any(account_use.serving(row).exclude(pk=deployment.pk), credential)
