"""The rules SM-01 to SM-31 as a page shows them (asr-facts 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from wizard.text import _

Severity = Literal["block", "warn", "info", "hide"]

_MATRIX: Final = "vmware-physical-azure-support-matrix.md"
_PUSH: Final = "vmware-azure-troubleshoot-push-install.md"
_REPLICATION: Final = "vmware-azure-troubleshoot-replication.md"
_FIRST_TEXT: Final = "site-recovery-vmware-to-azure-classic.md"
_MASTER_TARGET: Final = "vmware-azure-install-linux-master-target.md"
_OURS: Final = "asr-facts 12 (recommendation)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `title`, `looks_at` and `in_guest` are message ids.

    `severity` is that of the facts; a finding may be milder where a newer document is. `source`: the document that the
    facts name. `looks_at`: what is looked at from outside, "" when that is nothing. `in_guest`: what only the machine
    itself can tell, "" when that is nothing. `seen`: whether a machine can have a finding of this rule. `requirement`: the
    row of the catalogue of requirements that says more about it, "" where there is none.
    """

    id: str
    title: str
    severity: Severity
    source: str
    looks_at: str = ""
    in_guest: str = ""
    requirement: str = ""

    @property
    def seen(self) -> bool:
        return bool(self.looks_at)


_ROWS: Final = (
    Rule(
        id="SM-01",
        title=_("Operating system"),
        severity="block",
        source=_MATRIX,
        looks_at=_("guest operating system and what VMware Tools tell of it"),
        in_guest=_("service pack and kernel: both must be on the list of the release"),
    ),
    Rule(
        id="SM-02",
        title=_("64-bit system"),
        severity="block",
        source=_MATRIX,
        looks_at=_("guest operating system and what VMware Tools tell of it"),
    ),
    Rule(
        id="SM-03",
        title=_("Size of the OS disk"),
        severity="block",
        source=_MATRIX,
        looks_at=_("the first disk by controller and unit, and the firmware"),
    ),
    Rule(
        id="SM-04",
        title=_("One OS disk"),
        severity="block",
        source=_MATRIX,
        looks_at=_("whether there is a disk"),
        in_guest=_("whether boot and system are on one and the same disk"),
        requirement="SRC-18",
    ),
    Rule(
        id="SM-05",
        title=_("Number of data disks"),
        severity="block",
        source=_MATRIX,
        looks_at=_("the disks beside the OS disk"),
    ),
    Rule(
        id="SM-06",
        title=_("Size of the data disks"),
        severity="block",
        source=_MATRIX,
        looks_at=_("the disks beside the OS disk"),
    ),
    Rule(
        id="SM-07",
        title=_("Firmware and Secure Boot"),
        severity="block",
        source=_MATRIX,
        looks_at=_("firmware and boot options"),
        in_guest=_("with EFI: 512-byte sectors"),
    ),
    Rule(
        id="SM-08",
        title=_("GPT boot disk"),
        severity="warn",
        source=_MATRIX,
        in_guest=_("the partition table of the boot disk: GPT is supported since the documents of 2023"),
    ),
    Rule(
        id="SM-09",
        title=_("Dynamic disks"),
        severity="block",
        source=_MATRIX,
        in_guest=_("whether the OS disk is a basic one; data disks may be dynamic"),
    ),
    Rule(
        id="SM-10",
        title=_("Encryption"),
        severity="block",
        source=_MATRIX,
        looks_at=_("encryption by vSphere"),
        in_guest=_("BitLocker and other encryption in the machine"),
    ),
    Rule(
        id="SM-11",
        title=_("Shared disks"),
        severity="block",
        source=_MATRIX,
        looks_at=_("sharing of the disks and of their controllers' buses"),
        in_guest=_("disks on Fibre Channel"),
    ),
    Rule(
        id="SM-12",
        title=_("Raw device mappings"),
        severity="info",
        source=_MATRIX,
        looks_at=_("the backing of the disks"),
        requirement="MT-17",
    ),
    Rule(
        id="SM-13",
        title=_("Independent disks"),
        severity="warn",
        source=_OURS,
        looks_at=_("the mode of the disks"),
    ),
    Rule(
        id="SM-14",
        title=_("Power"),
        severity="warn",
        source=_OURS,
        looks_at=_("power and connection to vCenter"),
    ),
    Rule(
        id="SM-15",
        title=_("VMware Tools"),
        severity="warn",
        source=_FIRST_TEXT,
        looks_at=_("the status of VMware Tools"),
    ),
    Rule(
        id="SM-16",
        title=_("Name in Azure"),
        severity="warn",
        source=_MATRIX,
        looks_at=_("the name of the machine"),
    ),
    Rule(
        id="SM-17",
        title=_("Instance UUID"),
        severity="block",
        source=_REPLICATION,
        looks_at=_("whether another machine has the same one"),
    ),
    Rule(
        id="SM-18",
        title=_("disk.EnableUUID"),
        severity="warn",
        source=_MASTER_TARGET,
        looks_at=_("the advanced configuration of Linux machines"),
    ),
    Rule(
        id="SM-19",
        title=_("Snapshots"),
        severity="warn",
        source=_MASTER_TARGET,
        looks_at=_("snapshots and snapshot.maxSnapshots"),
    ),
    Rule(
        id="SM-20",
        title=_("Network storage in the machine"),
        severity="warn",
        source=_MATRIX,
        in_guest=_("NFS, iSCSI and SMB 3 storage: not supported for disaster recovery"),
    ),
    Rule(
        id="SM-21",
        title=_("Storage and network features that are not supported"),
        severity="block",
        source=_MATRIX,
        looks_at=_("whether the addresses are of IPv6 only"),
        in_guest=_(
            "Storage Spaces, multipath (MPIO), network teaming, IPv6, disks added or removed while running, Docker "
            "disks, 4K sectors, hardware RAID"
        ),
    ),
    Rule(
        id="SM-22",
        title=_("Paravirtualized storage of Linux"),
        severity="block",
        source=_MATRIX,
        looks_at=_("SCSI controllers of Linux machines"),
        in_guest=_("multi-queue block devices, HP CCISS controllers"),
    ),
    Rule(
        id="SM-23",
        title=_("NVMe"),
        severity="info",
        source=_MATRIX,
        looks_at=_("the controllers"),
    ),
    Rule(
        id="SM-24",
        title=_("Layout of Linux disks"),
        severity="block",
        source=_MATRIX,
        in_guest=_(
            "ext3, ext4 or XFS, or BTRFS on one disk without RAID; /boot on LVM only with Mobility service 9.20 and "
            "never across disks; 2 GB free on /"
        ),
    ),
    Rule(
        id="SM-25",
        title=_("Start configuration of Linux"),
        severity="block",
        source=_PUSH,
        in_guest=_(
            "GRUB names disks by UUID; Linux Integration Services on RHEL and CentOS 5.2 to 5.11 and 6.1 to 6.10"
        ),
        requirement="SRC-16",
    ),
    Rule(
        id="SM-26",
        title=_("Device and mount names"),
        severity="block",
        source=_MATRIX,
        in_guest=_("no two names that differ in capitals only"),
    ),
    Rule(
        id="SM-27",
        title=_("ReFS"),
        severity="warn",
        source=_MATRIX,
        in_guest=_("ReFS needs Mobility service 9.23 or newer"),
    ),
    Rule(
        id="SM-28",
        title=_("Changed data"),
        severity="block",
        source=_MATRIX,
        in_guest=_("at most 54 MB/s over all disks and 2 TB a day; the Deployment Planner measures it"),
    ),
    Rule(
        id="SM-29",
        title=_("Templates"),
        severity="hide",
        source=_OURS,
        looks_at=_("whether it is a template"),
    ),
    Rule(
        id="SM-30",
        title=_("Machines of Site Recovery"),
        severity="hide",
        source=_OURS,
        looks_at=_("the recorded topology"),
    ),
    Rule(
        id="SM-31",
        title=_("Host of a physical server"),
        severity="block",
        source=_MATRIX,
        in_guest=_("network teaming and NFS on the host: not supported"),
    ),
)

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.id: rule for rule in _ROWS})
"""All 31 by their id, in order."""


def unseen() -> tuple[Rule, ...]:
    """The rules of which something, or everything, only the machine itself can tell; a page lists them once."""
    return tuple(rule for rule in _ROWS if rule.in_guest)
