"""Answers as people read them: each question in its words, each answer by its label. No answer holds a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic.fields import FieldInfo

from wizard.journey import base as journey
from wizard.journey import placement
from wizard.planning.regions import REGIONS
from wizard.text import Text, _, verbatim

# Typed a second time, to be sure.
_NOT_SHOWN: Final = {"vault.confirm_name"}
_PLACES: Final = ("datacenter", "folder", "compute", "datastore", "network")
_NAMES_OF_REGIONS: Final = {region.name: region.display_name for rows in REGIONS.values() for region in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One question with its answer: a line for each of several values."""

    path: str
    question: Text
    values: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredStep:
    id: str
    title: Text
    rows: tuple[Answered, ...]


def in_words(document: Mapping[str, Any]) -> tuple[AnsweredStep, ...]:
    """The answers of a document as `approval_standing.document_of` makes it, in the order of the journey.

    Steps that do not apply with these answers, and questions left blank, are not there.
    """
    profile, given = document["profile"], document.get("answers", {})
    answers = {"profile": {"name": document["name"], "profile": profile}, **given}
    out = journey.not_applicable(profile, given)
    steps = []
    for step in journey.journey(profile):
        if step.answers is None or step.id in out or step.id not in answers:
            continue
        data = answers[step.id]
        rows = tuple(
            Answered(path=path, question=Text(info.title or name), values=values)
            for name, info in step.answers.model_fields.items()
            if (path := f"{step.id}.{name}") not in _NOT_SHOWN
            and (values := words_of(profile, path, data.get(name)))
        )
        steps.append(AnsweredStep(id=step.id, title=Text(step.title), rows=rows))
    return tuple(steps)


def words_of(profile: str, path: str, value: Any) -> tuple[Text, ...]:
    """One answer in words, by the path of its field ("network.address"): empty where none was given.

    A field that the journey does not know any more is shown as it was stored.
    """
    if value is None or value in ("", [], {}):
        top = path == "placement.folder" and value == ""
        return (Text(_("Top of the datacenter")),) if top else ()
    step_id, _dot, name = path.partition(".")
    if isinstance(value, Mapping):
        # The template's networks are mapped to paths of vSphere's; its properties are what somebody typed.
        read = placement.readable if name == "networks" else str
        return tuple(verbatim(f"{key}: {read(entry)}") for key, entry in value.items())
    info = _field(profile, step_id, name)
    looks = info.json_schema_extra if info is not None else None
    shown = dict(looks) if isinstance(looks, dict) else {}
    return tuple(
        _word(path, entry, shown) for entry in (value if isinstance(value, list | tuple) else [value])
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _field(profile: str, step_id: str, name: str) -> FieldInfo | None:
    step = next((one for one in journey.journey(profile) if one.id == step_id), None)
    return step.answers.model_fields.get(name) if step is not None and step.answers is not None else None


def _word(path: str, value: Any, looks: Mapping[str, Any]) -> Text:
    step_id, _dot, name = path.partition(".")
    if isinstance(value, bool):
        return Text(_("Yes")) if value else Text(_("No"))
    label = (looks.get("choices") or {}).get(str(value))
    if label:
        return Text(label)
    if name == "region":
        return verbatim(_NAMES_OF_REGIONS.get(str(value), value))
    if step_id == "placement" and name in _PLACES:
        return verbatim(placement.readable(str(value)))
    word = f"{value:g}" if isinstance(value, float) else str(value)
    suffix = looks.get("suffix")
    return Text(_("%(value)s %(unit)s"), value=word, unit=Text(suffix)) if suffix else verbatim(word)
