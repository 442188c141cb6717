"""The OpenAPI document: complete, consistent in itself, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from jsonschema import Draft202012Validator

from tests.api.client import Api, ok, problem, token_of
from wizard.api import property_words
from wizard.api.app import api as ninja
from wizard.api.field_words import OF_SCHEMA
from wizard.journey.base import JOURNEYS
from wizard.models import Operator
from wizard.services.tasks.kinds import KINDS

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.any_database,
    pytest.mark.xdist_group("description"),
]

_DOCUMENT: dict[str, Any] = {}
# What no example can be written down of.
_NOT_TEXT = {
    "multipart/form-data",
    "application/zip",
    "application/octet-stream",
    "application/pdf",
    "image/png",
    "image/jpeg",
}
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The same for all tests here, none of which changes it: to make it takes a second."""
    if not _DOCUMENT:
        _DOCUMENT.update(ok(api.get("openapi.json")))
    return _DOCUMENT


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert method in METHODS
            yield path, method, operation


def walk(node: Any, where: str = "#") -> Iterator[tuple[str, Any]]:
    yield where, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from walk(value, f"{where}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from walk(value, f"{where}/{index}")


def whole(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """What a reference stands for."""
    if "$ref" not in node:
        return node
    _root, *parts = node["$ref"].split("/")
    found: Any = document
    for part in parts:
        found = found[part]
    return dict(found)


def codes_of(answer: dict[str, Any]) -> list[str]:
    """The codes of the problems that a response can hold."""
    problem_schema, coded = answer["content"]["application/problem+json"]["schema"]["allOf"]
    assert problem_schema == {"$ref": "#/components/schemas/Problem"}
    codes: list[str] = coded["properties"]["code"]["enum"]
    return codes


def test_it_is_open_api_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "Foothold task API"
    assert document["info"]["version"] == "1"
    assert document["info"]["description"]
    assert set(document) <= {"openapi", "info", "servers", "paths", "components", "tags", "security"}


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = [
        (where, node["$ref"]) for where, node in walk(document) if isinstance(node, dict) and "$ref" in node
    ]
    assert len(references) > 30
    for where, reference in references:
        node: Any = document
        assert reference.startswith("#/"), (where, reference)
        for part in reference[2:].split("/"):
            assert part in node, (where, reference)
            node = node[part]


def test_every_schema_that_is_described_is_used(document: dict[str, Any]) -> None:
    used = {node["$ref"] for _, node in walk(document) if isinstance(node, dict) and "$ref" in node}
    described = {
        f"#/components/{part}/{name}"
        for part in ("schemas", "headers", "responses")
        for name in document["components"][part]
    }
    assert used == described


def test_every_parameter_and_every_field_is_described(document: dict[str, Any]) -> None:
    parameters = [
        (path, method, parameter["name"])
        for path, method, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    schemas = document["components"]["schemas"]
    fields = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, about in schema.get("properties", {}).items()
        if not about.get("description")
    ]
    assert (parameters, fields) == ([], [])


def test_no_words_are_left_of_fields_that_are_gone(document: dict[str, Any]) -> None:
    said = {
        part["description"] for _, part in walk(document) if isinstance(part, dict) and "description" in part
    }
    tables = (property_words.PARAMETERS, property_words.PROPERTIES, OF_SCHEMA)
    assert [name for words in tables for name, text in words.items() if text not in said] == []
    fields = {
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field in schema.get("properties", {})
    }
    assert set(OF_SCHEMA) <= fields


def test_every_operation_says_what_it_does_and_what_can_happen(document: dict[str, Any]) -> None:
    names = set()
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert len(operation["description"]) > 15, (path, method)
        assert operation["tags"]
        assert operation["security"] == [{"TokenAuth": []}]
        names.add(operation["operationId"])
        assert "401" in operation["responses"]
        good = [status for status in operation["responses"] if status < "400"]
        assert len(good) == 1, (path, method)
        for status, given in operation["responses"].items():
            answer = whole(document, given)
            assert answer["description"], (path, method, status)
            assert {"X-Request-ID"} <= set(answer["headers"]), (path, method, status)
            if status >= "400":
                assert list(answer["content"]) == ["application/problem+json"]
                assert codes_of(answer), (path, method, status)
        assert {"400", "401", "403", "422", "429", "500", "503"} <= set(operation["responses"])
    assert len(names) == len(list(operations(document)))
    assert document["components"]["securitySchemes"]["TokenAuth"]["scheme"] == "bearer"


def test_every_part_is_introduced(document: dict[str, Any]) -> None:
    introduced = {row["name"]: row["description"] for row in document["tags"]}
    used = {tag for _path, _method, operation in operations(document) for tag in operation["tags"]}
    assert set(introduced) == used
    assert all(introduced.values())


def test_every_body_and_every_good_answer_has_an_example_that_is_valid(document: dict[str, Any]) -> None:
    checked = 0
    for path, method, operation in operations(document):
        good = next(answer for status, answer in operation["responses"].items() if status < "400")
        for content in (operation.get("requestBody", {}).get("content", {}), good.get("content", {})):
            for media_type, body in content.items():
                if media_type in _NOT_TEXT:
                    continue
                if not body["schema"]:
                    assert path.endswith("/attestations/{requirement_id}/file"), path
                    continue
                examples = [body["example"]] if "example" in body else []
                examples += [row["value"] for row in body.get("examples", {}).values()]
                assert examples, (path, method, media_type)
                schema = {**body["schema"], "components": document["components"]}
                for example in examples:
                    faults = [error.message for error in Draft202012Validator(schema).iter_errors(example)]
                    assert not faults, (path, method, media_type, faults[:3])
                    checked += 1
    assert checked > 100


def test_every_refusal_has_an_example_that_is_valid(document: dict[str, Any]) -> None:
    seen = set()
    for path, method, operation in operations(document):
        for status, given in operation["responses"].items():
            if status < "400":
                continue
            body = whole(document, given)["content"]["application/problem+json"]
            schema = {**body["schema"], "components": document["components"]}
            faults = [error.message for error in Draft202012Validator(schema).iter_errors(body["example"])]
            assert not faults, (path, method, status, faults[:3])
            assert str(body["example"]["status"]) == status
            seen.add(status)
    assert {"401", "403", "404", "409", "412", "422", "429", "502", "503"} <= seen


def test_every_post_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        keys = [row for row in operation["parameters"] if row["name"] == "Idempotency-Key"]
        assert len(keys) == (method == "post"), (path, method)
        if method == "post":
            answers = operation["responses"]
            conflict = codes_of(whole(document, answers["409"]))
            assert {"idempotency_key_reused", "idempotency_in_progress"} <= set(conflict), path
            good = next(answer for status, answer in answers.items() if status < "400")
            assert "Idempotency-Replayed" in good["headers"]


def test_every_list_comes_in_pages(document: dict[str, Any]) -> None:
    lists = 0
    for path, method, operation in operations(document):
        good = next(answer for status, answer in operation["responses"].items() if status < "400")
        schema = good.get("content", {}).get("application/json", {}).get("schema", {})
        members = whole(document, schema).get("properties", {})
        if method != "get" or "next_cursor" not in members:
            assert method != "get" or "items" not in members or path.endswith("/events/"), path
            continue
        names = {row["name"] for row in operation["parameters"]}
        assert {"limit", "cursor"} <= names, path
        lists += 1
    assert lists > 20


def test_what_waits_says_that_too_many_may_wait(document: dict[str, Any]) -> None:
    waiting = [
        operation
        for _path, _method, operation in operations(document)
        if any(row["name"] == "wait" for row in operation["parameters"])
    ]
    assert len(waiting) == 2
    for operation in waiting:
        assert "too_many_waiting" in codes_of(whole(document, operation["responses"]["503"]))


def test_no_reason_for_a_conflict_is_left_out(document: dict[str, Any]) -> None:
    """A 409 without a code of its own would be one that nobody looked at."""
    for path, method, operation in operations(document):
        if "409" in operation["responses"] and method != "post":
            assert codes_of(whole(document, operation["responses"]["409"])), (path, method)


def test_it_is_made_once_in_each_language(operator: Operator) -> None:
    english, french = (
        Api(token_of(operator, "read", language), headers={"Accept-Language": language})
        for language in ("en", "fr")
    )
    documents = [ok(program.get("openapi.json")) for program in (english, french)]
    assert documents[0]["paths"].keys() == documents[1]["paths"].keys()
    kept = dict(ninja._documents)
    assert ok(french.get("openapi.json")) == documents[1]
    assert ninja._documents == kept
    assert {language for language, _prefix in kept} >= {"en", "fr"}


def test_every_parameter_of_a_path_is_described(document: dict[str, Any]) -> None:
    for path, _method, operation in operations(document):
        parameters = operation["parameters"]
        in_path = {row["name"] for row in parameters if row["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(row["required"] for row in parameters if row["in"] == "path")
        keys = [(row["in"], row["name"]) for row in parameters]
        assert len(keys) == len(set(keys))


def test_every_route_of_the_api_is_described(document: dict[str, Any]) -> None:
    patterns, _app, _namespace = ninja.urls
    routes = {
        "/api/v1/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        for pattern in patterns
        if isinstance(pattern, URLPattern)
        and pattern.name not in ("api-root", "openapi-json", "openapi-view", None)
    }
    assert routes == set(document["paths"])
    assert any(str(pattern.pattern) == "api/v1/" for pattern in get_resolver().url_patterns)


def test_schemas_are_schemas(document: dict[str, Any]) -> None:
    types = {"object", "array", "string", "integer", "number", "boolean", "null"}
    for where, node in walk(document["components"]["schemas"]):
        if not isinstance(node, dict) or where.endswith(("/properties", "/examples")):
            continue
        if isinstance(node.get("type"), str):
            assert node["type"] in types, where
        if node.get("type") == "array":
            assert "items" in node, where
        if "required" in node and "properties" in node:
            assert set(node["required"]) <= set(node["properties"]), where


def test_every_kind_of_task_is_described(document: dict[str, Any]) -> None:
    start = document["paths"]["/api/v1/deployments/{deployment_id}/tasks/"]["post"]
    for kind in KINDS.values():
        assert f"- `{kind.id}`: {kind.about}" in start["description"]
    for schema in ("TaskIn", "TaskOut"):
        assert document["components"]["schemas"][schema]["properties"]["kind"]["enum"] == list(KINDS)
    assert "Location" in start["responses"]["202"]["headers"]


def test_every_step_has_its_schema(document: dict[str, Any]) -> None:
    put = document["paths"]["/api/v1/deployments/{deployment_id}/steps/{step}/"]["put"]
    choices = [row["$ref"] for row in put["requestBody"]["content"]["application/json"]["schema"]["anyOf"]]
    steps = [
        step for journey in JOURNEYS.values() for step in journey if step.answers and step.id != "profile"
    ]
    assert len(choices) == len(set(choices))
    assert set(choices) == {f"#/components/schemas/{step.answers.__name__}" for step in steps if step.answers}
    assert next(row for row in put["parameters"] if row["name"] == "step")["schema"]["enum"] == [
        step.id for step in JOURNEYS["asr-modernized"] if step.answers and step.id != "profile"
    ]
    answers = document["components"]["schemas"]["DeploymentOut"]["properties"]["answers"]["properties"]
    assert answers["template"] == {"$ref": "#/components/schemas/TemplateAnswers"}
    assert [row["$ref"].rpartition("/")[2] for row in answers["vault"]["anyOf"]] == [
        "ExclusiveVaultAnswers",
        "VaultAnswers",
    ]
    network = document["components"]["schemas"]["NetworkAnswers"]
    assert set(network["required"]) == {"host_name", "address", "netmask", "gateway", "dns"}
    assert network["properties"]["data_port"]["description"].endswith("9443 as a rule, never 443.")
    assert network["additionalProperties"] is False
    assert "If-Match" in [row["name"] for row in put["parameters"]]
    assert "428" in put["responses"]


def test_nothing_that_is_for_browsers_stands_in_a_schema(document: dict[str, Any]) -> None:
    for where, node in walk(document["components"]["schemas"]):
        if isinstance(node, dict) and not where.endswith("/properties"):
            assert not {"widget", "autocomplete", "suffix", "hints"} & set(node), where


def test_files_are_described_with_their_media_types(document: dict[str, Any]) -> None:
    def media_types(path: str) -> set[str]:
        answers = document["paths"][f"/api/v1/deployments/{{deployment_id}}/{path}"]["get"]["responses"]
        return set(answers["200"]["content"])

    assert media_types("topology/") == {
        "application/json",
        "image/svg+xml",
        "text/vnd.mermaid",
        "text/vnd.graphviz",
    }
    assert media_types("checks/report") == {
        "application/json",
        "application/xml",
        "text/markdown",
        "text/html",
        "application/sarif+json",
    }
    assert media_types("answers") == {"application/yaml", "application/json"}


def test_it_can_be_read_twice_and_stays_the_same(api: Api, document: dict[str, Any]) -> None:
    assert ok(api.get("openapi.json")) == document


def test_people_who_are_signed_in_and_programs_read_it_and_strangers_do_not(
    stranger: Api, viewer: Operator
) -> None:
    problem(stranger.get("openapi.json"), 401, "not_authenticated")
    browser = Client()
    browser.force_login(viewer)
    assert browser.get("/api/v1/openapi.json").json()["openapi"] == "3.1.0"
    assert browser.post("/api/v1/openapi.json").status_code == 405
