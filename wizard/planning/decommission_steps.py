"""The steps of taking each kind of component out of service, with the commands as Microsoft documents them.

Sources: asr-facts 8, 9, 9.4, 10, 11.3; the articles manage-configuration-server (delete or unregister, delete with
PowerShell), unregister-process-server, troubleshoot-configuration-server (Unregister-ASRComponent.pl, components Source, PS,
MT), manage-mobility-service (uninstalling on Linux) and delete-appliance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final, Literal, get_args

from wizard.text import Text, _
from wizard.wire.script_quoting import quote_powershell

SubjectKind = Literal["ps_scaleout", "ps_failback", "mt_windows", "mt_linux", "vcenter", "cs", "appliance"]
SUBJECT_KINDS: Final[tuple[SubjectKind, ...]] = get_args(SubjectKind)
Proof = Literal[
    "", "no_machines", "nothing_failed_over", "no_vcenters", "not_in_vault", "silent", "none_standing"
]

# As the list of installed programs names them (unregister-process-server, manage-configuration-server).
AGENT: Final = "Microsoft Azure Recovery Services Agent"
MOBILITY: Final = "Microsoft Azure Site Recovery Mobility Service/Master Target server"
PROVIDER: Final = "Microsoft Azure Site Recovery Provider"
SERVERS: Final = "Microsoft Azure Site Recovery Configuration Server/Process Server"
DEPENDENCIES: Final = "Microsoft Azure Site Recovery Configuration Server Dependencies"
MYSQL: Final = "MySQL Server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is taken out of service. `whole`: the deployment with all that is in it, not one component of it."""

    kind: SubjectKind
    name: str
    address: str = ""
    vault: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to do a step: when it is the right one, programs to uninstall in this order, commands to run `where`."""

    when: Text
    programs: tuple[str, ...] = ()
    where: Text = field(default_factory=lambda: Text(""))
    command: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`proof` names the fact that shows it done; empty where only a person can say so. `destroys`: it cannot be undone."""

    id: str
    title: Text
    text: Text
    proof: Proof = ""
    ways: tuple[Way, ...] = ()
    destroys: bool = False


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
        _unregistered(subject, component="PS", programs=(MOBILITY, SERVERS, DEPENDENCIES)),
        _gone(),
        _machine_removed(),
        *(_access_revoked() if subject.whole else ()),
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
            ways=(_unregister_script(subject, "PS"),),
        ),
        _gone(),
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
            ways=(uninstall, _unregister_script(subject, "MT")),
        ),
        _gone(),
        _machine_removed(),
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
        *_access_revoked(),
    )


def _configuration_server(subject: Subject) -> tuple[Step, ...]:
    delete = (
        f"$vault = Get-AzRecoveryServicesVault -Name {quote_powershell(subject.vault or '<vault>')}\n"
        "Set-AzRecoveryServicesAsrVaultContext -Vault $vault\n"
        f"$fabric = Get-AzRecoveryServicesAsrFabric -FriendlyName {quote_powershell(subject.name)}\n"
        "Remove-AzRecoveryServicesAsrFabric -Fabric $fabric"
    )
    return (
        _replication_disabled(),
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
        _machine_removed(),
        *_access_revoked(),
    )


def _appliance(subject: Subject) -> tuple[Step, ...]:
    return (
        _replication_disabled(),
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
        _machine_removed(),
        *_access_revoked(),
    )


# --- steps that several share -----------------------------------------------------------------------------------------


def _unregistered(subject: Subject, *, component: Literal["PS", "MT"], programs: tuple[str, ...]) -> Step:
    return Step(
        id="unregistered",
        title=Text(_("Uninstall or unregister it")),
        text=Text(
            _(
                "A server that is connected unregisters itself when its programs are uninstalled. For one that cannot be revived "
                "the configuration server runs a script."
            )
        ),
        ways=(
            Way(when=Text(_("While it is connected: on the server, in this order")), programs=programs),
            _unregister_script(subject, component),
        ),
    )


def _unregister_script(subject: Subject, component: Literal["PS", "MT"]) -> Way:
    # A host name in the record does not say under which address the configuration server knows the machine.
    address = subject.address if _is_ipv4(subject.address) else "<IP address>"
    return Way(
        when=Text(_("Where it cannot be revived")),
        where=Text(_("On the configuration server, in a command prompt of an administrator")),
        command=(
            "cd /d %ProgramData%\\ASR\\home\\svsystems\\bin\n"
            f"perl Unregister-ASRComponent.pl -IPAddress {address} -Component {component}"
        ),
    )


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _replication_disabled() -> Step:
    return Step(
        id="replication_disabled",
        title=Text(_("Disable replication of all machines")),
        text=Text(_("In the vault: Replicated items, every machine, Disable replication.")),
        proof="no_machines",
        destroys=True,
    )


def _gone() -> Step:
    return Step(
        id="gone_from_vault",
        title=Text(_("See it leave the vault")),
        text=Text(_("Refresh the configuration server in the vault; the server is listed no more.")),
        proof="not_in_vault",
    )


def _machine_removed() -> Step:
    return Step(
        id="machine_removed",
        title=Text(_("Remove the machine")),
        text=Text(_("Switch it off, and delete it with its disks, or give it back.")),
        destroys=True,
    )


def _access_revoked() -> tuple[Step, ...]:
    return (
        Step(
            id="access_revoked",
            title=Text(_("Take back what it was given")),
            text=Text(
                _(
                    "Roles and accounts in vCenter, accounts in Azure, firewall rules, names in DNS, backups. The firewall matrix "
                    "and the role scripts of this deployment say what was asked for."
                )
            ),
        ),
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
