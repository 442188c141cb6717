"""A Linux master target, as its collector saw it (asr-facts 3.1, 3.2 and 3.10; MT-14, MT-15)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from wizard.checks.verdict import Facts, Params, Verdict, VerdictStatus, judge
from wizard.text import Text, _

_GIB = 1024**3
_KERNEL = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-(\d{1,9}))?", re.ASCII)


@judge("linux_hardware")
def judge_linux_hardware(facts: Facts, params: Params) -> Verdict:
    """Facts mt_linux.hardware.logical_processors, memory_bytes, disks, mounts; parameters processors, memory_gb,
    system_disk_gb, retention_gb, slack_percent (HW-15). The retention is any file system besides the root."""
    kept = 1 - params["slack_percent"] / 100
    processors = facts["mt_linux.hardware.logical_processors"]
    memory = facts["mt_linux.hardware.memory_bytes"] / _GIB
    mounts = facts["mt_linux.hardware.mounts"]
    system = _system_disk_gb(facts)
    retention = max((item["size_bytes"] / _GIB for item in mounts if item["target"] != "/"), default=0.0)
    short = [
        Text(_("%(what)s: %(found).0f instead of %(wanted)s"), what=what, found=found, wanted=params[wanted])
        for what, found, wanted, least in (
            (Text(_("processors")), processors, "processors", params["processors"]),
            (Text(_("memory in GB")), memory, "memory_gb", params["memory_gb"] * kept),
            (Text(_("system disk in GB")), system, "system_disk_gb", params["system_disk_gb"] * kept),
            (Text(_("retention in GB")), retention, "retention_gb", params["retention_gb"] * kept),
        )
        if found < least
    ]
    return Verdict(
        status="fail" if short else "pass",
        summary=Text(_("The master target is smaller than advised."))
        if short
        else Text(_("The master target is large enough.")),
        observed=Text(
            _(
                "%(processors)s processors, %(memory).0f GB memory, %(system).0f GB system, %(retention).0f GB retention"
            ),
            processors=processors,
            memory=memory,
            system=system,
            retention=retention,
        ),
        expected=Text(
            _(
                "%(processors)s processors, %(memory).0f GB memory, %(system).0f GB system, %(retention).0f GB retention"
            ),
            processors=params["processors"],
            memory=params["memory_gb"],
            system=params["system_disk_gb"],
            retention=params["retention_gb"],
        ),
        details=tuple(short),
    )


@judge("linux_distribution")
def judge_linux_distribution(facts: Facts, params: Params) -> Verdict:
    """Facts mt_linux.os.release, mt_linux.identity.architecture; parameters supported and old (id to versions).

    `old` are versions that only an upgrade may keep: a warning (OS-15).
    """
    release, architecture = facts["mt_linux.os.release"], facts["mt_linux.identity.architecture"]
    status: VerdictStatus
    if architecture.lower() not in ("x86_64", "amd64"):
        status, summary = "fail", Text(_("The distribution is not a 64-bit one for x86."))
    elif _is_one_of(release, params["supported"]):
        status, summary = "pass", Text(_("%(name)s is supported."), name=release["pretty_name"])
    elif _is_one_of(release, params["old"]):
        status = "warn"
        summary = Text(
            _("%(name)s is supported only where an older master target is upgraded."),
            name=release["pretty_name"],
        )
    else:
        status, summary = "fail", Text(_("%(name)s is not supported."), name=release["pretty_name"])
    return Verdict(
        status=status,
        summary=summary,
        observed=Text("%(name)s, %(architecture)s", name=release["pretty_name"], architecture=architecture),
        expected=Text(
            "%(names)s", names=[f"{name} {' / '.join(found)}" for name, found in params["supported"].items()]
        ),
    )


@judge("linux_kernel")
def judge_linux_kernel(facts: Facts, params: Params) -> Verdict:
    """Fact mt_linux.os.kernel; parameter newest: the last kernel of each series that works (OS-16)."""
    found = facts["mt_linux.os.kernel"]
    version = _kernel(found)
    limits = [limit for limit in map(_kernel, params["newest"]) if limit is not None]
    limit = next((limit for limit in limits if version is not None and limit[:2] == version[:2]), None)
    status: VerdictStatus
    if version is None:
        status, summary = "unknown", Text(_("The version of the kernel cannot be told from its name."))
    elif limit is None:
        status, summary = "fail", Text(_("Kernels of this series do not work."))
    elif version > limit:
        status, summary = "fail", Text(_("The kernel is newer than the last one that works."))
    else:
        status, summary = "pass", Text(_("The kernel is one that works."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text("%(kernel)s", kernel=found),
        expected=Text(_("at most %(kernels)s"), kernels=params["newest"]),
    )


@judge("linux_updates_off")
def judge_linux_updates_off(facts: Facts, params: Params) -> Verdict:
    """Fact mt_linux.os.automatic_updates (OS-17)."""
    on = facts["mt_linux.os.automatic_updates"]
    return Verdict(
        status="fail" if on else "pass",
        summary=Text(_("Updates install themselves."))
        if on
        else Text(_("Updates do not install themselves.")),
        observed=Text(_("on")) if on else Text(_("off")),
        expected=Text(_("off")),
    )


@judge("linux_root_not_on_lvm")
def judge_linux_root(facts: Facts, params: Params) -> Verdict:
    """Fact mt_linux.hardware.mounts (OS-18)."""
    root = next((item for item in facts["mt_linux.hardware.mounts"] if item["target"] == "/"), None)
    status: VerdictStatus
    if root is None:
        status, summary = "unknown", Text(_("The collector saw no root file system."))
    elif root["lvm"]:
        status, summary = "fail", Text(_("The root file system is on LVM."))
    else:
        status, summary = "pass", Text(_("The root file system is on a plain partition."))
    return Verdict(
        status=status,
        summary=summary,
        observed=Text("%(source)s", source=root["source"]) if root else Text(_("none")),
        expected=Text(_("a plain partition")),
    )


@judge("linux_packages")
def judge_linux_packages(facts: Facts, params: Params) -> Verdict:
    """Fact mt_linux.packages.installed; parameter wanted (SW-13)."""
    missing = [name for name in params["wanted"] if name not in facts["mt_linux.packages.installed"]]
    return Verdict(
        status="fail" if missing else "pass",
        summary=Text(_("Packages are missing: %(names)s."), names=missing)
        if missing
        else Text(_("Every package is installed.")),
        observed=Text(
            _("%(found)s of %(all)s installed"),
            found=len(params["wanted"]) - len(missing),
            all=len(params["wanted"]),
        ),
        expected=Text("%(names)s", names=params["wanted"]),
    )


@judge("linux_vmware_tools")
def judge_linux_vmware_tools(facts: Facts, params: Params) -> Verdict:
    """Fact mt_linux.services.states; parameter services: one of them is enough (SW-12)."""
    states = {
        item["name"].removesuffix(".service"): item["state"] for item in facts["mt_linux.services.states"]
    }
    running = [name for name in params["services"] if states.get(name, "").lower() in ("running", "active")]
    return Verdict(
        status="pass" if running else "fail",
        summary=Text(_("VMware Tools run.")) if running else Text(_("VMware Tools do not run.")),
        observed=Text("%(names)s", names=running) if running else Text(_("not running")),
        expected=Text(_("running")),
    )


def _system_disk_gb(facts: Facts) -> float:
    """The size of the disk below the root file system; of the largest where that cannot be told."""
    root = next((item["source"] for item in facts["mt_linux.hardware.mounts"] if item["target"] == "/"), "")
    device = root.removeprefix("/dev/")
    disks = {
        item["name"].removeprefix("/dev/"): item["size_bytes"] / _GIB
        for item in facts["mt_linux.hardware.disks"]
    }
    below = [size for name, size in disks.items() if name and device.startswith(name)]
    return max(below or disks.values(), default=0.0)


def _is_one_of(release: Mapping[str, Any], versions: Mapping[str, list[str]]) -> bool:
    return release["version_id"] in versions.get(release["id"].lower(), ())


def _kernel(name: str) -> tuple[int, ...] | None:
    match = _KERNEL.match(name)
    return tuple(int(part or 0) for part in match.groups()) if match else None
