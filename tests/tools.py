"""Programs that some tests talk to. Where one is missing a test is skipped with that reason; the gate lets no skip pass."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

REQUIRE_TOOLS = os.environ.get("REQUIRE_TOOLS") == "1"


def program(name: str, package: str) -> str:
    """The path of a program; skips the test (fails it under REQUIRE_TOOLS=1) and names the Debian package where there is none."""
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    if found is None:
        missing(f"{name} is not installed (Debian package {package})")
    return found


def missing(reason: str) -> None:
    """Skip, or fail where the gate demands every tool."""
    if REQUIRE_TOOLS:
        pytest.fail(reason)
    pytest.skip(reason)
