"""The retention volume of the Linux master target (asr-facts MT-14 and MT-15)."""

from __future__ import annotations

from wizard.checks.verdict import Facts, Params, Verdict, judge
from wizard.text import Text, _

_GB = 1000**3
# ext4 keeps about so much of a disk to itself.
_SPARE_SHARE = 0.05


@judge("linux_retention")
def judge_retention(facts: Facts, params: Params) -> Verdict:
    """Fact mt_linux.hardware.mounts; parameters target and file_system (asr-facts MT-14)."""
    mounts = {item["target"]: item for item in facts["mt_linux.hardware.mounts"]}
    mount, root = mounts.get(params["target"]), mounts.get("/")
    named = {"target": params["target"], "file_system": params["file_system"]}
    if mount is None:
        problem: Text | None = Text(_("Nothing is mounted at %(target)s."), **named)
    elif mount["file_system"] != params["file_system"]:
        problem = Text(_("%(target)s is not a volume with %(file_system)s."), **named)
    elif root is not None and mount["source"] == root["source"]:
        problem = Text(_("%(target)s lies on the system's own volume."), **named)
    elif mount["size_bytes"] <= 0:
        problem = Text(_("%(target)s has no size."), **named)
    else:
        problem = None
    return Verdict(
        status="fail" if problem else "pass",
        summary=problem or Text(_("The retention volume is mounted at %(target)s."), **named),
        observed=Text("%(source)s, %(file_system)s", source=mount["source"], file_system=mount["file_system"])
        if mount
        else Text(_("nothing")),
        expected=Text(_("%(file_system)s at %(target)s, on a disk of its own"), **named),
    )


@judge("linux_retention_size")
def judge_retention_size(facts: Facts, params: Params) -> Verdict:
    """Fact mt_linux.hardware.mounts; parameters target and enough_gb, in 1000^3 bytes (asr-facts MT-15)."""
    found = next(
        (
            item["size_bytes"] / _GB
            for item in facts["mt_linux.hardware.mounts"]
            if item["target"] == params["target"]
        ),
        0.0,
    )
    enough = found >= params["enough_gb"] * (1 - _SPARE_SHARE)
    return Verdict(
        status="pass" if enough else "fail",
        summary=Text(_("The retention volume is large enough."))
        if enough
        else Text(_("The retention volume is too small for failback.")),
        observed=Text(_("%(found).0f GB"), found=found),
        expected=Text(_("at least %(wanted)g GB"), wanted=params["enough_gb"]),
    )
