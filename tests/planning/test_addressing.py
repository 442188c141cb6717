from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wizard.planning import addressing


def refusal(rule: Callable[..., object], *values: object) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        rule(*values)
    return str(caught.value.args[0])


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "300.1.1.1",
            "“300.1.1.1” is not an IPv4 address. Expected are four numbers from 0 to 255, such as "
            "192.0.2.10.",
        ),
        (
            "cs01",
            "“cs01” is not an IPv4 address. Expected are four numbers from 0 to 255, such as 192.0.2.10.",
        ),
        (
            "10.0.1",
            "“10.0.1” is not an IPv4 address. Expected are four numbers from 0 to 255, such as 192.0.2.10.",
        ),
        ("fe80::1", "“fe80::1” contains a colon. Expected is an IPv4 address alone: no IPv6, no port."),
        ("10.0.0.1/24", "“10.0.0.1/24” contains a slash. Give the address without the mask."),
        (
            "10.0.0.010",
            "“10.0.0.010” has a number with a leading zero, which programs read in different ways. "
            "Drop the zero.",
        ),
        (
            "0.0.0.0",
            "0.0.0.0 is an unspecified address. Other machines could never reach the appliance there.",
        ),
        (
            "127.0.0.1",
            "127.0.0.1 is a loopback address. Other machines could never reach the appliance there.",
        ),
        (
            "169.254.10.1",
            "169.254.10.1 is a link-local address. Other machines could never reach the appliance there.",
        ),
        (
            "224.0.0.5",
            "224.0.0.5 is a multicast address. Other machines could never reach the appliance there.",
        ),
        (
            "255.255.255.255",
            "255.255.255.255 is the broadcast address. Other machines could never reach the appliance there.",
        ),
        (
            "240.0.0.1",
            "240.0.0.1 is a reserved address. Other machines could never reach the appliance there.",
        ),
    ],
)
def test_an_address_the_appliance_cannot_have_is_refused_with_the_reason(value: str, message: str) -> None:
    assert refusal(addressing.own_address, value) == message


@pytest.mark.parametrize("value", ["192.0.2.10", "10.0.0.0", "172.16.5.255", "8.8.8.8"])
def test_a_unicast_address_may_be_the_appliances_own(value: str) -> None:
    assert addressing.own_address(value) == value


def test_a_server_may_answer_on_loopback_but_not_on_multicast() -> None:
    assert addressing.server_address("127.0.0.1") == "127.0.0.1"
    assert refusal(addressing.server_address, "224.0.0.1") == (
        "224.0.0.1 is a multicast address. No server answers there."
    )


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("time.nist.gov", "time.nist.gov"), ("NTP.Lab.test", "ntp.lab.test"), ("127.0.0.1",) * 2],
)
def test_a_server_has_a_name_or_an_address(typed: str, stored: str) -> None:
    assert addressing.server_name(typed) == stored


def test_digits_and_dots_are_judged_as_an_address_not_as_a_name() -> None:
    assert "is not an IPv4 address" in refusal(addressing.server_name, "10.0.0.256")


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("255.255.255.0", "255.255.255.0"),
        ("/24", "255.255.255.0"),
        ("24", "255.255.255.0"),
        ("8", "255.0.0.0"),
        ("/29", "255.255.255.248"),
        ("255.255.254.0", "255.255.254.0"),
    ],
)
def test_a_mask_is_read_in_three_forms_and_stored_in_one(typed: str, stored: str) -> None:
    assert addressing.netmask(typed) == stored


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            "255.0.255.0",
            "“255.0.255.0” is not a mask: its ones are not in one piece. Expected is, for example, "
            "255.255.255.0.",
        ),
        (
            "0.0.0.255",
            "“0.0.0.255” is not a mask: its ones are not in one piece. Expected is, for example, "
            "255.255.255.0.",
        ),
        ("/33", "“/33” is not a mask. A prefix length is at most 32."),
        ("/30", "“/30” is a mask of 30 bits. Expected are 8 to 29, such as 255.255.255.0 (24 bits)."),
        (
            "255.255.255.255",
            "“255.255.255.255” is a mask of 32 bits. Expected are 8 to 29, such as 255.255.255.0 (24 bits).",
        ),
        ("0.0.0.0", "“0.0.0.0” is a mask of 0 bits. Expected are 8 to 29, such as 255.255.255.0 (24 bits)."),
        ("/", "“” is not an IPv4 address. Expected are four numbers from 0 to 255, such as 192.0.2.10."),
        ("²4", "“²4” is not an IPv4 address. Expected are four numbers from 0 to 255, such as 192.0.2.10."),
    ],
)
def test_an_unfit_mask_is_refused_with_the_reason(typed: str, message: str) -> None:
    assert refusal(addressing.netmask, typed) == message


@given(st.integers(0, 2**32 - 1))
def test_a_dotted_mask_passes_exactly_when_it_is_one_of_those_with_8_to_29_bits(number: int) -> None:
    masks = {str(IPv4Network((0, prefix)).netmask) for prefix in range(8, 30)}
    value = str(IPv4Address(number))
    try:
        passed = addressing.netmask(value) == value
    except ValueError:
        passed = False
    assert passed == (value in masks)


