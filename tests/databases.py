"""The database of the tests: the migrations make it once in a run, and every other worker takes a copy."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import setup_databases, teardown_databases
from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """In place of pytest-django's. On PostgreSQL the copying is the server's: TEMPLATE_DATABASE names what it copies."""
    run = Path(os.environ["FOOTHOLD_TEST_VAR"])
    original = run / "migrated.sqlite3"
    own = connection.settings_dict["TEST"]["NAME"] if connection.vendor == "sqlite" else None
    with django_db_blocker.unblock():
        with (run / "database.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = own is not None and original.exists()
            if known:
                shutil.copy(original, own)
            databases = setup_databases(verbosity=0, interactive=False, keepdb=known)
            if own is not None and not known:
                connection.close()
                shutil.copy(own, original)
        yield
        teardown_databases(databases, verbosity=0, keepdb=known)
