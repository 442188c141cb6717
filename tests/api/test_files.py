"""What is taken away as a file: checks and their report, the topology, the answer file."""

from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.utils import timezone

from tests import stories
from tests.api.client import Api, ok, problem
from tests.builders import make_deployment
from wizard.journey.answer_file import check, from_json, parse
from wizard.models import CheckResult, Deployment, Operator, Team
from wizard.text import Text

pytestmark = pytest.mark.django_db


@pytest.fixture
def checked(operator: Operator) -> Deployment:
    deployment = stories.answered(operator, "vault", name="lyon-cs01")
    stories.check(deployment, operator, failing=("TPL-02",))
    return deployment


@pytest.fixture
def recorded(operator: Operator) -> Deployment:
    return stories.answered(operator, "recorded", name="lyon-cs01")


def test_every_result_keeps_its_evidence(api: Api, checked: Deployment) -> None:
    items = ok(api.get(f"deployments/{checked.pk}/checks/"))["items"]
    assert [(item["requirement_id"], item["status"]) for item in items] == [
        ("TPL-01", "pass"),
        ("TPL-02", "fail"),
        ("LIFE-01", "warn"),
    ]
    row = items[1]
    assert row == {
        "requirement_id": "TPL-02",
        "title": "The title of TPL-02",
        "category": "template",
        "severity": "block",
        "owner": "operator",
        "status": "fail",
        "summary": "The summary of TPL-02.",
        "observed": "seen",
        "expected": "wanted",
        "remedy": "Mend TPL-02.",
        "details": ["A detail of TPL-02."],
        "observed_from": "this server",
        "observed_at": row["observed_at"],
        "seconds": 0.25,
        "task": row["task"],
        "waived": False,
        "old": False,
    }


def test_a_result_of_a_named_run_does_not_name_a_deployment_of_others(
    api: Api, checked: Deployment, operator: Operator
) -> None:
    other = make_deployment(operator, "hidden-oslo")
    summary = Text("“%(name)s” has a machine with the same UUID.", name="hidden-oslo")
    CheckResult.objects.filter(requirement_id="TPL-02").update(requirement_id="OS-10", summary=summary)
    path = f"deployments/{checked.pk}/checks/"
    run = ok(api.get(path))["items"][0]["task"]

    def told() -> str:
        (row,) = (row for row in ok(api.get(path, task=run))["items"] if row["requirement_id"] == "OS-10")
        return str(row["summary"])

    assert "hidden-oslo" in told()
    Deployment.objects.filter(pk=other.pk).update(team=Team.objects.create(name="Oslo"))
    assert "hidden-oslo" not in told()


def test_results_are_filtered_and_of_the_latest_run(
    api: Api, checked: Deployment, operator: Operator
) -> None:
    path = f"deployments/{checked.pk}/checks/"
    first_run = ok(api.get(path))["items"][0]["task"]
    stories.check(checked, operator)

    def ids(**query: str) -> list[str]:
        return [row["requirement_id"] for row in ok(api.get(path, **query))["items"]]

    assert ids(status="fail") == []
    assert ids(status="fail", task=first_run) == ["TPL-02"]
    assert ids(category="azure") == ["LIFE-01"]
    assert ids(category="nowhere") == []
    assert problem(api.get(path, status="bad"), 422, "invalid")["errors"][0]["path"] == "status"


def test_before_preflight_there_are_no_results_and_no_report(api: Api, deployment: Deployment) -> None:
    assert ok(api.get(f"deployments/{deployment.pk}/checks/")) == {"items": [], "next_cursor": None}
    problem(api.get(f"deployments/{deployment.pk}/checks/report"), 404, "not_found")


def test_results_of_yesterday_say_that_they_are_old(api: Api, checked: Deployment) -> None:
    CheckResult.objects.filter(requirement_id="TPL-02").update(
        observed_at=timezone.now() - timedelta(hours=25)
    )
    rows = ok(api.get(f"deployments/{checked.pk}/checks/"))["items"]
    assert {row["requirement_id"]: row["old"] for row in rows} == {
        "TPL-01": False,
        "TPL-02": True,
        "LIFE-01": False,
    }


def test_the_run_of_another_deployment_is_not_shown(
    api: Api, checked: Deployment, operator: Operator
) -> None:
    other = stories.answered(operator, "vault")
    run = stories.check(other, operator)
    assert ok(api.get(f"deployments/{checked.pk}/checks/", task=run.pk))["items"] == []


