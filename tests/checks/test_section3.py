"""Every row of section 3 of the facts is checked, asked or listed, as strictly as it is written there."""

from __future__ import annotations

from pathlib import Path

import pytest

from wizard.checks.catalogue import PROFILES, load
from wizard.checks.requirement import Requirement

STRICTNESS = ("info", "warn", "block")


def section3() -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / "section3_ids.txt").read_text("utf-8").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    return [(requirement_id, severity) for requirement_id, severity in rows]


def variants(requirement_id: str) -> list[Requirement]:
    return [row for profile in PROFILES for row in load(profile).variants(requirement_id)]


def test_the_list_is_whole():
    ids = [requirement_id for requirement_id, _severity in section3()]
    subjects = {requirement_id.split("-")[0] for requirement_id in ids}
    assert len(ids) == len(set(ids)) == 147
    assert subjects == {"HW", "OS", "POL", "IIS", "SEC", "NET", "TIME", "URL", "PRX", "AZ", "SW", "SRC"}


@pytest.mark.parametrize(("requirement_id", "severity"), section3())
def test_no_row_of_the_facts_was_forgotten(requirement_id: str, severity: str):
    found = variants(requirement_id)
    assert found, f"{requirement_id} is in neither catalogue"
    strictest = max((row.severity for row in found), key=STRICTNESS.index)
    assert severity in (strictest, "-")
