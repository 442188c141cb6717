"""The steps of taking each kind of component out of service in the documented order, with the commands as documented.

Sources: as in `decommission_steps`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wizard.planning.decommission_steps import (
    AGENT,
    DEPENDENCIES,
    MOBILITY,
    MYSQL,
    PROVIDER,
    SERVERS,
    Step,
    Subject,
    SubjectKind,
    Way,
    access_revoked,
    gone,
    machine_removed,
    replication_disabled,
    unregister_script,
    unregistered,
)
from wizard.text import Text, _
from wizard.wire.script_quoting import quote_powershell


def steps_of(subject: Subject) -> tuple[Step, ...]:
    """Its steps in the documented order."""
    return _STEPS[subject.kind](subject)


# --- by kind ----------------------------------------------------------------------------------------------------------


def _scale_out(subject: Subject) -> tuple[Step, ...]:
    return (
        Step(
            id="machines_moved",
            title=Text(_("Move its machines away")),
            text=Text(
                _(
                    "Every machine that replicates through it moves to another process server of the same configuration "
                    "server. The portal, and this program, see the new place after 15 minutes or a refresh."
                )
            ),
            proof="no_machines",
        ),
        unregistered(subject, component="PS", programs=(MOBILITY, SERVERS, DEPENDENCIES)),
        gone(),
        machine_removed(),
        *(access_revoked() if subject.whole else ()),
    )


def _failback(subject: Subject) -> tuple[Step, ...]:
    return (
        Step(
            id="failback_done",
            title=Text(_("Finish failback")),
            text=Text(
                _(
                    "No failed-over machine sends its changes home through it any more: each has failed back, or stays in Azure "
                    "without replication."
                )
            ),
            proof="nothing_failed_over",
        ),
        Step(
            id="azure_machine_deleted",
            title=Text(_("Delete its virtual machine in Azure")),
            text=Text(
                _(
                    "With its disks, its network interface and its address: each of them costs money as long as it is there."
                )
            ),
            destroys=True,
        ),
        Step(
            id="unregistered",
            title=Text(_("Unregister it from the configuration server")),
            text=Text(_("Its details are removed from the configuration server.")),
            ways=(unregister_script(subject, "PS"),),
        ),
        gone(),
    )


def _master_target(subject: Subject) -> tuple[Step, ...]:
    linux = subject.kind == "mt_linux"
    uninstall = (
        Way(
            when=Text(_("While it is connected")),
            where=Text(_("On the master target, as root")),
            command="cd /usr/local/ASR\n./uninstall.sh -Y",
        )
        if linux
        else Way(when=Text(_("While it is connected")), programs=(MOBILITY,))
    )
    return (
        Step(
            id="failback_done",
            title=Text(_("Finish failback")),
            text=Text(
                _(
                    "No machine replicates back to it any more: its retention disk holds the points in time of those."
                )
            ),
            proof="nothing_failed_over",
        ),
        Step(
            id="unregistered",
            title=Text(_("Uninstall or unregister it")),
            text=Text(_("Its details are removed from the configuration server.")),
            ways=(uninstall, unregister_script(subject, "MT")),
        ),
        gone(),
        machine_removed(),
    )


def _vcenter(subject: Subject) -> tuple[Step, ...]:
    return (
        Step(
            id="replication_disabled",
            title=Text(_("Disable replication of its machines")),
            text=Text(
                _(
                    "No machine of this vCenter replicates any more. Failback goes to the original vCenter only."
                )
            ),
            proof="no_machines",
        ),
        Step(
            id="vcenter_deleted",
            title=Text(_("Delete it in the vault")),
            text=Text(
                _(
                    "In the vault: Site Recovery infrastructure, Configuration servers, the server, its vCenter, Delete. "
                    "Where an Azure account is given, the task “Remove vCenter from the vault” does it."
                )
            ),
            proof="not_in_vault",
            destroys=True,
        ),
        *access_revoked(),
    )


def _configuration_server(subject: Subject) -> tuple[Step, ...]:
    delete = (
        f"$vault = Get-AzRecoveryServicesVault -Name {quote_powershell(subject.vault or '<vault>')}\n"
        "Set-AzRecoveryServicesAsrVaultContext -Vault $vault\n"
        f"$fabric = Get-AzRecoveryServicesAsrFabric -FriendlyName {quote_powershell(subject.name)}\n"
        "Remove-AzRecoveryServicesAsrFabric -Fabric $fabric"
    )
    return (
        replication_disabled(),
        Step(
            id="policies_removed",
            title=Text(_("Remove the replication policies")),
            text=Text(
                _(
                    "In the vault: disassociate each replication policy from the configuration server, then delete it."
                )
            ),
        ),
        Step(
            id="vcenters_deleted",
            title=Text(_("Delete its vCenters in the vault")),
            text=Text(_("The configuration server cannot be deleted while a vCenter is registered with it.")),
            proof="no_vcenters",
        ),
        Step(
            id="components_removed",
            title=Text(_("Take its further components out of service")),
            text=Text(
                _(
                    "Scale-out and failback process servers and master targets go first, each by steps of its own."
                )
            ),
            proof="none_standing",
        ),
        Step(
            id="server_deleted",
            title=Text(_("Delete the configuration server in the vault")),
            text=Text(
                _(
                    "In the vault: Site Recovery infrastructure, Configuration servers, the server, Delete; or by PowerShell."
                )
            ),
            proof="not_in_vault",
            ways=(
                Way(
                    when=Text(_("Instead of the portal")),
                    where=Text(_("In PowerShell with the module Az, signed in to the subscription")),
                    command=delete,
                ),
                Way(
                    when=Text(_("Where the server is gone for good and the vault refuses")),
                    where=Text(_("The same, with the last line")),
                    command="Remove-AzRecoveryServicesAsrFabric -Fabric $fabric -Force",
                ),
            ),
            destroys=True,
        ),
        Step(
            id="uninstalled",
            title=Text(_("Uninstall the programs")),
            text=Text(_("Not needed where the machine itself is deleted.")),
            ways=(
                Way(
                    when=Text(_("On the configuration server, in this order")),
                    programs=(AGENT, MOBILITY, PROVIDER, SERVERS, DEPENDENCIES, MYSQL),
                ),
            ),
        ),
        machine_removed(),
        *access_revoked(),
    )


def _appliance(subject: Subject) -> tuple[Step, ...]:
    return (
        replication_disabled(),
        Step(
            id="switched_off",
            title=Text(_("Switch the appliance off for 30 minutes")),
            text=Text(
                _(
                    "It can be deleted once every component of it was critical for 30 minutes. An appliance that is healthy can "
                    "only be reset, which gives it back to be registered with any vault."
                )
            ),
            proof="silent",
        ),
        Step(
            id="appliance_deleted",
            title=Text(_("Delete the appliance in the vault")),
            text=Text(
                _(
                    "In the vault: Site Recovery infrastructure, ASR replication appliances, the appliance, Delete."
                )
            ),
            proof="not_in_vault",
            destroys=True,
        ),
        Step(
            id="infrastructure_removed",
            title=Text(_("Remove the infrastructure, if it was the last appliance")),
            text=Text(
                _(
                    "In the vault: Site Recovery infrastructure, Remove infrastructure. It is needed before the vault itself is "
                    "deleted; while other appliances stand, confirm this step without it."
                )
            ),
            destroys=True,
        ),
        machine_removed(),
        *access_revoked(),
    )


_STEPS: Final[dict[SubjectKind, Callable[[Subject], tuple[Step, ...]]]] = {
    "ps_scaleout": _scale_out,
    "ps_failback": _failback,
    "mt_windows": _master_target,
    "mt_linux": _master_target,
    "vcenter": _vcenter,
    "cs": _configuration_server,
    "appliance": _appliance,
}
