from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.vsphere_ova.archives import DISK1, DISK2, DISK3, MF, OVF, contents, retold, write_tar
from wizard.lab.ova import make_ova
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.template import open_template


def refused(path: Path) -> OvaInvalid:
    with pytest.raises(OvaInvalid) as caught, open_template(path):
        pass
    return caught.value


def test_a_template_is_opened_in_place(template: Path) -> None:
    before = sorted(template.parent.iterdir())
    with open_template(template) as ova:
        assert list(ova.members) == [OVF, MF, DISK1, DISK2, DISK3]
        assert ova.descriptor.cpu_count == 8
        assert ova.size == template.stat().st_size
        assert ova.manifest[DISK1].algorithm == "sha256"
        assert (ova.has_manifest, ova.signature) == (True, None)
    with pytest.raises(ValueError, match="closed"):
        next(ova.pieces(DISK1, memoryview(bytearray(10))))
    assert sorted(template.parent.iterdir()) == before


def test_a_member_is_read_piece_by_piece_from_where_it_lies(template: Path) -> None:
    with open_template(template) as ova:
        pieces = [bytes(piece) for piece in ova.pieces(DISK2, memoryview(bytearray(10_000)))]
    assert max(map(len, pieces)) == 10_000
    assert b"".join(pieces) == contents(template)[DISK2]


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path: Path, template: Path) -> None:
    path = tmp_path / "shrinking.ova"
    path.write_bytes(template.read_bytes())
    with open_template(path) as ova:
        with path.open("r+b") as file:
            file.truncate(ova.members[DISK3].offset + 5)
        with pytest.raises(OvaInvalid, match="became shorter while it was read") as caught:
            list(ova.pieces(DISK3, memoryview(bytearray(4096))))
    assert caught.value.reason == "truncated"


def test_the_descriptor_need_not_come_first(tmp_path: Path) -> None:
    with open_template(make_ova(tmp_path / "late.ova", file_mb=0.1, flaw="descriptor_last")) as ova:
        assert next(reversed(ova.members)) == OVF
        assert ova.descriptor.memory_mb == 16384


@pytest.mark.parametrize(
    ("flaw", "reason", "message"),
    [
        ("truncated", "truncated", "bytes were expected"),
        ("missing_disk", "missing_file", f"refers to “{DISK3}”, which the template does not hold"),
        ("parent_name", "unsafe_name", "“../escaped.txt”, which is refused: it is not a plain file name"),
        ("absolute_name", "unsafe_name", "“/tmp/escaped.txt”, which is refused: it is not a plain file name"),
        ("symlink", "unsafe_name", f"“{DISK3}”, which is refused: it is a link"),
        ("hardlink", "unsafe_name", f"“{DISK3}”, which is refused: it is a link"),
        ("duplicate", "unsafe_name", f"“{DISK1}”, which is refused: the name occurs twice"),
        ("entity_bomb", "entity", "declares a document type"),
        ("external_entity", "entity", "declares a document type"),
        ("huge_descriptor", "descriptor_too_large", "at most 4194304 are read"),
        ("broken_xml", "descriptor_invalid", "not well-formed XML"),
        ("no_descriptor", "no_descriptor", "holds no .ovf descriptor"),
        ("not_a_tar", "not_an_ova", "does not begin with a tar header"),
    ],
)
@pytest.mark.usefixtures("stopwatch")
def test_every_broken_template_is_refused_at_once_with_its_own_reason(
    tmp_path: Path, flaw: str, reason: str, message: str
) -> None:
    error = refused(make_ova(tmp_path / "broken.ova", flaw=flaw))
    assert error.code == "ova_invalid"
    assert error.reason == reason
    assert message in str(error)
    assert str(error.remedy)


def test_a_template_of_several_systems_is_refused(tmp_path: Path) -> None:
    error = refused(make_ova(tmp_path / "two.ova", file_mb=0.1, systems=2))
    assert error.reason == "several_systems"
    assert "describes 2 virtual systems; exactly one was expected" in str(error)


