"""A template goes where names are as in practice, and the machine is found there again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import account_of, endpoint_of
from tests.vsphere_ova.importing import Importer
from wizard.lab.inventory import standalone_host
from wizard.lab.ova import make_ova
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.collector import read
from wizard.vsphere.errors import ImportRefused, NameTaken
from wizard.vsphere.import_attempt import find_marked
from wizard.vsphere.import_spec import MARK_KEY
from wizard.vsphere.inventory import read_placement, vm_exists
from wizard.vsphere.removal import remove_vm
from wizard.vsphere.session import Session, connect

pytestmark = pytest.mark.vcenter

RESEARCH = "Europe/Nordics & Baltics/R&D %2f 50%25 “Lab”"
EAST = "Customers/A%2fB GmbH & Co/50%25 “east”/Tier 1"
NAME = "O'Brien & <Söhne> “cs” 🚀 01"
PLACE = {
    "vm_name": NAME,
    "datacenter": RESEARCH,
    "folder": EAST,
    "compute": "Racks %2f 1-4/Gold %25 “fast”",
    "datastore": "SAN/Pod %2f Gold/ssd%25 01",
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ova(tmp_path_factory.mktemp("ova") / "template.ova")


@pytest.fixture(scope="module")
def session(worldly: LabVCenter) -> Iterator[Session]:
    with connect(endpoint_of(worldly), account_of(worldly), book=worldly.book, timeout_s=10.0) as signed_in:
        yield signed_in


@pytest.fixture
def importer(worldly: LabVCenter, session: Session, template: Path) -> Iterator[Importer]:
    importer = Importer(control=worldly.control, session=session, template=template)
    yield importer
    for moid in importer.created:
        remove_vm(session, moid)


@pytest.mark.parametrize("network", ["VLAN 10%2f20 & “guests”", "dv%2fprod 100%25"])
def test_a_template_is_put_where_names_have_slashes_percent_signs_and_emoji(
    importer: Importer, session: Session, network: str
) -> None:
    made = importer.run(**PLACE, networks={"Network 1": network})
    assert (made.name, made.path) == (NAME, f"{EAST}/{NAME}")
    (machine,) = [item for item in importer.control.machines() if item["moid"] == made.moid]
    assert machine["path"] == f"/{RESEARCH}/vm/{EAST}/{NAME}"
    assert machine["host"] in {"esx-21.lab.test", "esx-22.lab.test"}
    seen = read(session, session.managed(vim.VirtualMachine, made.moid), ("network", "datastore"))
    research = read_placement(session).datacenter(RESEARCH)
    assert [item._GetMoId() for item in seen["network"]] == [research.find_network(network).ref.moid]
    assert [item._GetMoId() for item in seen["datastore"]] == [research.find_datastore("ssd% 01").ref.moid]


def test_the_machine_is_found_again_by_its_path_and_its_mark(importer: Importer, session: Session) -> None:
    made = importer.run(**PLACE, networks={"Network 1": "VM Network"})
    research = read_placement(session).datacenter(RESEARCH)
    found = vm_exists(session, research.ref, EAST, NAME)
    assert found == made
    settings = read(session, session.managed(vim.VirtualMachine, made.moid), ("config.extraConfig",))
    mark = next(item.value for item in settings["config.extraConfig"] if item.key == MARK_KEY)
    assert find_marked(session, research.ref, EAST, NAME, mark) == made.moid
    assert find_marked(session, research.ref, EAST, NAME, "another") is None
    assert made.path in research.vms
    with pytest.raises(NameTaken):
        importer.run(**PLACE, networks={"Network 1": "VM Network"})


def test_a_name_of_80_characters_may_be_that_of_a_machine_in_another_folder(
    importer: Importer, session: Session
) -> None:
    research = read_placement(session).datacenter(RESEARCH)
    longest = next(path for path in research.vms if path.startswith("Replication appliance")).split("/")[0]
    assert len(longest) == 80
    made = importer.run(**{**PLACE, "vm_name": longest}, networks={"Network 1": "VM Network"})
    assert made.path == f"{EAST}/{longest}"


def test_a_cluster_whose_only_host_rests_takes_nothing(importer: Importer) -> None:
    with pytest.raises(ImportRefused, match=r"No host of Asleep is connected to vcenter\.lab\.test:443"):
        importer.run(**{**PLACE, "compute": "Asleep"}, networks={"Network 1": "VM Network"})
    assert importer.created == []


def test_a_host_without_a_vcenter_takes_a_template(template: Path, tmp_path: Path) -> None:
    with (
        LabVCenter(directory=tmp_path, inventory=standalone_host()) as esxi,
        connect(endpoint_of(esxi), account_of(esxi), book=esxi.book, timeout_s=10.0) as session,
    ):
        assert session.about.api_type == "HostAgent"
        (datacenter,) = read_placement(session).datacenters
        assert [(info.ref.path, info.kind) for info in datacenter.compute] == [("esx-61.lab.test", "host")]
        assert [info.ref.path for info in datacenter.folders] == [""]
        importer = Importer(control=esxi.control, session=session, template=template)
        made = importer.run(
            vm_name="cs 01 “é”",
            datacenter="ha-datacenter",
            folder="",
            compute="esx-61.lab.test",
            datastore="datastore1",
            networks={"Network 1": "Lab / guests"},
        )
        assert made.path == "cs 01 “é”"
        assert vm_exists(session, datacenter.ref, "", "cs 01 “é”") == made
        assert importer.control.open_leases() == []
