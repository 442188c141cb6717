"""Physical servers told to the configuration server through the vault, some at a time; what fails is named, the rest goes on."""

from __future__ import annotations

from typing import Any, Final, Literal

from wizard.azure.errors import AzureError, JobFailed, SignInFailed
from wizard.azure.job_view import Job
from wizard.azure.protectable_items import discover_physical
from wizard.models import Deployment, Machine
from wizard.services import audit, azure_access, protectable_items, vault_jobs, vault_places, vault_servers
from wizard.services.errors import Conflict
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_places import Place
from wizard.text import Text, _

# Jobs under way at a time.
BATCH: Final = 5


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    missing = list(protectable_items.what_is_missing(deployment))
    if not deployment.physical_servers.exists():
        missing.append(Text(_("a physical server on the machines page")))
    return Prepared(missing=tuple(missing))


def run(progress: Progress) -> Done:
    """Those that the vault lists already are left out, so that it can be done again after some failed."""
    deployment = progress.task.deployment
    progress.phase(Text(_("Looking for the configuration server in the vault")), 5)
    with azure_access.open_arm(deployment) as arm:
        place = vault_places.place_of(arm, deployment)
        protectable_items.match(progress, place, deployment, start=10)
        there = set(
            deployment.protectable_items.filter(machine__kind=Machine.Kind.PHYSICAL).values_list(
                "machine_id", flat=True
            )
        )
        left = [row for row in deployment.physical_servers.order_by("name") if row.pk not in there]
        added, failed = _add_all(progress, place, left)
        if added:
            vault_places.have_reported(place)
            protectable_items.match(progress, place, deployment, start=85)
    if failed and not added:
        raise Conflict(
            Text.counted(
                "%(count)s physical server could not be added: %(name)s: %(reason)s",
                "None of %(count)s physical servers could be added: %(name)s: %(reason)s",
                "count",
                count=len(failed),
                name=failed[0][0],
                reason=failed[0][1],
            ),
            remedy=Text(_("The log of this task has the reason for each; correct it and start again.")),
            code="none_added",
        )

    def commit() -> None:
        if added:
            audit.record(
                "physical_servers.added_to_vault",
                subject=deployment,
                actor=progress.task.requested_by,
                sentence=Text.counted(
                    "%(who)s added %(count)s physical server of %(name)s to the vault.",
                    "%(who)s added %(count)s physical servers of %(name)s to the vault.",
                    "count",
                    who=progress.task.requested_by.username,
                    count=len(added),
                    name=deployment.name,
                ),
                after={"added": added},
            )

    return Done(
        summary=Text(
            _(
                "Physical servers added to the vault: %(added)s; there already: %(there)s; failed: %(failed)s."
            ),
            added=len(added),
            there=len(there),
            failed=len(failed),
        ),
        result={
            "added": added,
            "failed": [{"name": name, "reason": reason.to_json()} for name, reason in failed],
        },
        commit=commit,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _add_all(
    progress: Progress, place: Place, servers: list[Machine]
) -> tuple[list[str], list[tuple[str, Text]]]:
    added: list[str] = []
    failed: list[tuple[str, Text]] = []

    def give_up(server: Machine, reason: Text) -> None:
        failed.append((server.name, reason))
        progress.warning(Text(_("%(name)s was not added: %(reason)s"), name=server.name, reason=reason))

    for first in range(0, len(servers), BATCH):
        batch = servers[first : first + BATCH]
        progress.phase(
            Text(
                _("Adding physical servers %(first)s to %(last)s of %(count)s"),
                first=first + 1,
                last=first + len(batch),
                count=len(servers),
            ),
            20 + 60 * first // max(1, len(servers)),
        )
        begun: list[tuple[Machine, Job]] = []
        for server in batch:
            try:
                begun.append((server, _begin(place, server)))
            except SignInFailed:
                raise
            except (AzureError, Conflict) as error:
                give_up(server, error.text)
        for server, job in begun:
            try:
                vault_jobs.follow_job(progress, place.arm, place.ref, job, start=None)
            except JobFailed as error:
                give_up(server, error.text)
            else:
                added.append(server.name)
    return added, failed


def _begin(place: Place, server: Machine) -> Job:
    systems: dict[str, Literal["Windows", "Linux"]] = {
        Machine.System.WINDOWS: "Windows",
        Machine.System.LINUX: "Linux",
    }
    system = systems.get(server.system)
    address = next(iter(server.ip_addresses), "")
    if system is None or not address:
        raise Conflict(
            Text(_("Site Recovery takes Windows and Linux with an address; enter both for this server.")),
            code="incomplete",
        )
    return discover_physical(
        place.arm,
        place.ref,
        place.name,
        vault_servers.container_of(place.fabric),
        name=server.name,
        address=str(address),
        os_type=system,
    )
