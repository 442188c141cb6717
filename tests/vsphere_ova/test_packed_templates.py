"""Templates in the shapes that tools write them: in chunks, compressed, as a folder, with names of every kind."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.vsphere.conftest import authority as authority
from tests.vsphere_ova.archives import DISK1, DISK2, DISK3, MF, OVF, contents, write_tar
from tests.vsphere_ova.importing import Importer
from wizard.lab.ova import make_ova
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.manifest import verify_manifest
from wizard.vsphere.payload import Unpacker
from wizard.vsphere.template import Template, open_template
from wizard.vsphere.template_store import changed_at, is_template, size_on_disk

CHUNK = 64 * 2**10
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Members:
    return contents(make_ova(tmp_path_factory.mktemp("plain") / "plain.ova", file_mb=0.6))


def with_manifest(members: Members) -> Members:
    """The members with a manifest that is right for them."""
    rest = {name: content for name, content in members.items() if name != MF}
    lines = [f"SHA256({name})= {hashlib.sha256(content).hexdigest()}\n" for name, content in rest.items()]
    return {**rest, MF: "".join(lines).encode()}


def retold(members: Members, *changes: tuple[str, str]) -> Members:
    xml = members[OVF].decode()
    for before, after in changes:
        assert before in xml
        xml = xml.replace(before, after)
    return {**members, OVF: xml.encode()}


def packed(members: Members, *, chunked: bool = False, whole_line: bool = False) -> Members:
    """The first disk as gzip, if need be in chunks."""
    small = gzip.compress(members[DISK1], mtime=0)
    before = f'ovf:size="{len(members[DISK1])}"'
    changed = retold(members, (before, f'ovf:size="{len(small)}" ovf:compression="gzip"'))
    changed[DISK1] = small
    return in_chunks(changed, whole_line=whole_line) if chunked else with_manifest(changed)


def in_chunks(members: Members, *, whole_line: bool = False) -> Members:
    """The first disk in pieces of 64 KiB; the manifest names them, or the disk as a whole."""
    changed = retold(members, (f'ovf:href="{DISK1}"', f'ovf:href="{DISK1}" ovf:chunkSize="{CHUNK}"'))
    disk = changed.pop(DISK1)
    parts = {
        f"{DISK1}.{number:09d}": disk[start : start + CHUNK]
        for number, start in enumerate(range(0, len(disk), CHUNK))
    }
    if not whole_line:
        return with_manifest({**changed, **parts})
    return {**changed, **parts, MF: with_manifest({**changed, DISK1: disk})[MF]}


def in_folder(path: Path, members: Mapping[str, bytes]) -> Path:
    path.mkdir()
    for name, content in members.items():
        (path / name).write_bytes(content)
    return path


def checked(template: Template) -> tuple[str, ...]:
    report = verify_manifest(template, on_progress=lambda _d, _t: None, should_stop=lambda: False)
    return report.checked


SHAPES: dict[str, Callable[[Members], Members]] = {
    "chunks": in_chunks,
    "chunks, one line for all of them": lambda members: in_chunks(members, whole_line=True),
    "gzip": packed,
    "gzip in chunks": lambda members: packed(members, chunked=True),
    "gzip in chunks, one line": lambda members: packed(members, chunked=True, whole_line=True),
}


@pytest.mark.vcenter
@pytest.mark.parametrize("folder", [False, True], ids=["archive", "folder"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_host_gets_the_disk_as_it_was_before_it_was_packed(
    importer: Importer, tmp_path: Path, plain: Members, shape: str, folder: bool
) -> None:
    members = SHAPES[shape](plain)
    make = in_folder if folder else write_tar
    importer.template = make(tmp_path / "packed.ova", members)
    with open_template(importer.template) as template:
        assert OVF in checked(template)
    importer.run()
    arrived = {item["sha256"] for item in importer.control.uploads()}
    assert arrived == {hashlib.sha256(plain[name]).hexdigest() for name in (DISK1, DISK2, DISK3)}
    last = importer.transfers[-1]
    assert last.sent == last.total == sum(len(members[name]) for name in members if ".vmdk" in name)


@pytest.mark.vcenter
@pytest.mark.parametrize("written", ["encoded", "as it is"])
def test_names_with_spaces_and_other_scripts_arrive(
    importer: Importer, tmp_path: Path, plain: Members, written: str
) -> None:
    name = "disque système 100% – 日本.vmdk"
    href = quote(name) if written == "encoded" else name
    changed = retold(plain, (DISK1, href))
    changed[name] = changed.pop(DISK1)
    importer.template = write_tar(tmp_path / "named.ova", with_manifest(changed))
    importer.run()
    assert any(f"Sending “{name}”" in phase for phase in importer.phases)
    assert len(importer.control.uploads()) == 3


def test_a_manifest_may_name_files_as_the_descriptor_does(tmp_path: Path, plain: Members) -> None:
    changed = retold(plain, (DISK1, "my%20disk.vmdk"))
    changed["my disk.vmdk"] = changed.pop(DISK1)
    members = with_manifest(changed)
    members[MF] = members[MF].replace(b"my disk.vmdk", b"my%20disk.vmdk")
    with open_template(write_tar(tmp_path / "named.ova", members)) as template:
        assert "my disk.vmdk" in checked(template)


def refused(path: Path) -> OvaInvalid:
    with pytest.raises(OvaInvalid) as caught, open_template(path) as template:
        checked(template)
    return caught.value


@pytest.mark.parametrize("missing", [0, 1])
def test_a_chunk_that_is_missing_is_named(tmp_path: Path, plain: Members, missing: int) -> None:
    members = in_chunks(plain)
    del members[f"{DISK1}.{missing:09d}"]
    error = refused(write_tar(tmp_path / "a.ova", members))
    assert error.reason == "missing_file"
    assert f"“{DISK1}.{missing:09d}”" in str(error)


def test_the_last_chunk_that_is_missing_is_noticed_by_the_size(tmp_path: Path, plain: Members) -> None:
    members = in_chunks(plain)
    del members[max(name for name in members if name.startswith(DISK1))]
    assert refused(write_tar(tmp_path / "a.ova", members)).reason == "size_mismatch"


def test_a_chunk_of_another_size_is_refused(tmp_path: Path, plain: Members) -> None:
    members = in_chunks(plain)
    members[f"{DISK1}.000000000"] += b"x"
    error = refused(write_tar(tmp_path / "a.ova", members))
    assert f"has {CHUNK + 1} bytes; the descriptor says {CHUNK}" in str(error)


def test_a_chunk_that_was_changed_is_found(tmp_path: Path, plain: Members) -> None:
    members = in_chunks(plain, whole_line=True)
    name = f"{DISK1}.000000001"
    members[name] = b"\0" + members[name][1:] if members[name][0] else b"\1" + members[name][1:]
    assert refused(write_tar(tmp_path / "a.ova", members)).reason == "manifest_mismatch"


@pytest.mark.vcenter
@pytest.mark.parametrize("broken", [b"this is no gzip at all", b""])
def test_a_disk_that_cannot_be_unpacked_ends_the_import(
    importer: Importer, tmp_path: Path, plain: Members, broken: bytes
) -> None:
    members = packed(plain)
    content = broken or members[DISK1][: len(members[DISK1]) // 2]
    changed = retold(members, (f'ovf:size="{len(members[DISK1])}"', f'ovf:size="{len(content)}"'))
    importer.template = write_tar(tmp_path / "a.ova", with_manifest({**changed, DISK1: content}))
    with pytest.raises(OvaInvalid, match="cannot be unpacked") as caught:
        importer.run()
    assert caught.value.reason == "damaged"
    assert importer.left_behind == []


def test_what_was_packed_to_burst_is_stopped_at_its_limit() -> None:
    bomb = gzip.compress(bytes(50 * 2**20))
    unpacker = Unpacker("bomb.vmdk", limit_bytes=10 * 2**20)
    sizes: list[int] = []
    with pytest.raises(OvaInvalid, match="larger, once unpacked") as caught:
        sizes.extend(len(piece) for piece in unpacker.pieces(bomb))
    assert caught.value.reason == "too_large"
    assert max(sizes) <= 2**20
    assert sum(sizes) <= 10 * 2**20


def test_several_streams_of_gzip_are_one_file() -> None:
    unpacker = Unpacker("a", limit_bytes=None)
    both = gzip.compress(b"first, ") + gzip.compress(b"second")
    assert b"".join(piece for byte in both for piece in unpacker.pieces(bytes([byte]))) == b"first, second"
    unpacker.finish()


def test_a_folder_is_opened_by_itself_or_by_its_descriptor(tmp_path: Path, plain: Members) -> None:
    folder = in_folder(tmp_path / "extracted", plain)
    for path in (folder, folder / OVF):
        with open_template(path) as template:
            assert template.descriptor.cpu_count == 8
            assert template.size == sum(len(plain[name]) for name in (OVF, DISK1, DISK2, DISK3))
            assert set(checked(template)) == {OVF, DISK1, DISK2, DISK3}


def test_a_descriptor_may_be_chosen_among_several(tmp_path: Path, plain: Members) -> None:
    folder = in_folder(tmp_path / "extracted", {**plain, "other.ovf": plain[OVF]})
    assert refused(folder).reason == "several_descriptors"
    with open_template(folder / OVF) as template:
        assert template.descriptor_name == OVF


def test_a_link_in_a_folder_is_no_part_of_the_template(tmp_path: Path, plain: Members) -> None:
    folder = in_folder(tmp_path / "extracted", plain)
    (folder / DISK2).unlink()
    (folder / DISK2).symlink_to("/etc/hostname")
    error = refused(folder)
    assert error.reason == "missing_file"
    assert DISK2 in str(error)


def test_a_file_that_changed_its_size_since_is_refused(tmp_path: Path, plain: Members) -> None:
    folder = in_folder(tmp_path / "extracted", plain)
    with open_template(folder) as template:
        (folder / DISK3).write_bytes(b"short")
        with pytest.raises(OvaInvalid, match="was changed"):
            list(template.pieces(DISK3, memoryview(bytearray(100))))


def test_what_looks_like_a_template_is_offered(tmp_path: Path, plain: Members, template: Path) -> None:
    folder = in_folder(tmp_path / "extracted", plain)
    assert is_template(folder)
    assert is_template(template)
    assert not is_template(folder / DISK1)
    assert not is_template(tmp_path)
    assert size_on_disk(folder) == sum(map(len, plain.values()))
    before = changed_at(folder)
    assert changed_at(folder) == before
    (folder / DISK1).write_bytes(plain[DISK1])
    assert changed_at(folder) != before
