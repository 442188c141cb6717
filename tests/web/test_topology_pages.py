from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests import stories
from tests.web.pages import read
from wizard.models import Deployment, Operator, TopologySnapshot
from wizard.services import tasks


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded")


def test_the_picture_has_tables_that_say_the_same(working: Client, recorded: Deployment) -> None:
    page = read(working.get(f"/deployments/{recorded.pk}/topology/"))
    (svg,) = page.all("svg")
    assert svg["role"] == "img"
    assert [found for found in page.elements if found[0] == "caption"]
    for part in (
        "Configuration server",
        "vcenter.lab.test",
        "lyon-vault",
        "9443",
        # Three roles share one machine and its name.
        "cs01 Process server vcenter.lab.test vCenter Server TCP 443",
        recorded.snapshots.get().digest,
    ):
        assert part in page.words, part


def test_the_topology_is_taken_away_in_four_forms(working: Client, recorded: Deployment) -> None:
    texts = {}
    for form in ("json", "svg", "mermaid", "dot"):
        answer = working.get(f"/deployments/{recorded.pk}/topology.{form}")
        assert answer.status_code == 200
        assert answer["Content-Disposition"].startswith(f'attachment; filename="{recorded.name}.')
        texts[form] = answer.content.decode()
    assert json.loads(texts["json"])["nodes"]
    assert ElementTree.fromstring(texts["svg"]).tag.endswith("svg")
    assert working.get(f"/deployments/{recorded.pk}/topology.png").status_code == 404


def test_before_anything_can_be_drawn_the_page_says_what_to_do(working: Client, operator: Operator) -> None:
    draft = stories.answered(operator, "source")
    answer = working.get(f"/deployments/{draft.pk}/topology/")
    assert answer.status_code == 200
    assert "There is nothing to draw yet." in read(answer).words
    assert working.get(f"/deployments/{draft.pk}/topology.json").status_code == 409


def test_a_plan_is_not_called_recorded(working: Client, operator: Operator) -> None:
    registered = stories.answered(operator, "registered")
    assert "nothing is recorded yet" in read(working.get(f"/deployments/{registered.pk}/topology/")).words


def test_snapshots_are_listed_and_their_chain_is_checked(working: Client, recorded: Deployment) -> None:
    address = f"/deployments/{recorded.pk}/snapshots/"
    assert "Every snapshot fits its digest" in read(working.get(address)).words
    snapshot = recorded.snapshots.get()
    snapshot.document["nodes"][0]["name"] = "changed later"
    TopologySnapshot.objects.filter(pk=snapshot.pk).update(document=snapshot.document)
    assert "Snapshot 1 does not fit its digest" in read(working.get(address)).words


def test_a_snapshot_says_what_changed_since_the_one_before(
    working: Client, recorded: Deployment, operator: Operator
) -> None:
    recorded.vcenters.update(version="8.0.4")
    tasks.execute(tasks.launch("record_topology", deployment=recorded, actor=operator).pk, "test")
    page = read(working.get(f"/deployments/{recorded.pk}/snapshots/2/"))
    assert "attributes.version: 8.0.3 → 8.0.4" in page.words
    assert recorded.snapshots.get(number=1).digest in page.words
    assert working.get(f"/deployments/{recorded.pk}/snapshots/3/").status_code == 404


def test_a_name_with_markup_is_drawn_and_not_obeyed(
    working: Client, recorded: Deployment, operator: Operator
) -> None:
    recorded.vcenters.update(friendly_name="<script>alert(1)</script>")
    tasks.execute(tasks.launch("record_topology", deployment=recorded, actor=operator).pk, "test")
    content = working.get(f"/deployments/{recorded.pk}/topology/").content.decode()
    assert "<script>alert" not in content
    assert "&lt;script&gt;alert(1)" in content
