"""The two kinds of key at start: SECRET_KEY, which signs, and CREDENTIAL_KEYS, which seal what is stored.

No message here shows a key, nor a part of one. `python -m wizard.config.keys` makes one, also where no command of
manage.py starts for want of it.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from wizard.config.private import unusable

_FERNET_KEY: Final = re.compile(r"[A-Za-z0-9_\-+/]{43}=")
_MAKE_ONE: Final = "python -m wizard.config.keys makes one"
# Read and write for the owner; whatever is beyond lets somebody else read or change a key.
_OTHERS: Final = 0o077
_OF_CONTAINERS: Final = Path("/run/secrets")


def credential_keys(raw: str, secret_key: str) -> list[str]:
    """The keys of CREDENTIAL_KEYS, newest first. Raises ImproperlyConfigured, which names the key at fault by its place."""
    keys = raw.replace(",", " ").split()
    if not keys:
        raise ImproperlyConfigured(f"CREDENTIAL_KEYS holds no key. {_MAKE_ONE}.")
    known: dict[bytes, int] = {}
    for place, key in enumerate(keys, start=1):
        if not _FERNET_KEY.fullmatch(key):
            raise ImproperlyConfigured(
                f"CREDENTIAL_KEYS: key {place} of {len(keys)} is not a Fernet key, which is 32 bytes in base64 "
                f"(44 characters, the last of them =); this one has {len(key)} characters. {_MAKE_ONE}."
            )
        content = base64.b64decode(key.replace("-", "+").replace("_", "/"))
        if content in known:
            raise ImproperlyConfigured(
                f"CREDENTIAL_KEYS: key {place} is the same as key {known[content]}. Take one of them away."
            )
        if content in _made_from(secret_key) or key == secret_key:
            raise ImproperlyConfigured(
                f"CREDENTIAL_KEYS: key {place} is SECRET_KEY, or made from it. Whoever learns the one must not have the "
                f"other: {_MAKE_ONE} of its own."
            )
        known[content] = place
    return keys


def kept_secret(path: Path, make: str) -> str:
    """The secret kept at `path`; where there is none yet it is `make`, from now on and for all who ask at the same time.

    The folder is made for its owner alone, and so is the file. Raises ImproperlyConfigured where it cannot be read, or is
    empty.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _write_first(path, make)
        found = path.read_text("utf-8").strip()
    except OSError as error:
        raise unusable(f"The key at {path} cannot be read or made", error) from None
    if not found:
        raise ImproperlyConfigured(
            f"The key at {path} is empty. Put it back from a backup; without one delete the file, and a new key is made, "
            "with which nothing that was stored before can be read."
        )
    return found


def too_open(folder: Path) -> Iterator[tuple[Path, int]]:
    """The folder of keys, and the keys in it, that others than their owner get at; each with its mode."""
    for path in [folder, *sorted(folder.iterdir())] if folder.is_dir() else ():
        mode = path.stat().st_mode & 0o7777
        if mode & _OTHERS:
            yield path, mode


def reach_of_others(path: Path) -> tuple[Literal["changed", "read"], int] | None:
    """What others than those whom somebody chose may do with a file that holds a secret, with its mode; None: nothing.

    Its group may read it: that is how root gives a secret to the user of a service. Containers find theirs below
    /run/secrets, readable by everybody in there, which is nobody else; changed by others it may be nowhere.
    """
    try:
        whole = path.resolve()
        mode = whole.stat().st_mode & 0o7777
    except OSError:
        return None
    if mode & 0o022:
        return "changed", mode
    if mode & 0o004 and not whole.is_relative_to(_OF_CONTAINERS):
        return "read", mode
    return None


def _write_first(path: Path, content: str) -> None:
    """Of several processes one writes; nobody ever reads half a key."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if path.exists():
            return
        # Made with mode 0600, whatever the umask.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.rename(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    finally:
        os.close(folder)


def _made_from(secret_key: str) -> Sequence[bytes]:
    """The ways in which a Fernet key is commonly made from SECRET_KEY."""
    raw = secret_key.encode()
    return (sha256(raw).digest(), raw[:32], raw[:32].ljust(32, b"0"), raw[:32].ljust(32, b"\0"), raw[-32:])


if __name__ == "__main__":
    sys.stdout.write(f"{Fernet.generate_key().decode()}\n")