def test_the_report_comes_in_four_formats(api: Api, checked: Deployment) -> None:
    def report(form: str) -> tuple[str, str]:
        response = api.get(f"deployments/{checked.pk}/checks/report", format=form)
        assert response.status_code == 200
        return response["Content-Type"], response.content.decode()

    kind, text = report("json")
    document = json.loads(text)
    assert kind == "application/json; charset=utf-8"
    assert (document["deployment"], document["blocked"], document["blocking"]) == (
        "lyon-cs01",
        True,
        ["TPL-02"],
    )

    kind, text = report("junit")
    assert kind == "application/xml; charset=utf-8"
    suites = ElementTree.fromstring(text.encode())
    assert [suites.tag, len(suites.findall(".//failure"))] == ["testsuites", 1]

    kind, text = report("markdown")
    assert kind == "text/markdown; charset=utf-8"
    assert "TPL-02" in text

    response = api.get(f"deployments/{checked.pk}/checks/report", format="html")
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="lyon-cs01-preflight.html"'
    assert ok(api.get(f"deployments/{checked.pk}/checks/report"))["deployment"] == "lyon-cs01"


def test_the_topology_comes_in_four_formats(api: Api, recorded: Deployment) -> None:
    path = f"deployments/{recorded.pk}/topology/"
    graph = ok(api.get(path))
    assert {node["kind"] for node in graph["nodes"]} >= {"vault", "cs", "vcenter"}
    assert graph["links"]

    svg = api.get(path, format="svg")
    assert svg["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert ElementTree.fromstring(svg.content).tag == "{http://www.w3.org/2000/svg}svg"

    mermaid = api.get(path, format="mermaid")
    assert mermaid["Content-Type"] == "text/vnd.mermaid; charset=utf-8"
    assert "lyon-vault" in mermaid.content.decode()

    dot = api.get(path, format="dot")
    assert dot["Content-Type"] == "text/vnd.graphviz; charset=utf-8"
    assert "digraph" in dot.content.decode()
    assert dot["Content-Disposition"] == 'attachment; filename="lyon-cs01-topology.dot"'


def test_a_topology_that_does_not_follow_yet_says_what_is_missing(api: Api, deployment: Deployment) -> None:
    body = problem(api.get(f"deployments/{deployment.pk}/topology/"), 409, "not_ready")
    assert body["remedy"] == "Answer the steps up to the vault first."


def test_the_answer_file_rebuilds_the_deployment_in_either_form(api: Api, recorded: Deployment) -> None:
    path = f"deployments/{recorded.pk}/answers"
    yaml = api.get(path)
    assert yaml["Content-Type"] == "application/yaml; charset=utf-8"
    assert yaml["Content-Disposition"] == 'attachment; filename="lyon-cs01.yaml"'
    from_yaml = parse(yaml.content.decode())
    as_json = api.get(path, format="json")
    assert as_json["Content-Type"] == "application/json; charset=utf-8"
    assert check(from_yaml) == check(from_json(as_json.json())) == []
    assert from_yaml.name == "lyon-cs01"
    assert from_yaml.answers["vcenter"]["credential"] == "lyon-cs01-vcenter"


def test_no_file_and_no_answer_holds_a_secret(api: Api, recorded: Deployment) -> None:
    base = f"deployments/{recorded.pk}/"
    paths = [
        base,
        f"{base}steps/vcenter/",
        f"{base}answers",
        f"{base}answers?format=json",
        f"{base}topology/",
    ]
    paths += [f"{base}checks/", f"{base}checks/report", "tasks/", "deployments/"]
    paths += [f"tasks/{row['id']}/events/" for row in ok(api.get("tasks/"))["items"]]
    for path in paths:
        assert stories.PASSWORD not in api.get(path).content.decode(), path


@pytest.mark.parametrize("path", ["checks/report", "topology/", "answers"])
def test_a_format_that_is_none_is_refused_with_those_there_are(
    api: Api, recorded: Deployment, path: str
) -> None:
    body = problem(api.get(f"deployments/{recorded.pk}/{path}", format="docx"), 422, "invalid")
    assert body["errors"][0]["path"] == "format"
    assert "json" in body["errors"][0]["message"]
