"""The lab's CA: what it issues stays, until it is about to end."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from cryptography import x509

from wizard.lab import certificates
from wizard.lab.certificates import Authority


def test_what_was_issued_is_used_again(tmp_path: Path) -> None:
    names = ("vcenter.lab.test", "127.0.0.1")
    first = Authority(tmp_path).issue("vcenter", names).sha256
    assert Authority(tmp_path).issue("vcenter", names).sha256 == first
    assert len(first) == 95


def test_other_names_get_another_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    first = authority.issue("front", ("a.test",)).sha256
    assert authority.issue("front", ("a.test", "b.test")).sha256 != first


def test_a_certificate_that_ends_soon_is_issued_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    first = authority.issue("vcenter", ("a.test",)).sha256
    later = certificates._now() + certificates.VALIDITY - datetime.timedelta(days=30)
    monkeypatch.setattr(certificates, "_now", lambda: later)
    assert authority.issue("vcenter", ("a.test",)).sha256 != first


def test_a_certificate_can_have_ended(tmp_path: Path) -> None:
    ended = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    pair = Authority(tmp_path).issue("old", ("a.test",), not_after=ended)
    certificate = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    assert certificate.not_valid_after_utc == ended


def test_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    pair = Authority(tmp_path).issue("vcenter", ("a.test",))
    assert pair.key.stat().st_mode & 0o077 == 0
