"""Requests as schemathesis makes them up for an operation, with its addresses and bodies led to what is there, more often than not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from tests.api.furnished import Furnished

_JSON: Final = "application/json"
Operation = APIOperation[Any, Any, Any, Any]
OneCase = Case[Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def cases(draw: Draw, operation: Operation, furnished: Furnished) -> OneCase:
    """Of five requests one is as it was made up; the others have ids that exist, and some of them a body that is asked for."""
    modes = (GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    case: OneCase = draw(st.sampled_from(modes).flatmap(lambda mode: operation.as_strategy(mode)))
    if draw(_one_in(5)):
        return case
    name: str = operation.definition.raw["operationId"]
    for variable in case.path_parameters or {}:
        case.path_parameters[variable] = draw(furnished.of(name, variable))
    for variable in case.query or {}:
        if furnished.knows(variable) and draw(_one_in(2)):
            case.query[variable] = draw(furnished.of(name, variable))
    _shorten_wait(case, furnished)
    if any(parameter["name"] == "If-Match" for parameter in operation.definition.raw["parameters"]):
        revision = draw(st.sampled_from([furnished.deployment.revision] * 4 + [0]))
        case.headers["If-Match"] = f'"{revision}"'
    wanted = furnished.body(name) or _example(operation)
    if wanted is not None and not draw(_one_in(3)):
        made_up = case.body if isinstance(case.body, dict) else {}
        changed = draw(st.lists(st.sampled_from(sorted(made_up)), max_size=1)) if made_up else []
        case.body = {**wanted, **{member: made_up[member] for member in changed}}
        case.media_type = _JSON
    return case


def _one_in(number: int) -> st.SearchStrategy[bool]:
    return st.integers(1, number).map(lambda drawn: drawn == number)


def _shorten_wait(case: OneCase, furnished: Furnished) -> None:
    # What waiting does is another test's; here nothing ever happens to a task that waits.
    if (case.path_parameters or {}).get("task_id") in furnished.active:
        (case.query or {}).pop("wait", None)


def _example(operation: Operation) -> dict[str, Any] | None:
    """The body that the description shows."""
    body = operation.definition.raw.get("requestBody", {}).get("content", {}).get(_JSON, {})
    shown = [body.get("example"), *(one["value"] for one in body.get("examples", {}).values())]
    return next((one for one in shown if isinstance(one, dict)), None)
