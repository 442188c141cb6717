"""The templates made by code: the right one is right, each wrong one is wrong in its own way."""

from __future__ import annotations

import hashlib
import struct
import tarfile
import zlib
from pathlib import Path

import pytest
from lxml import etree

from wizard.lab import sparse
from wizard.lab.ova import make_ova, sha256_of
from wizard.lab.ova_descriptor import PROPERTIES

OVF = "{http://schemas.dmtf.org/ovf/envelope/1}"
RASD = "{http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData}"


def content_of(path: Path, ending: str) -> bytes:
    with tarfile.open(path) as tar:
        file = tar.extractfile(next(item for item in tar.getmembers() if item.name.endswith(ending)))
        assert file is not None
        return file.read()


def names_in(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return tar.getnames()


def envelope_of(path: Path) -> etree._Element:
    return etree.fromstring(content_of(path, ".ovf"))


def items_of(path: Path, kind: int) -> list[dict[str, str]]:
    """The hardware items of one resource type, as plain names and values."""
    found = []
    for item in envelope_of(path).iter(f"{OVF}Item"):
        values = {etree.QName(child).localname: child.text or "" for child in item}
        if values["ResourceType"] == str(kind):
            found.append(values)
    return found


def test_the_template_is_a_tar_with_the_descriptor_first_then_the_manifest_then_the_disks(
    template: Path,
) -> None:
    stem = "asr-configuration-server-lab"
    assert names_in(template) == [f"{stem}.ovf", f"{stem}.mf", *(f"{stem}-disk{n}.vmdk" for n in (1, 2, 3))]


def test_it_describes_the_machine_that_the_classic_configuration_server_needs(template: Path) -> None:
    assert [item["VirtualQuantity"] for item in items_of(template, 3)] == ["8"]
    assert [item["VirtualQuantity"] for item in items_of(template, 4)] == ["16384"]
    assert [item["ResourceSubType"] for item in items_of(template, 10)] == ["VmxNet3"]
    assert len(items_of(template, 17)) == 3
    disks = envelope_of(template).iter(f"{OVF}Disk")
    assert [disk.get(f"{OVF}capacity") for disk in disks] == ["80", "600", "600"]
    keys = [item.get(f"{OVF}key") for item in envelope_of(template).iter(f"{OVF}Property")]
    assert keys == [key for key, _label, _text in PROPERTIES]


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_the_manifest_names_every_file_with_its_digest(tmp_path: Path, digest: str) -> None:
    path = make_ova(tmp_path / "t.ova", manifest=digest)
    lines = content_of(path, ".mf").decode().splitlines()
    found = dict(line.removesuffix("\n").split(")= ") for line in lines)
    expected = {
        f"{digest.upper()}({name}": hashlib.new(digest, content_of(path, name)).hexdigest()
        for name in names_in(path)
        if not name.endswith(".mf")
    }
    assert found == expected


def test_the_sizes_in_the_descriptor_are_those_of_the_files(template: Path) -> None:
    sizes = {
        file.get(f"{OVF}href"): int(file.get(f"{OVF}size") or 0)
        for file in envelope_of(template).iter(f"{OVF}File")
    }
    with tarfile.open(template) as tar:
        assert sizes == {item.name: item.size for item in tar if item.name.endswith(".vmdk")}


def test_the_same_recipe_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, second = make_ova(tmp_path / "1.ova"), make_ova(tmp_path / "2.ova")
    other = make_ova(tmp_path / "3.ova", seed=2)
    assert sha256_of(first) == sha256_of(second) != sha256_of(other)


def test_the_size_can_be_chosen(tmp_path: Path) -> None:
    path = make_ova(tmp_path / "t.ova", file_mb=12)
    assert 11 * 2**20 < path.stat().st_size < 13 * 2**20


def test_nothing_but_the_template_is_left_in_its_directory(tmp_path: Path) -> None:
    make_ova(tmp_path / "t.ova")
    assert [path.name for path in tmp_path.iterdir()] == ["t.ova"]


def test_a_disk_can_be_read_back_through_its_own_tables() -> None:
    """Footer, directory, tables and grains, followed as the format's specification says."""
    disk = b"".join(sparse.stream(80 * 2**30, 40 * 2**20, seed=7))
    footer = disk[-1024:-512]
    magic, _version, flags, capacity, grain, _offset, _length, per_table, _redundant, directory = (
        struct.unpack_from("<4sIIQQQQIQQ", footer)
    )
    assert (magic, flags, capacity * 512, grain, per_table) == (b"KDMV", 0x30001, 80 * 2**30, 128, 512)
    tables = -(-capacity // (grain * per_table))
    entries = struct.unpack_from(f"<{tables}I", disk, directory * 512)
    found = {}
    for number, table in enumerate(entries):
        if not table:
            continue
        for index, sector in enumerate(struct.unpack_from(f"<{per_table}I", disk, table * 512)):
            if sector:
                first, size = struct.unpack_from("<QI", disk, sector * 512)
                found[number * per_table + index] = zlib.decompress(
                    disk[sector * 512 + 12 : sector * 512 + 12 + size]
                )
                assert first == (number * per_table + index) * grain
    assert len(found) > 512
    assert list(found) == list(range(len(found)))
    assert {len(content) for content in found.values()} == {grain * 512}
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    ("options", "kind", "field", "value"),
    [
        ({"cpus": 4}, 3, "VirtualQuantity", "4"),
        ({"memory_mb": 8192}, 4, "VirtualQuantity", "8192"),
        ({"adapter": "E1000"}, 10, "ResourceSubType", "E1000"),
        ({"network": "Réseau 1"}, 10, "Connection", "Réseau 1"),
    ],
)
def test_a_recipe_changes_the_hardware(
    tmp_path: Path, options: dict[str, object], kind: int, field: str, value: str
) -> None:
    assert items_of(make_ova(tmp_path / "t.ova", **options), kind)[0][field] == value


def test_a_recipe_changes_disks_systems_and_what_is_told(tmp_path: Path) -> None:
    path = make_ova(
        tmp_path / "t.ova", disks_gb=(80, 600), systems=2, properties=False, license_text="", manifest=None
    )
    envelope = envelope_of(path)
    assert len(list(envelope.iter(f"{OVF}Disk"))) == 2
    assert len(list(envelope.iter(f"{OVF}VirtualSystem"))) == 2
    assert not list(envelope.iter(f"{OVF}Property"))
    assert not list(envelope.iter(f"{OVF}EulaSection"))
    assert not any(name.endswith(".mf") for name in names_in(path))


def test_names_may_be_other_than_ascii(tmp_path: Path) -> None:
    path = make_ova(tmp_path / "t.ova", name="serveur-démo")
    assert "serveur-démo-disk1.vmdk" in names_in(path)
    assert "SHA256(serveur-démo.ovf)" in content_of(path, ".mf").decode()


def test_a_truncated_template_ends_inside_a_disk(tmp_path: Path) -> None:
    path = make_ova(tmp_path / "t.ova", flaw="truncated")
    with pytest.raises(tarfile.ReadError):
        names_in(path)


def test_a_wrong_checksum_is_that_of_one_disk_alone(tmp_path: Path) -> None:
    right, wrong = make_ova(tmp_path / "r.ova"), make_ova(tmp_path / "w.ova", flaw="wrong_checksum")
    changed = set(content_of(right, ".mf").splitlines()) ^ set(content_of(wrong, ".mf").splitlines())
    assert {line.split(b")")[0] for line in changed} == {b"SHA256(asr-configuration-server-lab-disk3.vmdk"}


@pytest.mark.parametrize(
    ("flaw", "name"),
    [("parent_name", "../escaped.txt"), ("absolute_name", "/tmp/escaped.txt")],
)
def test_a_member_may_want_to_leave_the_archive(tmp_path: Path, flaw: str, name: str) -> None:
    assert name in names_in(make_ova(tmp_path / "t.ova", flaw=flaw))


@pytest.mark.parametrize(("flaw", "kind"), [("symlink", tarfile.SYMTYPE), ("hardlink", tarfile.LNKTYPE)])
def test_a_disk_may_be_a_link(tmp_path: Path, flaw: str, kind: bytes) -> None:
    with tarfile.open(make_ova(tmp_path / "t.ova", flaw=flaw)) as tar:
        assert tar.getmembers()[-1].type == kind


def test_a_name_may_come_twice_and_a_disk_be_missing(tmp_path: Path) -> None:
    names = names_in(make_ova(tmp_path / "d.ova", flaw="duplicate"))
    assert len(names) - len(set(names)) == 1
    assert len(names_in(make_ova(tmp_path / "m.ova", flaw="missing_disk"))) == 4


def test_a_descriptor_may_carry_entities(tmp_path: Path) -> None:
    bomb = content_of(make_ova(tmp_path / "b.ova", flaw="entity_bomb"), ".ovf")
    assert b"<!ENTITY a9" in bomb
    assert b"&a9;" in bomb
    outside = content_of(make_ova(tmp_path / "e.ova", flaw="external_entity"), ".ovf")
    assert b'SYSTEM "file:///etc/hostname"' in outside


def test_a_descriptor_may_be_huge_broken_late_or_missing(tmp_path: Path) -> None:
    assert len(content_of(make_ova(tmp_path / "h.ova", flaw="huge_descriptor"), ".ovf")) > 8 * 2**20
    with pytest.raises(etree.XMLSyntaxError):
        envelope_of(make_ova(tmp_path / "b.ova", flaw="broken_xml"))
    assert names_in(make_ova(tmp_path / "l.ova", flaw="descriptor_last"))[-1].endswith(".ovf")
    assert not any(
        name.endswith(".ovf") for name in names_in(make_ova(tmp_path / "n.ova", flaw="no_descriptor"))
    )


def test_something_else_may_have_been_downloaded(tmp_path: Path) -> None:
    assert not tarfile.is_tarfile(make_ova(tmp_path / "t.ova", flaw="not_a_tar"))


def test_a_flaw_or_an_option_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="upside_down"):
        make_ova(tmp_path / "t.ova", flaw="upside_down")
    with pytest.raises(TypeError, match="colour"):
        make_ova(tmp_path / "t.ova", colour="red")
    assert list(tmp_path.iterdir()) == []
