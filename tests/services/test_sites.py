"""What is planned keeps the rules of Site Recovery on every path, so that it can be recorded."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone, translation

from tests.walk import ANSWERS
from wizard.models import CollectorIssue, Deployment, HostFacts, Operator
from wizard.services import deployments, sites, topology
from wizard.topology.graph import Graph

pytestmark = pytest.mark.django_db

CLASSIC = {"component": "cs", "method": "manual", "runs_on": "physical"}
MODERNIZED = {"method": "manual", "runs_on": "physical"}


def planned(operator: Operator, profile: str, source: dict[str, Any], capacity: dict[str, Any]) -> Deployment:
    deployment = deployments.create(name="site", profile=profile, actor=operator)
    modernized = profile == "asr-modernized"
    given = {
        "source": source,
        "capacity": {"machines": 20, "daily_change_gb": 100, **capacity},
        "network": ANSWERS["network"],
        "vault": ANSWERS["vault"] | ({"exclusive": True} if modernized else {}),
    }
    if modernized:
        given["appliance"] = {"connectivity": "fqdn", "friendly_name": "lyon", "several_subnets": False}
    for step, answers in given.items():
        deployments.answer(deployment, step, answers, actor=operator)
    deployment.refresh_from_db()
    return deployment


def names(graph: Graph, *kinds: Any) -> list[str]:
    return [node.name for node in graph.nodes_of(*kinds)]


def test_a_physical_server_with_failback_plans_its_master_targets(operator: Operator) -> None:
    capacity = {"failback": True, "linux_failback": True}
    graph = sites.planned_graph(
        planned(operator, "asr-classic", {"protects": ["physical"], **CLASSIC}, capacity)
    )

    assert names(graph, "mt_windows", "mt_linux") == ["Windows master target", "Linux master target"]
    assert all(node.attributes["planned"] is True for node in graph.nodes_of("mt_windows", "mt_linux"))
    assert not topology.violations_of(graph)


def test_a_master_target_that_told_of_itself_is_drawn_as_it_is(operator: Operator) -> None:
    capacity = {"failback": True, "linux_failback": True}
    deployment = planned(operator, "asr-classic", {"protects": ["physical"], **CLASSIC}, capacity)
    issue = CollectorIssue.objects.create(
        deployment=deployment,
        component="mt_linux",
        language="shell",
        nonce="0" * 32,
        sealed_key=b"",
        issued_by=operator,
        expires_at=timezone.now(),
    )
    HostFacts.objects.create(
        deployment=deployment,
        component="mt_linux",
        issue=issue,
        way="upload",
        host_name="mt01",
        collected_at=timezone.now(),
        received_by=operator,
        facts={
            "network.addresses": {"value": ["192.0.2.16"]},
            "os.release": {"value": {"id": "ubuntu", "version_id": "16.04", "pretty_name": "Ubuntu 16.04"}},
            "identity.bios_uuid": {"reason": {"text": "not read"}},
        },
    )

    (node,) = sites.planned_graph(deployment).nodes_of("mt_linux")

    assert (node.name, node.address, node.attributes["os"]) == ("mt01", "192.0.2.16", "Ubuntu 16.04")
    assert "planned" not in node.attributes


@pytest.mark.parametrize("protects", [["physical"], ["physical", "vmware"]])
def test_physical_servers_behind_an_appliance_are_not_planned_to_return(
    operator: Operator, protects: list[str]
) -> None:
    source = {"protects": protects, **MODERNIZED}
    graph = sites.planned_graph(planned(operator, "asr-modernized", source, {"failback": True}))

    for group in graph.nodes_of("mobility"):
        assert group.attributes["failback"] is (group.attributes["platform"] == "vmware")
    assert not topology.violations_of(graph)


def test_one_machine_of_either_kind_is_counted_once(operator: Operator) -> None:
    source = {"protects": ["physical", "vmware"], **CLASSIC}
    graph = sites.planned_graph(planned(operator, "asr-classic", source, {"machines": 1}))

    assert [node.attributes["count"] for node in graph.nodes_of("mobility")] == [1]


def test_default_names_are_recorded_in_english_and_told_in_the_language_of_the_reader(
    operator: Operator,
) -> None:
    source = {"protects": ["physical", "vmware"], **CLASSIC}
    with translation.override("sv"):
        graph = sites.planned_graph(planned(operator, "asr-classic", source, {}))
        told = [str(node.label) for node in graph.nodes_of("mobility")]

    assert set(names(graph, "mobility")) == {"Protected virtual machines", "Protected physical servers"}
    assert not set(told) & set(names(graph, "mobility"))
