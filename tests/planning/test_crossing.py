"""What two deployments claim at once: each kind of conflict, and what only looks like one."""

from __future__ import annotations

import pytest

from wizard.planning.crossing import crossings
from wizard.planning.crossing_rows import (
    Crossing,
    PhysicalServer,
    Place,
    Server,
    VCenterName,
    VirtualMachine,
)
from wizard.text import verbatim


def place(site: str, what: str = "the server", machine: str = "") -> Place:
    return Place(site=site, site_name=f"site {site}", what=verbatim(what), machine=machine)


def server(site: str, **fields: object) -> Server:
    return Server(**{"place": place(site), "name": f"server-{site}", **fields})  # type: ignore[arg-type]


def vm(vcenter: str, *sites: str, instance: str = "", bios: str = "") -> VirtualMachine:
    places = tuple(place(site, f"vm of {vcenter}", vcenter) for site in sites)
    return VirtualMachine(places=places, vcenter=vcenter, instance_uuid=instance, bios_uuid=bios)


def only(found: tuple[Crossing, ...]) -> Crossing:
    (one,) = found
    return one


def test_without_a_second_deployment_there_is_no_conflict() -> None:
    assert crossings() == ()
    twice = [server("a", addresses=("192.0.2.1",)), server("a", addresses=("192.0.2.1",), name="other")]
    assert crossings(servers=twice) == (), "what stands in one deployment is for the rules of its topology"


@pytest.mark.parametrize(
    ("kind", "severity", "fields"),
    [
        ("address", "critical", {"addresses": ("192.0.2.1",)}),
        ("instance_uuid", "critical", {"instance_uuid": "AA-1"}),
        ("clone", "critical", {"bios_uuid": "AA-2"}),
        ("host_name", "warning", {"name": "cs01"}),
        ("vault_identity", "critical", {"vault": "s/g/v", "registration": "cs:1"}),
        ("vault_identity", "critical", {"vault": "s/g/v", "friendly_name": "Lyon"}),
    ],
)
def test_what_two_servers_share_is_found_with_severity_remedy_and_places(
    kind: str, severity: str, fields: dict[str, object]
) -> None:
    one = only(crossings(servers=[server("a", **fields), server("b", **fields), server("c")]))
    assert (one.kind, one.severity) == (kind, severity)
    assert [found.site for found in one.places] == ["a", "b"]
    assert "site a" in str(one.text)
    assert str(one.remedy)


def test_uuids_and_names_are_compared_without_case_and_names_without_domain() -> None:
    found = crossings(
        servers=[
            server("a", name="CS01.lab.test", bios_uuid="ab-cd"),
            server("b", name="cs01", bios_uuid="AB-CD"),
        ]
    )
    assert [one.kind for one in found] == ["clone", "host_name"]


def test_one_name_in_two_domains_is_two_names() -> None:
    assert (
        crossings(
            servers=[server("a", name="cs", fqdn="cs.a.test"), server("b", name="cs", fqdn="cs.b.test")]
        )
        == ()
    )
    one = only(crossings(servers=[server("a", name="cs", fqdn="cs.a.test"), server("b", name="cs")]))
    assert one.kind == "host_name"


def test_one_host_name_in_one_vault_is_one_identity_whatever_the_domain() -> None:
    found = crossings(
        servers=[
            server("a", name="cs", fqdn="cs.a.test", vault="v"),
            server("b", name="CS", fqdn="cs.b.test", vault="v"),
        ]
    )
    assert [one.kind for one in found] == ["vault_identity"]


def test_in_two_vaults_equal_names_and_registrations_are_no_conflict() -> None:
    one = {"friendly_name": "Lyon", "registration": "cs:1"}
    assert crossings(servers=[server("a", vault="v", **one), server("b", vault="w", **one)]) == ()


def test_a_machine_that_two_vcenters_show_is_one_instance_and_no_clone() -> None:
    twins = [vm("x", "a", instance="i-1", bios="b-1"), vm("y", "b", instance="I-1", bios="B-1")]
    one = only(crossings(machines=twins))
    assert (one.kind, one.value) == ("instance_uuid", "i-1")
    assert [(found.site, found.machine) for found in one.places] == [("a", "x"), ("b", "y")]


def test_a_copy_in_another_vcenter_is_a_clone() -> None:
    one = only(
        crossings(machines=[vm("x", "a", instance="1", bios="b"), vm("y", "b", instance="2", bios="b")])
    )
    assert (one.kind, one.severity) == ("clone", "warning")


def test_machines_of_one_vcenter_that_deployments_share_are_no_conflict() -> None:
    assert (
        crossings(machines=[vm("x", "a", "b", instance="1", bios="b"), vm("x", "a", instance="1", bios="b")])
        == ()
    )


def vcenter(site: str, name: str, uuid: str = "", address: str = "", port: int = 443) -> VCenterName:
    return VCenterName(place=place(site, name), name=name, instance_uuid=uuid, address=address, port=port)


