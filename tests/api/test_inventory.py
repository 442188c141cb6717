"""Sizing, machines, physical servers, recorded components and records through the API."""

from __future__ import annotations

from typing import Any

import pytest

from tests import stories
from tests.api.client import Api, ok, problem, token_of
from tests.builders import make_operator
from wizard.models import Deployment, Machine, Operator, ProtectableItem, Team
from wizard.services import deployments, topology
from wizard.topology.graph import Graph

pytestmark = pytest.mark.django_db


def test_the_size_comes_with_the_row_of_the_table_that_it_came_from(api: Api) -> None:
    body = {"profile": "asr-classic", "machines": 120, "daily_change_gb": 700}
    advice = ok(api.post("sizing/", body))
    assert (advice["tier"], advice["vcpu"], advice["memory_gb"]) == ("M", 12, 18)
    assert advice["row"]["machines"] == "100–150"
    assert advice["row"]["link"].startswith("https://learn.microsoft.com/")
    assert "120 machines fall into row M" in advice["reasons"][0]
    assert ok(api.post("sizing/", {**body, "component": "ps_scaleout"}))["configuration_servers"] == 0
    assert ok(api.post("sizing/", {**body, "profile": "asr-modernized"}))["appliances"] == 1
    assert ok(api.post("sizing/", {**body, "machines": 900}))["process_server_row"]["label"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"profile": "asr-imaginary"}, "profile"),
        ({"machines": 0}, "machines"),
        ({"machines": "many"}, "machines"),
        ({"daily_change_gb": -1}, "daily_change_gb"),
        ({"largest_machine_change_gb": 701}, "largest_machine_change_gb"),
        ({"machines_": 1}, "machines_"),
    ],
)
def test_numbers_are_validated_as_in_the_step(api: Api, change: dict[str, Any], path: str) -> None:
    body = {"profile": "asr-classic", "machines": 120, "daily_change_gb": 700, **change}
    found = problem(api.post("sizing/", body), 422, "invalid")
    assert [error["path"] for error in found["errors"]] == [path]


@pytest.fixture
def site(operator: Operator) -> Deployment:
    deployment = stories.answered(operator, name="lyon-cs01")
    stories.grow(stories.register_only(deployment, operator), 6)
    return deployment


def names(response: Any) -> list[str]:
    return [row["name"] for row in ok(response)["items"]]


def test_machines_are_found_by_what_they_are(api: Api, site: Deployment, operator: Operator) -> None:
    server = stories.enter_server(site, operator, "files-01")
    found = ok(api.get("machines/"))["items"]
    assert len(found) == Machine.objects.filter(is_template=False).count()
    row = next(one for one in found if one["name"] == "files-01")
    assert (row["kind"], row["vcenter"], row["deployment"]) == ("physical", None, str(site.pk))
    assert ok(api.get(f"machines/{server.pk}/")) == row
    vcenter = site.vcenters.get()
    assert "files-01" not in names(api.get("machines/", vcenter=str(vcenter.pk)))
    assert names(api.get("machines/", kind="physical")) == ["files-01"]
    assert names(api.get("machines/", q="FILES 01")) == ["files-01"]
    assert len(names(api.get("machines/", deployment=str(site.pk)))) == len(found)
    assert names(api.get("machines/", deployment=str(vcenter.pk))) == []
    problem(api.get("machines/999999/"), 404, "not_found")


def test_whether_a_machine_can_be_protected_is_judged_by_the_profile(api: Api, site: Deployment) -> None:
    rows = list(Machine.objects.order_by("name")[:2])
    Machine.objects.update(verdict_classic="blocked", verdict_modernized="ready")
    Machine.objects.filter(pk=rows[0].pk).update(verdict_classic="attention")
    assert names(api.get("machines/", eligible=True)) == [rows[0].name]
    assert rows[0].name not in names(api.get("machines/", eligible=False))
    assert names(api.get("machines/", eligible=False, profile="asr-modernized")) == []
    assert names(api.get("machines/", verdict="attention")) == [rows[0].name]
    assert ok(api.get(f"machines/{rows[1].pk}/"))["eligible"] is False
    assert ok(api.get(f"machines/{rows[1].pk}/", profile="asr-modernized"))["eligible"] is True


