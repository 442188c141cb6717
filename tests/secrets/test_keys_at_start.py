"""Keys that are no good stop the start, by their place and never by a part of them; embedded, they are made once."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from wizard.config import keys

ROOT = Path(__file__).resolve().parents[2]
SECRET_KEY = "a-secret-key-of-somebody-who-was-told-to-take-a-long-one"


def as_key(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


# The same in every process that collects these tests.
ONE, TWO = as_key(sha256(b"one").digest()), as_key(sha256(b"two").digest())


def test_several_keys_are_read_newest_first_however_they_are_separated() -> None:
    for raw in (f"{ONE},{TWO}", f"{ONE}\n{TWO}\n", f" {ONE} , {TWO}"):
        assert keys.credential_keys(raw, SECRET_KEY) == [ONE, TWO]


def test_a_key_in_plain_base64_is_a_key() -> None:
    content = b"\xfb\xff" * 16
    plain = base64.b64encode(content).decode()
    assert "+" in plain
    assert keys.credential_keys(plain, SECRET_KEY) == [plain]
    with pytest.raises(ImproperlyConfigured, match="key 2 is the same as key 1"):
        keys.credential_keys(f"{plain},{as_key(content)}", SECRET_KEY)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("correct-horse-battery", "key 2 of 2 is not a Fernet key, .* this one has 21 characters"),
        (TWO[:-1], "key 2 of 2 is not a Fernet key, .* this one has 43 characters"),
        ("é" * 44, "key 2 of 2 is not a Fernet key"),
        (ONE, "key 2 is the same as key 1"),
        (as_key(sha256(SECRET_KEY.encode()).digest()), "key 2 is SECRET_KEY, or made from it"),
        (as_key(SECRET_KEY.encode()[:32]), "key 2 is SECRET_KEY, or made from it"),
    ],
)
def test_a_key_that_is_no_good_is_named_by_its_place_and_not_shown(bad: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=said) as refused:
        keys.credential_keys(f"{ONE},{bad}", SECRET_KEY)
    for key in (bad, ONE, SECRET_KEY):
        assert key[:12] not in str(refused.value)


def test_the_secret_key_itself_is_no_sealing_key() -> None:
    with pytest.raises(ImproperlyConfigured, match="made from it"):
        keys.credential_keys(ONE, ONE)


def test_no_key_at_all_is_said() -> None:
    with pytest.raises(ImproperlyConfigured, match="holds no key"):
        keys.credential_keys(",", SECRET_KEY)


def test_a_first_key_can_be_made_where_nothing_starts_without_one() -> None:
    without = ("SECRET_KEY", "CREDENTIAL_KEYS", "CREDENTIAL_KEYS_FILE")
    done = subprocess.run(
        [sys.executable, "-m", "wizard.config.keys"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if name not in without},
            "FOOTHOLD_PRODUCTION": "true",
            "CREDENTIAL_KEYS": "no key",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert keys.credential_keys(done.stdout, SECRET_KEY) == [done.stdout.strip()]


# --- the key that is kept under var -----------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_key_is_made_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        assert keys.kept_secret(tmp_path / "keys" / "one", "made") == "made"
    finally:
        os.umask(before)
    assert mode(tmp_path / "keys") == 0o700
    assert mode(tmp_path / "keys" / "one") == 0o600
    assert keys.kept_secret(tmp_path / "keys" / "one", "another") == "made"
    assert list(keys.too_open(tmp_path / "keys")) == []
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["one"]


def test_processes_that_start_at_the_same_moment_take_the_same_key(tmp_path: Path) -> None:
    """Each waits for the same moment, and none of them reads a key that is half written."""
    program = """
import sys
from pathlib import Path
from wizard.config import keys
print("ready", flush=True)
sys.stdin.readline()
print(keys.kept_secret(Path(sys.argv[1]) / "keys" / "one", sys.argv[2] * 4000))
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), letter],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for letter in "abcd"
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    found = {process.communicate(timeout=60)[0].strip() for process in started}
    assert len(found) == 1
    assert len(found.pop()) == 4000


def test_an_empty_key_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("\n")
    with pytest.raises(ImproperlyConfigured, match=r"is empty\. Put it back from a backup"):
        keys.kept_secret(tmp_path / "one", "made")
    assert (tmp_path / "one").read_text() == "\n"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(ImproperlyConfigured, match="cannot be read or made"):
        keys.kept_secret(tmp_path / "keys" / "one", "made")


def test_what_others_get_at_is_found(tmp_path: Path) -> None:
    keys.kept_secret(tmp_path / "keys" / "one", "made")
    (tmp_path / "keys").chmod(0o755)
    (tmp_path / "keys" / "one").chmod(0o640)
    found = [(path.name, oct(mode)) for path, mode in keys.too_open(tmp_path / "keys")]
    assert found == [("keys", "0o755"), ("one", "0o640")]


# --- whole processes --------------------------------------------------------------------------------------------------


def start(tmp_path: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    without = ("SECRET_KEY", "CREDENTIAL_KEYS", "DATABASE_URL", "REDIS_URL")
    base = {name: value for name, value in os.environ.items() if name not in without}
    return subprocess.run(
        [sys.executable, "-c", "import wizard.config.settings"],
        cwd=ROOT,
        env={**base, "FOOTHOLD_VAR": str(tmp_path / "var"), **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


GOOD = {"FOOTHOLD_PRODUCTION": "1", "SECRET_KEY": SECRET_KEY, "CREDENTIAL_KEYS": f"{ONE},{TWO}"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"CREDENTIAL_KEYS": ""}, "FOOTHOLD_PRODUCTION needs SECRET_KEY and CREDENTIAL_KEYS"),
        ({"SECRET_KEY": ""}, "FOOTHOLD_PRODUCTION needs SECRET_KEY and CREDENTIAL_KEYS"),
        ({"CREDENTIAL_KEYS": f"{ONE},nonsense"}, "key 2 of 2 is not a Fernet key"),
        ({"FOOTHOLD_DEBUG": "1"}, "FOOTHOLD_DEBUG shows the inside of Foothold"),
        ({"CREDENTIAL_KEYS_FILE": "/nowhere"}, "Set CREDENTIAL_KEYS or CREDENTIAL_KEYS_FILE, not both"),
    ],
)
def test_production_refuses_to_start(tmp_path: Path, changed: dict[str, str], said: str) -> None:
    done = start(tmp_path, **{**GOOD, **changed})
    assert done.returncode == 1
    assert said in done.stderr
    assert ONE not in done.stderr
    assert not (tmp_path / "var" / "keys").exists()


def test_a_file_of_keys_that_is_empty_stops_the_start_and_makes_no_others(tmp_path: Path) -> None:
    (tmp_path / "ring").write_text("\n")
    done = start(tmp_path, CREDENTIAL_KEYS_FILE=str(tmp_path / "ring"))
    assert done.returncode == 1
    assert f"CREDENTIAL_KEYS_FILE names {tmp_path / 'ring'}, which is empty" in done.stderr
    assert not (tmp_path / "var" / "keys" / "credential_key").exists()


def test_production_starts_with_keys_in_files_and_makes_none(tmp_path: Path) -> None:
    (tmp_path / "ring").write_text(f"{ONE}\n{TWO}\n")
    settings: Any = {**GOOD, "CREDENTIAL_KEYS_FILE": str(tmp_path / "ring")}
    del settings["CREDENTIAL_KEYS"]
    done = start(tmp_path, **settings)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "var" / "keys").exists()
