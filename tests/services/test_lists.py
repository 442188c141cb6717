"""Lists cost the same however long they are, and show each person what that person may see."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from tests import stories
from tests.builders import make_deployment
from wizard.models import Deployment, Operator, Task
from wizard.services import deployment_progress, deployments, preflight, tasks, topology
from wizard.services.errors import NotFound

pytestmark = pytest.mark.django_db

Queries = Any


def grow(operator: Operator, count: int) -> None:
    for _number in range(count):
        deployment = make_deployment(operator)
        stories.running(deployment, "probe_vcenter", operator)


def test_deployments_are_listed_in_one_query(
    operator: Operator, viewer: Operator, django_assert_num_queries: Queries
) -> None:
    for count in (1, 9):
        grow(operator, count)
        with django_assert_num_queries(1):
            names = [
                f"{row.name} {row.created_by.username}" for row in deployments.visible_deployments(viewer)
            ]
    assert len(names) == 10


def test_tasks_are_listed_in_one_query(
    operator: Operator, viewer: Operator, django_assert_num_queries: Queries
) -> None:
    for count in (1, 9):
        grow(operator, count)
        with django_assert_num_queries(1):
            lines = [
                f"{row.deployment.name} {row.phase} {row.requested_by.username}"
                for row in tasks.visible_tasks(viewer)
            ]
    assert len(lines) == 10


def test_strangers_and_those_who_left_see_nothing(operator: Operator, viewer: Operator) -> None:
    deployment = make_deployment(operator)
    viewer.is_active = False
    for nobody in (AnonymousUser(), viewer):
        assert not deployments.visible_deployments(nobody).exists()
    assert not tasks.visible_tasks(viewer).exists()
    with pytest.raises(NotFound, match="There is no such deployment"):
        deployments.get(deployment.pk, actor=viewer)


@pytest.mark.parametrize("upto", ["source", "vault", "recorded"])
def test_the_task_list_of_a_deployment_costs_the_same_from_beginning_to_end(
    operator: Operator, upto: str, django_assert_max_num_queries: Queries
) -> None:
    deployment = Deployment.objects.get(pk=stories.answered(operator, upto).pk)
    with django_assert_max_num_queries(7):
        rows = deployment_progress.overview(deployment)
    assert len(rows) == 15


def test_results_are_read_in_two_queries_however_many_there_are(
    operator: Operator, django_assert_num_queries: Queries
) -> None:
    deployment = stories.answered(operator, "checked")
    with django_assert_num_queries(2):
        assert len(preflight.latest_results(deployment)) == 3
    with django_assert_num_queries(3):
        verdict = preflight.verdict_of(deployment)
    assert verdict is not None


def test_the_log_of_a_task_is_read_from_where_the_reader_was(
    operator: Operator, django_assert_num_queries: Queries
) -> None:
    task: Task = stories.running(make_deployment(operator), "probe_vcenter", operator)
    for number in range(20):
        stories.tell(task, f"line {number}")
    with django_assert_num_queries(1):
        found = [f"{event.seq} {event.message}" for event in tasks.events_after(task, 15)]
    assert [line.partition(" ")[0] for line in found] == ["16", "17", "18", "19", "20", "21"]
    assert not tasks.events_after(task, 21).exists()


def test_the_evidence_of_an_inventory_is_not_read_to_compare_inputs(
    operator: Operator, django_assert_max_num_queries: Queries
) -> None:
    """Twenty sign-ins, each with the inventory of a whole vCenter in its result."""
    deployment = stories.answered(operator, "vcenter")
    for _number in range(20):
        stories.probe(deployment, operator)
    with django_assert_max_num_queries(6):
        deployment_progress.completed_steps(Deployment.objects.get(pk=deployment.pk))


def test_the_graph_of_a_recorded_deployment_is_one_query(
    operator: Operator, django_assert_num_queries: Queries
) -> None:
    deployment = stories.answered(operator, "recorded")
    with django_assert_num_queries(1):
        graph = topology.graph_of(deployment)
    assert len(topology.component_rows(graph)) == len(graph.nodes)
    assert len(topology.link_rows(graph)) == len(graph.links)
