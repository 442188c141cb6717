"""What the OpenAPI document says beyond what the functions' signatures tell: problems, headers, examples, kinds of task, steps."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from ninja.schema import NinjaGenerateJsonSchema

from wizard.api import examples, property_words, refusals, step_schemas
from wizard.api.problems import MEDIA_TYPE, Problem
from wizard.api.refusals import Refusal
from wizard.api.refusals import problems as problems
from wizard.journey.base import StepAnswers
from wizard.services.tasks.kinds import KINDS
from wizard.text import Text, _

_SCHEMAS: Final = "#/components/schemas/"
_JSON: Final = "application/json"

_HEADERS: Final = {
    "ETag": Text(_('The revision, in quotes: "7". What If-Match asks for.')),
    "Idempotency-Replayed": Text(_("true where this is what the first request with that key was answered.")),
    "Location": Text(_("The address of what was made.")),
    "RateLimit": Text(
        _(
            "For each policy how many requests are left (r) and after how many seconds all are there again (t)."
        )
    ),
    "RateLimit-Policy": Text(_("How many requests (q) this token may make in how many seconds (w).")),
    "Retry-After": Text(_("Seconds.")),
    "WWW-Authenticate": Text(_("Bearer.")),
    "X-Request-ID": Text(
        _("The id of this request, in the log and in the audit trail, too; yours where you sent one.")
    ),
}
_ALWAYS: Final = ("X-Request-ID", "RateLimit-Policy", "RateLimit")
# In the order in which somebody who begins meets them.
TAGS: Final = {
    "profiles": Text(
        _("What can be set up, its steps, and every requirement with the document that states it.")
    ),
    "sizing": Text(_("How large things have to be, by the published tables.")),
    "deployments": Text(_("One set-up each: its answers step by step, its state, its answer file.")),
    "approvals": Text(_("Another person says that it may be set up.")),
    "tasks": Text(_("Work in the background: started, followed, stopped.")),
    "plan": Text(_("What deploying would do, to be approved before it is done.")),
    "privileges": Text(_("What the account for vCenter may do, and what it needs.")),
    "checks": Text(_("What preflight and verification found, and what is accepted as it is.")),
    "attestations": Text(_("What only a person can answer.")),
    "facts": Text(_("What target machines say of themselves.")),
    "template": Text(_("What the template asks for beside the answers.")),
    "installation": Text(_("Installing by hand or over WinRM: bundle and secrets.")),
    "hand-outs": Text(_("What is handed to others: firewall rules, calendar, task sheets.")),
    "credentials": Text(_("Accounts for remote parts; their secrets never come out.")),
    "azure accounts": Text(_("Accounts for Azure; their secrets never come out.")),
    "vCenters": Text(_("Registered vCenters, and a look at one before anybody trusts it.")),
    "machines": Text(_("Machines that may be protected.")),
    "topology": Text(_("Recorded components, immutable records, and what changed.")),
    "components": Text(
        _("Servers that are added after the first set-up, and machines that move between them.")
    ),
    "vault": Text(_("What the vault shows: machines, observations, notices.")),
    "hand-over": Text(_("Signed packs of what was set up.")),
    "decommission": Text(_("Taking a deployment out of service, in the order that works.")),
    "conflicts": Text(_("Where deployments get in each other's way.")),
    "teams": Text(_("Who works on which deployments together.")),
    "webhooks": Text(_("Who is told of what happens, signed.")),
    "audit": Text(_("Who did what, when, from where.")),
}


def sends(status: int, *headers: str, **media_types: str) -> dict[str, Any]:
    """What an operation's good answer carries beside a schema's JSON: headers, and files by format and media type."""
    answer: dict[str, Any] = {}
    if headers:
        answer["headers"] = dict.fromkeys(headers)
    if media_types:
        answer["description"] = HTTPStatus(status).phrase
        answer["content"] = {
            name: {"schema": {"type": "object" if name.endswith(("json", "yaml")) else "string"}}
            for name in media_types.values()
        }
    return {"responses": {status: answer}}


def sends_as_given(*media_types: str) -> dict[str, Any]:
    """What an operation's good answer carries where a person gave the file: what is in it nobody can say."""
    content: dict[str, Any] = {name: {"schema": {}} for name in media_types}
    return {"responses": {200: {"description": HTTPStatus.OK.phrase, "content": content}}}


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """Fill in what is known only when everything is loaded, in the reader's language; changes and returns `document`."""
    schemas = document["components"]["schemas"]
    schemas.update(_problem_schemas() | step_schemas.components(_SCHEMAS + "{model}"))
    _describe_kinds(document)
    _describe_steps(document)
    used, shared = set(), document["components"].setdefault("responses", {})
    document["components"]["headers"] = {
        name: {"description": str(about), "schema": {"type": "string"}} for name, about in _HEADERS.items()
    }
    for path, method, operation in _operations(document):
        used.update(operation["tags"])
        if method == "post":
            operation["parameters"].append(_key_parameter())
            _add_conflicts(operation, refusals.OF_POST)
        if method != "get" and "{deployment_id}" in path:
            _add_conflicts(operation, refusals.OF_CHANGES)
        for status, answer in operation["responses"].items():
            if status >= HTTPStatus.BAD_REQUEST:
                operation["responses"][status] = _problem(status, shared)
                continue
            _give_examples(answer.get("content", {}), schemas)
            always = (*_ALWAYS, *(("Idempotency-Replayed",) if method == "post" else ()))
            answer["headers"] = {name: _header(name) for name in (*answer.get("headers", {}), *always)}
        _give_examples(operation.get("requestBody", {}).get("content", {}), schemas)
    property_words.complete(document)
    document["tags"] = [{"name": name, "description": str(TAGS[name])} for name in TAGS if name in used]
    return document


