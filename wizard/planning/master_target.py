"""The rules of a separate master target, MT-01 to MT-22 of asr-facts 10: one line each, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wizard.planning import master_target_machine as machine_rules
from wizard.planning import master_target_retention as retention_rules
from wizard.planning.component_finding import ComponentFinding, found
from wizard.planning.master_target_facts import MOST_DISKS, MasterTarget
from wizard.text import _

LINK: Final = "https://learn.microsoft.com/azure/site-recovery/vmware-azure-install-linux-master-target"
WINDOWS_LINK: Final = "https://learn.microsoft.com/azure/site-recovery/vmware-azure-reprotect"


def judge(target: MasterTarget) -> tuple[ComponentFinding, ...]:
    """One finding for every rule. What nobody has told is `unknown`, with what would tell it."""
    return tuple(rule(target) for rule in RULES.values())


def why_separate(target: MasterTarget) -> ComponentFinding:
    """MT-02: which of the reasons for one of its own hold; without any the built-in one may do."""
    disks = target.answers.returning_disks
    linux = target.family == "linux"
    if linux:
        return found("MT-02", "pass", _("Linux machines come home through a Linux master target of its own."))
    if target.cs_physical:
        return found(
            "MT-02",
            "pass",
            _("The configuration server is physical, and a physical machine can be no master target."),
        )
    if disks is not None and disks > MOST_DISKS:
        return found(
            "MT-02",
            "pass",
            _("%(disks)s disks come home at a time, more than the %(most)s of one master target."),
            disks=disks,
            most=MOST_DISKS,
        )
    return found(
        "MT-02",
        "info",
        _(
            "Windows machines can use the master target of the configuration server, unless it does not reach their "
            "datastores or much data returns."
        ),
    )


def family(target: MasterTarget) -> ComponentFinding:
    """MT-01. Same operating system family, same or higher version."""
    remedy = _(
        "Set up a master target of the family of the machines, with the same or a higher version of their system."
    )
    system = target.system
    if system is not None and system.family is not None and system.family != target.family:
        return found(
            "MT-01",
            "block",
            _("The machine runs %(system)s, and is to be a master target for another family of systems."),
            remedy,
            system=system.shown,
        )
    others = [name for name in target.answers.returning_families or () if name != target.family]
    if others:
        return found(
            "MT-01",
            "block",
            _("Machines of another family of systems are to come home through it."),
            remedy,
        )
    if target.answers.covers_versions is False:
        return found(
            "MT-01", "block", _("Its system is older than that of machines that are to come home."), remedy
        )
    if target.answers.covers_versions is None or system is None:
        return found(
            "MT-01",
            "unknown",
            _("Whether its system is at least as new as that of the machines is not known."),
            remedy,
        )
    return found("MT-01", "pass", _("Its system is of the same family, and at least as new."))


def version(target: MasterTarget) -> ComponentFinding:
    """MT-04. A newer one lets reprotection succeed, and replication fail."""
    remedy = _(
        "Install the version of the process server; update configuration server and process servers first, in this order."
    )
    if target.newer_than is None:
        return found(
            "MT-04",
            "unknown",
            _("Its version, or that of the servers, is not known; it must not be newer than they."),
            remedy,
        )
    if target.newer_than:
        return found(
            "MT-04",
            "block",
            _("Version %(version)s is newer than %(servers)s: replication home would fail."),
            remedy,
            version=target.version,
            servers=list(target.newer_than),
        )
    return found("MT-04", "pass", _("It is no newer than configuration server and process servers."))


def disks(target: MasterTarget) -> ComponentFinding:
    """MT-05. At most 60 disks, its own and those of the machines."""
    own = len(target.machine.disks) if target.machine else None
    returning = target.answers.returning_disks
    if own is None or returning is None:
        return found(
            "MT-05",
            "unknown",
            _("How many disks are attached to it at a time is not known; %(most)s are possible."),
            _("Enter how many disks come home at the same time."),
            most=MOST_DISKS,
        )
    if own + returning > MOST_DISKS:
        return found(
            "MT-05",
            "block",
            _("Disks of its own: %(own)s, disks that come home: %(returning)s; together more than %(most)s."),
            _("Bring fewer machines home at a time, or set up a further master target."),
            own=own,
            returning=returning,
            most=MOST_DISKS,
        )
    return found(
        "MT-05",
        "pass",
        _("Disks of its own: %(own)s, disks that come home: %(returning)s; %(most)s are possible."),
        own=own,
        returning=returning,
        most=MOST_DISKS,
    )


def dhcp(target: MasterTarget) -> ComponentFinding:
    """MT-19."""
    if target.family != "linux":
        return found("MT-19", "pass", _("Concerns Linux machines only."))
    return found(
        "MT-19",
        "info",
        _(
            "Linux machines with a fixed address come home with DHCP, and the package NetworkManager may be missing afterwards."
        ),
        _("Keep their network settings at hand, and enter them again after failback."),
    )


def reregistration(_target: MasterTarget) -> ComponentFinding:
    """MT-20."""
    return found(
        "MT-20",
        "info",
        _("After failover the agent in Azure needs up to 15 minutes to register again."),
        _("Wait as long before you reprotect."),
    )


def old_windows(target: MasterTarget) -> ComponentFinding:
    """MT-21."""
    if target.family == "linux":
        return found("MT-21", "pass", _("Concerns Windows machines only."))
    remedy = _("Leave them in Azure, or move what they do to a newer system.")
    match target.answers.protects_2008r2_physical:
        case True:
            text = _(
                "Servers with Windows Server 2008 R2 SP1 that were protected as physical cannot fail back."
            )
            return found("MT-21", "block", text, remedy)
        case False:
            text = _("No server with Windows Server 2008 R2 SP1 is protected as physical.")
            return found("MT-21", "pass", text)
    text = _("Whether servers with Windows Server 2008 R2 SP1 are protected as physical was not said.")
    return found("MT-21", "unknown", text, remedy)


def known_errors(_target: MasterTarget) -> ComponentFinding:
    """MT-22."""
    return found(
        "MT-22",
        "info",
        _("Errors of reprotection and failback that are documented: 95226, 78052, 78093, 8061 and 8038."),
        _("Where one of them occurs, look it up in the text on troubleshooting failback."),
    )


RULES: Final[dict[str, Callable[[MasterTarget], ComponentFinding]]] = {
    "MT-01": family,
    "MT-02": why_separate,
    "MT-03": machine_rules.virtual,
    "MT-04": version,
    "MT-05": disks,
    "MT-06": machine_rules.snapshots,
    "MT-07": machine_rules.controllers,
    "MT-08": machine_rules.disk_uuids,
    "MT-09": machine_rules.tools,
    "MT-10": machine_rules.datastores,
    "MT-11": machine_rules.original_datastores,
    "MT-12": machine_rules.storage_moves,
    "MT-13": machine_rules.own_template,
    "MT-14": retention_rules.volume,
    "MT-15": retention_rules.size,
    "MT-16": machine_rules.edition,
    "MT-17": machine_rules.alternate_location,
    "MT-18": retention_rules.preparation,
    "MT-19": dhcp,
    "MT-20": reregistration,
    "MT-21": old_windows,
    "MT-22": known_errors,
}
