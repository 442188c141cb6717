"""One connection and many threads; forks; and that nobody who does not ask Azure pays for its SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wizard.azure.account import Account
from wizard.azure.connection import AT_ONCE, Arm, connect
from wizard.azure.vaults import VaultRef, get_vault, read_vault
from wizard.lab.arm import LabAzure

ROOT = Path(__file__).resolve().parents[2]


def test_many_threads_share_one_connection(arm: Arm, azure: LabAzure) -> None:
    names = ["lyon-vault", "lyon-appliance-vault"] * 40
    place = {"subscription": azure.subscription, "resource_group": "rg-lyon-dr"}
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda name: get_vault(arm, VaultRef(**place, vault=name)).name, names))
    assert found == names


def test_a_sign_in_that_ends_in_one_thread_does_not_trip_the_others(
    arm: Arm, ref: VaultRef, azure: LabAzure
) -> None:
    from wizard.azure.errors import SignInFailed

    azure.control.fault("expired", count=20)

    def look(_number: int) -> str:
        try:
            return str(read_vault(arm, ref)["name"])
        except SignInFailed:
            return "refused"

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(look, range(60)))
    assert found.count("refused") == 20
    assert found.count("lyon-vault") == 40


def test_what_is_asked_at_once_comes_back_in_order_and_not_all_at_the_same_time(arm: Arm) -> None:
    import threading

    busy, most, lock = [0], [0], threading.Lock()

    def work(number: int) -> int:
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        with lock:
            busy[0] -= 1
        return number

    assert arm.at_once([lambda number=number: work(number) for number in range(50)]) == list(range(50))  # type: ignore[misc]
    assert most[0] <= AT_ONCE


def test_the_first_failure_of_those_comes_out(arm: Arm) -> None:
    def fail() -> int:
        raise LookupError("this one")

    with pytest.raises(LookupError, match="this one"):
        arm.at_once([lambda: 1, fail, lambda: 3])


def test_a_connection_that_was_closed_says_so(account: Account, ref: VaultRef) -> None:
    with connect(account) as arm:
        read_vault(arm, ref)
    with pytest.raises(RuntimeError, match="was closed"):
        arm.vaults("another")


def test_a_connection_of_the_parent_is_not_used_by_a_forked_child(arm: Arm, ref: VaultRef) -> None:
    read_vault(arm, ref)
    seen, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            arm.vaults("another")
            os.write(told, b"used")
        except RuntimeError as error:
            os.write(told, str(error).encode())
        finally:
            os._exit(0)
    os.close(told)
    with os.fdopen(seen, "rb") as answer:
        assert b"does not survive a fork" in answer.read()
    os.waitpid(child, 0)


PROGRAM = """
import sys
import django
django.setup()
from django.urls import get_resolver
resolver = get_resolver()
resolver.url_patterns, resolver.reverse_dict
import wizard.config.celery, wizard.tasks, wizard.services.tasks.kinds
import importlib, pkgutil
import wizard.azure
for found in pkgutil.iter_modules(wizard.azure.__path__):
    if found.name != "pipeline":
        importlib.import_module(f"wizard.azure.{found.name}")
loaded = sorted(name for name in sys.modules if name.split(".")[0] in ("azure", "msal", "msrest", "isodate"))
print("loaded:", *loaded)
"""


CONNECTING = """
import sys
from wizard.azure.account import Account
from wizard.azure.connection import connect
account = Account(how="emulator", cloud="public", resource_manager="http://127.0.0.1:9/")
with connect(account, "11111111-2222-4333-8444-555555555555") as arm:
    before = set(sys.modules)
    arm.at_once([arm.vaults, arm.site_recovery])
core = "azure.core.exceptions azure.core.pipeline azure.core.pipeline.policies azure.core.rest azure.mgmt.core"
print("late:", *sorted(name for name in core.split() if name not in before))
"""


def test_the_core_of_the_sdk_is_loaded_before_any_thread_asks() -> None:
    """Python gives up an import that two threads began in different places of a circle."""
    done = subprocess.run(
        [sys.executable, "-c", CONNECTING], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "late:"


def test_nothing_of_the_sdk_is_loaded_before_somebody_asks_azure() -> None:
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
    assert done.stdout.strip().splitlines()[-1] == "loaded:"