def test_machines_are_found_by_the_process_server_they_replicate_through(
    api: Api, site: Deployment, operator: Operator
) -> None:
    machine = stories.enter_server(site, operator, "files-01")
    ProtectableItem.objects.create(
        deployment=site,
        name="item-1",
        friendly_name="files-01",
        machine=machine,
        process_server_id="PS-7",
        seen_at=machine.seen_at,
    )
    assert names(api.get("machines/", process_server="PS-7")) == ["files-01"]
    assert names(api.get("machines/", process_server="PS-8")) == []


def test_machines_and_components_of_other_teams_are_not_there(
    api: Api, site: Deployment, operator: Operator
) -> None:
    machine = stories.enter_server(site, operator, "files-01")
    topology.keep(site, topology.planned_graph(site), actor=operator)
    assert names(api.get("components/"))
    site.team = Team.objects.create(name="Lyon")
    site.save()
    olga = Api(token_of(make_operator("olga", Operator.Role.OPERATOR), "operate"))
    assert names(olga.get("machines/")) == names(olga.get("components/")) == []
    problem(olga.get(f"machines/{machine.pk}/"), 404, "not_found")
    for path in ("snapshots/", "snapshots/1/", "snapshots/1/diff/1/", "physical-servers/", "machines.csv"):
        problem(olga.get(f"deployments/{site.pk}/{path}"), 404, "not_found")


def test_the_queries_of_lists_do_not_grow(
    api: Api, site: Deployment, django_assert_max_num_queries: Any
) -> None:
    stories.grow(site.vcenters.get(), 60)
    with django_assert_max_num_queries(5):
        page = ok(api.get("machines/", limit=50))
    assert len(page["items"]) == 50
    assert page["next_cursor"]


def test_records_are_listed_read_and_compared(api: Api, site: Deployment, operator: Operator) -> None:
    graph = topology.planned_graph(site)
    topology.keep(site, graph, actor=operator)
    renamed = Graph.from_json(
        {**graph.to_json(), "nodes": [{**node, "address": "10.9.9.9"} for node in graph.to_json()["nodes"]]}
    )
    topology.keep(site, renamed, actor=operator)
    path = f"deployments/{site.pk}/snapshots/"
    rows = ok(api.get(path))["items"]
    assert [row["number"] for row in rows] == [2, 1]
    assert rows[0]["previous_digest"] == rows[1]["digest"]
    assert "document" not in rows[0]
    assert ok(api.get(path, ordering="number", limit=1))["items"][0]["number"] == 1
    whole = ok(api.get(f"{path}1/"))
    assert whole["document"] == graph.to_json()
    changes = ok(api.get(f"{path}1/diff/2/"))
    assert (changes["before"], changes["after"]) == (1, 2)
    assert changes["nodes"]["added"] == changes["links"]["added"] == []
    assert {change["field"] for change in changes["nodes"]["changed"]} == {"address"}
    back = ok(api.get(f"{path}2/diff/1/"))
    assert back["nodes"]["changed"][0]["before"] == changes["nodes"]["changed"][0]["after"]
    assert ok(api.get(f"{path}1/diff/1/"))["nodes"] == {"added": [], "removed": [], "changed": []}
    for missing in ("9/", "1/diff/9/", "9/diff/1/"):
        problem(api.get(path + missing), 404, "not_found")


def test_recorded_components_are_found_by_deployment_and_kind(
    api: Api, site: Deployment, operator: Operator
) -> None:
    assert ok(api.get("components/"))["items"] == []
    topology.keep(site, topology.planned_graph(site), actor=operator)
    (row,) = ok(api.get("components/", deployment=str(site.pk), kind="cs"))["items"]
    assert (row["kind"], row["deployment"]) == ("cs", str(site.pk))
    assert row["title"] == "Configuration server"
    problem(api.get("components/", kind="toaster"), 422, "invalid")


