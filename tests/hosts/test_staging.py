"""PowerShell does not run here, so these scripts are read by a grammar of the language and by their own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from wizard.hosts.staging import prepare_folder, remove_secrets

PARSER = Parser(Language(tree_sitter_powershell.language()))
FOLDER = r"C:\Temp\FootholdBundle-1a2b3c4d"
STAGING = "C:\\Temp\\Foothold\\"
SCRIPTS = {
    "a folder alone": prepare_folder(FOLDER, ("installer",)),
    "a folder with the installer": prepare_folder(
        FOLDER, ("installer", "mysql"), source=r"D:\Set up", pattern="*.zip", name="Installers.zip"
    ),
    "removing": remove_secrets(FOLDER, STAGING, ("MySQLCredentials.txt", "Passphrase.txt")),
    "removing without secrets": remove_secrets(FOLDER, STAGING, ()),
    "a quote": prepare_folder(r"C:\O'Neill", ("installer",)),
}
# What came after PowerShell 4, which is what Windows Server 2012 R2 has.
TOO_NEW = ("Compress-Archive", "Expand-Archive", "::new(", "&&", "??")


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_script_is_powershell_of_old(name: str) -> None:
    script = SCRIPTS[name]
    tree = PARSER.parse(script.encode())
    wrong = [node for node in nodes(tree.root_node) if node.type == "ERROR" or node.is_missing]
    assert [(node.start_point, node.text) for node in wrong] == []
    assert script.isascii()
    assert not [word for word in TOO_NEW if word in script]


def test_the_folder_is_closed_before_anything_is_put_there() -> None:
    script = SCRIPTS["a folder with the installer"]
    order = [script.index(word) for word in ("is there already", "icacls.exe", "foreach", "Copy-Item")]
    assert order == sorted(order)
    assert "/inheritance:r" in script
    assert "S-1-5-32-544" in script


def test_names_arrive_as_they_are() -> None:
    assert "$folder = 'C:\\O''Neill'" in SCRIPTS["a quote"]
    assert "Copy-Item" not in SCRIPTS["a folder alone"]
    assert "$source = 'D:\\Set up'" in SCRIPTS["a folder with the installer"]
    assert "-Filter '*.zip'" in SCRIPTS["a folder with the installer"]
    assert "$staging = 'C:\\Temp\\Foothold'\n" in SCRIPTS["removing"]
    assert "@('MySQLCredentials.txt', 'Passphrase.txt')" in SCRIPTS["removing"]


def test_what_still_runs_is_ended_before_its_files_are_removed_and_logs_stay() -> None:
    script = SCRIPTS["removing"]
    assert script.index("taskkill.exe") < script.index("Remove-Item")
    removals = [line for line in script.splitlines() if "Get-ChildItem" in line]
    assert removals
    assert all("Logs-*.zip" in line for line in removals if "Count" not in line)
