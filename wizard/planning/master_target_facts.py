"""What the rules of a master target read: its machine as vCenter shows it, what stands around it, what people say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from wizard.planning.eligibility.machine import SourceMachine
from wizard.planning.eligibility.systems import OperatingSystem, distribution_of, identify

Family = Literal["windows", "linux"]
Location = Literal["original", "alternate"]

MOST_DISKS: Final = 60
"""Own and returning disks together (asr-facts MT-05)."""
RETENTION_GB: Final[dict[Family, int]] = {"windows": 600, "linux": 1024}
"""asr-facts MT-15: the number of the prerequisites, and the 1 TB of the text on Linux master targets."""
RETENTION_VOLUME: Final[dict[Family, str]] = {"windows": "R:", "linux": "/mnt/retention"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Datastore:
    """A datastore that the master target's host sees. `type` is the word of vSphere: `VMFS`, `vsan`, `NFS`, `NFS41`, `VVOL`."""

    name: str
    type: str
    accessible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The ESXi host that carries it. `datastores` is None where vCenter did not tell."""

    name: str
    datastores: Sequence[Datastore] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterTargetAnswers:
    """What only people know; None is what nobody has said. Sizes in GB.

    `returning_families`: the families of the machines that are to come home through it. `returning_disks`: how many
    disks of them are attached at the same time at most. `covers_versions`: its system is of the same or a higher
    version than theirs. `original_datastores`: those the machines came from. `own_template`: it was not made from a
    template or clone of a protected machine. `prepared`: on Linux, ApplyCustomChanges.sh ran once and the retention
    disk was added afterwards, formatted and entered in fstab.
    """

    returning_families: Sequence[Family] | None = None
    returning_disks: int | None = None
    covers_versions: bool | None = None
    location: Location = "original"
    original_datastores: Sequence[str] | None = None
    raw_device_mappings: bool | None = None
    retention_volume: str = ""
    retention_gb: float | None = None
    retention_file_system: str = ""
    retention_alone: bool | None = None
    storage_drs_excluded: bool | None = None
    own_template: bool | None = None
    licensed_esxi: bool | None = None
    prepared: bool | None = None
    protects_2008r2_physical: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterTarget:
    """A separate master target. `machine` is None as long as vCenter shows none of its name; `physical` says what was
    planned. `newer_than` are the servers, with their versions, that are older than it; None where versions are not known.

    `cs_physical`: the configuration server is no virtual machine. `twins` are machines that share its BIOS UUID.
    """

    name: str
    family: Family
    physical: bool = False
    machine: SourceMachine | None = None
    host: Host | None = None
    twins: Sequence[str] = ()
    newer_than: Sequence[str] | None = None
    version: str = ""
    cs_physical: bool | None = None
    answers: MasterTargetAnswers = MasterTargetAnswers()

    @property
    def system(self) -> OperatingSystem | None:
        """Its operating system as vCenter tells it; None without its machine."""
        if self.machine is None:
            return None
        detailed = self.machine.setting("guestInfo.detailed.data") or ""
        return identify(self.machine.guest_id, self.machine.guest_full_name, distribution_of(detailed))
