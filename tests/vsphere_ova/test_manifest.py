from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from tests.vsphere_ova.archives import DISK1, DISK2, DISK3, MF, OVF, contents, write_tar
from wizard.lab.ova import make_ova
from wizard.vsphere.checksum import Checksum, parse_manifest
from wizard.vsphere.errors import OvaInvalid, Stopped
from wizard.vsphere.manifest import ManifestReport, verify_manifest
from wizard.vsphere.template import open_template


def verify(path: Path) -> ManifestReport:
    with open_template(path) as ova:
        return verify_manifest(ova, on_progress=lambda _done, _total: None, should_stop=lambda: False)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_every_file_is_compared_in_each_of_the_three_ways(tmp_path: Path, algorithm: str) -> None:
    report = verify(make_ova(tmp_path / "a.ova", file_mb=0.1, manifest=algorithm))
    assert set(report.checked) == {OVF, DISK1, DISK2, DISK3}
    assert report.has_manifest
    assert report.extra == ()


def test_a_template_without_manifest_is_said_to_have_none(tmp_path: Path) -> None:
    report = verify(make_ova(tmp_path / "a.ova", file_mb=0.1, manifest=None))
    assert report == ManifestReport(checked=(), extra=(), has_manifest=False, signature=None)


def test_a_wrong_checksum_is_told_with_file_expected_and_found(tmp_path: Path) -> None:
    path = make_ova(tmp_path / "a.ova", file_mb=0.1, flaw="wrong_checksum")
    with pytest.raises(OvaInvalid) as caught:
        verify(path)
    members = contents(path)
    promised = parse_manifest(members[MF])[DISK3].digest
    assert caught.value.reason == "manifest_mismatch"
    assert f"“{DISK3}” is not what the manifest promises: SHA256 {promised} was expected" in str(caught.value)
    assert f"{hashlib.sha256(members[DISK3]).hexdigest()} was found" in str(caught.value)


def test_a_flipped_bit_is_found(tmp_path: Path, template: Path) -> None:
    path = tmp_path / "flipped.ova"
    whole = bytearray(template.read_bytes())
    with open_template(template) as ova:
        whole[ova.members[DISK2].offset + 4711] ^= 1
    path.write_bytes(bytes(whole))
    with pytest.raises(OvaInvalid, match=DISK2):
        verify(path)


def test_lines_for_files_that_are_not_there_are_reported(tmp_path: Path, template: Path) -> None:
    members = contents(template)
    line = f"SHA256(readme.txt)= {'0' * 64}\n".encode()
    report = verify(write_tar(tmp_path / "a.ova", {**members, MF: members[MF] + line}))
    assert report.extra == ("readme.txt",)
    assert len(report.checked) == 4


def test_progress_counts_bytes_to_the_end_and_seldom_enough(template: Path) -> None:
    seen: list[tuple[int, int]] = []
    began = time.monotonic()
    with open_template(template) as ova:
        verify_manifest(
            ova, on_progress=lambda done, total: seen.append((done, total)), should_stop=lambda: False
        )
        total = sum(ova.members[name].size for name in (OVF, DISK1, DISK2, DISK3))
    assert seen[-1] == (total, total)
    assert [done for done, _total in seen] == sorted(done for done, _total in seen)
    assert len(seen) <= 2 + (time.monotonic() - began) / 0.2


def test_verifying_stops_when_asked_to(template: Path) -> None:
    with open_template(template) as ova, pytest.raises(Stopped):
        verify_manifest(ova, on_progress=lambda _done, _total: None, should_stop=lambda: True)


def test_the_spellings_of_different_tools_are_read() -> None:
    digest = "AB" * 32
    sums = parse_manifest(f"\ufeffSHA256(a.ovf)= {digest}\r\n\r\nsha-256 (b c.vmdk)={digest}\n".encode())
    expected = Checksum(algorithm="sha256", digest=digest.lower())
    assert sums == {"a.ovf": expected, "b c.vmdk": expected}


@pytest.mark.parametrize(
    "line",
    [
        "MD5(a.ovf)= " + "0" * 32,
        "SHA256(a.ovf)= " + "0" * 40,
        "SHA1(a.ovf)= " + "g" * 40,
        "a.ovf " + "0" * 64,
        "\x00\x01",
    ],
)
def test_a_line_that_cannot_be_read_is_told_by_its_number(line: str) -> None:
    with pytest.raises(OvaInvalid, match="Line 2 of the manifest") as caught:
        parse_manifest(f"SHA1(b)= {'0' * 40}\n{line}\n".encode())
    assert caught.value.reason == "manifest_invalid"
