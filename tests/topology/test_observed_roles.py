from __future__ import annotations

from typing import Any

import pytest

from tests.topology import vault_documents as docs
from tests.topology.vault_documents import BUILT_IN, GIB, NOW, SCALE_OUT
from wizard.topology.observed import Observed, ObservedComponent, observe

BIG = {"totalMemoryInBytes": 64 * GIB, "totalSpaceInBytes": 900 * GIB}


def seen(*servers: docs.Document, targets: list[docs.Document] | None = None, **more: Any) -> Observed:
    details = docs.classic_details(processServers=list(servers), masterTargetServers=targets or [])
    options = {name: more.pop(name) for name in ("corrections", "azure_networks") if name in more}
    documents = docs.classic(
        **{"fabrics": [docs.fabric(details)], "vcenters": {}, "protected_items": []} | more
    )
    return observe(documents, now=NOW, **options)


def server(observed: Observed, identity: str) -> ObservedComponent:
    return observed.component(f"host:{identity.upper()}")


def test_a_server_with_name_and_address_of_its_configuration_server_is_built_in_for_certain() -> None:
    found = server(seen(docs.process_server(BUILT_IN, "lyon-cs01", "10.20.0.11")), BUILT_IN)
    assert (found.kind, found.certainty) == ("ps_builtin", "certain")
    assert found.part_of == f"cs:{docs.FABRIC}"
    assert [str(reason) for reason in found.reasons] == [
        "It has the address of the configuration server.",
        "It has the name of the configuration server.",
        "It has as much memory and disk space as the configuration server.",
    ]


@pytest.mark.parametrize(("name", "address"), [("lyon-cs01", "10.20.5.5"), ("OLDNAME", "10.20.0.11")])
def test_name_or_address_alone_make_it_probable(name: str, address: str) -> None:
    found = server(seen(docs.process_server(BUILT_IN, name, address, **BIG)), BUILT_IN)
    assert (found.kind, found.certainty) == ("ps_builtin", "probable")


def test_name_and_size_beat_an_address() -> None:
    observed = seen(
        docs.process_server(BUILT_IN, "LYON-CS01", "10.20.5.5"),
        docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.11", **BIG),
    )
    assert (server(observed, BUILT_IN).kind, server(observed, BUILT_IN).certainty) == (
        "ps_builtin",
        "probable",
    )
    assert server(observed, SCALE_OUT).kind == "ps_scaleout"


def test_where_several_fit_none_is_chosen() -> None:
    observed = seen(
        docs.process_server(BUILT_IN, "LYON-CS01", "10.20.0.11"),
        docs.process_server(SCALE_OUT, "lyon-cs01.corp.example", "10.20.0.21"),
    )
    for identity in (BUILT_IN, SCALE_OUT):
        assert (server(observed, identity).kind, server(observed, identity).certainty) == (
            "ps_scaleout",
            "ambiguous",
        )
    assert "several_builtin" in {finding.code for finding in observed.findings}


def test_a_correction_settles_which_one_is_built_in() -> None:
    observed = seen(
        docs.process_server(BUILT_IN, "LYON-CS01", "10.20.0.11"),
        docs.process_server(SCALE_OUT, "lyon-cs01", "10.20.0.21"),
        corrections={SCALE_OUT.upper(): "ps_builtin"},
    )
    assert (server(observed, SCALE_OUT).kind, server(observed, SCALE_OUT).certainty) == (
        "ps_builtin",
        "corrected",
    )
    assert server(observed, SCALE_OUT).part_of == f"cs:{docs.FABRIC}"
    assert server(observed, BUILT_IN).kind == "ps_scaleout"
    assert server(observed, BUILT_IN).certainty == "probable"
    assert "several_builtin" not in {finding.code for finding in observed.findings}


def test_a_correction_may_name_the_key_and_an_unknown_kind_is_passed_over() -> None:
    one = docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21")
    by_key = seen(one, corrections={f"host:{SCALE_OUT.upper()}": "ps_failback"})
    assert server(by_key, SCALE_OUT).kind == "ps_failback"
    unknown = seen(one, corrections={SCALE_OUT: "router"})
    assert server(unknown, SCALE_OUT).kind == "ps_scaleout"


def test_servers_without_name_and_address_are_never_taken_for_the_built_in_one() -> None:
    details = docs.classic_details(
        hostName="",
        ipAddress="",
        processServers=[docs.process_server(SCALE_OUT, "", "")],
        masterTargetServers=[],
    )
    observed = observe(docs.classic(fabrics=[docs.fabric(details, friendlyName="")]), now=NOW)
    assert server(observed, SCALE_OUT).kind == "ps_scaleout"
    assert "no_builtin" in {finding.code for finding in observed.findings}


