from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.topology import vault_documents as docs
from tests.topology.vault_documents import BUILT_IN, FABRIC, NOW, SCALE_OUT
from wizard.topology.observed import Observed, ObservedFinding, ObservedLink, graph_of, observe

CS_KEY = f"cs:{FABRIC}"
BUILT_IN_KEY = f"host:{BUILT_IN.upper()}"
VCENTER_KEY = f"{docs.FABRIC_ID}/replicationvCenters/lyon-vcenter".lower()
TO_AZURE = f"items:{FABRIC}:to_azure"


def seen(**more: Any) -> Observed:
    return observe(docs.classic(**more), now=NOW)


def with_details(**more: Any) -> Observed:
    return seen(fabrics=[docs.fabric(docs.classic_details(**more))])


def link(observed: Observed, kind: str, source: str = "") -> ObservedLink:
    (found,) = [one for one in observed.links if one.kind == kind and one.source.startswith(source)]
    return found


def finding(observed: Observed, code: str) -> ObservedFinding:
    (found,) = [one for one in observed.findings if one.code == code]
    return found


def test_a_vault_where_everything_fits_has_no_findings() -> None:
    assert seen().findings == ()


def test_who_belongs_to_whom_is_told_by_links() -> None:
    links = {(one.kind, one.source, one.target, one.count) for one in seen().links}
    scale_out = f"host:{SCALE_OUT.upper()}"
    target = f"host:{docs.LINUX_TARGET.upper()}"
    assert links == {
        ("registered_in", CS_KEY, docs.VAULT_ID.lower(), 1),
        ("co_located", CS_KEY, BUILT_IN_KEY, 1),
        *{
            ("manages", CS_KEY, key, 1)
            for key in (BUILT_IN_KEY, f"{BUILT_IN_KEY}#mt", scale_out, f"{scale_out}#mt", target)
        },
        ("part_of", BUILT_IN_KEY, CS_KEY, 1),
        ("part_of", f"{BUILT_IN_KEY}#mt", BUILT_IN_KEY, 1),
        ("part_of", f"{scale_out}#mt", scale_out, 1),
        ("registered_vcenter", CS_KEY, VCENTER_KEY, 1),
        ("discovers", BUILT_IN_KEY, VCENTER_KEY, 1),
        ("replicates_through", TO_AZURE, BUILT_IN_KEY, 2),
        ("replicates_through", TO_AZURE, scale_out, 1),
        ("lives_on", TO_AZURE, VCENTER_KEY, 3),
    }
    assert {one.state for one in seen().links} == {"ok"}


def test_a_registration_is_broken_without_a_connected_provider_that_was_heard_of() -> None:
    for provider in (
        docs.provider(connectionStatus="Disconnected"),
        docs.provider(lastHeartBeat=docs.stamp(timedelta(minutes=16))),
    ):
        broken = link(seen(providers={FABRIC: [provider]}), "registered_in")
        assert broken.state == "broken"
        assert broken.text
    assert link(seen(providers={FABRIC: []}), "registered_in").state == "broken"


def test_a_registration_whose_provider_nobody_may_read_is_not_broken() -> None:
    skipped = [{"part": f"providers/{FABRIC}", "reason": "not_permitted"}]
    observed = seen(providers={FABRIC: []}, skipped=skipped)
    assert link(observed, "registered_in").state == "ok"
    assert "providers" not in observed.component(CS_KEY).facts
    assert link(seen(providers={}), "registered_in").state == "ok"


def test_ids_are_compared_without_regard_to_case() -> None:
    observed = seen(
        providers={FABRIC.upper(): [docs.provider(connectionStatus="Disconnected")]},
        protected_items=[docs.to_azure(1, BUILT_IN.upper())],
    )
    assert link(observed, "registered_in").state == "broken"
    assert link(observed, "replicates_through").target == BUILT_IN_KEY


