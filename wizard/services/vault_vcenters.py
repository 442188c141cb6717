"""vCenter in the vault (classic): registered with the configuration server after it is registered here, or changed there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from wizard.azure import vcenters
from wizard.azure.job_view import Job
from wizard.azure.vcenters import VCenterBody
from wizard.journey.errors import FieldError
from wizard.models import Deployment, DeploymentState, VCenter
from wizard.services import azure_access, evidence, vault_jobs, vault_places, vault_vcenter_entries
from wizard.services.answers import answers_in_play, primary_component
from wizard.services.errors import Invalid
from wizard.services.tasks.progress import Progress
from wizard.services.vault_places import Place
from wizard.services.vault_vcenter_entries import Entry, Record
from wizard.text import Text, _

# What register_vcenter takes beside the answers.
INPUTS: Final = ("run_as_account", "process_server")


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

    Returns what became of it: `{"state": "registered" | "unchanged" | "no_server" | "appliance", ...}`, with what it was
    `known_by` where the vault listed it. Raises Conflict where account or process server cannot be chosen, and AzureError.
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
    if ordered.there is not None:
        progress.info(ordered.there.told)
        if ordered.just_so:
            progress.info(Text(_("The vault knows this vCenter Server just so.")))
            return {"state": "unchanged", **_known(place, ordered.there, ordered.there.record)}
    name, job = ordered.name, ordered.job
    vault_jobs.follow(progress, place.arm, place.ref, job, start=start)
    vault_places.have_reported(place)
    now = vcenters.list_vcenters(place.arm, place.ref, place.name)
    found = next((one for one in now if str(one.get("name")).casefold() == name.casefold()), {})
    return {"state": "registered", "job": job.id if job else "", **_known(place, ordered.there, found)}


def _known(place: Place, there: Entry | None, now: Record) -> dict[str, Any]:
    """`there`: its entry before this task."""
    known_by = {"known_by": there.known_by} if there is not None else {}
    return {**known_by, **vault_vcenter_entries.about(place, now)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ordered:
    """The name of a vCenter in the vault, and the job that sees to it: None where it was done at once, and where the vault
    had it `just_so` already. `there` is its entry before, None for a new one."""

    name: str
    job: Job | None = None
    there: Entry | None = None
    just_so: bool = False


def _order(place: Place, row: VCenter, body: VCenterBody, *, patient: bool) -> _Ordered | None:
    """What makes it in the vault what it is here; None to wait.

    Read anew each time: what was ordered by another task, or before a worker died, must not be ordered twice.
    """
    known = list(vcenters.list_vcenters(place.arm, place.ref, place.name))
    there = vault_vcenter_entries.entry_of(known, row)
    if there is None:
        name = _new_name(known, row.friendly_name)
        return _Ordered(name=name, job=vcenters.put_vcenter(place.arm, place.ref, place.name, name, body))
    undiscovered = not vault_vcenter_entries.infrastructure_id(there.record)
    if patient and undiscovered and vault_vcenter_entries.status(there.record) == "pending":
        return None
    if not _differs(there.record, body):
        return _Ordered(name=there.name, there=there, just_so=True)
    job = vcenters.patch_vcenter(place.arm, place.ref, place.name, there.name, body)
    return _Ordered(name=there.name, job=job, there=there)


def _differs(there: Record, body: VCenterBody) -> bool:
    now = vault_vcenter_entries.properties(there)
    return any(
        str(now.get(name) or "").casefold() != value.casefold()
        for name, value in body.to_wire()["properties"].items()
    ) or vault_vcenter_entries.status(there) not in ("completed", "pending")


def _new_name(known: list[dict[str, Any]], friendly_name: str) -> str:
    taken = {str(one.get("name")).casefold() for one in known}
    name = vcenters.name_for(friendly_name)
    return next(one for one in _numbered(name) if one.casefold() not in taken)


def _numbered(name: str) -> Iterator[str]:
    yield name
    for number in range(2, 10_000):
        yield f"{name[:58]}-{number}"
