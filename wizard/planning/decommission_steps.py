"""What a step of taking something out of service is, and the steps that several kinds of components share.

Sources: asr-facts 8, 9, 9.4, 10, 11.3; the articles manage-configuration-server (delete or unregister, delete with
PowerShell), unregister-process-server, troubleshoot-configuration-server (Unregister-ASRComponent.pl, components Source, PS,
MT), manage-mobility-service (uninstalling on Linux) and delete-appliance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Final, Literal, get_args

from wizard.text import Text, _

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


# --- steps that several kinds share -----------------------------------------------------------------------------------


def unregistered(subject: Subject, *, component: Literal["PS", "MT"], programs: tuple[str, ...]) -> Step:
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
            unregister_script(subject, component),
        ),
    )


def unregister_script(subject: Subject, component: Literal["PS", "MT"]) -> Way:
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


def replication_disabled() -> Step:
    return Step(
        id="replication_disabled",
        title=Text(_("Disable replication of all machines")),
        text=Text(_("In the vault: Replicated items, every machine, Disable replication.")),
        proof="no_machines",
        destroys=True,
    )


def gone() -> Step:
    return Step(
        id="gone_from_vault",
        title=Text(_("See it leave the vault")),
        text=Text(_("Refresh the configuration server in the vault; the server is listed no more.")),
        proof="not_in_vault",
    )


def machine_removed() -> Step:
    return Step(
        id="machine_removed",
        title=Text(_("Remove the machine")),
        text=Text(_("Switch it off, and delete it with its disks, or give it back.")),
        destroys=True,
    )


def access_revoked() -> tuple[Step, ...]:
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