def test_machines_of_a_server_that_is_not_listed_dangle() -> None:
    observed = seen(protected_items=[docs.to_azure(1, "gone-1"), docs.to_azure(2, "GONE-1")])
    dangling = link(observed, "replicates_through")
    assert (dangling.state, dangling.target, dangling.count) == ("dangling", "host:GONE-1", 2)
    absent = finding(observed, "absent_server")
    assert (absent.severity, absent.keys) == ("critical", (TO_AZURE, "host:GONE-1"))
    assert str(absent.text) == "2 machines name a server that the vault does not list."
    assert "host:GONE-1" not in {node.key for node in graph_of(observed).nodes}


def test_failback_writes_to_its_master_target() -> None:
    observed = seen(protected_items=[docs.home(1, SCALE_OUT, docs.LINUX_TARGET)])
    assert link(observed, "writes_to").target == f"host:{docs.LINUX_TARGET.upper()}"


def test_a_vcenter_of_a_process_server_that_is_not_listed_dangles() -> None:
    observed = seen(vcenters={FABRIC: [docs.vcenter(processServerId="gone")]})
    dangling = link(observed, "discovers")
    assert (dangling.source, dangling.target, dangling.state) == (VCENTER_KEY, "host:GONE", "dangling")
    assert "vCenter" in str(finding(observed, "absent_server").remedy)


def test_a_vcenter_with_an_account_that_is_not_listed_is_found() -> None:
    found = finding(seen(vcenters={FABRIC: [docs.vcenter(runAsAccountId="9")]}), "dangling_account")
    assert set(found.keys) == {VCENTER_KEY, CS_KEY}
    assert "account 9" in str(found.text)


def test_a_count_that_differs_from_the_list_is_found() -> None:
    found = finding(with_details(processServerCount="3"), "count_differs")
    assert found.keys == (CS_KEY,)
    assert "counts 3 process servers" in str(found.text)
    assert "lists 2" in str(found.text)


def test_a_server_that_is_there_twice_is_kept_twice_and_found() -> None:
    clones = [
        docs.process_server(BUILT_IN, "LYON-CS01", "10.20.0.11"),
        docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21"),
        docs.process_server(SCALE_OUT.upper(), "LYON-PS02", "10.20.0.22"),
    ]
    observed = with_details(processServers=clones, processServerCount="3")
    found = finding(observed, "duplicate_id")
    assert len(found.keys) == 2
    assert {observed.component(key).name for key in found.keys} == {"LYON-PS01", "LYON-PS02"}


def test_two_servers_with_one_address_are_found_but_not_two_roles_of_one() -> None:
    servers = [
        docs.process_server(BUILT_IN, "LYON-CS01", "10.20.0.11"),
        docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.31"),
    ]
    found = finding(with_details(processServers=servers), "same_address")
    assert "10.20.0.31: LYON-PS01, LYON-MTL01" in str(
        found.text
    ) or "10.20.0.31: LYON-MTL01, LYON-PS01" in str(found.text)


def test_two_entries_for_one_vcenter_are_found() -> None:
    twice = [docs.vcenter(), docs.vcenter("again", ipAddress="VCENTER.corp.example")]
    found = finding(seen(vcenters={FABRIC: twice}), "duplicate_vcenter")
    assert len(found.keys) == 2


def test_a_component_newer_than_its_configuration_server_is_found() -> None:
    target = docs.master_target("m-1", "MT", "10.0.0.1", agentVersion="9.58.0.1")
    found = finding(with_details(masterTargetServers=[target]), "newer_than_cs")
    assert "9.58.0.1" in str(found.text)


def test_no_built_in_process_server_is_told() -> None:
    only = [docs.process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21")]
    assert finding(with_details(processServers=only), "no_builtin").severity == "info"


def test_machines_are_summed_up_by_direction_with_their_worst_state() -> None:
    observed = seen(
        protected_items=[
            docs.to_azure(1)
            | {"properties": docs.to_azure(1)["properties"] | {"replicationHealth": "Critical"}},
            docs.to_azure(2),
            docs.to_azure(3, ""),
            docs.item(4, {"instanceType": "A2A"}),
        ]
    )
    there = observed.component(TO_AZURE)
    assert (there.machines, there.health) == (3, "critical")
    assert there.facts["items_critical"] == 1
    assert there.facts["without_server"] == 1
    assert observed.component(f"items:{FABRIC}:other").machines == 1
