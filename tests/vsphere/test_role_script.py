"""The scripts as text: exactly the privileges, the right objects, and no name that becomes code."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Node, Parser

from wizard.vsphere.effective_rights import wanted
from wizard.vsphere.placement import ObjectRef
from wizard.vsphere.privileges import LEVELS, Level
from wizard.vsphere.role_script import RoleOrder, govc, grants_on, powercli

PARSER = Parser(Language(tree_sitter_powershell.language()))

HOSTILE = (
    "o'neil",
    "$(touch pwned)",
    "`touch pwned`",
    'a"; touch pwned; "',
    "%2f%25 & <b>",
    "-n",
    "Zürich 🦊 ’; touch pwned",
    "@@grants@@",
    "back\\slash",
)


def ref(kind: str, moid: str, path: str) -> ObjectRef:
    return ObjectRef(type=kind, moid=moid, name=path.rpartition("/")[2], path=path)


OBJECTS = [
    ref("Folder", "group-d1", "/"),
    ref("Datacenter", "datacenter-2", "/DC%2f0"),
    ref("Datastore", "datastore-9", "/DC%2f0/datastore/it's\n$(touch pwned)"),
]


def order(*levels: Level, role: str = "Foothold_lyon", principal: str = "LAB\\asr") -> RoleOrder:
    return RoleOrder(
        role_name=role,
        principal=principal,
        privileges=wanted(levels or LEVELS),
        grants=grants_on(OBJECTS),
        host="vcenter.lab.test",
        port=443,
        instance_uuid="11111111-2222",
    )


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def texts(root: Node, kind: str) -> list[str]:
    return [(node.text or b"").decode() for node in nodes(root) if node.type == kind]


def shell_value(script: str, name: str) -> str:
    """What a shell makes of an assignment; the words of a script that runs are another file's subject."""
    done = subprocess.run(
        ["sh", "-c", f'{assignments(script)}\nprintf %s "${name}"'],
        capture_output=True,
        check=True,
        timeout=30,
    )
    return done.stdout.decode()


def assignments(script: str) -> str:
    """The part of a govc script in which values are set, before anything is called."""
    start, end = script.index("\nGOVC_URL="), script.index("\n# Stops here")
    return script[start:end]


@pytest.mark.parametrize("level", LEVELS)
def test_both_forms_have_exactly_the_privileges_of_the_level(level: Level) -> None:
    wished = list(wanted([level]))
    shell = govc(order(level))
    listed = shell[shell.index("for id in") : shell.index("; do")]
    assert shlex.split(listed.replace("\\\n", " "))[3:] == wished
    root = PARSER.parse(powercli(order(level)).encode()).root_node
    assert [text.strip("'") for text in texts(root, "verbatim_string_characters") if _is_id(text)] == wished


def _is_id(text: str) -> bool:
    return re.fullmatch(r"'[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)+'", text) is not None


def test_powershell_can_read_the_script() -> None:
    for name in HOSTILE:
        root = PARSER.parse(powercli(order(role=name, principal=f"LAB\\{name}")).encode()).root_node
        assert not root.has_error, name


def test_no_name_becomes_a_command_of_powershell() -> None:
    tame = texts(PARSER.parse(powercli(order()).encode()).root_node, "command_name")
    for name in HOSTILE:
        script = powercli(order(role=name, principal=f"LAB\\{name}"))
        assert texts(PARSER.parse(script.encode()).root_node, "command_name") == tame, name
        assert script.isascii(), "it can be saved in whatever encoding"
    assert {"New-Object", "Get-View", "Connect-VIServer"} <= set(tame)


def test_a_shell_reads_every_name_as_it_is(tmp_path: Path) -> None:
    for name in HOSTILE:
        script = govc(order(role=name, principal=f"LAB\\{name}"))
        assert shell_value(script, "role") == name
        assert shell_value(script, "principal") == f"LAB\\{name}"
        assert subprocess.run(["sh", "-n"], input=script.encode(), timeout=30, check=False).returncode == 0


def test_the_name_of_an_object_stays_in_its_comment() -> None:
    for script in (govc(order()), powercli(order())):
        lines = [line for line in script.splitlines() if "touch pwned" in line]
        assert len(lines) == 1
        assert "# /DC%2f0/datastore/it's?$(touch pwned)" in lines[0]


def test_the_root_is_given_to_read_and_what_is_used_below_to_work() -> None:
    script = govc(order())
    assert re.findall(r"^assign (.*)$", script, re.MULTILINE) == [
        "ReadOnly false 'Folder:group-d1'",
        "\"$role\" true 'Datacenter:datacenter-2'",
        "\"$role\" true 'Datastore:datastore-9'",
    ]
    root = PARSER.parse(powercli(order()).encode()).root_node
    entries = [text for text in texts(root, "hash_literal_expression") if "Type" in text]
    assert entries == [
        "@{ Type = 'Folder'; Id = 'group-d1'; ReadOnly = $true; Propagate = $false }",
        "@{ Type = 'Datacenter'; Id = 'datacenter-2'; ReadOnly = $false; Propagate = $true }",
        "@{ Type = 'Datastore'; Id = 'datastore-9'; ReadOnly = $false; Propagate = $true }",
    ]


def test_where_no_datacenter_is_known_the_role_goes_to_the_root() -> None:
    (grant,) = grants_on(OBJECTS[:1])
    assert not grant.read_only
    assert grant.propagate


def test_the_address_of_another_vcenter_goes_before_that_of_the_script() -> None:
    script = assignments(govc(order()))
    for environment, expected in (
        ({}, "https://vcenter.lab.test:443/sdk"),
        ({"GOVC_URL": "https://other"}, "https://other"),
    ):
        done = subprocess.run(
            ["sh", "-c", f'{script}\nprintf %s "$GOVC_URL"'],
            env=environment,
            capture_output=True,
            check=True,
            timeout=30,
        )
        assert done.stdout.decode() == expected