subnets = st.builds(
    lambda number, prefix: IPv4Network((number, prefix), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(8, 29),
)


@given(subnets, st.data())
def test_two_different_hosts_of_a_subnet_are_always_a_fit_address_and_gateway(
    subnet: IPv4Network, data: st.DataObject
) -> None:
    first, last = int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1
    address, gateway = data.draw(st.integers(first, last)), data.draw(st.integers(first, last))
    assume(address != gateway)
    mask = str(subnet.netmask)
    addressing.check_place_in_subnet(str(IPv4Address(address)), mask)
    addressing.check_gateway(str(IPv4Address(gateway)), str(IPv4Address(address)), mask)


@given(subnets, st.integers(0, 2**32 - 1), st.data())
def test_a_gateway_outside_the_subnet_is_always_refused(
    subnet: IPv4Network, gateway: int, data: st.DataObject
) -> None:
    assume(IPv4Address(gateway) not in subnet)
    address = data.draw(st.integers(int(subnet.network_address) + 1, int(subnet.broadcast_address) - 1))
    message = refusal(
        addressing.check_gateway, str(IPv4Address(gateway)), str(IPv4Address(address)), str(subnet.netmask)
    )
    assert f"is not in the subnet {subnet} of" in message


def test_a_gateway_outside_says_where_it_should_be() -> None:
    assert refusal(addressing.check_gateway, "192.0.3.1", "192.0.2.10", "255.255.255.0") == (
        "The gateway 192.0.3.1 is not in the subnet 192.0.2.0/24 of 192.0.2.10. "
        "Expected is one from 192.0.2.1 to 192.0.2.254."
    )


@pytest.mark.parametrize(
    ("gateway", "message"),
    [
        ("192.0.2.10", "The gateway 192.0.2.10 is the appliance's own address. Give the router's address."),
        (
            "192.0.2.255",
            "The gateway 192.0.2.255 is the network or broadcast address of 192.0.2.0/24. "
            "Expected is one from 192.0.2.1 to 192.0.2.254.",
        ),
        (
            "192.0.2.0",
            "The gateway 192.0.2.0 is the network or broadcast address of 192.0.2.0/24. "
            "Expected is one from 192.0.2.1 to 192.0.2.254.",
        ),
    ],
)
def test_a_gateway_that_is_no_other_machine_is_refused(gateway: str, message: str) -> None:
    assert refusal(addressing.check_gateway, gateway, "192.0.2.10", "255.255.255.0") == message


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (
            "192.0.2.0",
            "192.0.2.0 is the address of the subnet 192.0.2.0/24 itself. Choose one from 192.0.2.1 to "
            "192.0.2.254.",
        ),
        (
            "192.0.2.255",
            "192.0.2.255 is the broadcast address of 192.0.2.0/24. Choose one from 192.0.2.1 to 192.0.2.254.",
        ),
    ],
)
def test_the_ends_of_a_subnet_are_no_addresses(address: str, message: str) -> None:
    assert refusal(addressing.check_place_in_subnet, address, "255.255.255.0") == message


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("http://proxy.lab.test:3128", "http://proxy.lab.test:3128"),
        ("HTTP://Proxy.lab.test:3128/", "http://proxy.lab.test:3128"),
        ("10.1.2.3:8080", "http://10.1.2.3:8080"),
    ],
)
def test_a_proxy_is_stored_as_a_url(typed: str, stored: str) -> None:
    assert addressing.proxy(typed) == stored


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            "https://proxy:3128",
            "“https://proxy:3128” is no HTTP proxy. Site Recovery accepts a proxy address with http:// only.",
        ),
        (
            "http://proxy",
            "“http://proxy” is not complete. Expected is http://host:port, such as "
            "http://proxy.example.net:3128.",
        ),
        (
            "http://proxy:70000",
            "“http://proxy:70000” is not complete. "
            "Expected is http://host:port, such as http://proxy.example.net:3128.",
        ),
        (
            "http://proxy:80/pac",
            "“http://proxy:80/pac” is not complete. "
            "Expected is http://host:port, such as http://proxy.example.net:3128.",
        ),
    ],
)
def test_an_unfit_proxy_is_refused_with_the_reason(typed: str, message: str) -> None:
    assert refusal(addressing.proxy, typed) == message


def test_a_password_inside_a_proxy_url_is_refused_and_not_repeated() -> None:
    message = refusal(addressing.proxy, "http://svc:hunter2@proxy.lab.test:3128")
    assert "contains a user name" in message
    assert "hunter2" not in message
    assert "svc" not in message


@pytest.mark.parametrize(
    ("port", "message"),
    [
        (
            443,
            "443 belongs to the configuration server's own web site. The data port is another one, as "
            "a rule 9443.",
        ),
        (9433, "9433 is a known misprint in the parameter table of Unified Setup. The data port is 9443."),
        (0, "0 is not a port. Expected is a number from 1 to 65535."),
        (65536, "65536 is not a port. Expected is a number from 1 to 65535."),
    ],
)
def test_a_data_port_that_cannot_serve_is_refused_with_the_reason(port: int, message: str) -> None:
    assert refusal(addressing.data_port, port) == message


def test_the_usual_data_port_passes() -> None:
    assert addressing.data_port(9443) == 9443
