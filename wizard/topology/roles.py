"""What each kind of component is, does, and where it runs. Source: asr-facts 1.1 and 11.2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from wizard.text import Text, _
from wizard.topology.graph import Kind, Zone

Family = Literal["windows", "linux"]

PROCESS_SERVERS: Final[tuple[Kind, ...]] = ("ps_builtin", "ps_scaleout", "ps_failback")
MASTER_TARGETS: Final[tuple[Kind, ...]] = ("mt_builtin", "mt_windows", "mt_linux")
# From the top of the machine: the data path, what keeps it registered, what it shares with vSphere.
APPLIANCE_PARTS: Final[tuple[Kind, ...]] = (
    "appliance_proxy", "appliance_ps", "appliance_replication", "appliance_agent", "appliance_provider",
    "appliance_discovery", "appliance_reprotection",
)  # fmt: skip
MASTER_TARGET_FAMILY: Final[Mapping[Kind, Family]] = {
    "mt_builtin": "windows",
    "mt_windows": "windows",
    "mt_linux": "linux",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """`zone` is where a component of this kind normally stands; a failed-over machine is the exception."""

    kind: Kind
    title: Text
    does: Text
    runs_on: Text
    how_many: Text
    zone: Zone


def _part(kind: Kind, title: str, does: str) -> Role:
    return Role(
        kind=kind,
        title=Text(title),
        does=Text(does),
        runs_on=Text(_("The machine of the replication appliance")),
        how_many=Text(_("One on each appliance")),
        zone="site",
    )


_ROLES: Final[tuple[Role, ...]] = (
    Role(
        kind="vault",
        title=Text(_("Recovery Services vault")),
        does=Text(_("Holds the registration, policies, replicated items and jobs")),
        runs_on=Text(_("Azure, one region")),
        how_many=Text(_("One for each configuration server")),
        zone="azure",
    ),
    Role(
        kind="cache_sa",
        title=Text(_("Cache storage account")),
        does=Text(_("Receives replication logs before they are applied to the disks")),
        runs_on=Text(_("Azure, target region")),
        how_many=Text(_("At least one")),
        zone="azure",
    ),
    Role(
        kind="managed_disk",
        title=Text(_("Replica managed disks")),
        does=Text(_("Receive the processed logs; recovery points are made on them")),
        runs_on=Text(_("Azure, target region")),
        how_many=Text(_("One for each source disk")),
        zone="azure",
    ),
    Role(
        kind="cs",
        title=Text(_("Configuration server")),
        does=Text(_("Speaks to Azure for the site and directs agents, process servers and master targets")),
        runs_on=Text(_("On-premises; a VMware virtual machine is recommended, a physical server is allowed")),
        how_many=Text(_("One for each site record; about 200 machines at its default size")),
        zone="site",
    ),
    Role(
        kind="ps_builtin",
        title=Text(_("Process server")),
        does=Text(_("Receives, caches, compresses, encrypts and uploads data; discovers machines")),
        runs_on=Text(_("The same machine as the configuration server")),
        how_many=Text(_("One for each configuration server")),
        zone="site",
    ),
    Role(
        kind="ps_scaleout",
        title=Text(_("Scale-out process server")),
        does=Text(_("Adds capacity to the built-in process server")),
        runs_on=Text(_("A separate Windows Server on-premises")),
        how_many=Text(_("As many as the load needs")),
        zone="site",
    ),
    Role(
        kind="ps_failback",
        title=Text(_("Failback process server")),
        does=Text(_("Collects changes of the failed-over machines and sends them home")),
        runs_on=Text(_("A virtual machine in Azure")),
        how_many=Text(_("One in each virtual network with failed-over machines, until failback is done")),
        zone="azure",
    ),
    Role(
        kind="mt_builtin",
        title=Text(_("Windows master target")),
        does=Text(_("Receives failback data of Windows machines and writes it to their disks")),
        runs_on=Text(_("The same machine as the configuration server or process server")),
        how_many=Text(_("One on each of these machines")),
        zone="site",
    ),
    Role(
        kind="mt_windows",
        title=Text(_("Separate Windows master target")),
        does=Text(
            _(
                "Receives failback data of Windows machines where volume or reach asks for a machine of its own"
            )
        ),
        runs_on=Text(_("A VMware virtual machine on a host that sees the datastores")),
        how_many=Text(_("As many as are needed")),
        zone="site",
    ),
    Role(
        kind="mt_linux",
        title=Text(_("Linux master target")),
        does=Text(_("Receives failback data of Linux machines and writes it to their disks")),
        runs_on=Text(_("A VMware virtual machine")),
        how_many=Text(_("At least one as soon as a Linux machine is to fail back")),
        zone="site",
    ),
    Role(
        kind="mobility",
        title=Text(_("Mobility service")),
        does=Text(_("Captures writes on the protected machine and sends them to one process server")),
        runs_on=Text(_("Every protected machine")),
        how_many=Text(_("One on each machine")),
        zone="sources",
    ),
    Role(
        kind="vcenter",
        title=Text(_("vCenter Server")),
        does=Text(_("Source of the inventory; carries out disk and machine operations at failback")),
        runs_on=Text(_("On-premises")),
        how_many=Text(_("Any number")),
        zone="vsphere",
    ),
    Role(
        kind="esxi",
        title=Text(_("ESXi host")),
        does=Text(_("Runs the machines and holds the datastores that failback writes to")),
        runs_on=Text(_("On-premises")),
        how_many=Text(_("Any number")),
        zone="vsphere",
    ),
    Role(
        kind="s2s",
        title=Text(_("VPN or private peering")),
        does=Text(_("Carries failback traffic")),
        runs_on=Text(_("Between Azure and the site")),
        how_many=Text(_("One, where machines are to fail back")),
        zone="azure",
    ),
    Role(
        kind="appliance",
        title=Text(_("Replication appliance")),
        does=Text(_("Replaces configuration server, process server and master target")),
        runs_on=Text(_("On-premises; a VMware virtual machine or a physical server")),
        how_many=Text(_("Any number for each vault")),
        zone="site",
    ),
    _part(
        "appliance_proxy",
        _("Proxy server"),
        _("Passes control traffic between the Mobility service and Site Recovery"),
    ),
    _part("appliance_ps", _("Process server"), _("Receives, caches and compresses replication data")),
    _part("appliance_replication", _("Replication service"), _("Sends replication data to Azure")),
    _part(
        "appliance_agent",
        _("Recovery Services agent"),
        _("Registers the appliance with the vault and reports the health of its components"),
    ),
    _part(
        "appliance_provider",
        _("Site Recovery provider"),
        _("Distinguishes reprotection to the original location from reprotection to another one"),
    ),
    _part(
        "appliance_discovery",
        _("Discovery service"),
        _("Collects the inventory of vCenter Servers and hosts and uploads it"),
    ),
    _part(
        "appliance_reprotection",
        _("Re-protection server"),
        _("Carries out reprotection and failback between Azure and the site"),
    ),
)

ROLES: Final[Mapping[Kind, Role]] = {role.kind: role for role in _ROLES}
