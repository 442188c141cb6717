"""Pictures and snapshots: drawn on the page without a style of their own, compared two by two."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import stories
from tests.builders import make_deployment
from tests.console.test_pages import assert_strict, body, list_url, page_url
from wizard.models import Deployment, Operator, TopologySnapshot
from wizard.services import topology

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    """With two snapshots, of which the second knows another address."""
    deployment = stories.answered(operator, "recorded", name="lyon-cs01")
    row = deployment.steps.get(step="network")
    row.data = {**row.data, "address": "192.0.2.99"}
    row.save(update_fields=["data"])
    topology.keep(
        deployment, topology.planned_graph(Deployment.objects.get(pk=deployment.pk)), actor=operator
    )
    return deployment


def compare(client: Client, of: TopologySnapshot, **numbers: object) -> str:
    answer = client.get(f"{list_url(TopologySnapshot)}compare/", {"of": of.pk, **numbers})
    assert answer.status_code == 200
    assert_strict(answer.content.decode(), "compare")
    return answer.content.decode()


def test_a_deployment_and_a_snapshot_show_their_picture(reading: Client, recorded: Deployment) -> None:
    for row in (recorded, TopologySnapshot.objects.all()[0]):
        html = body(reading, page_url(row))
        assert_strict(html, page_url(row))
        assert '<svg xmlns="http://www.w3.org/2000/svg" class="topology"' in html
        assert "Topology of lyon-cs01" in html


def test_a_deployment_without_answers_says_why_there_is_no_picture(
    reading: Client, operator: Operator
) -> None:
    html = body(reading, page_url(make_deployment(operator)))
    assert 'class="topology"' not in html
    assert 'class="empty"' in html


def test_any_two_snapshots_are_compared(reading: Client, recorded: Deployment) -> None:
    first = recorded.snapshots.get(number=1)
    html = compare(reading, first, before=1, after=2)
    assert "From snapshot 1 to snapshot 2" in html
    assert "192.0.2.10" in html
    assert "192.0.2.99" in html
    assert "Changed" in html
    back = compare(reading, first, before=2, after=1)
    assert back.index("192.0.2.99") < back.index("192.0.2.10")
    assert "Nothing differs" in compare(reading, first, before=1, after=1)
    assert "There are no such two snapshots." in compare(reading, first, before=1, after=7)
    assert "There are no such two snapshots." in compare(reading, first, before="x", after="")


def test_a_comparison_of_what_is_not_there_is_not_found(reading: Client, recorded: Deployment) -> None:
    for of in ("", "x", "999999"):
        assert reading.get(f"{list_url(TopologySnapshot)}compare/", {"of": of}).status_code == 404


def test_a_snapshot_offers_to_be_compared(reading: Client, recorded: Deployment) -> None:
    second = recorded.snapshots.get(number=2)
    html = body(reading, page_url(second))
    assert '<option value="1" selected>1</option>' in html
    assert f'compare/?of={second.pk}"' in body(reading, list_url(TopologySnapshot))
