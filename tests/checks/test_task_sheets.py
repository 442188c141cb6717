from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.checks.builders import make_finding
from wizard.checks.report import OWNER_WORDS
from wizard.checks.task_sheets import as_markdown, task_sheets
from wizard.text import Text

STATUSES = ["pass", "warn", "fail", "unknown", "skipped"]
FINDINGS = st.lists(
    st.builds(
        lambda number, **changes: make_finding(requirement_id=f"T-{number}", **changes),
        number=st.integers(0, 10_000),
        status=st.sampled_from(STATUSES),
        severity=st.sampled_from(["block", "warn", "info"]),
        owner=st.sampled_from(sorted(OWNER_WORDS)),
        waivable=st.booleans(),
    ),
    unique_by=lambda finding: finding.requirement_id,
    max_size=30,
)


@given(findings=FINDINGS, waived=st.sets(st.integers(0, 10_000).map(lambda number: f"T-{number}")))
def test_every_open_finding_is_on_exactly_one_sheet_that_of_its_owner(findings: list[Any], waived: set[str]):
    sheets = task_sheets(findings, waived)
    on_sheets = [(sheet.owner, item.requirement_id) for sheet in sheets for item in sheet.items]
    expected = {
        (finding.owner, finding.requirement_id)
        for finding in findings
        if finding.status != "pass" and not (finding.waivable and finding.requirement_id in waived)
    }
    assert len(on_sheets) == len(set(on_sheets))
    assert set(on_sheets) == expected
    assert all(sheet.items for sheet in sheets)
    owners = list(OWNER_WORDS)
    assert [sheet.owner for sheet in sheets] == sorted({owner for owner, _id in expected}, key=owners.index)


def test_what_blocks_comes_first_and_the_rest_keeps_its_order():
    findings = [
        make_finding(requirement_id=name, status="fail", severity=severity)
        for name, severity in (("A", "info"), ("B", "warn"), ("C", "block"), ("D", "warn"), ("E", "block"))
    ]
    (sheet,) = task_sheets(findings, ())
    assert [item.requirement_id for item in sheet.items] == ["C", "E", "B", "D", "A"]


def test_an_item_says_what_was_found_what_to_do_and_which_command_to_copy():
    finding = make_finding(
        requirement_id="NET-04",
        owner="windows",
        status="fail",
        summary=Text("Port %(port)s is taken by %(names)s.", port=443, names=["nginx"]),
        details=(Text("0.0.0.0:443 nginx"),),
        remedy=Text("Stop it."),
    )
    sheets = task_sheets([finding], (), {"NET-04": "Get-NetTCPConnection -LocalPort 443"})
    text = as_markdown(sheets, deployment="lyon <cs01>")
    assert text.startswith(
        "# Tasks of lyon \\<cs01\\>\n\n## Windows administrator\n\n### NET-04 The name is free\n"
    )
    assert "Action needed: Port 443 is taken by nginx." in text
    assert "- 0.0.0.0:443 nginx" in text
    assert "\nStop it.\n\n```\nGet-NetTCPConnection -LocalPort 443\n```\n" in text


def test_without_a_command_there_is_nothing_to_copy():
    sheets = task_sheets([make_finding(status="unknown")], ())
    assert "```" not in as_markdown(sheets, deployment="lyon")
    assert sheets[0].items[0].command is None


def test_nothing_left_to_do_is_said():
    assert task_sheets([make_finding()], ()) == []
    assert "Nothing is left to do." in as_markdown([], deployment="lyon")
