"""Disks and volumes of the machine itself: cache, retention and room for the installation (asr-facts 3.1, C12).

Windows is on C:. The cache is on the volume that was chosen for the installation; where nobody chose one, as with the
template, it is taken to be the largest of the other volumes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_GIB = 1024**3
_SYSTEM = "C:"
_PLAIN_LABEL = re.compile(r"[A-Za-z0-9 _.-]*", re.ASCII)
_FAT = ("fat", "fat32", "exfat")

Volume = Mapping[str, Any]


@judge("host_disk_count")
def judge_disk_count(facts: Facts, params: Params) -> Verdict:
    """Fact host.hardware.disks; parameter wanted. One disk lacks the cache (fail), two the retention (warn)."""
    found, wanted = len(facts["host.hardware.disks"]), params["wanted"]
    status: VerdictStatus
    if found < 2:
        status, summary = "fail", Text(_("The machine has no disk for the cache of the process server."))
    elif found < wanted:
        status, summary = "warn", Text(_("The machine has no disk for the retention of the master target."))
    else:
        status, summary = "pass", Text(_("The machine has disks for system, cache and retention."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("disks: %(number)s"), number=found),
        expected=Text(_("%(number)s disks for system, cache and retention"), number=wanted),
    )


@judge("host_cache")
def judge_cache(facts: Facts, params: Params) -> Verdict:
    """600 GB pass, 300 to 599 GB warn (C12), and never less than the sizing advice.

    Facts host.hardware.volumes, capacity.cache_gb and, where it was chosen, installation.install_drive;
    parameters enough_gb, tight_gb, slack_percent (what a file system takes for itself), measure: "free_bytes",
    or "size_bytes" when the cache is in use already.
    """
    cache = _cache(facts)
    wanted = max(params["enough_gb"], facts["capacity.cache_gb"])
    kept = 1 - params["slack_percent"] / 100
    if cache is None:
        return _no_volume(facts, Text(_("at least %(wanted)g GB"), wanted=wanted))
    found = cache[params["measure"]] / _GIB
    status: VerdictStatus
    if found >= wanted * kept:
        status, summary = "pass", Text(_("The volume of the cache is large enough."))
    else:
        status = "warn" if found >= params["tight_gb"] * kept else "fail"
        summary = Text(
            _(
                "%(drive)s offers %(found).0f GB for the cache; %(wanted)g GB are wanted, and it cannot move later."
            ),
            drive=_drive(cache),
            found=found,
            wanted=wanted,
        )
    return Verdict(
        status=status,
        summary=summary,
        observed=Text("%(drive)s %(found).0f GB", drive=_drive(cache), found=found),
        expected=Text(_("at least %(wanted)g GB"), wanted=wanted),
    )


@judge("host_install_drive")
def judge_install_drive(facts: Facts, params: Params) -> Verdict:
    """Facts host.hardware.volumes, installation.install_drive; parameter enough_gb (HW-05)."""
    cache = _cache(facts)
    expected = Text(_("at least %(wanted)g GB free"), wanted=params["enough_gb"])
    if cache is None:
        return _no_volume(facts, expected)
    found = cache["free_bytes"] / _GIB
    enough = found >= params["enough_gb"]
    return Verdict(
        status="pass" if enough else "fail",
        summary=Text(_("The drive of the installation has room for it."))
        if enough
        else Text(_("The drive of the installation has no room for it.")),
        observed=Text(_("%(drive)s %(found).1f GB free"), drive=_drive(cache), found=found),
        expected=expected,
    )


@judge("host_retention")
def judge_retention(facts: Facts, params: Params) -> Verdict:
    """Facts host.hardware.volumes and, where chosen, installation.install_drive; parameters enough_gb, slack_percent.

    The retention volume is one besides those of Windows and the cache, and its file system not FAT (MT-14).
    """
    cache = _cache(facts)
    others = [
        volume
        for volume in facts["host.hardware.volumes"]
        if volume["drive"] and volume is not cache and not _is_system(volume)
    ]
    fitting = [volume for volume in others if volume["file_system"].lower() not in _FAT]
    wanted = params["enough_gb"]
    enough = [
        volume
        for volume in fitting
        if volume["size_bytes"] / _GIB >= wanted * (1 - params["slack_percent"] / 100)
    ]
    if enough:
        summary = Text(_("%(drive)s is large enough for the retention."), drive=_drive(enough[0]))
    elif fitting:
        summary = Text(_("No volume is large enough for the retention of the master target."))
    elif others:
        summary = Text(_("The retention needs a volume with NTFS; FAT does not work."))
    else:
        summary = Text(_("There is no volume for the retention of the master target."))
    return Verdict(
        status="pass" if enough else "fail",
        summary=summary,
        observed=Text("%(volumes)s", volumes=[_describe(volume) for volume in others])
        if others
        else Text(_("no further volume")),
        expected=Text(_("a further volume of at least %(wanted)g GB, not FAT"), wanted=wanted),
    )


@judge("host_separate_cache")
def judge_separate_cache(facts: Facts, params: Params) -> Verdict:
    """Facts host.hardware.volumes and, where chosen, installation.install_drive (HW-10)."""
    cache = _cache(facts)
    expected = Text(_("a disk for the cache besides the system disk"))
    if cache is None:
        return _no_volume(facts, expected)
    system = next((volume for volume in facts["host.hardware.volumes"] if _is_system(volume)), None)
    disks = (cache["disk_number"], system["disk_number"] if system else None)
    status: VerdictStatus
    if _is_system(cache):
        status, summary = "fail", Text(_("The cache would share the volume of Windows."))
    elif None in disks:
        status, summary = "unknown", Text(_("The collector could not tell which disk a volume is on."))
    elif disks[0] == disks[1]:
        status, summary = "fail", Text(_("The cache would share the system disk."))
    else:
        status, summary = "pass", Text(_("The cache has a disk of its own."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(
            _("%(drive)s on disk %(cache)s, Windows on disk %(system)s"),
            drive=_drive(cache),
            cache=_number(disks[0]),
            system=_number(disks[1]),
        ),
        expected=expected,
    )


@judge("host_volume_labels")
def judge_volume_labels(facts: Facts, params: Params) -> Verdict:
    """Fact host.hardware.volumes: labels of plain letters, digits, blanks, dots and hyphens (HW-18)."""
    odd = [volume for volume in facts["host.hardware.volumes"] if not _PLAIN_LABEL.fullmatch(volume["label"])]
    return Verdict(
        status="fail" if odd else "pass",
        summary=Text(_("Labels of volumes have special characters."))
        if odd
        else Text(_("No label of a volume has special characters.")),
        observed=Text("%(labels)s", labels=[f"{_drive(volume)} {volume['label']}" for volume in odd])
        if odd
        else Text(_("plain labels")),
        expected=Text(_("English letters, digits, blanks, dots, hyphens")),
    )


@judge("host_appliance_disks")
def judge_appliance_disks(facts: Facts, params: Params) -> Verdict:
    """Fact host.hardware.disks; parameters system_gb, data_gb, slack_percent (HW-14)."""
    sizes = [disk["size_bytes"] / _GIB for disk in facts["host.hardware.disks"]]
    kept = 1 - params["slack_percent"] / 100
    # Any disk may be the one of Windows, so the largest counts as the data disk.
    *rest, data = sorted(sizes) or [0.0]
    enough = data >= params["data_gb"] * kept and any(size >= params["system_gb"] * kept for size in rest)
    return Verdict(
        status="pass" if enough else "fail",
        summary=Text(_("The disks for Windows and for data are large enough."))
        if enough
        else Text(_("The machine lacks a disk for Windows or a disk for data of the size wanted.")),
        observed=Text(_("disks: %(sizes)s"), sizes=[f"{size:.0f} GB" for size in sizes] or "0"),
        expected=Text(
            _("one of %(system)s GB for Windows, one of %(data)s GB for data"),
            system=params["system_gb"],
            data=params["data_gb"],
        ),
    )


def _cache(facts: Facts) -> Volume | None:
    volumes: Sequence[Volume] = facts["host.hardware.volumes"]
    chosen = facts.get("installation.install_drive")
    if chosen is not None:
        return next((volume for volume in volumes if _drive(volume) == _letter(chosen)), None)
    others = [volume for volume in volumes if volume["drive"] and not _is_system(volume)]
    return max(others, key=lambda volume: int(volume["size_bytes"]), default=None)


def _no_volume(facts: Facts, expected: Text) -> Verdict:
    chosen = facts.get("installation.install_drive")
    return Verdict(
        status="fail",
        summary=Text(_("The machine has no volume %(drive)s, where setup shall install."), drive=chosen)
        if chosen
        else Text(_("The machine has no volume for the cache.")),
        observed=Text(
            "%(volumes)s",
            volumes=[_describe(volume) for volume in facts["host.hardware.volumes"] if volume["drive"]]
            or Text(_("nothing")),
        ),
        expected=expected,
    )


def _is_system(volume: Volume) -> bool:
    return _drive(volume) == _SYSTEM


def _drive(volume: Volume) -> str:
    return _letter(volume["drive"]) if volume["drive"] else "?"


def _letter(drive: str) -> str:
    """ "D:" for "d", "D:" and "D:\\"."""
    return f"{drive[:1].upper()}:"


def _number(disk: int | None) -> str:
    return "?" if disk is None else str(disk)


def _describe(volume: Volume) -> str:
    return f"{_drive(volume)} {volume['file_system']} {volume['size_bytes'] / _GIB:.0f} GB"
