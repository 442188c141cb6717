"""Hand-over packs through the API: made by a task, listed, downloaded by those who may."""

from __future__ import annotations

import hashlib

import pytest

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from wizard.models import AuditEntry, Deployment, Operator
from wizard.services import tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(api: Api, operator: Operator) -> tuple[Deployment, str]:
    """A deployment and the id of its pack, as a program that made it knows it."""
    deployment = stories.answered(operator, "checked", name="essen-cs01")
    task = ok(api.post(f"deployments/{deployment.pk}/tasks/", {"kind": "make_hand_over_pack"}), 202)
    tasks.execute(task["id"], "test")
    return deployment, ok(api.get(f"tasks/{task['id']}/"))["result"]["pack"]


def test_a_pack_is_listed_and_downloaded(api: Api, made: tuple[Deployment, str], operator: Operator) -> None:
    deployment, pack_id = made
    (row,) = ok(api.get(f"deployments/{deployment.pk}/packs/"))["items"]
    assert (row["id"], row["made_by"]) == (pack_id, operator.username)
    response = api.get(f"deployments/{deployment.pk}/packs/{pack_id}/file")
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == f'attachment; filename="{row["file_name"]}"'
    assert (len(response.content), hashlib.sha256(response.content).hexdigest()) == (
        row["size_bytes"],
        row["sha256"],
    )
    assert (len(row["signature"]), len(row["public_key"])) == (128, 64)
    assert AuditEntry.objects.filter(action="hand_over.taken").count() == 1


def test_to_look_at_the_list_is_not_to_take_a_pack(
    made: tuple[Deployment, str], operator: Operator, viewer: Operator
) -> None:
    deployment, pack_id = made
    path = f"deployments/{deployment.pk}/packs/{pack_id}/file"
    reading, watching = Api(token_of(operator, "read")), Api(token_of(viewer, "operate"))
    assert ok(reading.get(f"deployments/{deployment.pk}/packs/"))["items"]
    problem(reading.get(path), 403, "scope_too_small")
    problem(watching.get(path), 403, "not_allowed")
    assert not AuditEntry.objects.filter(action="hand_over.taken").exists()


def test_what_is_not_there_is_told_so(api: Api, made: tuple[Deployment, str], deployment: Deployment) -> None:
    _other, pack_id = made
    problem(api.get(f"deployments/{deployment.pk}/packs/{pack_id}/file"), 404, "not_found")
    assert ok(api.get(f"deployments/{deployment.pk}/packs/"))["items"] == []
