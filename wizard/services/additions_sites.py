"""The recorded additions of a deployment as the parts of its site that the topology is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from wizard.models import Addition, Deployment, Machine
from wizard.services.additions_seen import all_seen
from wizard.services.evidence import same_host
from wizard.topology.site import FailbackProcessServer, MasterTarget, ProcessServer

# What leads from Azure into the site.
_WAYS_HOME: Final = ("vpn", "private_peering")


@dataclass(frozen=True, slots=True, kw_only=True)
class Additions:
    """`s2s`: a failback process server stands behind a VPN or private peering."""

    process_servers: tuple[ProcessServer, ...] = ()
    failback_process_servers: tuple[FailbackProcessServer, ...] = ()
    master_targets: tuple[MasterTarget, ...] = ()
    s2s: bool = False


def additions_in(deployment: Deployment, *, joining: Addition | None = None) -> Additions:
    """Those that are recorded and not removed, and the one that is being recorded now."""
    rows = list(deployment.additions.filter(state=Addition.State.RECORDED))
    if joining is not None:
        rows = [row for row in rows if row.pk != joining.pk] + [joining]
    rows.sort(key=lambda row: (row.created_at, str(row.pk)))
    versions = {
        key: seen.component.version for key, seen in all_seen(deployment, rows).items() if seen.component
    }
    process_servers, failback, targets = [], [], []
    for row in rows:
        version = versions.get(str(row.pk)) or row.answers.get("version") or None
        match row.kind:
            case Addition.Kind.PS_SCALEOUT:
                process_servers.append(_process_server(row, version))
            case Addition.Kind.PS_FAILBACK:
                failback.append(_failback(row, version))
            case _:
                targets.append(_master_target(row, version))
    return Additions(
        process_servers=tuple(process_servers),
        failback_process_servers=tuple(failback),
        master_targets=tuple(targets),
        s2s=any(row.answers.get("path") in _WAYS_HOME for row in rows),
    )


def machine_of(addition: Addition) -> Machine | None:
    """The virtual machine of that name, or else with that address, which vCenter shows; None without exactly one."""
    rows = list(
        Machine.objects.filter(vcenter__deployments=addition.deployment, gone_at=None, kind=Machine.Kind.VM)
        .filter(name__istartswith=addition.name[:15])
        .select_related("vcenter")[:50]
    )
    named = [row for row in rows if same_host(row.name, addition.name)]
    return named[0] if len(named) == 1 else None


# --- inside -----------------------------------------------------------------------------------------------------------


def _identity(row: Addition) -> dict[str, Any]:
    found = machine_of(row)
    if found is None:
        return {}
    return {"instance_uuid": found.instance_uuid or None, "bios_uuid": found.bios_uuid or None}


def _process_server(row: Addition, version: str | None) -> ProcessServer:
    runs_on: Literal["vmware", "physical"] = row.answers.get("runs_on", "vmware")
    return ProcessServer(
        name=row.name,
        address=row.address,
        data_port=row.answers["data_port"],
        hypervisor=runs_on,
        version=version,
        **(_identity(row) if runs_on == "vmware" else {}),
    )


def _failback(row: Addition, version: str | None) -> FailbackProcessServer:
    return FailbackProcessServer(
        name=row.name,
        address=row.address or row.name,
        data_port=row.answers["data_port"],
        version=version,
        region=row.answers.get("region") or None,
        virtual_network=row.answers.get("network") or None,
    )


def _master_target(row: Addition, version: str | None) -> MasterTarget:
    found = machine_of(row)
    return MasterTarget(
        name=row.name,
        address=row.address or None,
        family="linux" if row.kind == Addition.Kind.MT_LINUX else "windows",
        version=version,
        os=(found.guest_full_name or None) if found else None,
        **_identity(row),
    )
