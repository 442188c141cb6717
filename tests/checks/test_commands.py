"""What people are told to copy must at least be a sentence of the language that they paste it into."""

from __future__ import annotations

import subprocess

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from wizard.checks.catalogue import load
from wizard.checks.requirement import PROFILES, Requirement

POWERSHELL = Parser(Language(tree_sitter_powershell.language()))


def commands(*, linux: bool) -> list[Requirement]:
    # The words after netsh are its own; the grammar takes them for PowerShell's.
    rows = {
        row.command: row
        for profile in PROFILES
        for row in load(profile)
        if row.command and not row.command.startswith("netsh ")
    }
    return [row for row in rows.values() if (row.components == ("mt_linux",)) is linux]


def as_the_grammar_knows_it(command: str) -> bytes:
    """The grammar lacks lists of bare words and capital multipliers, both of which PowerShell takes."""
    return command.replace(", ", " ").replace("1GB", "1gb").encode()


def faults(node: Node) -> list[str]:
    own = [f"{node.type} at {node.start_point.column}"] if node.is_error or node.is_missing else []
    return [*own, *(fault for child in node.children for fault in faults(child))]


@pytest.mark.parametrize("row", commands(linux=False), ids=lambda row: row.id)
def test_a_command_for_windows_is_powershell(row: Requirement):
    assert row.command
    assert faults(POWERSHELL.parse(as_the_grammar_knows_it(row.command)).root_node) == []


@pytest.mark.parametrize("row", commands(linux=False), ids=lambda row: row.id)
def test_a_command_for_windows_runs_on_windows_server_2012_r2(row: Requirement):
    newer = (
        "Get-Package",
        "Get-TimeZone",
        "LocalGroup",
        "LocalUser",
        "Get-ComputerInfo",
        "StartType",
        "Clear-RecycleBin",
    )
    assert row.command
    assert [word for word in newer if word in row.command.replace("net localgroup", "")] == []


@pytest.mark.parametrize("row", commands(linux=False), ids=lambda row: row.id)
def test_a_command_writes_no_file_in_utf_16_and_takes_no_whole_key_of_policies_away(row: Requirement):
    """Windows PowerShell redirects into UTF-16, which no reader of such a file expects; and besides the values that a
    requirement is about, such a key holds others, as of the logging of scripts."""
    assert row.command
    assert " > " not in row.command
    assert "Remove-Item " not in row.command


@pytest.mark.parametrize("row", commands(linux=True), ids=lambda row: row.id)
def test_a_command_for_linux_is_shell(row: Requirement):
    assert row.command
    read = subprocess.run(["/bin/sh", "-n"], input=row.command, capture_output=True, text=True, timeout=10)
    assert (read.returncode, read.stderr) == (0, "")


def test_a_broken_command_would_be_noticed():
    assert faults(POWERSHELL.parse(as_the_grammar_knows_it("Set-Item 'HKLM:\\x -Value (")).root_node)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_command_against_fips_mode_sets_both_values_that_are_judged(profile: str):
    row = load(profile).get("SEC-01")
    assert row is not None
    assert "Lsa' fipsalgorithmpolicy 0" in (row.command or "")
    assert "FIPSAlgorithmPolicy' Enabled 0" in (row.command or "")


@pytest.mark.parametrize("profile", PROFILES)
def test_what_windows_administrators_must_change_comes_with_a_command(profile: str):
    without = {
        row.id
        for row in load(profile)
        if row.category in ("policies", "iis", "operating_system", "hardware") and row.kind == "probe"
        if row.owner == "windows" and any(key.startswith("host.") for key in row.facts) and not row.command
    }
    assert without == set()
