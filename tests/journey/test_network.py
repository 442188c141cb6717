from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journey.complete import NETWORK, wrong
from wizard.journey.network import ApplianceNetworkAnswers, NetworkAnswers


def test_answers_are_stored_in_canonical_form_with_defaults() -> None:
    typed = {
        **NETWORK,
        "netmask": "/24",
        "dns_suffix": "Lab.test.",
        "dns": "192.0.2.2, 192.0.2.3",
        "proxy": "proxy.lab.test:3128",
        "data_port": "",
    }
    assert NetworkAnswers.model_validate(typed).model_dump(mode="json") == {
        "host_name": "cs01",
        "dns_suffix": "lab.test",
        "address": "192.0.2.10",
        "netmask": "255.255.255.0",
        "gateway": "192.0.2.1",
        "dns": ["192.0.2.2", "192.0.2.3"],
        "ntp": ["time.windows.com", "time.nist.gov"],
        "proxy": "http://proxy.lab.test:3128",
        "data_port": 9443,
    }


def test_no_time_server_is_an_answer_and_not_the_default() -> None:
    assert NetworkAnswers.model_validate({**NETWORK, "ntp": ""}).ntp == []


@pytest.mark.parametrize("typed", ["192.0.2.2 192.0.2.3", "192.0.2.2\r\n192.0.2.3", "192.0.2.2;192.0.2.3,"])
def test_lists_are_read_as_people_type_them(typed: str) -> None:
    assert NetworkAnswers.model_validate({**NETWORK, "dns": typed}).dns == ["192.0.2.2", "192.0.2.3"]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            {"gateway": "192.0.3.1"},
            {
                "gateway": "The gateway 192.0.3.1 is not in the subnet 192.0.2.0/24 of 192.0.2.10. "
                "Expected is one from 192.0.2.1 to 192.0.2.254."
            },
        ),
        (
            {"gateway": "192.0.2.10"},
            {"gateway": "The gateway 192.0.2.10 is the appliance's own address. Give the router's address."},
        ),
        (
            {"address": "192.0.2.255"},
            {
                "address": "192.0.2.255 is the broadcast address of 192.0.2.0/24. "
                "Choose one from 192.0.2.1 to 192.0.2.254."
            },
        ),
        (
            {"address": "127.0.0.1"},
            {
                "address": "127.0.0.1 is a loopback address. Other machines could never reach the appliance there."
            },
        ),
        (
            {"dns": "192.0.2.10"},
            {"dns": "192.0.2.10 is the appliance's own address, which offers no such service."},
        ),
        (
            {"dns": ["dns.lab.test"]},
            {
                "dns.0": "“dns.lab.test” is not an IPv4 address. "
                "Expected are four numbers from 0 to 255, such as 192.0.2.10."
            },
        ),
        ({"dns": ["10.0.0.1"] * 2}, {"dns": "“10.0.0.1” occurs twice. Give every entry once."}),
        (
            {"dns": ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"]},
            {"dns": "There are 4 entries. Expected are at most 3."},
        ),
        ({"dns": []}, {"dns": "There are 0 entries. Expected are at least 1."}),
        (
            {"data_port": "443"},
            {
                "data_port": "443 belongs to the configuration server's own web site. "
                "The data port is another one, as a rule 9443."
            },
        ),
        (
            {"proxy": "https://proxy.lab.test:3128"},
            {
                "proxy": "“https://proxy.lab.test:3128” is no HTTP proxy. "
                "Site Recovery accepts a proxy address with http:// only."
            },
        ),
        (
            {"host_name": "configuration-server"},
            {
                "host_name": "“configuration-server” has 20 characters; Windows allows a host name of at most 15. "
                "Choose a shorter one."
            },
        ),
    ],
)
def test_an_identity_that_cannot_work_is_refused_at_its_field(
    change: dict[str, Any], found: dict[str, str]
) -> None:
    assert wrong(NetworkAnswers, {**NETWORK, **change}) == found


def test_all_wrong_fields_are_named_at_once() -> None:
    found = wrong(NetworkAnswers, {**NETWORK, "address": "x", "netmask": "x", "dns": ["x"], "data_port": 443})
    assert set(found) == {"address", "netmask", "dns.0", "data_port"}


def test_name_and_time_servers_of_the_lab_may_be_on_loopback() -> None:
    assert wrong(NetworkAnswers, {**NETWORK, "dns": ["127.0.0.1"], "ntp": ["127.0.0.1"]}) == {}


octets = st.integers(0, 255)


@given(
    st.tuples(octets, octets, octets, octets), st.tuples(octets, octets, octets, octets), st.integers(8, 29)
)
def test_whatever_passes_has_its_gateway_as_a_neighbour(
    address: tuple[int, ...], gateway: tuple[int, ...], prefix: int
) -> None:
    typed = {
        **NETWORK,
        "address": ".".join(map(str, address)),
        "gateway": ".".join(map(str, gateway)),
        "netmask": f"/{prefix}",
    }
    if wrong(NetworkAnswers, typed):
        return
    shift = 32 - prefix
    own, neighbour = int.from_bytes(bytes(address)), int.from_bytes(bytes(gateway))
    assert own >> shift == neighbour >> shift
    assert own != neighbour


def test_the_data_port_of_the_appliance_may_be_changed_but_not_to_its_control_channel() -> None:
    assert wrong(ApplianceNetworkAnswers, {**NETWORK, "data_port": 9444}) == {}
    assert wrong(ApplianceNetworkAnswers, {**NETWORK, "data_port": 443}) == {
        "data_port": "443 is the port at which the replication appliance is controlled. The data port is "
        "another one, as a rule 9443."
    }
    assert set(wrong(ApplianceNetworkAnswers, {**NETWORK, "data_port": 70000})) == {"data_port"}
