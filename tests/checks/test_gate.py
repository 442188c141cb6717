from __future__ import annotations

import pytest

from tests.checks.builders import make_finding
from wizard.checks.engine import gate


@pytest.mark.parametrize("status", ["fail", "unknown", "skipped"])
def test_a_blocking_requirement_that_did_not_pass_blocks(status: str):
    decision = gate([make_finding(status=status)], ())
    assert decision.blocked
    assert decision.blocking == ("T-01",)


@pytest.mark.parametrize("status", ["fail", "unknown", "skipped"])
def test_a_waived_requirement_does_not_block(status: str):
    decision = gate([make_finding(status=status, waivable=True)], {"T-01"})
    assert not decision.blocked
    assert decision.waived == ("T-01",)


def test_a_waiver_of_what_cannot_be_waived_counts_for_nothing():
    decision = gate([make_finding(status="fail")], {"T-01"})
    assert decision.blocked
    assert decision.waived == ()


def test_a_waiver_of_another_requirement_does_not_help():
    assert gate([make_finding(status="fail", waivable=True)], {"T-02"}).blocked


@pytest.mark.parametrize("severity", ["warn", "info"])
@pytest.mark.parametrize("status", ["warn", "unknown", "skipped"])
def test_what_does_not_block_by_severity_is_a_warning(severity: str, status: str):
    decision = gate([make_finding(severity=severity, status=status)], ())
    assert not decision.blocked
    assert decision.warnings == ("T-01",)


def test_a_warning_of_a_blocking_requirement_does_not_block():
    decision = gate([make_finding(status="warn")], ())
    assert not decision.blocked
    assert decision.warnings == ("T-01",)


def test_passed_requirements_are_mentioned_nowhere():
    decision = gate([make_finding()], {"T-01"})
    assert (decision.blocking, decision.waived, decision.warnings) == ((), (), ())


def test_ids_keep_the_order_of_the_findings():
    findings = [make_finding(requirement_id=name, status="fail") for name in ("Z", "A", "M")]
    assert gate(findings, ()).blocking == ("Z", "A", "M")


def test_no_findings_block_nothing():
    assert not gate([], ()).blocked