def test_one_vcenter_under_two_names_is_said_once() -> None:
    found = crossings(
        vcenters=[
            vcenter("a", "prod", "uuid-1", "vc.lab.test"),
            vcenter("b", "vc.lab.test", "UUID-1", "VC.lab.test"),
            vcenter("c", "Prod", "uuid-2"),
        ]
    )
    one = only(found)
    assert one.kind == "vcenter_name"
    assert "prod, vc.lab.test" in str(one.text)


def test_names_that_differ_in_case_only_are_one_name() -> None:
    assert crossings(vcenters=[vcenter("a", "Prod", "u"), vcenter("b", "prod", "u")]) == ()


def physical(site: str, name: str, *addresses: str) -> PhysicalServer:
    return PhysicalServer(place=place(site, name, f"{site}-{name}"), name=name, addresses=addresses)


def test_a_physical_server_in_two_deployments_is_said_once() -> None:
    one = only(crossings(physical=[physical("a", "files", "192.0.2.7"), physical("b", "FILES", "192.0.2.7")]))
    assert (one.kind, one.severity, one.value) == ("physical_server", "warning", "192.0.2.7")
    assert crossings(physical=[physical("a", "x", "192.0.2.7"), physical("a", "y", "192.0.2.7")]) == ()


def test_the_order_does_not_depend_on_that_of_the_rows() -> None:
    servers = [
        server("a", addresses=("192.0.2.1", "192.0.2.2"), bios_uuid="u", name="n"),
        server("b", addresses=("192.0.2.2", "192.0.2.1"), bios_uuid="u", name="n"),
    ]
    found = crossings(servers=servers)
    assert found == crossings(servers=servers[::-1])
    assert [one.kind for one in found] == ["clone", "address", "address", "host_name"]
    assert len({(one.kind, one.value) for one in found}) == 4


@pytest.mark.parametrize(
    "common", ["127.0.0.1", "::1", "localhost", "0.0.0.0", "169.254.3.4", "fe80::1", "", " "]
)
def test_an_address_that_every_machine_has_is_no_conflict(common: str) -> None:
    assert crossings(servers=[server("a", addresses=(common,)), server("b", addresses=(common,))]) == ()
    assert crossings(physical=[physical("a", "x", common), physical("b", "y", common)]) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:0DB8:0:0::1"),
        ("2001:db8::1", "[2001:db8::1]"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("cs01.lab.test.", "CS01.lab.test"),
    ],
)
def test_one_address_in_two_writings_is_one_address(one: str, other: str) -> None:
    found = only(crossings(servers=[server("a", addresses=(one,)), server("b", addresses=(other,))]))
    assert found.kind == "address"


@pytest.mark.parametrize("placeholder", ["00000000-0000-0000-0000-000000000000", "F" * 32, "{0}"])
def test_a_bios_uuid_that_tells_nothing_makes_no_clone(placeholder: str) -> None:
    assert crossings(servers=[server("a", bios_uuid=placeholder), server("b", bios_uuid=placeholder)]) == ()


def test_two_servers_named_by_addresses_of_one_network_have_different_names() -> None:
    assert crossings(servers=[server("a", name="192.0.2.1"), server("b", name="192.0.2.2")]) == ()


def test_of_three_of_one_name_only_those_of_one_domain_are_in_conflict() -> None:
    sites = [server(site, name="cs", fqdn=f"cs.{domain}") for site, domain in zip("abc", "xxy", strict=True)]
    one = only(crossings(servers=sites))
    assert (one.kind, [found.site for found in one.places]) == ("host_name", ["a", "b"])


def test_two_vcenters_behind_one_address_are_told_by_their_ports() -> None:
    assert (
        crossings(vcenters=[vcenter("a", "x", "", "nat.test", 443), vcenter("b", "y", "", "nat.test", 8443)])
        == ()
    )
    assert only(crossings(vcenters=[vcenter("a", "x", "", "nat.test."), vcenter("b", "y", "", "NAT.test")]))


def test_one_address_in_two_networks_is_not_one_vcenter() -> None:
    two = [vcenter("a", "lyon", "1", "10.0.0.5"), vcenter("b", "essen", "2", "10.0.0.5")]
    seen = [vcenter("a", "Lyon", "", "10.0.0.5"), vcenter("b", "essen", "", "10.0.0.5")]
    assert crossings(vcenters=[*two, *seen]) == ()
    one = only(crossings(vcenters=[*two, vcenter("a", "lyon-prod", "", "10.0.0.5")]))
    assert [place.site for place in one.places] == ["a", "a"]


def test_two_vcenters_that_have_the_same_two_names_are_two_conflicts() -> None:
    rows = [vcenter(site, name, uuid) for uuid in ("1", "2") for site, name in (("a", "x"), ("b", "y"))]
    assert [one.value for one in crossings(vcenters=rows)] == ["1", "2"]
