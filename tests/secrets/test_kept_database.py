"""Embedded, the database and the folder made for it are for the user that runs Foothold alone."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.management.commands import Installation
from wizard.config.private import kept_database

NAME = "foothold.sqlite3"


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_folder_database_and_what_lies_beside_it_are_made_for_their_owner_alone(
    tmp_path: Path, umask: int
) -> None:
    before = os.umask(umask)
    try:
        path = kept_database(tmp_path / "some" / "var", NAME)
        with closing(sqlite3.connect(path)) as rows:
            rows.execute("PRAGMA journal_mode=WAL")
            rows.execute("CREATE TABLE one (two)")
            found = {file.name: mode(file) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert mode(path.parent) == 0o700
    assert found == dict.fromkeys((NAME, f"{NAME}-wal", f"{NAME}-shm"), 0o600)


def test_a_database_of_an_earlier_version_is_closed_and_keeps_what_it_holds(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    for name in (NAME, f"{NAME}-wal", f"{NAME}-shm"):
        (tmp_path / name).write_text(name)
        (tmp_path / name).chmod(0o644)
    kept_database(tmp_path, NAME)
    for name in (NAME, f"{NAME}-wal", f"{NAME}-shm"):
        assert ((tmp_path / name).read_text(), mode(tmp_path / name)) == (name, 0o600)
    assert mode(tmp_path) == 0o755, "a folder that somebody made keeps the mode that it was given"


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root gives files away.")
def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("theirs")
    (tmp_path / NAME).chmod(0o664)
    os.chown(tmp_path / NAME, 65534, 65534)
    kept_database(tmp_path, NAME)
    assert mode(tmp_path / NAME) == 0o664


def test_a_folder_that_cannot_be_made_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ImproperlyConfigured, match=r"file/var.* cannot be made: .*FOOTHOLD_VAR"):
        kept_database(tmp_path / "file" / "var", NAME)


def test_whatever_starts_foothold_first_leaves_nothing_open(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "var")
    try:
        assert installation("check").code == 0
        assert (mode(installation.var), mode(installation.var / NAME)) == (0o700, 0o600)
    finally:
        installation.end()
