"""vCenter in the vault (classic): registered with the configuration server after it is registered here, changed, removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from wizard.azure import vcenters
from wizard.azure.fabrics import read_documents
from wizard.azure.job_view import Job
from wizard.azure.vcenters import VCenterBody
from wizard.journey.errors import FieldError
from wizard.models import Deployment, DeploymentState, VCenter
from wizard.services import audit, azure_access, evidence, vault_jobs, vault_places
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.errors import Conflict, Invalid
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_places import Place
from wizard.text import Text, _

Record = Mapping[str, Any]

# What register_vcenter takes beside the answers.
INPUTS: Final = ("run_as_account", "process_server")


# --- register, as part of register_vcenter ----------------------------------------------------------------------------


def checked_inputs(inputs: Record) -> dict[str, str]:
    """Raises Invalid for a name that is none."""
    found: dict[str, str] = {}
    for name in INPUTS:
        value = inputs.get(name, "")
        if not isinstance(value, str) or len(value) > 255:
            text = Text(_("“%(name)s” is the name of something in the vault."), name=name)
            raise Invalid([FieldError(path=name, message=text, code="invalid")])
        if value.strip():
            found[name] = value.strip()
    return found


def goes_on(deployment: Deployment) -> bool:
    """Whether registering goes on into the vault: with an Azure account."""
    return bool(azure_access.account_name(deployment)) and primary_component(deployment) != "ps_scaleout"


def last_in_vault(deployment: Deployment) -> Record:
    """What was registered in the vault last, by its `name` there and more; empty before, and after it was removed."""
    registered = evidence.latest(deployment, "register_vcenter")
    removed = evidence.latest(deployment, "remove_vcenter")
    if registered is None or (
        removed
        and registered.finished_at
        and removed.finished_at
        and removed.finished_at > registered.finished_at
    ):
        return {}
    return (registered.result or {}).get("vault") or {}


def is_left(deployment: Deployment) -> bool:
    """Whether vCenter is registered here and not in the vault yet, where it goes on to there."""
    if not goes_on(deployment) or deployment.state != DeploymentState.REGISTERED:
        return False
    task = evidence.latest(deployment, "register_vcenter")
    state = ((task.result if task else None) or {}).get("vault", {}).get("state")
    return state not in ("registered", "unchanged", "appliance")


def register(progress: Progress, row: VCenter, *, start: int) -> dict[str, Any]:
    """Add the vCenter to the configuration server in the vault, or make it there what it is here.

    Returns what became of it: `{"state": "registered" | "unchanged" | "no_server" | "appliance", ...}`. Raises Conflict where
    account or process server cannot be chosen, and AzureError.
    """
    deployment = progress.task.deployment
    if primary_component(deployment) == "appliance":
        progress.info(
            Text(
                _(
                    "In the modernized architecture vCenter Server is added on the appliance, not in the vault."
                )
            )
        )
        return {"state": "appliance"}
    progress.phase(Text(_("Going on into the vault")), start)
    with azure_access.open_arm(deployment) as arm:
        place = vault_places.find_place(arm, deployment)
        if place is None:
            progress.warning(
                Text(
                    _(
                        "The configuration server is not in the vault yet, so vCenter Server cannot be added there. Wait for it with "
                        "“Wait for the server in the vault”, then register vCenter Server again."
                    )
                )
            )
            return {"state": "no_server"}
        return _register_at(progress, place, row, start)


def _register_at(progress: Progress, place: Place, row: VCenter, start: int) -> dict[str, Any]:
    inputs, answers = progress.task.inputs, answers_in_play(progress.task.deployment).get("vault", {})
    wanted = inputs.get("run_as_account") or answers.get("run_as_account") or ""
    place, account = vault_places.run_as_account(progress, place, wanted)
    server = vault_places.process_server(place, inputs.get("process_server") or "")
    body = VCenterBody(
        # The same at every configuration server and appliance (asr-facts 8).
        friendly_name=row.friendly_name,
        address=row.host,
        port=row.port,
        process_server_id=str(server.get("id") or server.get("hostId") or ""),
        run_as_account_id=str(account.get("accountId") or ""),
    )
    progress.info(
        Text(
            _("Discovered by the process server %(server)s with the account %(account)s."),
            server=str(server.get("friendlyName") or ""),
            account=str(account.get("accountName") or ""),
        )
    )
    ordered = vault_jobs.when_free(progress, lambda patient: _order(place, row, body, patient=patient))
    assert ordered is not None  # noqa: S101 - there is none only while it is waited for
    if ordered.just_so is not None:
        progress.info(Text(_("The vault knows this vCenter Server just so.")))
        return {"state": "unchanged", **_about(place, ordered.just_so)}
    name, job = ordered.name, ordered.job
    vault_jobs.follow(progress, place.arm, place.ref, job, start=start)
    vault_places.have_reported(place)
    now = vcenters.list_vcenters(place.arm, place.ref, place.name)
    found = next((one for one in now if str(one.get("name")).casefold() == name.casefold()), {})
    return {"state": "registered", "job": job.id if job else "", **_about(place, found)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """The name of a vCenter in the vault, and the job that sees to it: None where it was done at once, and where the vault
    had it just so already."""

    name: str
    job: Job | None = None
    just_so: Record | None = None


def _order(place: Place, row: VCenter, body: VCenterBody, *, patient: bool) -> _Ordered | None:
    """What makes it in the vault what it is here; None to wait.

    Read anew each time: what was ordered by another task, or before a worker died, must not be ordered twice.
    """
    known = list(vcenters.list_vcenters(place.arm, place.ref, place.name))
    there = _same_vcenter(known, row)
    if there is None:
        name = _new_name(known, row.friendly_name)
        return _Ordered(name=name, job=vcenters.put_vcenter(place.arm, place.ref, place.name, name, body))
    if patient and not _infrastructure_id(there) and _status(there) == "pending":
        return None
    name = str(there["name"])
    if not _differs(there, body):
        return _Ordered(name=name, just_so=there)
    return _Ordered(name=name, job=vcenters.patch_vcenter(place.arm, place.ref, place.name, name, body))


# --- remove -----------------------------------------------------------------------------------------------------------


def prepare_remove(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
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


def run_remove(progress: Progress) -> Done:
    deployment = progress.task.deployment
    row = deployment.vcenters.get()
    progress.phase(Text(_("Looking for %(name)s in the vault"), name=row.friendly_name), 10)
    with azure_access.open_arm(deployment) as arm:
        place = vault_places.find_place(arm, deployment)
        known = vcenters.list_vcenters(arm, place.ref, place.name) if place else []
        there = _same_vcenter(known, row)
        if place is None or there is None:
            return Done(
                summary=Text(_("%(name)s is not in the vault."), name=row.friendly_name),
                result={"state": "absent"},
            )
        progress.phase(Text(_("Looking for machines that are protected through it")), 25)
        _refuse_while_protected(place, there, row)
        progress.phase(Text(_("Removing %(name)s from the vault"), name=row.friendly_name), 40)
        job = _delete(progress, place, str(there["name"]))
        vault_jobs.follow(progress, place.arm, place.ref, job, start=40)
        vault_places.have_reported(place)

    def commit() -> None:
        deployment.protectable_items.filter(
            vcenter_infrastructure_id=_infrastructure_id(there), discovery_type="vCenter"
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
            before=_about(place, there),
        )

    return Done(
        summary=Text(_("%(name)s is removed from the vault."), name=row.friendly_name),
        result={"state": "removed", "job": job.id if job else ""},
        commit=commit,
    )


def _delete(progress: Progress, place: Place, name: str) -> Job | None:
    """None where it is gone by the time that it could be ordered."""

    def order(_patient: bool) -> _Ordered:
        return _Ordered(name=name, job=vcenters.delete_vcenter(place.arm, place.ref, place.name, name))

    ordered = vault_jobs.when_free(progress, order)
    return ordered.job if ordered else None


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
    infrastructure_id = _infrastructure_id(there)
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
            Text(
                _("%(count)s machines of %(name)s are protected, among them %(some)s."),
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


# --- inside: vCenters -------------------------------------------------------------------------------------------------


def _properties(one: Record) -> Record:
    return one.get("properties") or {}


def _same_vcenter(known: list[dict[str, Any]], row: VCenter) -> Record | None:
    """By its address, else by its friendly name: a second entry for one vCenter would show its machines twice (asr-facts 8)."""

    def fits(one: Record, name: str, value: str) -> bool:
        return str(_properties(one).get(name) or "").casefold() == value.casefold()

    by_address = (one for one in known if fits(one, "ipAddress", row.host))
    by_name = (one for one in known if fits(one, "friendlyName", row.friendly_name))
    return next(by_address, None) or next(by_name, None)


def infrastructure_id_of(place: Place, row: VCenter) -> str:
    """By which the vault's machines name their vCenter; empty before it was discovered."""
    there = _same_vcenter(vcenters.list_vcenters(place.arm, place.ref, place.name), row)
    return _infrastructure_id(there) if there else ""


def _infrastructure_id(there: Record) -> str:
    return str(_properties(there).get("infrastructureId") or "")


def _status(there: Record) -> str:
    return str(_properties(there).get("discoveryStatus") or "").casefold()


def _differs(there: Record, body: VCenterBody) -> bool:
    now = _properties(there)
    return any(
        str(now.get(name) or "").casefold() != value.casefold()
        for name, value in body.to_wire()["properties"].items()
    ) or _status(there) not in ("completed", "pending")


def _new_name(known: list[dict[str, Any]], friendly_name: str) -> str:
    taken = {str(one.get("name")).casefold() for one in known}
    name = vcenters.name_for(friendly_name)
    return next(one for one in _numbered(name) if one.casefold() not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in range(2, 10_000):
        yield f"{name[:58]}-{number}"


def _about(place: Place, found: Record) -> dict[str, Any]:
    properties = _properties(found)
    return {
        "vault": place.ref.id,
        "fabric": place.name,
        "name": str(found.get("name") or ""),
        "friendly_name": str(properties.get("friendlyName") or ""),
        "address": str(properties.get("ipAddress") or ""),
        "discovery_status": str(properties.get("discoveryStatus") or ""),
        "infrastructure_id": str(properties.get("infrastructureId") or ""),
    }