SERVER = {"name": "files-01", "address": "192.0.2.10", "operating_system": "Windows Server 2019"}


def test_physical_servers_are_entered_changed_and_removed(api: Api, site: Deployment) -> None:
    path = f"deployments/{site.pk}/physical-servers/"
    response = api.post(path, SERVER)
    row = ok(response, 201)
    assert response["Location"] == f"/api/v1/machines/{row['id']}/"
    assert ok(api.get(response["Location"]))["name"] == "files-01"
    body = problem(api.post(path, {**SERVER, "name": "FILES-01"}), 422, "invalid")
    assert body["errors"][0]["code"] == "name_taken"
    own = f"{path}{row['id']}/"
    changed = ok(api.put(own, {**SERVER, "firmware": "efi", "disks_gb": "80 500"}))
    assert (changed["firmware"], changed["disks_gb"]) == ("efi", "80 500")
    problem(api.put(own, {**SERVER, "address": "not an address"}), 422, "invalid")
    problem(api.put(own, SERVER, revision=site.revision + 99), 412, "revision_outdated")
    assert ok(api.get(path))["items"] == [changed]
    assert api.delete(own).status_code == 204
    problem(api.delete(own), 404, "not_found")


def test_physical_servers_come_from_a_file_whole_or_not_at_all(api: Api, site: Deployment) -> None:
    path = f"deployments/{site.pk}/physical-servers/"
    example = api.get(f"{path}template")
    assert example["Content-Type"] == "text/csv; charset=utf-8"
    content = b"name,address,operating system\nfiles-01,192.0.2.10,Windows Server 2019\n"

    def send(body: bytes, **query: Any) -> Any:
        return api.send("POST", f"{path}import", body, content_type="text/csv", query=query)

    assert ok(send(content, dry_run="true")) == {
        "written": False,
        "new": ["files-01"],
        "changed": [],
        "same": [],
    }
    assert ok(api.get(path))["items"] == []
    assert ok(send(content))["new"] == ["files-01"]
    assert ok(send(content)) == {"written": True, "new": [], "changed": [], "same": ["files-01"]}
    problem(send(content + b"files-02,nowhere at all,\n"), 422, "invalid")
    problem(send(b"x" * (9 * 2**20)), 413, "too_large")
    assert names(api.get(path)) == ["files-01"]


def test_the_machines_of_a_deployment_come_as_a_file(api: Api, site: Deployment, operator: Operator) -> None:
    stories.enter_server(site, operator, "files-01")
    response = api.get(f"deployments/{site.pk}/machines.csv", q="files")
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "files-01" in lines[1]
    assert response["Content-Disposition"] == 'attachment; filename="lyon-cs01-machines.csv"'


def test_who_only_looks_enters_no_server(site: Deployment, viewer: Operator, operator: Operator) -> None:
    path = f"deployments/{site.pk}/physical-servers/"
    problem(Api(token_of(viewer, "operate")).post(path, SERVER), 403, "not_allowed")
    problem(Api(token_of(operator, "read")).post(path, SERVER), 403, "scope_too_small")


def test_what_moving_to_appliances_takes_follows_from_the_capacity(api: Api, operator: Operator) -> None:
    early = stories.answered(operator, "source", name="lyon-cs02")
    found = ok(api.get(f"deployments/{early.pk}/migration"))
    assert (found["appliances"], found["batches"]) == (None, None)
    assert found["conditions"][0]["id"] == "MOVE-01"
    later = stories.answered(operator, "capacity", name="lyon-cs03")
    found = ok(api.get(f"deployments/{later.pk}/migration"))
    assert found["appliances"] >= 1
    assert found["batches"] == -(-later.steps.get(step="capacity").data["machines"] // 10)
    modern = deployments.create(name="lyon-ra01", profile="asr-modernized", actor=operator)
    problem(api.get(f"deployments/{modern.pk}/migration"), 404, "not_found")
