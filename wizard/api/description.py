"""What the OpenAPI document says beyond what the functions' signatures tell: problems, headers, kinds of task, steps."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from ninja.schema import NinjaGenerateJsonSchema

from wizard.api.problems import MEDIA_TYPE, Problem
from wizard.journey.base import JOURNEYS, Step, StepAnswers
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _

_SCHEMAS: Final = "#/components/schemas/"
# How a browser asks for a field is of no use to a program.
_LOOKS: Final = frozenset({"widget", "autocomplete", "suffix", "width", "choices", "hints"})

_PROBLEMS: Final = {
    400: Text(_("The body is not JSON.")),
    401: Text(_("No token, or one that is unknown, expired or revoked.")),
    403: Text(_("The token's scope or the person's role does not reach that far.")),
    404: Text(_("Not there, or not yours.")),
    409: Text(_("In conflict with what is there now; `code` says with what.")),
    412: Text(_("Somebody changed the deployment since the revision in If-Match; nothing was changed.")),
    413: Text(_("The body is larger than is taken here.")),
    422: Text(_("Understood and not valid; `errors` names the fields.")),
    428: Text(_("If-Match is missing (`if_match_required`).")),
    500: Text(_("Something unexpected went wrong.")),
    503: Text(_("A part is down or too many callers wait; Retry-After says when to ask again.")),
}
_HEADERS: Final = {
    "ETag": Text(_('The revision, in quotes: "7". What If-Match asks for.')),
    "Location": Text(_("The address of what was made.")),
    "Retry-After": Text(_("Seconds.")),
    "WWW-Authenticate": Text(_("Bearer.")),
}
_PROBLEM_HEADERS: Final = {401: ("WWW-Authenticate",), 503: ("Retry-After",)}


def problems(*statuses: int) -> dict[int, Any]:
    """The problems that an operation can answer, for its `response`; what can happen anywhere is among them.

    What a problem looks like is said by `complete`: ninja would make a model of its own for each of these hundreds.
    """
    return dict.fromkeys(sorted({401, 403, 422, 500, 503, *statuses}))


def sends(status: int, *headers: str, **media_types: str) -> dict[str, Any]:
    """What an operation's good answer carries beside a schema's JSON: headers, and files by format and media type."""
    answer: dict[str, Any] = {}
    if headers:
        answer["headers"] = dict.fromkeys(headers)
    if media_types:
        answer["description"] = HTTPStatus(status).phrase
        answer["content"] = {
            name: {"schema": {"type": "object" if form == "json" else "string"}}
            for form, name in media_types.items()
        }
    return {"responses": {status: answer}}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Fill in what is known only when everything is loaded, in the reader's language; changes and returns `document`."""
    schemas = document["components"]["schemas"]
    schemas.update(_problem_schemas() | _step_schemas())
    for operation in _operations(document):
        for status, answer in operation["responses"].items():
            if status >= HTTPStatus.BAD_REQUEST:
                answer["description"] = str(_PROBLEMS[status])
                answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}
            names = [*answer.get("headers", {}), *_PROBLEM_HEADERS.get(status, ())]
            if names:
                answer["headers"] = {name: _header(name) for name in names}
    _describe_kinds(document)
    _describe_steps(document)
    return document


# --- inside -----------------------------------------------------------------------------------------------------------


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def _operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(operation for operation in _operations(document) if operation["operationId"] == name)


def _header(name: str) -> dict[str, Any]:
    return {"description": str(_HEADERS[name]), "schema": {"type": "string"}}


def _describe_kinds(document: dict[str, Any]) -> None:
    lines = "\n".join(f"- `{kind.id}`: {kind.about}" for kind in KINDS.values())
    operation = _operation(document, "start_task")
    operation["description"] = f"{operation['description']}\n\n{lines}"
    schemas = document["components"]["schemas"]
    for schema in ("TaskIn", "TaskOut"):
        schemas[schema]["properties"]["kind"]["enum"] = list(KINDS)


def _describe_steps(document: dict[str, Any]) -> None:
    steps = _question_steps()
    lines = "\n".join(f"- `{step.id}`: {Text(step.title)}. {Text(step.summary)}" for step in steps)
    for name in ("get_step", "put_step"):
        operation = _operation(document, name)
        operation["description"] = f"{operation['description']}\n\n{lines}"
        parameter = next(row for row in operation["parameters"] if row["name"] == "step")
        parameter["schema"]["enum"] = [step.id for step in steps]
    body = _operation(document, "put_step")["requestBody"]["content"]["application/json"]
    models = {step_id: _models(step_id) for step_id in (step.id for step in steps)}
    body["schema"] = {"anyOf": [_reference(model) for found in models.values() for model in found]}
    body["examples"] = {"capacity": {"value": {"machines": 120, "daily_change_gb": 700}}}
    answers = document["components"]["schemas"]["DeploymentOut"]["properties"]["answers"]
    answers["properties"] = {
        step_id: _reference(found[0])
        if len(found) == 1
        else {"anyOf": [_reference(model) for model in found]}
        for step_id, found in models.items()
    }


def _question_steps() -> list[Step]:
    """Every step that takes answers here, each once, in an order that suits every profile."""
    seen: dict[str, Step] = {}
    for steps in JOURNEYS.values():
        for step in steps:
            if step.answers and step.id != "profile":
                seen.setdefault(step.id, step)
    return list(seen.values())


def _models(step_id: str) -> list[type[StepAnswers]]:
    """What a step takes: one model, or one for each profile where they differ."""
    found = [step.answers for steps in JOURNEYS.values() for step in steps if step.id == step_id]
    return list(dict.fromkeys(model for model in found if model))


def _reference(model: type[StepAnswers]) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{model.__name__}"}


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(
        ref_template=_SCHEMAS + "{model}",
        schema_generator=NinjaGenerateJsonSchema,
        mode="serialization",
    )
    return {**schema.pop("$defs"), "Problem": schema}


def _step_schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for step in (step for steps in JOURNEYS.values() for step in steps):
        if step.answers is None or step.id == "profile" or step.answers.__name__ in found:
            continue
        schema = step.answers.model_json_schema(ref_template=_SCHEMAS + "{model}")
        found |= {name: _plain(part) for name, part in schema.pop("$defs", {}).items()}
        found[step.answers.__name__] = {**_plain(schema), "description": str(Text(step.summary))}
    return found


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what is for browsers, its words in the reader's language."""
    fields = {}
    for name, field in schema.get("properties", {}).items():
        fields[name] = {key: value for key, value in field.items() if key not in _LOOKS}
        for words in ("title", "description"):
            if words in field:
                fields[name][words] = str(Text(field[words]))
    return {**schema, "properties": fields} if fields else schema
