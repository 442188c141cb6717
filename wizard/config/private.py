"""What is kept on this machine is for the user that runs Foothold alone: the database, and the folder it lies in."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

# Whatever of a mode lets others than the owner in.
_OTHERS: Final = 0o077
# SQLite gives them the mode of the database when it makes them.
_BESIDE: Final = ("-wal", "-shm", "-journal")
_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What Foothold, its lab and its scheduler make in that folder. Where there is anything else, somebody uses it for more.
_OURS: Final = frozenset(
    {
        "benchmarks",
        "broker",
        "demo",
        "installers",
        "keys",
        "lab",
        "lost+found",
        "static",
        "templates",
        "topology",
    }
)
_OURS_BEGIN: Final = ("beat-schedule", "foothold.sqlite3")


def kept_database(folder: Path, name: str) -> Path:
    """The path of the SQLite database `name` in `folder`. What is not there yet is made for its owner alone, whatever the umask.

    A database of ours that others get at (earlier versions left it to the umask) is closed to them. Raises
    ImproperlyConfigured where there can be no such folder; of what else does not work the database tells when it is used.
    """
    path = folder / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise unusable(f"The folder {folder}, for what Foothold keeps, cannot be made", error) from None
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for kept in (path, *(folder / f"{name}{ending}" for ending in _BESIDE)):
        _close(kept)
    return path


def made_folder(folder: Path, what_for: str) -> Path:
    """`folder`, made where it is not there yet. Raises ImproperlyConfigured where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unusable(f"The folder {folder}, for {what_for}, cannot be made", error) from None
    return folder


def unusable(what: str, error: OSError) -> ImproperlyConfigured:
    """What stops the start, why, and what to do: for `what` names the path, and says what cannot be done with it."""
    remedy = (
        "Make room on its disk"
        if error.errno in _NO_ROOM
        else "Let the user that runs Foothold have that place for itself alone"
    )
    reason = error.strerror or type(error).__name__
    return ImproperlyConfigured(f"{what}: {reason}. {remedy}, or name another folder with FOOTHOLD_VAR.")


def close_folder(folder: Path) -> bool:
    """Close a folder that lay open to others (earlier versions left it to the umask) to them; whether that was done now.

    Only one that is ours, and that nothing else lies in: a home folder, or one of the system, would be closed to everything.
    """
    return open_to(folder) is not None and not others_in(folder) and _close(folder)


def open_to(folder: Path) -> int | None:
    """The mode of a folder that others than its owner get at; None where they do not, or nobody can say."""
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
    except OSError:
        return None
    return mode if mode & _OTHERS else None


def others_in(folder: Path) -> bool:
    """Whether something lies there that is not of Foothold's making, or anybody may put something there."""
    try:
        return bool(folder.stat().st_mode & stat.S_ISVTX) or any(
            found.name not in _OURS and not found.name.startswith(_OURS_BEGIN) for found in folder.iterdir()
        )
    except OSError:
        return True


def _close(path: Path) -> bool:
    # What belongs to somebody else is theirs to close.
    with contextlib.suppress(OSError):
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
            return True
    return False
