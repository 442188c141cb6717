"""Privileges through the API: the comparison, as JSON and as a table, and the scripts."""

from __future__ import annotations

import csv
import io

import pytest

from tests import stories
from tests.api.client import Api, ok, problem
from tests.far_side import rights
from wizard.models import Deployment, Operator
from wizard.services import deployments
from wizard.vsphere.effective_rights import wanted

pytestmark = pytest.mark.django_db

EXACT = frozenset(wanted(["full", "ova"]))


@pytest.fixture
def site(operator: Operator) -> Deployment:
    """On DC0 the account lacks one privilege, on DC1 it has one too many."""
    deployment = stories.answered(operator, "capacity", name="essen-cs01")
    found = rights(Datacenters=EXACT, DC0=EXACT - {"VApp.Import"}, DC1=EXACT | {"Datastore.Config"})
    credential = stories.sign_in(deployment, operator, rights=found.to_json())
    deployments.answer(
        deployment, "vcenter", {**stories.ANSWERS["vcenter"], "credential": credential.name}, actor=operator
    )
    return deployment


def test_missing_and_excess_are_told_by_object(api: Api, site: Deployment) -> None:
    body = ok(api.get(f"deployments/{site.pk}/privileges"))
    assert body["account"] == "VSPHERE.LOCAL\\asr"
    assert body["levels"] == ["discovery", "full", "ova"]
    assert not body["exact"]
    assert not body["outdated"]
    root, first, second = body["objects"]
    assert (root["path"], root["missing"], root["excess"]) == ("/", [], [])
    assert first["missing"] == [{"level": "ova", "id": "VApp.Import", "name": "vApp > Import"}]
    assert (first["excess"], first["granted"]) == ([], len(EXACT) - 1)
    assert (second["missing"], second["excess"]) == ([], ["Datastore.Config"])
    assert not any(item["administrator"] for item in body["objects"])


def test_only_the_levels_that_are_asked_for_are_compared(api: Api, site: Deployment) -> None:
    body = ok(api.get(f"deployments/{site.pk}/privileges", level="full"))
    assert body["levels"] == ["full"]
    assert all(not item["missing"] for item in body["objects"])
    assert "VApp.InstanceConfig" in body["objects"][1]["excess"]
    problem(api.get(f"deployments/{site.pk}/privileges", level="everything"), 422, "invalid")


def test_the_comparison_is_the_same_as_a_table(api: Api, site: Deployment) -> None:
    response = api.get(f"deployments/{site.pk}/privileges", format="csv")
    assert response["Content-Disposition"] == 'attachment; filename="essen-cs01-privileges.csv"'
    rows = list(csv.reader(io.StringIO(response.content.decode())))[1:]
    assert [(row[1], row[2], row[4]) for row in rows] == [
        ("/DC0", "missing", "VApp.Import"),
        ("/DC1", "excess", "Datastore.Config"),
    ]


@pytest.mark.parametrize(("form", "ending"), [("powercli", "ps1"), ("govc", "sh")])
def test_the_scripts_are_made_as_they_are_asked_for(
    api: Api, site: Deployment, form: str, ending: str
) -> None:
    response = api.get(
        f"deployments/{site.pk}/privileges/script",
        format=form,
        role="Mine",
        principal="LAB\\other",
        level="ova",
    )
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="essen-cs01-privileges.{ending}"'
    script = response.content.decode()
    assert "'Mine'" in script
    assert "'LAB\\other'" in script
    assert "'VApp.Import'" in script
    assert "'Task.Create'" not in script


def test_before_there_is_a_sign_in_or_an_account_nothing_is_made_up(
    api: Api, deployment: Deployment, site: Deployment
) -> None:
    problem(api.get(f"deployments/{deployment.pk}/privileges"), 409, "not_ready")
    problem(api.get(f"deployments/{deployment.pk}/privileges/script", format="govc"), 409, "not_ready")
    body = problem(
        api.get(f"deployments/{site.pk}/privileges/script", format="govc", role="a\nb"), 422, "invalid"
    )
    assert body["errors"][0]["path"] == "role"


def test_no_script_takes_the_rights_of_an_administrator_away(api: Api, operator: Operator) -> None:
    whole = EXACT | {"Authorization.ModifyPermissions", *(f"Vendor.P{number}" for number in range(280))}
    deployment = stories.answered(operator, "capacity")
    credential = stories.sign_in(deployment, operator, rights=rights(DC0=whole).to_json())
    deployments.answer(
        deployment, "vcenter", {**stories.ANSWERS["vcenter"], "credential": credential.name}, actor=operator
    )
    problem(api.get(f"deployments/{deployment.pk}/privileges/script", format="govc"), 409, "administrator")
