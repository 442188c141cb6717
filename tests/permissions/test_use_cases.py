"""Use cases are asked for by name; a name that the table does not have would be denied to everybody, and nobody told."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import wizard
from wizard.services.permissions import USE_CASES

ROOT = Path(wizard.__file__).parent
# Where the use case stands among what is given, by the function that is asked.
ASKED = {"may": 1, "require": 1, "_granted": 1, "operate": 2}


def asked_for() -> Iterator[tuple[str, str]]:
    """Every use case that is spelled out in a call, with the place of the call."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = ASKED.get(name)
            # Also where the question itself is handed on: call(may, person, "task.launch").
            handed = [
                n for n, given in enumerate(node.args) if getattr(given, "id", "") in ("may", "require")
            ]
            for at in [*([place] if place is not None else []), *(n + 2 for n in handed)]:
                given = node.args[at] if len(node.args) > at else None
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    yield given.value, f"{path.relative_to(ROOT)}:{node.lineno}"


@pytest.fixture(scope="module")
def found() -> list[tuple[str, str]]:
    return list(asked_for())


def test_every_use_case_that_is_asked_for_is_in_the_table(found: list[tuple[str, str]]) -> None:
    assert len(found) > 80
    assert [(use_case, place) for use_case, place in found if use_case not in USE_CASES] == []


def test_every_use_case_of_the_table_is_named_somewhere(found: list[tuple[str, str]]) -> None:
    source = "".join(
        path.read_text("utf-8") for path in ROOT.rglob("*.py") if path.name != "permissions.py"
    ) + "".join(path.read_text("utf-8") for path in (ROOT.parent / "templates").rglob("*.html"))
    assert [use_case for use_case in USE_CASES if f'"{use_case}"' not in source] == []