def test_several_descriptors_are_refused_by_name(tmp_path: Path, template: Path) -> None:
    members = contents(template)
    error = refused(write_tar(tmp_path / "two.ova", {**members, "other.OVF": members[OVF]}))
    assert error.reason == "several_descriptors"
    assert f"({OVF}, other.OVF)" in str(error)


@pytest.mark.parametrize(
    ("before", "after", "reason", "message"),
    [
        (
            b'ovf:id="file1"',
            b'ovf:id="file1" ovf:compression="bzip2"',
            "compressed",
            "compressed as bzip2",
        ),
        (
            b'ovf:id="file1"',
            b'ovf:id="file1" ovf:chunkSize="2097152"',
            "missing_file",
            f"refers to “{DISK1}.000000000”",
        ),
        (DISK1.encode(), b"http://127.0.0.1/disk1.vmdk", "external_file", "outside of the template"),
        (DISK1.encode(), b"file:///etc/passwd", "external_file", "outside of the template"),
        (DISK1.encode(), b"..%2f..%2fetc%2fpasswd", "unsafe_name", "not a plain file name"),
        (b'ovf:size="', b'ovf:size="9', "size_mismatch", "the descriptor says 9"),
    ],
)
def test_a_descriptor_that_points_astray_is_refused(
    tmp_path: Path, before: bytes, after: bytes, reason: str, message: str
) -> None:
    error = refused(retold(tmp_path / "astray.ova", lambda xml: xml.replace(before, after)))
    assert error.reason == reason
    assert message in str(error)


def test_an_href_is_read_as_the_uri_that_it_is(tmp_path: Path) -> None:
    path = retold(tmp_path / "space.ova", lambda xml: xml.replace(DISK1.encode(), b"system%20disk.vmdk"))
    members = contents(path)
    renamed = {name.replace(DISK1, "system disk.vmdk"): content for name, content in members.items()}
    with open_template(write_tar(path, renamed)) as ova:
        assert ova.needed_files == (OVF, "system disk.vmdk", DISK2, DISK3)


def test_a_descriptor_that_is_not_the_one_in_the_manifest_is_refused(tmp_path: Path, template: Path) -> None:
    members = contents(template)
    changed = members[OVF].replace(b"<rasd:VirtualQuantity>8<", b"<rasd:VirtualQuantity>2<")
    error = refused(write_tar(tmp_path / "changed.ova", {**members, OVF: changed}))
    assert error.reason == "manifest_mismatch"
    assert hashlib.sha256(members[OVF]).hexdigest() in str(error)
    assert hashlib.sha256(changed).hexdigest() in str(error)


def test_a_manifest_that_leaves_files_out_is_refused_with_their_names(tmp_path: Path, template: Path) -> None:
    members = contents(template)
    lines = [line for line in members[MF].splitlines(keepends=True) if DISK2.encode() not in line]
    error = refused(write_tar(tmp_path / "gap.ova", {**members, MF: b"".join(lines)}))
    assert error.reason == "manifest_incomplete"
    assert f"no line for {DISK2};" in str(error)


def test_an_empty_manifest_leaves_everything_out(tmp_path: Path, template: Path) -> None:
    error = refused(write_tar(tmp_path / "empty.ova", {**contents(template), MF: b"\n"}))
    assert f"no line for {OVF}, {DISK1}, {DISK2}, {DISK3};" in str(error)


def test_a_manifest_that_is_too_large_is_not_read(tmp_path: Path, template: Path) -> None:
    members = contents(template)
    error = refused(write_tar(tmp_path / "large.ova", {**members, MF: members[MF] * 40_000}))
    assert error.reason == "manifest_too_large"


def test_a_path_that_is_not_there_or_not_a_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere.ova").reason == "unreadable"
    error = refused(tmp_path / "nowhere.ovf")
    assert error.reason == "unreadable"
    assert str(tmp_path) in str(error)
