"""Embedded, the database and the folder made for it are for the user that runs Foothold alone."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.management.commands import BASE, Installation
from wizard.config.private import close_folder, kept_database, made_folder, unusable
from wizard.services.start_checks import the_folder_of_the_database_is_for_its_owner_alone

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


@pytest.mark.parametrize(
    "names", [(), ("keys", "broker", NAME, f"{NAME}-wal", "beat-schedule.db", "templates")]
)
def test_a_folder_of_an_earlier_version_is_closed_once(tmp_path: Path, names: tuple[str, ...]) -> None:
    tmp_path.chmod(0o755)
    for name in names:
        (tmp_path / name).touch()
    assert close_folder(tmp_path)
    assert mode(tmp_path) == 0o700
    assert not close_folder(tmp_path)


@pytest.mark.parametrize(("name", "given"), [("somebody's letters", 0o755), ("keys", 0o1777)])
def test_a_folder_that_serves_more_than_foothold_keeps_its_mode(
    tmp_path: Path, name: str, given: int
) -> None:
    """A home folder, or one of the system, would be closed to everything else."""
    (tmp_path / name).touch()
    tmp_path.chmod(given)
    assert not close_folder(tmp_path)
    assert mode(tmp_path) == given


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root gives folders away.")
def test_a_folder_of_somebody_else_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    os.chown(tmp_path, 65534, 65534)
    assert not close_folder(tmp_path)
    assert mode(tmp_path) == 0o755


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
    with pytest.raises(
        ImproperlyConfigured, match=r"file/broker, for messages, cannot be made: .*FOOTHOLD_VAR"
    ):
        made_folder(tmp_path / "file" / "broker", "messages")


def test_a_full_disk_has_another_remedy_than_a_place_that_is_somebody_elses() -> None:
    full = unusable("x", OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    theirs = unusable("x", OSError(errno.EACCES, os.strerror(errno.EACCES)))
    assert str(full).startswith("x: No space left on device. Make room on its disk, or ")
    assert str(theirs).startswith("x: Permission denied. Let the user that runs Foothold have that place ")


def test_whatever_starts_foothold_first_leaves_nothing_open(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "var")
    try:
        assert installation("check").code == 0
        assert (mode(installation.var), mode(installation.var / NAME)) == (0o700, 0o600)
    finally:
        installation.end()


def test_what_kept_a_folder_from_its_work_is_one_line_of_every_command(tmp_path: Path) -> None:
    """Below a file there is no folder, not even for root."""
    (tmp_path / "file").write_text("")
    installation = Installation(tmp_path / "file" / "var")
    done = installation("prepare")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        f"Foothold cannot start. The folder {installation.var}, for what Foothold keeps, cannot be made: File exists. Let the "
        "user that runs Foothold have that place for itself alone, or name another folder with FOOTHOLD_VAR.\n"
    )


def test_a_disk_that_takes_nothing_at_the_very_first_start_is_one_line(tmp_path: Path) -> None:
    """As good as full: no file may grow, whoever writes to it."""
    limited = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); os.execv(sys.executable, sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", limited, sys.executable, "-B", "manage.py", "prepare"],
        cwd=BASE,
        env=Installation(tmp_path / "var").environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    key = tmp_path / "var" / "keys" / "secret_key"
    assert done.returncode == 1
    assert done.stderr == (
        f"Foothold cannot start. The key at {key} cannot be read or made: File too large. Make room on its disk, or name "
        "another folder with FOOTHOLD_VAR.\n"
    )
    assert list(key.parent.iterdir()) == []


def test_a_start_closes_the_folder_of_an_earlier_version_and_says_so_once(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "var")
    installation.var.mkdir()
    installation.var.chmod(0o755)
    first, second = installation("check"), installation("check")
    assert mode(installation.var) == 0o700
    assert first.err.count("folder.closed_to_others") == 1
    assert str(installation.var) in first.flat()
    assert "folder.closed_to_others" not in second.text


@pytest.mark.parametrize(
    ("name", "said"), [("keys", "Give it to the user"), ("letters", "It holds more than")]
)
def test_a_folder_that_is_left_open_is_told_of(tmp_path: Path, settings: Any, name: str, said: str) -> None:
    settings.VAR_DIR, settings.KEPT_DATABASE = tmp_path, tmp_path / NAME
    (tmp_path / name).touch()
    tmp_path.chmod(0o755)
    (told,) = the_folder_of_the_database_is_for_its_owner_alone()
    assert told.id == "foothold.W004"
    assert str(told.hint).startswith(said)
    assert str(told.hint).endswith(f"chmod 700 {tmp_path}")
    tmp_path.chmod(0o700)
    assert not the_folder_of_the_database_is_for_its_owner_alone()
