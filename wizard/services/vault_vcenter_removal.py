"""vCenter taken out of the vault (classic), where no machine is protected through it; here it stays registered."""

from __future__ import annotations

from typing import Any

from wizard.azure import vcenters
from wizard.azure.fabrics import read_documents
from wizard.azure.job_view import Job
from wizard.journey.errors import FieldError
from wizard.models import Deployment, VCenter
from wizard.services import audit, azure_access, vault_jobs, vault_places, vault_vcenter_entries
from wizard.services.errors import Conflict, Invalid
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_places import Place
from wizard.services.vault_vcenter_entries import Record
from wizard.text import Text, _


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """`confirm` in the inputs is the friendly name of the vCenter, typed again. Raises Invalid."""
    row = deployment.vcenters.first()
    missing = []
    if row is None:
        missing.append(Text(_("a registered vCenter")))
    if not azure_access.account_name(deployment):
        missing.append(Text(_("an Azure account in the vault step")))
    if missing or row is None:
        return Prepared(missing=tuple(missing))
    if inputs.get("confirm") != row.friendly_name:
        text = Text(
            _("Type the name of the vCenter Server, %(name)s, to confirm that it is removed from the vault."),
            name=row.friendly_name,
        )
        raise Invalid([FieldError(path="confirm", message=text, code="not_confirmed")])
    return Prepared(inputs={"confirm": row.friendly_name})


def run(progress: Progress) -> Done:
    deployment = progress.task.deployment
    row = deployment.vcenters.get()
    progress.phase(Text(_("Looking for %(name)s in the vault"), name=row.friendly_name), 10)
    with azure_access.open_arm(deployment) as arm:
        place = vault_places.find_place(arm, deployment)
        known = vcenters.list_vcenters(arm, place.ref, place.name) if place else []
        there = vault_vcenter_entries.entry_of(known, row)
        if place is None or there is None:
            return Done(
                summary=Text(_("%(name)s is not in the vault."), name=row.friendly_name),
                result={"state": "absent"},
            )
        progress.info(there.told)
        progress.phase(Text(_("Looking for machines that are protected through it")), 25)
        _refuse_while_protected(place, there.record, row)
        progress.phase(Text(_("Removing %(name)s from the vault"), name=row.friendly_name), 40)
        job = _delete(progress, place, there.name)
        vault_jobs.follow(progress, place.arm, place.ref, job, start=40)
        vault_places.have_reported(place)

    def commit() -> None:
        deployment.protectable_items.filter(
            vcenter_infrastructure_id=vault_vcenter_entries.infrastructure_id(there.record),
            discovery_type="vCenter",
        ).delete()
        audit.record(
            "vcenter.removed_from_vault",
            subject=row,
            deployment=deployment,
            actor=progress.task.requested_by,
            sentence=Text(
                _("%(who)s removed vCenter %(name)s from the vault %(vault)s."),
                who=progress.task.requested_by.username,
                name=row.friendly_name,
                vault=place.ref.vault,
            ),
            before=vault_vcenter_entries.about(place, there.record),
        )

    return Done(
        summary=Text(_("%(name)s is removed from the vault."), name=row.friendly_name),
        result={"state": "removed", "job": job.id if job else ""},
        commit=commit,
    )


def _delete(progress: Progress, place: Place, name: str) -> Job | None:
    """None where it is gone by the time that it could be ordered."""

    def order(_patient: bool) -> tuple[Job | None]:
        return (vcenters.delete_vcenter(place.arm, place.ref, place.name, name),)

    ordered = vault_jobs.when_free(progress, order)
    return ordered[0] if ordered else None


def _refuse_while_protected(place: Place, there: Record, row: VCenter) -> None:
    """Machines of it must not replicate, nor be failed over: they return to this vCenter only (asr-facts 8, 9)."""
    documents = read_documents(place.arm, place.ref)
    unread = [
        part for part in documents["skipped"] if part["part"].startswith(("protected_items", "containers"))
    ]
    if unread:
        raise Conflict(
            Text(_("Whether machines are protected through it could not be read; nothing was removed.")),
            remedy=Text(_("Give the account the right to read protected items, then try again.")),
            code="not_permitted",
        )
    infrastructure_id = vault_vcenter_entries.infrastructure_id(there)
    names = [
        str(properties.get("friendlyName") or item.get("name"))
        for item in documents["protected_items"]
        if (properties := item.get("properties") or {})
        and (details := properties.get("providerSpecificDetails") or {})
        and str(details.get("vCenterInfrastructureId") or "") == infrastructure_id
        and str(details.get("discoveryType") or "vCenter") == "vCenter"
    ]
    if names:
        raise Conflict(
            Text.counted(
                "%(count)s machine of %(name)s is protected: %(some)s.",
                "%(count)s machines of %(name)s are protected, among them %(some)s.",
                "count",
                count=len(names),
                name=row.friendly_name,
                some=names[:3],
            ),
            remedy=Text(
                _(
                    "Disable replication for them first; machines that are failed over can return to this vCenter Server only. Where all "
                    "machines moved to another vCenter Server, change the address instead, by registering again."
                )
            ),
            code="machines_protected",
        )
