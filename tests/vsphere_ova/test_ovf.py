from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vsphere_ova.archives import DISK1, OVF, contents
from wizard.lab.ova import make_ova
from wizard.vsphere.errors import OvaInvalid
from wizard.vsphere.ovf import (
    OvfDeploymentOption,
    OvfDescriptor,
    OvfDisk,
    parse_descriptor,
)
from wizard.vsphere.ovf_hardware import OvfAdapter, OvfController


@pytest.fixture(scope="module")
def xml(template: Path) -> bytes:
    return contents(template)[OVF]


def refused(xml: bytes) -> OvaInvalid:
    with pytest.raises(OvaInvalid) as caught:
        parse_descriptor(xml)
    return caught.value


def test_the_hardware_of_the_template_is_read(xml: bytes) -> None:
    found = parse_descriptor(xml)
    assert (found.cpu_count, found.memory_mb) == (8, 16384)
    assert [disk.capacity_bytes // 2**30 for disk in found.disks] == [80, 600, 600]
    assert found.disks[0] == OvfDisk(
        id="vmdisk1",
        file_href=DISK1,
        capacity_bytes=80 * 2**30,
        populated_bytes=found.files[0].size_bytes,
        format="streamOptimized",
    )
    assert found.networks == ("Network 1",)
    assert found.adapters == (OvfAdapter(network="Network 1", type="VmxNet3"),)
    assert found.controllers == (OvfController(kind="scsi", type="lsilogicsas"),)
    assert found.hardware_version == "vmx-13"
    assert found.virtual_system_count == 1


def test_what_the_template_says_of_itself_is_read(xml: bytes) -> None:
    found = parse_descriptor(xml)
    assert found.product == "Microsoft Azure Site Recovery configuration server"
    assert found.version == "9.0.0.0 (lab)"
    assert found.guest_os == "Microsoft Windows Server 2016 (64-bit)"
    assert found.guest_os_type == "windows9Server64Guest"
    assert found.license_text.startswith("LAB LICENCE\n")
    assert found.annotation.startswith("Synthetic template")
    assert [item.key for item in found.properties][:2] == ["hostname", "ip0"]
    assert all(item.user_configurable for item in found.properties)


def test_a_descriptor_survives_being_stored(xml: bytes) -> None:
    found = parse_descriptor(xml)
    assert OvfDescriptor.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_the_namespace_of_ovf_2_says_the_same(xml: bytes) -> None:
    newer = xml.replace(b"ovf/envelope/1", b"ovf/envelope/2")
    assert newer != xml
    assert parse_descriptor(newer) == parse_descriptor(xml)


def test_the_namespace_from_before_ovf_1_is_refused(xml: bytes) -> None:
    error = refused(
        xml.replace(b"http://schemas.dmtf.org/ovf/envelope/1", b"http://www.vmware.com/schema/ovf/1/envelope")
    )
    assert error.reason == "ovf_version"
    assert "http://www.vmware.com/schema/ovf/1/envelope" in str(error)


def test_several_systems_are_counted_and_the_first_is_read(tmp_path: Path) -> None:
    path = make_ova(tmp_path / "two.ova", file_mb=0.1, systems=2)
    found = parse_descriptor(contents(path)[OVF])
    assert found.virtual_system_count == 2
    assert found.cpu_count == 8


def test_memory_counts_in_megabytes_where_no_unit_is_given(xml: bytes) -> None:
    start = xml.index(b"<rasd:AllocationUnits>byte * 2^20")
    end = xml.index(b"</rasd:AllocationUnits>", start) + len(b"</rasd:AllocationUnits>")
    assert parse_descriptor(xml[:start] + xml[end:]).memory_mb == 16384


ENVELOPE = """<?xml version="1.0"?>
<ovf:Envelope xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/2" xmlns:r="urn:rasd">
  <ovf:References/>
  <ovf:DeploymentOptionSection>
    <ovf:Configuration ovf:id="small"{small}><ovf:Label>Small</ovf:Label></ovf:Configuration>
    <ovf:Configuration ovf:id="large"{large}><ovf:Label>Large</ovf:Label></ovf:Configuration>
  </ovf:DeploymentOptionSection>
  <ovf:VirtualSystem ovf:id="vm">
    <ovf:VirtualHardwareSection>
      <ovf:Item><r:InstanceID>1</r:InstanceID><r:ResourceType>3</r:ResourceType>
        <r:VirtualQuantity>2</r:VirtualQuantity></ovf:Item>
      <ovf:Item ovf:bound="max"><r:InstanceID>1</r:InstanceID><r:ResourceType>3</r:ResourceType>
        <r:VirtualQuantity>64</r:VirtualQuantity></ovf:Item>
      <ovf:Item ovf:configuration="large"><r:InstanceID>1</r:InstanceID><r:ResourceType>3</r:ResourceType>
        <r:VirtualQuantity>16</r:VirtualQuantity></ovf:Item>
      <ovf:Item><r:InstanceID>2</r:InstanceID><r:ResourceType>4</r:ResourceType>
        <r:VirtualQuantity>4</r:VirtualQuantity><r:AllocationUnits>GigaBytes</r:AllocationUnits></ovf:Item>
      <ovf:EthernetPortItem><r:Connection>LAN</r:Connection><r:InstanceID>3</r:InstanceID>
        <r:ResourceSubType>E1000</r:ResourceSubType><r:ResourceType>10</r:ResourceType></ovf:EthernetPortItem>
    </ovf:VirtualHardwareSection>
  </ovf:VirtualSystem>
</ovf:Envelope>"""


@pytest.mark.parametrize(
    ("small", "large", "cpus"),
    [("", "", 2), (' ovf:default="true"', "", 2), ("", ' ovf:default="true"', 16)],
)
def test_the_default_deployment_option_decides_on_the_hardware(small: str, large: str, cpus: int) -> None:
    found = parse_descriptor(ENVELOPE.format(small=small, large=large).encode())
    assert (found.cpu_count, found.memory_mb) == (cpus, 4096)
    assert found.adapters == (OvfAdapter(network="LAN", type="E1000"),)
    assert found.name == "vm"
    assert found.deployment_options == (
        OvfDeploymentOption(
            id="small", label="Small", description="", default=cpus == 2, cpu_count=2, memory_mb=4096
        ),
        OvfDeploymentOption(
            id="large", label="Large", description="", default=cpus == 16, cpu_count=16, memory_mb=4096
        ),
    )


def test_deployment_options_without_end_are_refused() -> None:
    many = "".join(f'<ovf:Configuration ovf:id="o{number}"/>' for number in range(101))
    xml = ENVELOPE.format(small="", large="").replace(
        "</ovf:DeploymentOptionSection>", many + "</ovf:DeploymentOptionSection>"
    )
    assert "has 103 deployment options; at most 100 are read" in str(refused(xml.encode()))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("flaw", ["entity_bomb", "external_entity"])
@pytest.mark.usefixtures("stopwatch")
def test_a_descriptor_with_entities_is_refused_before_they_are_expanded(
    tmp_path: Path, flaw: str, encoding: str
) -> None:
    xml = contents(make_ova(tmp_path / "bomb.ova", file_mb=0.1, flaw=flaw))[OVF]
    error = refused(xml.replace(b'encoding="UTF-8"', b"").decode().encode(encoding))
    assert error.reason == "entity"
    assert "declares a document type" in str(error)


def test_a_document_type_without_entities_is_refused_too(xml: bytes) -> None:
    bare = xml[xml.index(b"<Envelope") :]
    assert refused(b"<!DOCTYPE Envelope>" + bare).reason == "entity"


def test_a_descriptor_of_more_than_four_mebibytes_is_not_read(xml: bytes) -> None:
    error = refused(xml + b" " * 4 * 2**20)
    assert error.reason == "descriptor_too_large"
    assert f"{len(xml) + 4 * 2**20} bytes; at most 4194304" in str(error)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b'ovf:capacity="80"', b'ovf:capacity="${size}"', "“capacity” is “${size}”"),
        (b'ovf:capacity="80"', b'ovf:capacity="-80"', "“capacity” is “-80”"),
        (b'ovf:capacity="80" ', b"", "Disk “vmdisk1” has no capacity."),
        (b"byte * 2^30", b"parsec", "“parsec” in the OVF descriptor is not a unit"),
        (b'ovf:fileRef="file1"', b'ovf:fileRef="file9"', "refers to the file “file9”"),
        (b"<rasd:VirtualQuantity>8<", b"<rasd:VirtualQuantity>many<", "“VirtualQuantity” is “many”"),
        (b"</Envelope>", b"", "not well-formed XML"),
        (b"VirtualSystem", b"VirtualThing", "describes no virtual system"),
    ],
)
def test_a_descriptor_that_makes_no_sense_is_refused_with_what_was_found(
    xml: bytes, before: bytes, after: bytes, message: str
) -> None:
    assert before in xml
    error = refused(xml.replace(before, after))
    assert error.reason == "descriptor_invalid"
    assert message in str(error)


def test_xml_of_another_kind_is_refused_with_its_name() -> None:
    error = refused(b"<html/>")
    assert error.reason == "descriptor_invalid"
    assert "begins with <html>; <Envelope> was expected" in str(error)
