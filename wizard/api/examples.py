"""An example of everything that is sent and answered, made from its schema: so that it is always valid and never out of date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from wizard.text import Text, _

Schema = Mapping[str, Any]
# By the name of a property, where neither its own examples nor its type say enough.
_BY_NAME: Final[Mapping[str, Any]] = {
    "name": "lyon-cs01",
    "host": "vcenter.example.net",
    "address": "192.0.2.10",
    "port": 443,
    "profile": "asr-classic",
    "username": "asr@vsphere.local",
    "created_by": "oskar",
    "requested_by": "oskar",
    "recorded_by": "oskar",
    "received_by": "oskar",
    "given_by": "oskar",
    "asked_by": "oskar",
    "approved_by": "rita",
    "revision": 7,
    "progress": 40,
    "attempt": 1,
    "number": 3,
    "kind": "preflight",
    "next_cursor": None,
    "request_id": "5c3b1957df5948f7a37d25852d93084c",
}
_BY_FORMAT: Final[Mapping[str, Any]] = {
    "uuid": "5f0c6c5e-8f1b-4f0e-9d51-3a1f7d0c2b44",
    "date-time": "2026-11-22T09:30:00Z",
    "date": "2027-01-31",
    "binary": "",
}
_DEEPEST: Final = 8

FILES: Final[Mapping[str, Any]] = {
    "image/svg+xml": '<svg xmlns="http://www.w3.org/2000/svg" role="img"></svg>',
    "text/vnd.mermaid": "flowchart LR\n  cs[lyon-cs01] --> vault[lyon-vault]\n",
    "text/vnd.graphviz": "digraph topology { cs -> vault; }\n",
    "application/yaml": {"foothold": 1, "name": "lyon-cs01", "profile": "asr-classic", "answers": {}},
    "application/xml": '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="1" failures="0"/>\n',
    "text/markdown": "# Preflight of lyon-cs01\n\nGo.\n",
    "text/html": "<!doctype html><title>Preflight of lyon-cs01</title>",
    "application/sarif+json": {"version": "2.1.0", "runs": []},
    "text/csv": "name,address\nfileserver01,192.0.2.10\n",
    "text/calendar": "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
    "text/plain": "# Made out for one machine.\n",
    "application/json": {},
}


def of(schema: Schema, components: Mapping[str, Schema]) -> Any:
    """One valid value. Optional members are shown, too, where they are more than null."""
    return _value(schema, components, "", 0)


def problem(status: int, codes: Sequence[str], detail: str) -> dict[str, Any]:
    """A refusal with the first of its codes, as they stand in the order in which they are met."""
    wrong = {"path": "name", "message": str(Text(_("An answer is missing here."))), "code": "missing"}
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
        "code": codes[0],
        "remedy": "",
        "errors": [wrong] if status == HTTPStatus.UNPROCESSABLE_ENTITY else [],
        "request_id": _BY_NAME["request_id"],
    }


def _value(schema: Schema, components: Mapping[str, Schema], name: str, depth: int) -> Any:
    if "$ref" in schema:
        return _value(components[schema["$ref"].rpartition("/")[2]], components, name, depth)
    if schema.get("examples"):
        return schema["examples"][0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        wished = _BY_NAME.get(name)
        return wished if wished in schema["enum"] else schema["enum"][0]
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            return _of_choices(schema[choice], components, name, depth)
    if "allOf" in schema:
        return _value(schema["allOf"][0], components, name, depth)
    match schema.get("type"):
        case "object":
            return _object(schema, components, depth)
        case "array":
            deep = depth >= _DEEPEST or "items" not in schema
            return [] if deep else [_value(schema["items"], components, name, depth + 1)]
        case "string":
            return _string(schema, name)
        case "integer" | "number":
            return _number(schema, name)
        case "boolean":
            return schema.get("default", True)
        case "null":
            return None
    return schema.get("default")


def _of_choices(choices: list[Schema], components: Mapping[str, Schema], name: str, depth: int) -> Any:
    if name in _BY_NAME and _BY_NAME[name] is None:
        return None
    real = [choice for choice in choices if choice.get("type") != "null"]
    return _value(real[0] if real else choices[0], components, name, depth)


def _object(schema: Schema, components: Mapping[str, Schema], depth: int) -> dict[str, Any]:
    if depth >= _DEEPEST:
        return {}
    return {
        name: _value(part, components, name, depth + 1) for name, part in schema.get("properties", {}).items()
    }


def _string(schema: Schema, name: str) -> str:
    if schema.get("format") in _BY_FORMAT:
        return str(_BY_FORMAT[schema["format"]])
    wished = _BY_NAME.get(name)
    if isinstance(wished, str):
        return wished
    default = schema.get("default")
    return default if isinstance(default, str) and default else name.replace("_", " ") or "text"


def _number(schema: Schema, name: str) -> float:
    wished = _BY_NAME.get(name, schema.get("default"))
    number: float = wished if isinstance(wished, int | float) and not isinstance(wished, bool) else 1
    least: float = schema.get("minimum", number)
    return max(number, least)
