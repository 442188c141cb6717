"""PowerShell does not run here, so the scripts are read by a grammar of the language and by their own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from wizard.hosts.bundle import BundleContents, install_script, settings_of
from wizard.hosts.install_protocol import FAILED, INSTALLED, REBOOT_NEEDED, REFUSED, read_line, start_command

Component = Literal["cs", "appliance"]
BOTH = pytest.mark.parametrize("component", ["cs", "appliance"])
PARSER = Parser(Language(tree_sitter_powershell.language()))

# What came after PowerShell 4, which is what Windows Server 2012 R2 has.
TOO_NEW = (
    "Compress-Archive",
    "Expand-Archive",
    "::new(",
    "New-TemporaryFile",
    "Get-ComputerInfo",
    "-AsHashtable",
)


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def commands(component: Component) -> set[str]:
    tree = PARSER.parse(install_script(component).encode())
    return {(node.text or b"").decode() for node in nodes(tree.root_node) if node.type == "command_name"}


def defined(component: Component) -> set[str]:
    return set(re.findall(r"^function ([A-Za-z-]+)", install_script(component), re.MULTILINE))


def test_the_grammar_finds_an_error_where_there_is_one() -> None:
    tree = PARSER.parse(b"function F { if ($a { 1 } }")
    assert any(node.type == "ERROR" or node.is_missing for node in nodes(tree.root_node))


@BOTH
def test_the_script_is_powershell(component: Component) -> None:
    tree = PARSER.parse(install_script(component).encode())
    wrong = [node for node in nodes(tree.root_node) if node.type == "ERROR" or node.is_missing]
    assert [(node.start_point, node.text) for node in wrong] == []


@BOTH
def test_the_script_is_plain_ascii_and_knows_nothing_newer_than_powershell_4(component: Component) -> None:
    script = install_script(component)
    assert script.isascii()
    for word in TOO_NEW:
        assert word not in script


@BOTH
def test_every_function_that_is_called_is_defined_or_of_windows(component: Component) -> None:
    windows = {
        *(
            "Add-Type",
            "ConvertFrom-Json",
            "Copy-Item",
            "Get-AuthenticodeSignature",
            "Get-ChildItem",
            "Get-Content",
        ),
        *(
            "Get-Date",
            "Get-FileHash",
            "Join-Path",
            "New-Item",
            "New-Object",
            "Out-Null",
            "Remove-Item",
            "Set-Acl",
        ),
        *("Set-StrictMode", "Split-Path", "Start-Process", "Test-Path", "Where-Object", "Write-Host"),
    }
    called = {name for name in commands(component) if re.fullmatch(r"[A-Za-z]+-[A-Za-z]+", name)}
    assert called - defined(component) <= windows
    assert {"Assert-Manifest", "Assert-SignedByMicrosoft", "Wait-Program", "Save-Logs"} <= called


def test_the_functions_of_one_script_are_all_used_by_it_or_shared() -> None:
    used = commands("cs") | commands("appliance")
    assert (defined("cs") | defined("appliance")) - used == set()


@BOTH
def test_settings_are_read_only_where_the_bundle_writes_them(component: Component) -> None:
    read = set(re.findall(r"\$settings\.(\w+)", install_script(component)))
    written = {
        *settings_of(
            BundleContents(
                component=component,
                deployment="d",
                machine="m",
                made_at=datetime(2026, 11, 22, tzinfo=UTC),
                staging_folder="C:\\x",
                installer="i",
                download="u",
                commands=(),
            )
        )
    }
    assert read <= written
    assert {"schema", "staging_folder", "installer"} <= read


def test_the_steps_come_in_an_order_in_which_nothing_unsafe_runs() -> None:
    body = install_script("cs").split("$bundle = $PSScriptRoot")[1]
    order = [
        "Assert-Elevated",
        "Assert-Manifest $bundle",
        "Assert-SignedByMicrosoft $installer",
        "New-StagingFolder $staging $bundle",
        "Assert-SignedByMicrosoft $staged",
        "Start-Process -FilePath $staged",
        "Start-Process -FilePath $setup",
        "Save-Logs $LogFolders",
        "finally {",
        "Remove-Secrets $secrets",
        "exit $code",
    ]
    places = [body.index(words) for words in order]
    assert places == sorted(places)


def test_the_hashes_of_secrets_do_not_outlive_the_secrets() -> None:
    body = install_script("cs").split("$bundle = $PSScriptRoot")[1]
    kept = body.index("$secrets += (Join-Path $bundle 'Manifest.sha256')")
    assert body.index("Assert-Manifest $bundle") < kept < body.index("Remove-Secrets $secrets")


def test_a_dry_run_reaches_nothing_that_changes_the_machine() -> None:
    body = install_script("cs").split("$bundle = $PSScriptRoot")[1]
    before, rest = body.split("if ($DryRun) {")
    dry = rest.split("else {")[0]
    for change in ("Start-Process", "Copy-Item", "New-Item", "New-StagingFolder", "Protect-Path", "Remove-"):
        assert change not in before + dry


@BOTH
def test_the_exit_codes_are_written_down_as_the_wizard_reads_them(component: Component) -> None:
    script = install_script(component)
    documented = {int(code) for code in re.findall(r"^    (\d+) +[a-zD]", script, re.MULTILINE)}
    assert documented == {INSTALLED, FAILED, REFUSED, REBOOT_NEEDED}
    assert documented == {int(code) for code in re.findall(r"\$code = (\d+)", script)}


@BOTH
def test_progress_never_goes_back_and_every_line_is_understood(component: Component) -> None:
    body = install_script(component).split("$bundle = $PSScriptRoot")[1]
    steps = re.findall(r"Write-Step (\d+) '([^']+)'", body)
    # The dry run has a branch of its own that ends at 100.
    percents = [int(percent) for percent, text in steps if "Nothing was changed" not in text]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    for percent, text in steps:
        line = read_line(f"FOOTHOLD progress {percent} {text}")
        assert line is not None
        assert (line.kind, line.number, line.text) == ("progress", int(percent), text)
    for kind in set(re.findall(r"Write-Note '(\w+)'", install_script(component))):
        assert read_line(f"FOOTHOLD {kind} 0 something") is not None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("FOOTHOLD result 3010 Installed.\r\n", ("result", 3010, "Installed.")),
        ("FOOTHOLD progress 900 Off the scale", ("progress", 100, "Off the scale")),
        ("FOOTHOLD logs C:\\b\\Logs.zip", ("logs", None, "C:\\b\\Logs.zip")),
        ("FOOTHOLD warning 5 days are over", ("warning", None, "5 days are over")),
        ("FOOTHOLD progress soon", None),
        ("FOOTHOLD dance 1 x", None),
        ("Installing FOOTHOLD progress 1 x", None),
        ("", None),
    ],
)
def test_lines_are_read(line: str, expected: tuple[str, int | None, str] | None) -> None:
    found = read_line(line)
    assert (found and (found.kind, found.number, found.text)) == expected


def test_a_flood_on_one_line_is_cut() -> None:
    found = read_line("FOOTHOLD warning " + "x" * 5000)
    assert found is not None
    assert len(found.text) == 1000


def test_the_script_is_started_as_at_the_console() -> None:
    assert start_command("C:\\it's\\", "Install.ps1", dry_run=True, timeout_minutes=90) == (
        "& powershell.exe -NoProfile -ExecutionPolicy Bypass -File 'C:\\it''s\\Install.ps1' -TimeoutMinutes 90 -DryRun\n"
        "exit $LASTEXITCODE\n"
    )
    tree = PARSER.parse(start_command("C:\\b", "Install.ps1").encode())
    assert not tree.root_node.has_error
