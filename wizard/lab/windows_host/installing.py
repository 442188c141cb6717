"""An installation as it looks from outside: the lines that the real scripts print, in a few seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wizard.hosts.install_protocol import INSTALLED
from wizard.lab.windows_host.events import Event, Exit, Line, Pause

# How the wizard starts it; a script that only names its files is another.
_STARTS: Final = re.compile(r"Install(?:-Appliance)?\.ps1'", re.IGNORECASE)
_DRY_RUN: Final = re.compile(r"\s-DryRun\b", re.IGNORECASE)
_STEP_S: Final = 0.05
_STEPS: Final = (
    (0, "Checking the bundle"),
    (4, "Looking for the files that you provide"),
    (8, "Checking the signature of the installer"),
    (10, "Copying the files into a folder for administrators only"),
    (20, "Extracting the installer"),
    (30, "Setup is running"),
    (60, "Setup is running, for 10 minutes now"),
    (90, "Setup is running, for 20 minutes now"),
    (95, "Setup has ended, cleaning up"),
    (100, "Done"),
)
_BEFORE_CHANGES: Final = 8  # percent


def starts_installation(script: str) -> bool:
    """Whether a script runs an installation."""
    return _STARTS.search(script) is not None


def is_dry_run(script: str) -> bool:
    return _DRY_RUN.search(script) is not None


def progress(script: str) -> Iterator[Event]:
    """Its lines; the exit code comes at the end."""
    dry = is_dry_run(script)
    for percent, text in _STEPS:
        if dry and percent > _BEFORE_CHANGES:
            break
        yield Pause(_STEP_S)
        yield Line(f"FOOTHOLD progress {percent} {text}")
    said = "All checks passed. Nothing was changed." if dry else "Installed."
    yield Line(f"FOOTHOLD result {INSTALLED} {said}")
    yield Exit(INSTALLED)
