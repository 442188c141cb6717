"""The same services on every path: what is drawn, what the firewall must let through, who has what to do."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.utils import timezone

from tests import stories
from tests.services.machines import by_hand, hear
from wizard.models import Deployment, Operator
from wizard.services import deployments, firewall, preflight, task_sheets, topology
from wizard.services.errors import Conflict, NotFound

pytestmark = pytest.mark.django_db

PROCESS_SERVER = {
    "source": {"component": "ps_scaleout"},
    "installation": {"cs_address": "192.0.2.40"},
}


def kinds(deployment: Deployment) -> set[str]:
    return {node.kind for node in topology.planned_graph(deployment).nodes}


def modernized(actor: Operator, **changed: dict[str, Any]) -> Deployment:
    """A replication appliance on a physical server, everything answered."""
    deployment = deployments.create(name="oslo", profile="asr-modernized", actor=actor)
    answers: dict[str, dict[str, Any]] = {
        "source": {"protects": ["physical"], "method": "manual", "runs_on": "physical"},
        "capacity": stories.ANSWERS["capacity"],
        "network": {**stories.ANSWERS["network"], "host_name": "appliance01"},
        "vault": {**stories.ANSWERS["vault"], "exclusive": True},
        "appliance": {"connectivity": "fqdn", "friendly_name": "Oslo appliance"},
        "installation": {},
    }
    for step, data in answers.items():
        deployments.answer(deployment, step, {**data, **changed.get(step, {})}, actor=actor)
    return deployment


def test_a_physical_configuration_server_has_no_vcenter_and_no_built_in_master_target(
    operator: Operator,
) -> None:
    assert kinds(by_hand(operator)) == {"cs", "ps_builtin", "vault", "mobility"}


def test_virtual_and_physical_machines_are_two_groups_whose_counts_add_up(operator: Operator) -> None:
    both = {"source": {"protects": ["vmware", "physical"], "runs_on": "vmware"}}
    graph = topology.planned_graph(by_hand(operator, **both))
    groups = [node.attributes for node in graph.nodes if node.kind == "mobility"]
    assert {group["platform"] for group in groups} == {"vmware", "physical"}
    assert sum(int(str(group["count"])) for group in groups) == 120


def test_a_process_server_joins_the_configuration_server_that_is_there(operator: Operator) -> None:
    graph = topology.planned_graph(by_hand(operator, **PROCESS_SERVER))
    (cs,) = (node for node in graph.nodes if node.kind == "cs")
    assert (cs.address, cs.attributes["existing"]) == ("192.0.2.40", True)
    assert {link.id for link in graph.links} >= {"E06"}


def test_an_appliance_is_drawn_with_its_friendly_name(operator: Operator) -> None:
    graph = topology.planned_graph(modernized(operator))
    (appliance,) = (node for node in graph.nodes if node.kind == "appliance")
    assert "Oslo appliance" in appliance.attributes.values()
    assert any(link.id.startswith("M0") for link in graph.links)


def test_what_the_machine_says_of_itself_is_on_the_map(operator: Operator) -> None:
    deployment = by_hand(operator)
    row = hear(deployment, operator)
    graph = topology.planned_graph(deployment)
    (cs,) = (node for node in graph.nodes if node.kind == "cs")
    assert cs.attributes["bios_uuid"] == row.facts["identity.bios_uuid"]["value"]


def test_answers_for_another_method_draw_nothing_any_more(operator: Operator) -> None:
    deployment = stories.answered(operator)
    deployments.answer(
        deployment,
        "source",
        {"protects": ["physical"], "method": "manual", "runs_on": "physical"},
        actor=operator,
    )
    assert "vcenter" not in kinds(deployment)


def test_before_the_questions_are_answered_there_is_nothing_to_draw(operator: Operator) -> None:
    deployment = stories.answered(operator, "capacity")
    with pytest.raises(Conflict) as refused:
        topology.planned_graph(deployment)
    assert refused.value.code == "not_ready"


@pytest.mark.parametrize("changed", [{}, PROCESS_SERVER])
def test_the_firewall_matrix_names_every_rule_with_what_proves_it(
    operator: Operator, changed: dict[str, Any]
) -> None:
    deployment = by_hand(operator, **changed)
    rules = firewall.rules_of(deployment, actor=operator)
    assert any(rule.proved_by for rule in rules)
    assert {rule.direction for rule in rules} >= {"in", "out"}
    lines = list(csv.reader(io.StringIO(firewall.as_csv(deployment, actor=operator))))
    assert len(lines) == len(rules) + 1
    assert {line[-1] for line in lines[1:]} <= {"unknown", ""}, "nothing was judged yet"


def test_the_firewall_matrix_shows_the_last_verdict(operator: Operator) -> None:
    deployment = stories.answered(operator)
    task = stories.check(deployment, operator)
    task.checks.filter(requirement_id="TPL-01").update(requirement_id="URL-04", status="fail")
    assert firewall.verdicts_of(deployment)["URL-04"] == "fail"
    lines = csv.reader(io.StringIO(firewall.as_csv(deployment, actor=operator)))
    assert "fail" in {line[-1] for line in lines if line[0] == "URL-04"}


def test_task_sheets_leave_out_what_passed_and_what_is_waived(operator: Operator, settings: Any) -> None:
    settings.WAIVERS_NEED_SECOND_PERSON = False
    deployment = stories.answered(operator)
    with pytest.raises(NotFound):
        task_sheets.sheets_of(deployment, actor=operator)
    stories.check(deployment, operator, failing=("TPL-02",))
    sheets = task_sheets.sheets_of(deployment, actor=operator)
    assert {item.requirement_id for sheet in sheets for item in sheet.items} == {"TPL-02", "LIFE-01"}
    preflight.waive(deployment, "LIFE-01", reason="Known.", until=timezone.localdate(), actor=operator)
    left = task_sheets.sheets_of(deployment, actor=operator)
    assert {item.requirement_id for sheet in left for item in sheet.items} == {"TPL-02"}
    assert "TPL-02" in task_sheets.as_markdown(deployment, actor=operator)