# --- inside -----------------------------------------------------------------------------------------------------------


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _operation(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(
        operation for _path, _method, operation in _operations(document) if operation["operationId"] == name
    )


def _header(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/headers/{name}"}


def _key_parameter() -> dict[str, Any]:
    about = Text(
        _(
            "The same key with the same request answers for 24 hours what it answered the first time, and does nothing. A new one "
            "for each request, such as a UUID."
        )
    )
    return {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "description": str(about),
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    }


def _add_conflicts(operation: dict[str, Any], codes: tuple[str, ...]) -> None:
    answers = operation["responses"]
    known = next((status for status in answers if status == HTTPStatus.CONFLICT), None)
    answers.pop(HTTPStatus.CONFLICT, None)
    before = known.codes if isinstance(known, Refusal) else ()
    answers[Refusal.of(HTTPStatus.CONFLICT, (*before, *codes))] = {}


def _problem(status: int, shared: dict[str, Any]) -> dict[str, Any]:
    """What is answered with the usual codes alone is described once, as most of it is the same for every operation."""
    codes = status.codes if isinstance(status, Refusal) else ()
    if codes != refusals.Refusal.of(status, ()).codes:
        return _described_problem(status, codes)
    name = f"Problem{int(status)}"
    if name not in shared:
        shared[name] = _described_problem(status, codes)
    return {"$ref": f"#/components/responses/{name}"}


def _described_problem(status: int, codes: tuple[str, ...]) -> dict[str, Any]:
    told = ", ".join(f"`{code}`" for code in codes)
    coded = {"properties": {"code": {"enum": list(codes)}, "status": {"const": int(status)}}}
    headers = (
        *refusals.HEADERS.get(status, ()),
        *(_ALWAYS[: 1 if status == HTTPStatus.UNAUTHORIZED else None]),
    )
    return {
        "description": f"{refusals.ABOUT[status]} {told}".strip(),
        "content": {
            MEDIA_TYPE: {
                "schema": {"allOf": [{"$ref": f"{_SCHEMAS}Problem"}, coded]},
                "example": examples.problem(status, codes, str(refusals.ABOUT[status])),
            }
        },
        "headers": {name: _header(name) for name in headers},
    }


def _give_examples(content: dict[str, Any], schemas: dict[str, Any]) -> None:
    for media_type, body in content.items():
        if "example" in body or "examples" in body or not body["schema"]:
            continue
        if media_type in examples.FILES and body["schema"] in ({"type": "object"}, {"type": "string"}):
            body["example"] = examples.FILES[media_type]
        elif media_type == _JSON:
            body["example"] = examples.of(body["schema"], schemas)


def _describe_kinds(document: dict[str, Any]) -> None:
    lines = "\n".join(f"- `{kind.id}`: {kind.about}" for kind in KINDS.values())
    operation = _operation(document, "start_task")
    operation["description"] = f"{operation['description']}\n\n{lines}"
    schemas = document["components"]["schemas"]
    for schema in ("TaskIn", "TaskOut"):
        schemas[schema]["properties"]["kind"]["enum"] = list(KINDS)


def _describe_steps(document: dict[str, Any]) -> None:
    steps = step_schemas.question_steps()
    lines = "\n".join(f"- `{step.id}`: {Text(step.title)}. {Text(step.summary)}" for step in steps)
    for name in ("get_step", "put_step"):
        operation = _operation(document, name)
        operation["description"] = f"{operation['description']}\n\n{lines}"
        parameter = next(row for row in operation["parameters"] if row["name"] == "step")
        parameter["schema"]["enum"] = [step.id for step in steps]
    body = _operation(document, "put_step")["requestBody"]["content"][_JSON]
    models = {step.id: step_schemas.models_of(step.id) for step in steps}
    body["schema"] = {"anyOf": [_reference(model) for found in models.values() for model in found]}
    body["examples"] = {"capacity": {"value": {"machines": 120, "daily_change_gb": 700}}}
    answers = document["components"]["schemas"]["DeploymentOut"]["properties"]["answers"]
    answers["properties"] = {
        step_id: _reference(found[0])
        if len(found) == 1
        else {"anyOf": [_reference(model) for model in found]}
        for step_id, found in models.items()
    }
    answers["examples"] = [{"capacity": {"machines": 120, "daily_change_gb": 700}}]


def _reference(model: type[StepAnswers]) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{model.__name__}"}


def _problem_schemas() -> dict[str, Any]:
    schema = Problem.model_json_schema(
        ref_template=_SCHEMAS + "{model}",
        schema_generator=NinjaGenerateJsonSchema,
        mode="serialization",
    )
    return {**schema.pop("$defs"), "Problem": schema}
