"""The JSON Schema of each step: made from the same declaration as its form, without what is for browsers alone."""

from __future__ import annotations

from typing import Any, Final

from wizard.journey.base import JOURNEYS, PROFILES, Step, StepAnswers, step
from wizard.services.errors import NotFound
from wizard.text import Text, _

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
# How a browser asks for a field is of no use to a program.
_LOOKS: Final = frozenset({"widget", "autocomplete", "suffix", "width", "choices", "hints"})


def schema_of(profile: str, step_id: str) -> dict[str, Any]:
    """Whole in itself, its words in the reader's language. Raises NotFound for a step that takes no answers."""
    try:
        found = step(profile, step_id) if profile in PROFILES else None
    except KeyError:
        found = None
    if found is None or found.answers is None:
        raise NotFound(Text(_("“%(step)s” is not a step that takes answers."), step=step_id))
    schema = found.answers.model_json_schema()
    parts = {name: _plain(part) for name, part in schema.pop("$defs", {}).items()}
    about = {"title": str(Text(found.title)), "description": str(Text(found.summary))}
    return {"$schema": DIALECT, **_plain(schema), **about, **({"$defs": parts} if parts else {})}


def components(ref_template: str) -> dict[str, Any]:
    """The schemas of all steps by the names of their models, for a document that holds all of them."""
    found: dict[str, Any] = {}
    for one in (one for steps in JOURNEYS.values() for one in steps):
        if one.answers is None or one.id == "profile" or one.answers.__name__ in found:
            continue
        schema = one.answers.model_json_schema(ref_template=ref_template)
        found |= {name: _plain(part) for name, part in schema.pop("$defs", {}).items()}
        found[one.answers.__name__] = {**_plain(schema), "description": str(Text(one.summary))}
    return found


def question_steps() -> list[Step]:
    """Every step that takes answers here, each once, in an order that suits every profile."""
    seen: dict[str, Step] = {}
    for steps in JOURNEYS.values():
        for one in steps:
            if one.answers and one.id != "profile":
                seen.setdefault(one.id, one)
    return list(seen.values())


def models_of(step_id: str) -> list[type[StepAnswers]]:
    """What a step takes: one model, or one for each profile where they differ."""
    found = [one.answers for steps in JOURNEYS.values() for one in steps if one.id == step_id]
    return list(dict.fromkeys(model for model in found if model))


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Without what is for browsers, its words in the reader's language."""
    fields = {}
    for name, field in schema.get("properties", {}).items():
        fields[name] = {key: value for key, value in field.items() if key not in _LOOKS}
        for words in ("title", "description"):
            if words in field:
                fields[name][words] = str(Text(field[words]))
    return {**schema, "properties": fields} if fields else schema
