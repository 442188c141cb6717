"""PowerShell does not run here, so these few lines are read by a grammar of the language and by their own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from wizard.hosts.remote_commands import BOOT_TIME, FINISH_FILE, RESTART, WRITE_PIECE

PARSER = Parser(Language(tree_sitter_powershell.language()))
ALL = pytest.mark.parametrize("script", [WRITE_PIECE, FINISH_FILE, BOOT_TIME, RESTART])


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


@ALL
def test_it_is_powershell_and_plain_ascii(script: str) -> None:
    tree = PARSER.parse(script.encode())
    wrong = [node for node in nodes(tree.root_node) if node.type == "ERROR" or node.is_missing]
    assert [(node.start_point, node.text) for node in wrong] == []
    assert script.isascii()


@ALL
def test_it_runs_where_fips_mode_is_on(script: str) -> None:
    """.NET before 4.8 refuses its managed algorithms there, which Create() gives; the providers of Windows work."""
    for word in ("SHA256]::Create", "SHA256Managed", "HashAlgorithm]::Create", "MD5"):
        assert word not in script
