"""`manage.py verify_pack`: what it says, and the exit code that scripts read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import make_deployment
from tests.management.commands import Commands
from tests.services.test_hand_over import make
from tests.services.test_hand_over_archive import KEY, OTHER, again, made, raw, swap
from wizard.models import HandOverPack, Operator
from wizard.services.hand_over_archive import SIGNATURE, pem_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def pack(operator: Operator, tmp_path: Path) -> Path:
    """A pack of this installation, as it was downloaded."""
    row: HandOverPack = make(make_deployment(operator, "lyon-cs01"), operator)
    path = tmp_path / row.file_name
    path.write_bytes(row.content)
    return path


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.zip"
    path.write_bytes(made())
    return path


def key_file(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    return path


def test_a_pack_of_this_installation_is_genuine(manage: Commands, pack: Path) -> None:
    outcome = manage("verify_pack", pack)
    assert outcome.code == 0
    assert "audit.jsonl" in outcome.out
    assert "Genuine: 5 files, every one as it was signed." in outcome.flat()


def test_a_pack_of_another_installation_needs_its_key(
    manage: Commands, pack: Path, foreign: Path, tmp_path: Path
) -> None:
    outcome = manage("verify_pack", foreign)
    assert outcome.code == 5
    assert "signed with another key" in outcome.flat()
    assert "--public-key" in outcome.flat()
    right, wrong = pem_of(raw(KEY)), pem_of(raw(OTHER))
    assert manage("verify_pack", foreign, "--public-key", key_file(tmp_path, right)).code == 0
    assert manage("verify_pack", foreign, "--public-key", key_file(tmp_path, wrong)).code == 5
    assert manage("verify_pack", foreign, "--public-key", key_file(tmp_path, b"no key")).code == 5
    assert manage("verify_pack", pack, "--public-key", key_file(tmp_path, right)).code == 5


@pytest.mark.usefixtures("db")
def test_without_a_key_of_its_own_an_installation_asks_for_one(manage: Commands, foreign: Path) -> None:
    outcome = manage("verify_pack", foreign)
    assert outcome.code == 5
    assert "signed no pack yet" in outcome.flat()


def test_every_other_fault_has_an_exit_code_of_its_own(manage: Commands, pack: Path, tmp_path: Path) -> None:
    whole = pack.read_bytes()

    def code_of(content: bytes) -> int:
        pack.write_bytes(content)
        return manage("verify_pack", pack).code

    assert code_of(again(swap("README.txt", b"other"), whole)) == 3
    assert code_of(again(lambda files: files.pop("README.txt"), whole)) == 3
    assert code_of(again(swap("more.txt", b""), whole)) == 3
    assert code_of(again(swap(SIGNATURE, bytes(64)), whole)) == 4
    assert code_of(again(swap("../../outside.txt", b""), whole)) == 2
    assert code_of(b"no zip") == 2
    assert not (tmp_path.parent / "outside.txt").exists()
    outcome = manage("verify_pack", tmp_path / "not-there.zip")
    assert outcome.code == 2
    assert "not-there.zip cannot be read" in outcome.flat()
