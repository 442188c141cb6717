"""What a process loads before anybody has asked it for anything: every command, page and worker waits for that."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Each is for one errand on a far machine or for one file, and together they take longer than Django.
FOR_ERRANDS = {
    "azure",
    "fido2",
    "icalendar",
    "msal",
    "paramiko",
    "pypsrp",
    "pyzipper",
    "qrcode",
    "requests",
    "spnego",
}

PROGRAM = """
import sys
import django
django.setup()
from django.urls import get_resolver
resolver = get_resolver()
resolver.url_patterns, resolver.reverse_dict
import wizard.config.celery, wizard.config.wsgi, wizard.tasks, wizard.services.tasks.kinds
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_what_only_errands_need_is_loaded_by_none_of_the_addresses_and_kinds_of_work() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[-1].split())
    assert {"django", "ninja", "celery", "wizard"} <= loaded
    assert FOR_ERRANDS.isdisjoint(loaded), sorted(FOR_ERRANDS & loaded)
