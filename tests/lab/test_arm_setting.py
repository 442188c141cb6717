"""AZURE_EMULATOR leads to this machine and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from wizard.config import env

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8997/", "http://127.0.0.1:8997", "http://[::1]:8997/"])
def test_an_address_of_this_machine_is_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AZURE_EMULATOR", f" {url} ")
    assert env.loopback_url("AZURE_EMULATOR") == url


@pytest.mark.parametrize(
    "url",
    [
        "https://management.azure.com/",
        "http://192.0.2.1:8997/",
        "https://127.0.0.1:8997/",
        "http://localhost:8997/",
        "http://127.0.0.1/",
        "http://127.0.0.1:8997/path",
        "http://127.0.0.1:8997/?query=1",
        "http://user@127.0.0.1:8997/",
        "http://127.0.0.1.example.net:8997/",
        "http://127.0.0.1:eight/",
        "8997",
    ],
)
def test_every_other_address_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("AZURE_EMULATOR", url)
    with pytest.raises(ImproperlyConfigured, match="AZURE_EMULATOR must look like http://127") as caught:
        env.loopback_url("AZURE_EMULATOR")
    assert repr(url) in str(caught.value)


def test_production_does_not_start_with_it(tmp_path: Path) -> None:
    environ = {
        **os.environ,
        "FOOTHOLD_VAR": str(tmp_path),
        "FOOTHOLD_PRODUCTION": "1",
        "SECRET_KEY": "x" * 50,
        "CREDENTIAL_KEYS": "zW5n7Ql0XcV9d1C1m0mWv2u3x4y5z6A7B8C9D0E1F2g=",
        "AZURE_EMULATOR": "http://127.0.0.1:8997/",
    }
    done = subprocess.run(
        [sys.executable, "-c", "import wizard.config.settings"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "AZURE_EMULATOR is for the lab" in done.stderr
