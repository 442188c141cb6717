"""The hardware that the template describes, against the rules and the sizing advice (asr-facts 3.1 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_GB = 1024**3


@judge("template_processors")
def judge_processors(facts: Facts, params: Params) -> Verdict:
    """Facts template.descriptor, capacity.vcpu; parameter minimum."""
    found = facts["template.descriptor"]["cpu_count"]
    minimum, advised = params["minimum"], facts["capacity.vcpu"]
    if found < minimum:
        summary = Text.counted(
            "The template has %(found)s virtual processor; too few.",
            "The template has %(found)s virtual processors; too few.",
            "found",
            found=found,
        )
    elif found < advised:
        summary = Text(
            _(
                "The template has %(found)s virtual processors; for the machines planned %(advised)s are advised."
            ),
            found=found,
            advised=advised,
        )
    else:
        summary = Text(_("The template has enough virtual processors."))
    return Verdict(
        status=grade(found, minimum, advised),
        summary=summary,
        observed=Text(_("virtual processors: %(number)s"), number=found),
        expected=Text(
            _("at least %(minimum)s, %(advised)s for the machines planned"),
            minimum=minimum,
            advised=max(minimum, advised),
        ),
    )


@judge("template_memory")
def judge_memory(facts: Facts, params: Params) -> Verdict:
    """Facts template.descriptor, capacity.memory_gb; parameter minimum_gb."""
    found = facts["template.descriptor"]["memory_mb"] / 1024
    minimum, advised = params["minimum_gb"], facts["capacity.memory_gb"]
    if found < minimum:
        summary = Text(_("The template has %(found)g GB of memory; too little."), found=found)
    elif found < advised:
        summary = Text(
            _(
                "The template has %(found)g GB of memory; for the machines planned %(advised)g GB are advised."
            ),
            found=found,
            advised=advised,
        )
    else:
        summary = Text(_("The template has enough memory."))
    return Verdict(
        status=grade(found, minimum, advised),
        summary=summary,
        observed=Text(_("%(found)g GB"), found=found),
        expected=Text(
            _("at least %(minimum)g GB, %(advised)g GB for the machines planned"),
            minimum=minimum,
            advised=max(minimum, advised),
        ),
    )


@judge("template_disk_count")
def judge_disk_count(facts: Facts, params: Params) -> Verdict:
    """One disk lacks the cache (fail), two lack the retention disk (warn); asr-facts HW-03."""
    found = len(facts["template.descriptor"]["disks"])
    status: VerdictStatus
    if found < 2:
        status, summary = "fail", Text(_("The template has no disk for the cache of the process server."))
    elif found < params["wanted"]:
        status, summary = "warn", Text(_("The template has no disk for the retention of the master target."))
    else:
        status, summary = "pass", Text(_("The template has disks for system, cache and retention."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text(_("disks: %(number)s"), number=found),
        expected=Text(_("%(number)s disks for system, cache and retention"), number=params["wanted"]),
    )


@judge("template_cache_disk")
def judge_cache_disk(facts: Facts, params: Params) -> Verdict:
    """600 GB pass, 300 to 599 GB warn (asr-facts 14, C12), and never less than the sizing advice."""
    cache = _data_disks_gb(facts["template.descriptor"])[:1]
    wanted = max(params["enough_gb"], facts["capacity.cache_gb"])
    if not cache:
        return Verdict(
            status="fail",
            summary=Text(_("The template has no disk for the cache of the process server.")),
            observed=Text(_("no data disk")),
            expected=Text(_("at least %(wanted)g GB"), wanted=wanted),
        )
    found = cache[0]
    if found >= wanted:
        summary = Text(_("The cache disk is large enough."))
    else:
        summary = Text(
            _(
                "The cache disk has %(found)g GB; %(wanted)g GB are wanted, and it cannot be moved after setup."
            ),
            found=found,
            wanted=wanted,
        )
    return Verdict(
        status=grade(found, params["tight_gb"], wanted),
        summary=summary,
        observed=Text(_("%(found)g GB"), found=found),
        expected=Text(_("at least %(wanted)g GB"), wanted=wanted),
    )


@judge("template_retention_disk")
def judge_retention_disk(facts: Facts, params: Params) -> Verdict:
    """Fact template.descriptor; parameter enough_gb. The retention disk is the smaller of the data disks."""
    retention = _data_disks_gb(facts["template.descriptor"])[1:2]
    found = retention[0] if retention else 0.0
    enough = found >= params["enough_gb"]
    return Verdict(
        status="pass" if enough else "fail",
        summary=Text(_("The retention disk is large enough."))
        if enough
        else Text(_("The retention disk is too small for failback."))
        if retention
        else Text(_("The template has no disk for the retention of the master target.")),
        observed=Text(_("%(found)g GB"), found=found) if retention else Text(_("no second data disk")),
        expected=Text(_("at least %(wanted)g GB"), wanted=params["enough_gb"]),
    )


@judge("separate_cache_disk")
def judge_separate_cache_disk(facts: Facts, params: Params) -> Verdict:
    """The cache must not lie on the system disk (asr-facts HW-10)."""
    separate = bool(_data_disks_gb(facts["template.descriptor"]))
    return Verdict(
        status="pass" if separate else "fail",
        summary=Text(_("The cache has a disk of its own."))
        if separate
        else Text(_("The cache would share the system disk.")),
        observed=Text(_("disks: %(number)s"), number=len(facts["template.descriptor"]["disks"])),
        expected=Text(_("a disk for the cache besides the system disk")),
    )


@judge("disk_controller")
def judge_disk_controller(facts: Facts, params: Params) -> Verdict:
    """No SCSI controller of a kind in `refused` (asr-facts MT-07)."""
    kinds = [item["type"] for item in facts["template.descriptor"]["controllers"] if item["kind"] == "scsi"]
    refused = [kind for kind in kinds if kind.lower() in params["refused"]]
    return Verdict(
        status="fail" if refused else "pass",
        summary=Text(
            _("The template has a paravirtual SCSI controller, which a master target must not have.")
        )
        if refused
        else Text(_("The template has no paravirtual SCSI controller.")),
        observed=Text("%(kinds)s", kinds=kinds) if kinds else Text(_("no SCSI controller")),
        expected=Text(_("LSI Logic only")),
    )


def grade(found: float, minimum: float, advised: float) -> VerdictStatus:
    """Below the minimum fails, below what is advised warns."""
    if found < minimum:
        return "fail"
    return "pass" if found >= advised else "warn"


def _data_disks_gb(descriptor: Mapping[str, Any]) -> list[float]:
    """The disks after the first, which is the system's, from large to small: cache, then retention."""
    return sorted((disk["capacity_bytes"] / _GB for disk in descriptor["disks"][1:]), reverse=True)
