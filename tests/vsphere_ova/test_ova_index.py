from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.vsphere_ova.archives import contents, header, write_tar
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.ova_index import Member, read_members

BLOCK = 512


def refused(path: Path) -> OvaInvalid:
    with path.open("rb") as file, pytest.raises(OvaInvalid) as caught:
        read_members(file)
    return caught.value


def test_members_are_found_where_they_lie(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.ova", {"a.ovf": b"x" * 700, "b.vmdk": b"yy"})
    with path.open("rb") as file:
        assert read_members(file) == {
            "a.ovf": Member(name="a.ovf", offset=512, size=700),
            "b.vmdk": Member(name="b.vmdk", offset=2048, size=2),
        }


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_all_common_formats_are_read(tmp_path: Path, format: int) -> None:
    name = "ä" * 120 + ".ovf"
    path = write_tar(tmp_path / "a.ova", {name: b"x"}, format=format)
    with path.open("rb") as file:
        assert list(read_members(file)) == [name]


@pytest.mark.parametrize(
    "name",
    [
        "../a",
        "/a",
        "folder/a",
        "a/../../b",
        "..",
        ".",
        "C:\\a",
        "\\\\server\\a",
        "a\nb",
        "a\x1b[2J",
        "a\u202eb",
    ],
)
def test_a_name_that_is_not_plain_is_refused(tmp_path: Path, name: str) -> None:
    error = refused(write_tar(tmp_path / "a.ova", {"a.ovf": b"x", name: b"x"}, format=tarfile.PAX_FORMAT))
    assert error.reason == "unsafe_name"
    assert str(error).isprintable()


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE,
        tarfile.LNKTYPE,
        tarfile.DIRTYPE,
        tarfile.CHRTYPE,
        tarfile.BLKTYPE,
        tarfile.FIFOTYPE,
        tarfile.CONTTYPE,
        b"Z",
    ],
)
def test_anything_but_a_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    error = refused(write_tar(tmp_path / "a.ova", {"a.ovf": b"x"}, (header("odd", type=kind), b"")))
    assert error.reason == "unsafe_name"
    assert "it is a link, folder, device or sparse file" in str(error)


def test_a_sparse_file_is_refused_as_it_is_not_what_lies_there(tmp_path: Path) -> None:
    info = header("a.vmdk", size=512)
    info.pax_headers = {"GNU.sparse.map": "0,512", "GNU.sparse.size": "99999"}
    path = write_tar(tmp_path / "a.ova", {"a.ovf": b"x"}, (info, b"y" * 512), format=tarfile.PAX_FORMAT)
    assert refused(path).reason == "unsafe_name"


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    error = refused(write_tar(tmp_path / "a.ova", {"Straße.vmdk": b"x", "STRASSE.VMDK": b"y"}))
    assert error.reason == "unsafe_name"
    assert "the name occurs twice" in str(error)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_header_that_claims_gigabytes_is_not_read(tmp_path: Path, kind: bytes) -> None:
    path = write_tar(tmp_path / "a.ova", {"a.ovf": b"x"})
    whole = path.read_bytes()
    claim = header("claim", size=3 * 2**30, type=kind).tobuf(tarfile.GNU_FORMAT)
    path.write_bytes(whole[:1024] + claim)
    error = refused(path)
    assert error.reason == "damaged"
    assert "a header claims 3221225472 bytes" in str(error)


def test_a_negative_size_does_not_send_the_reader_round_in_circles(tmp_path: Path) -> None:
    path = tmp_path / "a.ova"
    bad = bytearray(header("a.ovf").tobuf(tarfile.GNU_FORMAT))
    bad[124:136] = b"\xff" * 10 + b"\xfe\x00"  # base 256: -512
    bad[148:156] = b" " * 8
    bad[148:156] = f"{sum(bad):06o}\0 ".encode()
    path.write_bytes(bytes(bad) + bytes(2048))
    assert refused(path).reason == "damaged"


def test_an_archive_of_very_many_files_is_refused(tmp_path: Path) -> None:
    error = refused(write_tar(tmp_path / "a.ova", {f"file{number}": b"" for number in range(513)}))
    assert error.reason == "too_many_files"


def test_a_file_cut_off_inside_a_member_says_how_much_is_missing(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.ova", {"a.ovf": b"x", "disk.vmdk": b"y" * 10_000})
    path.write_bytes(path.read_bytes()[:5000])
    error = refused(path)
    assert error.reason == "truncated"
    # Header and block of the first, header of the second, its 20 blocks, two empty ones.
    expected = (1 + 1 + 1 + 20 + 2) * BLOCK
    assert f"inside “disk.vmdk”: at least {expected} bytes were expected, 5000 are there" in str(error)


def test_a_file_cut_off_between_members_is_noticed_by_its_missing_end(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.ova", {"a.ovf": b"x", "disk.vmdk": b"y" * 10_000})
    path.write_bytes(path.read_bytes()[: 2 * BLOCK])
    error = refused(path)
    assert error.reason == "truncated"
    assert f"after “a.ovf”: at least {4 * BLOCK} bytes were expected, {2 * BLOCK} are there" in str(error)


def test_a_file_cut_off_within_a_header_is_truncated(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.ova", {"a.ovf": b"x", "disk.vmdk": b"y"})
    path.write_bytes(path.read_bytes()[: 2 * BLOCK + 100])
    assert refused(path).reason == "truncated"


def test_rubbish_where_a_header_should_be_is_damage_and_not_the_end(tmp_path: Path) -> None:
    path = write_tar(tmp_path / "a.ova", {"a.ovf": b"x", "disk.vmdk": b"y"})
    whole = bytearray(path.read_bytes())
    whole[2 * BLOCK + 5] ^= 0xFF
    path.write_bytes(bytes(whole))
    error = refused(path)
    assert error.reason == "damaged"
    assert f"damaged at byte {2 * BLOCK} of {len(whole)}" in str(error)


def zipped(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # Its time would be part of the test's name, which has to be the same in every process.
        archive.writestr(zipfile.ZipInfo("template.ova"), content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (zipped(b"x"), "it is a zip archive"),
        (b"\r\n<!DOCTYPE html><html><title>Sign in</title>", "it is a web page"),
        (b"\xef\xbb\xbf<html>", "it is a web page"),
        (b'<?xml version="1.0"?><Envelope/>', "the .ovf descriptor without its disks"),
        (b"\x1f\x8b\x08\x00", "it is compressed"),
        (b"KDMV\x01", "it is a single virtual disk"),
        (b"MZ\x90\x00", "it is a Windows program"),
        (b"\x00" * 4096, "it does not begin with a tar header"),
    ],
)
def test_what_is_no_ova_is_told_by_what_it_is(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "template.ova"
    path.write_bytes(content)
    error = refused(path)
    assert error.reason == "not_an_ova"
    assert message in str(error)


def test_only_headers_are_read(tmp_path: Path, template: Path) -> None:
    whole = bytearray(template.read_bytes())
    with template.open("rb") as file:
        members = read_members(file)
    for member in members.values():
        whole[member.offset : member.offset + member.size] = bytes(member.size)
    path = tmp_path / "hollow.ova"
    path.write_bytes(bytes(whole))
    with path.open("rb") as file:
        assert read_members(file) == members
    assert set(contents(path)) == set(members)
