"""What the rules of master targets and failback process servers read, from the tables."""

from __future__ import annotations

from wizard.journey.additions import as_truth
from wizard.models import Addition, InstallationSecret, InventoryObject, Machine
from wizard.planning.failback_process_server import FailbackPlan
from wizard.planning.master_target_facts import (
    Datastore,
    Family,
    Host,
    MasterTarget,
    MasterTargetAnswers,
)
from wizard.services.additions_seen import newest_observed, seen_in_vault
from wizard.services.answers import answers_in_play
from wizard.services.discovery import judging
from wizard.topology.versions import is_newer

_SERVERS = ("cs", "ps_builtin", "ps_scaleout")


def twins_of(machine: Machine) -> tuple[str, ...]:
    """The names of the other machines of its vCenter that have its BIOS UUID."""
    if not machine.bios_uuid:
        return ()
    rows = Machine.objects.filter(
        vcenter=machine.vcenter_id, gone_at=None, bios_uuid__iexact=machine.bios_uuid
    )
    return tuple(rows.exclude(pk=machine.pk).order_by("name").values_list("name", flat=True)[:10])


def target_of(row: Addition, machine: Machine | None) -> MasterTarget:
    """A planned master target with its machine as vCenter showed it last."""
    family: Family = "linux" if row.kind == Addition.Kind.MT_LINUX else "windows"
    answers = answers_in_play(row.deployment)
    version = _version(row)
    return MasterTarget(
        name=row.name,
        family=family,
        machine=judging.source_of_row(machine) if machine else None,
        host=_host(machine) if machine else None,
        twins=twins_of(machine) if machine else (),
        newer_than=_newer_than(row, version),
        version=version,
        cs_physical=answers.get("source", {}).get("runs_on", "vmware") == "physical",
        answers=_answers(row, family),
    )


def failback_plan_of(row: Addition) -> FailbackPlan:
    """A planned process server in Azure, with what its deployment says of the site."""
    said, network = row.answers, answers_in_play(row.deployment).get("network", {})
    others = row.deployment.additions.filter(kind=Addition.Kind.PS_FAILBACK, removed_at=None).exclude(
        pk=row.pk
    )
    targets = row.deployment.additions.filter(
        kind__in=(Addition.Kind.MT_WINDOWS, Addition.Kind.MT_LINUX), removed_at=None
    )
    kept = row.deployment.installation_secrets.filter(kind=InstallationSecret.Kind.PASSPHRASE).exists()
    return FailbackPlan(
        name=row.name,
        network=said.get("network", ""),
        address=row.address,
        networks=tuple(said.get("networks", ())),
        served=tuple(other.answers.get("network", "") for other in others),
        path=said.get("path", "unknown"),
        cs_name=network.get("host_name", ""),
        cs_address=network.get("address", ""),
        cs_reachable=as_truth(said.get("cs_reachable", "unknown")),
        master_targets=tuple(target.address for target in targets if target.address),
        data_port=said.get("data_port", 9443),
        cores_free=said.get("cores_free"),
        # One that this wizard keeps is at hand, whatever was answered.
        passphrase=kept or as_truth(said.get("phrase_ready", "unknown")),
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _host(machine: Machine) -> Host | None:
    rows = InventoryObject.objects.filter(vcenter=machine.vcenter_id, gone_at=None)
    host = rows.filter(type="HostSystem", moid=machine.host_moid).first()
    if host is None:
        return None
    moids = host.values.get("datastore")
    if moids is None:
        return Host(name=host.name)
    stores = rows.filter(type="Datastore", moid__in=moids).order_by("name")
    return Host(
        name=host.name,
        datastores=[
            Datastore(
                name=store.name,
                type=str(store.values.get("summary.type", "")),
                accessible=store.values.get("summary.accessible", True) is not False,
            )
            for store in stores
        ],
    )


def _version(row: Addition) -> str:
    """As the vault tells it, else as somebody entered it."""
    seen = seen_in_vault(row).component
    return (seen.version if seen else "") or str(row.answers.get("version", ""))


def _newer_than(row: Addition, version: str) -> tuple[str, ...] | None:
    """The servers of the vault that are older than `version`; None where either is not known."""
    observed = newest_observed(row.deployment)
    servers = [one for one in observed.of_kind(*_SERVERS) if one.version] if observed else []
    if not version or not servers:
        return None
    return tuple(f"{one.name} {one.version}" for one in servers if is_newer(version, one.version))


def _answers(row: Addition, family: Family) -> MasterTargetAnswers:
    said = row.answers

    def truth(name: str) -> bool | None:
        return as_truth(said.get(name, "unknown"))

    return MasterTargetAnswers(
        returning_families=(family,),
        returning_disks=said.get("returning_disks"),
        covers_versions=truth("covers_versions"),
        location=said.get("location", "original"),
        original_datastores=tuple(said["original_datastores"]) if said.get("original_datastores") else None,
        raw_device_mappings=truth("raw_device_mappings"),
        retention_volume=said.get("retention_volume", ""),
        retention_gb=said.get("retention_gb"),
        retention_file_system=said.get("retention_file_system", ""),
        retention_alone=truth("retention_alone"),
        storage_drs_excluded=truth("storage_drs_excluded"),
        own_template=truth("own_template"),
        licensed_esxi=truth("licensed_esxi"),
        prepared=truth("prepared"),
        protects_2008r2_physical=truth("protects_2008r2_physical"),
    )
