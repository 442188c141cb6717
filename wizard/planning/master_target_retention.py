"""The retention volume of a master target, which holds the points in time of the way home (asr-facts MT-14, 15 and 18)."""

from __future__ import annotations

from typing import Final

from wizard.planning.component_finding import ComponentFinding, found
from wizard.planning.master_target_facts import RETENTION_GB, RETENTION_VOLUME, Family, MasterTarget
from wizard.planning.quoting import amount, shown
from wizard.text import _

_FAT: Final = frozenset({"fat", "fat12", "fat16", "fat32", "vfat", "exfat"})
_INSTALLATION: Final = frozenset({"c", "c:", "c:\\", "/"})
# What is usual is another for each family (asr-facts MT-14).
_VOLUME_REMEDY: Final[dict[Family, str]] = {
    "windows": _("Give it a volume of its own, R: with NTFS; the vault shows it after at most 15 minutes."),
    "linux": _(
        "Give it a volume of its own, /mnt/retention with ext4; the vault shows it after at most 15 minutes."
    ),
}


def volume(target: MasterTarget) -> ComponentFinding:
    """MT-14. A volume for nothing else, not FAT, not the one it is installed on, larger than nothing."""
    said = target.answers
    usual = RETENTION_VOLUME[target.family]
    remedy = _VOLUME_REMEDY[target.family]
    if said.retention_file_system.strip().casefold() in _FAT:
        return found(
            "MT-14",
            "block",
            _("The retention volume is formatted as %(found)s; FAT and FAT32 are not taken."),
            remedy,
            found=shown(said.retention_file_system),
        )
    if said.retention_volume.strip().casefold() in _INSTALLATION:
        return found(
            "MT-14",
            "block",
            _("%(volume)s is the volume it is installed on; retention needs one of its own."),
            remedy,
            volume=shown(said.retention_volume),
        )
    if said.retention_gb is not None and said.retention_gb <= 0:
        return found("MT-14", "block", _("The retention volume has no size."), remedy)
    if said.retention_alone is False:
        return found(
            "MT-14",
            "block",
            _("Something else uses the retention volume: the cache, an installation, or other data."),
            remedy,
        )
    if not (said.retention_volume and said.retention_file_system) or said.retention_alone is None:
        return found(
            "MT-14",
            "unknown",
            _("What the retention volume is like was not said in full; %(usual)s is usual."),
            remedy,
            usual=usual,
        )
    return found(
        "MT-14",
        "pass",
        _("%(volume)s (%(format)s) serves retention alone."),
        volume=shown(said.retention_volume),
        format=shown(said.retention_file_system),
    )


def size(target: MasterTarget) -> ComponentFinding:
    """MT-15. No formula is published; two numbers are."""
    wanted, size_gb = RETENTION_GB[target.family], target.answers.retention_gb
    remedy = _("Make it larger before the first machine comes home, or let fewer come home at a time.")
    if size_gb is None:
        return found(
            "MT-15",
            "unknown",
            _("How large the retention volume is was not said; %(wanted)s GB are named."),
            remedy,
            wanted=wanted,
        )
    if size_gb < wanted:
        return found(
            "MT-15",
            "warn",
            _("The retention volume has %(size)s GB; the documents name %(wanted)s GB, and no formula."),
            remedy,
            size=amount(size_gb),
            wanted=wanted,
        )
    return found("MT-15", "pass", _("The retention volume has %(size)s GB."), size=amount(size_gb))


def preparation(target: MasterTarget) -> ComponentFinding:
    """MT-18. What a Linux machine needs before the agent is installed on it."""
    if target.family != "linux":
        return found("MT-18", "pass", _("Concerns Linux master targets only."))
    remedy = _(
        "Run ApplyCustomChanges.sh once, turn the machine off, add the retention disk, find it with multipath -ll, make it "
        "ext4 with mkfs.ext4, and enter it in /etc/fstab."
    )
    if target.answers.prepared is None:
        return found("MT-18", "unknown", _("Whether the machine was prepared was not said."), remedy)
    if not target.answers.prepared:
        return found("MT-18", "block", _("The machine was not prepared yet."), remedy)
    return found("MT-18", "pass", _("The machine was prepared, with its retention disk in fstab."))
