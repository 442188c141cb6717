"""Passwords within the addresses of database and Redis are said by nobody, whatever goes wrong there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "Canary-of-an-address-4711"


@pytest.mark.parametrize(
    ("setting", "address"),
    [
        ("DATABASE_URL", f"postgresql://foothold:{PASSWORD}@127.0.0.1:1/foothold"),
        ("DATABASE_URL", f"mysql://foothold:{PASSWORD}@127.0.0.1:1/foothold"),
        ("DATABASE_URL", f"postgresql://foothold:{PASSWORD}@127.0.0.1:port/foothold"),
        ("DATABASE_URL", f"postgresql://foothold:{PASSWORD}/@127.0.0.1:1/foothold"),
        ("DATABASE_URL", f"postgresql://foothold:{PASSWORD}@[127.0.0.1/foothold"),
        ("REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1:1/0"),
    ],
)
def test_a_server_that_is_not_there_is_reported_without_the_password(
    tmp_path: Path, setting: str, address: str
) -> None:
    program = """
import django
django.setup()
from wizard.services.readiness import parts
for part in parts():
    print(part.name, part.up, part.details)
from wizard.models import Operator
list(Operator.objects.all())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            **{
                name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")
            },
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(tmp_path),
            "LOG_LEVEL": "DEBUG",
            setting: address,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr
    assert PASSWORD not in done.stdout + done.stderr
