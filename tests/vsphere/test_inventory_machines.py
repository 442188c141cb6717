"""Discovery: every machine once, page by page, with what the wizard shows of it."""

from __future__ import annotations

import pytest
from pyVmomi import vim

from tests.vsphere.conftest import SignIn, account_of
from tests.vsphere.relay import Relay
from tests.vsphere.servers import LOOPBACK
from wizard.lab.inventory import default_inventory, disk_sizes
from wizard.lab.vcenter import LabVCenter
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.errors import ConnectionLost
from wizard.vsphere.guest_addresses import addresses_of
from wizard.vsphere.machines import MachineFacts, iter_machines
from wizard.vsphere.session import Session, connect


@pytest.fixture
def machines(session: Session) -> dict[str, MachineFacts]:
    return {facts.name: facts for page in iter_machines(session) for facts in page}


@pytest.mark.vcenter
def test_every_machine_of_both_datacenters_is_listed(machines: dict[str, MachineFacts]) -> None:
    wanted = {machine["name"]: machine for dc in default_inventory()["datacenters"] for machine in dc["vms"]}
    assert set(machines) == set(wanted)
    for name, config in wanted.items():
        facts = machines[name]
        assert facts.moid.startswith("vm-")
        assert (facts.cpu_count, facts.memory_mb) == (config["cpus"], config["memory_mb"])
        assert (facts.disk_count, facts.disk_gb) == (len(disk_sizes(config)), float(sum(disk_sizes(config))))
        assert (facts.guest_id, facts.guest_full_name) == (config["guest_id"], config["guest_full_name"])
        assert facts.firmware == config["firmware"]
        assert facts.is_template is config["template"]
        assert facts.power_state == ("poweredOn" if config["powered_on"] else "poweredOff")
        assert facts.host_name == config["host_name"]
        assert set(facts.ip_addresses) == set(config["addresses"])
        assert facts.host_moid.startswith("host-")
    assert machines["web-18"].instance_uuid == machines["web-02"].instance_uuid  # the only two alike
    assert len({facts.instance_uuid for facts in machines.values()}) == len(wanted) - 1
    assert all(len(facts.bios_uuid) == 36 for facts in machines.values())


@pytest.mark.vcenter
def test_tools_are_told_in_vspheres_words(machines: dict[str, MachineFacts]) -> None:
    assert {facts.tools_status for facts in machines.values()} == {
        "guestToolsRunning",
        "guestToolsNotRunning",
    }


@pytest.mark.vcenter
def test_pages_are_no_longer_than_asked_for_and_miss_nobody(session: Session) -> None:
    pages = list(iter_machines(session, page_size=7))
    assert [len(page) for page in pages] == [7, 7, 7, 7, 7, 5]
    assert len({facts.moid for page in pages for facts in page}) == 40


@pytest.mark.vcenter
def test_round_trips_follow_the_pages_and_the_view_is_taken_down(relay: Relay, vcenter: LabVCenter) -> None:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter)) as session:
        relay.calls.clear()
        assert len(list(iter_machines(session, page_size=15))) == 3
        assert relay.calls == [
            "CreateContainerView",
            "RetrievePropertiesEx",
            "ContinueRetrievePropertiesEx",
            "ContinueRetrievePropertiesEx",
            "DestroyView",
        ]


@pytest.mark.vcenter
def test_a_reader_who_stops_early_leaves_nothing_open(relay: Relay, vcenter: LabVCenter) -> None:
    endpoint = Endpoint(host=LOOPBACK, port=relay.port, thumbprint_sha256=relay.pair.sha256)
    with connect(endpoint, account_of(vcenter)) as session:
        relay.calls.clear()
        pages = iter_machines(session, page_size=5)
        assert len(next(pages)) == 5
        pages.close()
    assert relay.calls[2:] == ["CancelRetrievePropertiesEx", "DestroyView", "Logout"]


@pytest.mark.vcenter
def test_a_session_that_ends_between_two_pages_is_not_taken_for_the_end(
    sign_in: SignIn, vcenter: LabVCenter
) -> None:
    def read_on(session: Session) -> None:
        pages = iter_machines(session, page_size=10)
        next(pages)
        vcenter.control.expire_sessions()
        for page in pages:
            assert page

    with pytest.raises(ConnectionLost, match="has ended"), sign_in() as session:
        read_on(session)


def test_addresses_of_no_use_are_left_out_and_the_primary_one_comes_first() -> None:
    nics = [
        vim.vm.GuestInfo.NicInfo(ipAddress=["fe80::1", "10.0.0.5", "10.0.0.6"]),
        vim.vm.GuestInfo.NicInfo(ipAddress=["169.254.7.7", "2001:db8::7", "not an address"]),
        vim.vm.GuestInfo.NicInfo(),
    ]
    assert addresses_of("10.0.0.6", nics) == ("10.0.0.6", "10.0.0.5", "2001:db8::7")
    assert addresses_of(None, []) == ()
