"""Requirements, sheets and findings as tests need them: sensible, unless said otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wizard.checks.engine import FactSheet, Finding
from wizard.checks.requirement import Requirement
from wizard.text import Text

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def make_requirement(**changes: Any) -> Requirement:
    values: dict[str, Any] = {
        "id": "T-01",
        "title": Text("The name is free"),
        "why": Text("Names are unique."),
        "category": "placement",
        "kind": "probe",
        "profiles": ("asr-classic",),
        "components": ("cs",),
        "when": (),
        "methods": ("ova",),
        "clouds": (),
        "phase": "before",
        "severity": "block",
        "waivable": False,
        "owner": "vsphere",
        "judge": "vm_name_free",
        "facts": ("placement.vm_name_taken",),
        "params": {},
        "requires": (),
        "remedy": Text("Choose another name."),
        "command": None,
        "source": "a-document.md",
        "source_date": "2023-12",
        "link": "https://learn.microsoft.com/azure/site-recovery/a-document",
        "conflict": None,
        "question": None,
        "unchecked": None,
        **changes,
    }
    return Requirement(**values)


def make_sheet(facts: Mapping[str, Any], *, seconds: float = 0.25) -> FactSheet:
    sheet = FactSheet()
    for key, value in facts.items():
        sheet.known(key, value, observed_from="vcenter.site.test", seconds=seconds, at=NOW)
    return sheet


def make_finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "requirement_id": "T-01",
        "title": Text("The name is free"),
        "category": "placement",
        "severity": "block",
        "waivable": False,
        "owner": "vsphere",
        "status": "pass",
        "summary": Text("The name of the virtual machine is free."),
        "observed": Text("free"),
        "expected": Text("free"),
        "remedy": Text(""),
        "observed_from": "vcenter.site.test",
        "at": NOW,
        "seconds": 0.25,
        **changes,
    }
    return Finding(**values)
