"""A whole deployment where names are as in practice: chosen from the lists, deployed, registered, recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.services.conftest import Begin
from tests.tools import missing
from tests.walk import Walk
from tests.web.pages import read, step_url
from wizard.lab.build import LabUnavailable
from wizard.lab.inventory import standalone_host, worldly_inventory
from wizard.lab.vcenter import LabVCenter
from wizard.models import Machine, VCenter
from wizard.services import deployment_progress

pytestmark = pytest.mark.vcenter

RESEARCH = "Europe/Nordics & Baltics/R&D %2f 50%25 “Lab”"
EAST = "Customers/A%2fB GmbH & Co/50%25 “east”/Tier 1"
NAME = "O'Brien & <Söhne> “cs” 🚀"
PLACE = {
    "datacenter": RESEARCH,
    "folder": EAST,
    "compute": "Racks %2f 1-4/Gold %25 “fast”/Resources/Prod & Test%5cA",
    "datastore": "SAN/Pod %2f Gold/ssd%25 01",
    "network": "VLAN 10%2f20 & “guests”",
    "vm_name": NAME,
}


@pytest.fixture(scope="module")
def worldly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    try:
        vcenter = LabVCenter(directory=tmp_path_factory.mktemp("worldly"), inventory=worldly_inventory())
    except LabUnavailable as error:
        missing(str(error))
    with vcenter:
        yield vcenter


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabVCenter]:
    with LabVCenter(directory=tmp_path_factory.mktemp("esxi"), inventory=standalone_host()) as esxi:
        yield esxi


@pytest.fixture
def vcenter(request: pytest.FixtureRequest) -> Iterator[LabVCenter]:
    """In place of the one that all tests share: the worldly one, or the one that a test is marked with."""
    marker = request.node.get_closest_marker("usefixtures")
    worldly = request.getfixturevalue(marker.args[0] if marker else "worldly")
    known = {machine["moid"] for machine in worldly.control.machines()}
    yield worldly
    for machine in worldly.control.machines():
        if machine["moid"] not in known:
            worldly.control.remove_machine(machine["name"])


@pytest.fixture
def connected(connected: None, vcenter: LabVCenter, settings: Any) -> None:
    """Its hosts have other names."""
    settings.CONNECT_TO = f"{vcenter.connect_to},{settings.CONNECT_TO}"


@pytest.fixture
def placed(begin: Begin) -> Walk:
    walk = begin().to("vcenter")
    walk.answer("placement", **PLACE)
    return walk


def test_the_lists_offer_what_is_there_under_names_that_people_know(begin: Begin, client: Client) -> None:
    walk = begin().to("vcenter")
    client.force_login(walk.operator)
    address = step_url(walk.deployment, "placement")
    answer = client.get(address, {"datacenter": RESEARCH}, headers={"HX-Request": "true"})
    options = {option["value"]: "disabled" not in option for option in read(answer).all("option")}
    assert all(options[PLACE[name]] for name in ("datacenter", "folder", "compute", "datastore", "network"))
    assert not options["Asleep"]
    assert not options["esx-27.lab.test"]
    assert not options["Racks %2f 1-4/Gold %25 “fast”/Resources/Shop %2f “web” & db"]
    words = read(answer).words
    for told in (
        "Customers › A/B GmbH & Co › 50% “east” › Tier 1",
        "SAN › Pod / Gold › ssd% 01",
        "in datastore cluster Pod / Gold",
        "O'Brien's \"local\" <disk> & more",
        "NSX › Tier 0 / uplink",
        "esx-25.lab.test is in maintenance mode",
        "esx-27.lab.test is not connected to vCenter",
        "A vApp holds the machines of one application.",
    ):
        assert told in words
    assert "<disk>" not in answer.content.decode()


def test_a_name_that_is_taken_in_one_folder_is_free_in_another(begin: Begin) -> None:
    walk = begin().to("vcenter")
    walk.answer("placement", **{**PLACE, "vm_name": "🚀 launch ☕"})
    assert "placement" in deployment_progress.completed_steps(walk.deployment)


def test_the_machine_is_deployed_registered_and_recorded_there(placed: Walk, client: Client) -> None:
    placed.to("placement")
    placed.make_template()
    placed.done("inspect_template", file="template.ova")
    placed.answer("template", networks={"Network 1": "dv%2fprod 100%25"})
    placed.to("recorded")
    (machine,) = placed.machines(NAME)
    assert machine["path"] == f"/{RESEARCH}/vm/{EAST}/{NAME}"
    assert machine["powered_on"]
    kept = Machine.objects.get(moid=machine["moid"])
    assert kept.name == NAME
    assert set(Machine.objects.filter(name="db/01 100%").values_list("moid", flat=True)) == {
        found["moid"] for found in placed.machines("db%2f01 100%25")
    }
    client.force_login(placed.operator)
    page = read(client.get(f"/deployments/{placed.deployment.pk}/answers/"))
    assert "Customers › A/B GmbH & Co › 50% “east” › Tier 1" in page.words
    assert "Network 1: dv/prod 100%" in page.words
    assert "%2f" not in page.words


@pytest.mark.usefixtures("standalone")
def test_a_host_without_a_vcenter_takes_the_machine_and_is_registered(begin: Begin) -> None:
    walk = begin().to("vcenter")
    walk.answer(
        "placement",
        datacenter="ha-datacenter",
        folder="",
        compute="esx-61.lab.test",
        datastore="datastore1",
        network="Lab / guests",
        vm_name="cs01",
    )
    walk.to("registered")
    (machine,) = walk.machines("cs01")
    assert machine["path"] == "/ha-datacenter/vm/cs01"
    (registered,) = VCenter.objects.filter(deployments=walk.deployment)
    assert registered.api_type == "HostAgent"
    assert registered.instance_uuid
    assert set(registered.machines.values_list("name", flat=True)) == {"cs01", "web-02"}
