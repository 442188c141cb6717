"""What is kept on this machine is for the user that runs Foothold alone: the database, and the folder made for it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from django.core.exceptions import ImproperlyConfigured

# Whatever of a mode lets others than the owner in.
_OTHERS: Final = 0o077
# SQLite gives them the mode of the database when it makes them.
_BESIDE: Final = ("-wal", "-shm", "-journal")


def kept_database(folder: Path, name: str) -> Path:
    """The path of the SQLite database `name` in `folder`. What is not there yet is made for its owner alone, whatever the umask.

    A database of ours that others get at (earlier versions left it to the umask) is closed to them. A folder that is there
    keeps its mode: who made it may share it on purpose. Raises ImproperlyConfigured where there can be no such folder; of
    what else does not work the database tells when it is used.
    """
    path = folder / name
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {folder}, for what Foothold keeps, cannot be made: {error.strerror}. Make room for it, or name "
            "another one with FOOTHOLD_VAR."
        ) from None
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    for kept in (path, *(folder / f"{name}{ending}" for ending in _BESIDE)):
        _close(kept)
    return path


def _close(path: Path) -> None:
    # What belongs to somebody else is theirs to close.
    with contextlib.suppress(OSError):
        found = path.stat()
        if found.st_uid == os.geteuid() and found.st_mode & _OTHERS:
            path.chmod(found.st_mode & 0o7777 & ~_OTHERS)
