"""All judges, by the names that the catalogue uses. Importing this package fills the register."""

from __future__ import annotations

from wizard.checks.judges import (
    addresses,
    attested,
    capacity,
    clock,
    lifecycle,
    names,
    placement,
    proxies,
    reachability,
    template_contents,
    template_hardware,
    vcenter,
)
from wizard.checks.verdict import find_judge

__all__ = [
    "addresses",
    "attested",
    "capacity",
    "clock",
    "find_judge",
    "lifecycle",
    "names",
    "placement",
    "proxies",
    "reachability",
    "template_contents",
    "template_hardware",
    "vcenter",
]