def test_a_server_that_serves_the_site_is_scale_out_for_certain() -> None:
    one = docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21")
    assert server(seen(one), SCALE_OUT).certainty == "probable"
    replicating = seen(one, protected_items=[docs.to_azure(1, SCALE_OUT)])
    discovering = seen(one, vcenters={docs.FABRIC: [docs.vcenter(processServerId=SCALE_OUT)]})
    elsewhere = seen(one, azure_networks=["10.80.0.0/16"])
    for observed in (replicating, discovering, elsewhere):
        found = server(observed, SCALE_OUT)
        assert (found.kind, found.certainty) == ("ps_scaleout", "certain")


def test_an_address_in_a_virtual_network_is_probably_in_azure() -> None:
    one = docs.process_server(SCALE_OUT, "AZ-PS01", "10.80.0.4")
    found = server(seen(one, azure_networks=["nonsense", "10.80.0.0/16"]), SCALE_OUT)
    assert (found.kind, found.certainty) == ("ps_failback", "probable")
    reasons = [str(reason) for reason in found.reasons]
    assert reasons[0] == "Its address lies in the virtual network 10.80.0.0/16."
    assert "It has the memory of the size that is documented for Azure." in reasons


def test_a_server_of_machines_in_azure_alone_is_probably_in_azure() -> None:
    one = docs.process_server(SCALE_OUT, "AZ-PS01", "10.80.0.4")
    found = server(seen(one, protected_items=[docs.home(1, SCALE_OUT.upper())]), SCALE_OUT)
    assert (found.kind, found.certainty) == ("ps_failback", "probable")
    both = seen(one, protected_items=[docs.home(1, SCALE_OUT), docs.to_azure(2, SCALE_OUT)])
    assert server(both, SCALE_OUT).kind == "ps_scaleout"


def test_failback_whose_machines_are_at_home_says_nothing_of_azure() -> None:
    one = docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21")
    found = server(seen(one, protected_items=[docs.home(1, SCALE_OUT, activeSiteType="OnPrem")]), SCALE_OUT)
    assert found.kind == "ps_scaleout"


def test_the_memory_of_the_azure_size_alone_says_nothing() -> None:
    one = docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21", totalMemoryInBytes=16 * GIB)
    assert server(seen(one), SCALE_OUT).kind == "ps_scaleout"


def test_hints_that_contradict_each_other_are_told() -> None:
    one = docs.process_server(SCALE_OUT, "PS", "10.80.0.4")
    discovers = {docs.FABRIC: [docs.vcenter(processServerId=SCALE_OUT)]}
    in_network = server(seen(one, azure_networks=["10.80.0.0/16"], vcenters=discovers), SCALE_OUT)
    assert (in_network.kind, in_network.certainty) == ("ps_failback", "ambiguous")
    by_use = server(seen(one, vcenters=discovers, protected_items=[docs.home(1, SCALE_OUT)]), SCALE_OUT)
    assert (by_use.kind, by_use.certainty) == ("ps_scaleout", "ambiguous")


@pytest.mark.parametrize(
    ("os_type", "name", "address", "kind", "certainty"),
    [
        ("Linux", "MT", "10.0.0.1", "mt_linux", "certain"),
        ("LINUX", "MT", "10.0.0.1", "mt_linux", "certain"),
        ("Windows", "MT", "10.0.0.1", "mt_windows", "probable"),
        ("", "MT", "10.0.0.1", "mt_windows", "ambiguous"),
        ("Windows", "LYON-CS01", "10.20.0.11", "mt_builtin", "probable"),
        ("Windows", "LYON-CS01", "10.20.0.99", "mt_windows", "probable"),
    ],
)
def test_a_master_target_that_no_process_server_shares_its_id_with_stands_alone(
    os_type: str, name: str, address: str, kind: str, certainty: str
) -> None:
    target = docs.master_target("m-1", name, address, osType=os_type)
    found = server(seen(targets=[target]), "m-1")
    assert (found.kind, found.certainty) == (kind, certainty)
    assert found.reasons


def test_being_in_both_lists_makes_one_machine_with_two_roles() -> None:
    observed = seen(
        docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21", agentVersion="9.57.1"),
        targets=[docs.master_target(SCALE_OUT.upper(), "LYON-PS01", "10.20.0.22", agentVersion="9.56.1")],
    )
    machine, role = server(observed, SCALE_OUT), observed.component(f"host:{SCALE_OUT.upper()}#mt")
    assert (machine.address, machine.version) == ("10.20.0.21", "9.57.1")
    assert (role.kind, role.part_of, role.address, role.version) == (
        "mt_builtin",
        machine.key,
        "10.20.0.22",
        "9.56.1",
    )
    assert machine.is_server
    assert not role.is_server


def test_a_master_target_can_be_corrected() -> None:
    target = docs.master_target("m-1", "MT", "10.0.0.1")
    found = server(seen(targets=[target], corrections={"M-1": "mt_linux"}), "m-1")
    assert (found.kind, found.certainty) == ("mt_linux", "corrected")
