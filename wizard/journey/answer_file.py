"""The answer file: all answers of a deployment as YAML, to be kept, reviewed and applied again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wizard.journey import strict_yaml
from wizard.journey.attestations import Attested, RequirementId, canonical, shortest
from wizard.journey.base import Step, StepAnswers, in_doubt, journey, not_applicable
from wizard.journey.errors import FieldError, explain, prefixed
from wizard.journey.profile import ProfileAnswers
from wizard.planning.quoting import shown
from wizard.planning.vocabulary import ProfileId
from wizard.text import Text, _

VERSION: Final = 1

_WIDEST_LINE = 100

Answers = Mapping[str, Mapping[str, Any]]


class AnswerFileInvalid(ValueError):
    """The file, or an override, cannot be used. `errors` name the places, like `answers.network.gateway`."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.path}: {error.message}" for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """One deployment. `answers` maps step id to field to value; the step `profile` is at the top instead.

    `attestations` maps requirement id to {"answer": "yes" | "no" | "not_applicable", "note": text}; whether
    there is such a requirement, the services know.
    """

    name: str
    profile: ProfileId
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    foothold: int = VERSION
    attestations: dict[str, dict[str, str]] = field(default_factory=dict)

    def with_answers(self, changes: Answers) -> AnswerFile:
        """A copy in which `changes` replace single fields; a field that is a mapping is merged by key."""
        merged = {step_id: dict(fields) for step_id, fields in self.answers.items()}
        for step_id, fields in changes.items():
            kept = merged.setdefault(step_id, {})
            for name, value in fields.items():
                old = kept.get(name)
                kept[name] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
        return replace(self, answers=merged)

    def to_json(self) -> dict[str, Any]:
        """The same as the file says: `foothold`, `name`, `profile`, `answers`, and `attestations` if any."""
        content: dict[str, Any] = {
            "foothold": self.foothold,
            "name": self.name,
            "profile": self.profile,
            "answers": self.answers,
        }
        return content | ({"attestations": self.attestations} if self.attestations else {})


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    foothold: int
    name: str
    profile: str
    answers: dict[str, dict[str, Any]]
    attestations: dict[RequirementId, Attested] = Field(default_factory=dict)


def parse(text: str) -> AnswerFile:
    """Read a file and judge its frame: version, name, profile, known steps, the form of attestations.

    `check` judges the answers.

    Raises AnswerFileInvalid.
    """
    try:
        content = strict_yaml.load(text)
    except strict_yaml.UnreadableYaml as wrong:
        raise AnswerFileInvalid([FieldError(path="", message=wrong.message, code="not_yaml")]) from None
    return from_json(content)


def from_json(content: Any) -> AnswerFile:
    """The same for a file that came as JSON and has been decoded. Raises AnswerFileInvalid."""
    try:
        document = _Document.model_validate(content)
    except ValidationError as wrong:
        raise AnswerFileInvalid(explain(wrong)) from None
    if document.foothold != VERSION:
        message = Text(
            _("The file says version %(found)s. Expected is version %(expected)s."),
            found=document.foothold,
            expected=VERSION,
        )
        raise AnswerFileInvalid([FieldError(path="foothold", message=message, code="unknown_version")])
    try:
        top = ProfileAnswers.model_validate({"name": document.name, "profile": document.profile})
    except ValidationError as wrong:
        raise AnswerFileInvalid(explain(wrong)) from None
    unknown = _unknown_steps(top.profile, document.answers)
    if unknown:
        raise AnswerFileInvalid(unknown)
    return AnswerFile(
        name=top.name,
        profile=top.profile,
        answers=document.answers,
        attestations=canonical(document.attestations),
    )


def check(file: AnswerFile, *, may_be_missing: Collection[str] = ()) -> list[FieldError]:
    """All that is wrong with the answers, or missing, in the order of the steps; empty when complete.

    `may_be_missing` holds fields such as `vcenter.thumbprint_sha256` that somebody will supply later.
    """
    forgiven = {f"answers.{path}" for path in may_be_missing}
    errors = _unknown_steps(file.profile, file.answers)
    for step, model in _asked(file):
        found = _check_step(step, model, file.answers.get(step.id))
        errors += [error for error in found if not (error.code == "missing" and error.path in forgiven)]
    return errors


def dump(file: AnswerFile) -> str:
    """The file as YAML, steps in the order of the journey. Answers that are None are left out.

    Attestations follow in the order of their ids, a short one without a note as its answer alone.
    """
    lines = [
        f"foothold: {file.foothold}",
        f"name: {strict_yaml.dump_inline(file.name)}",
        f"profile: {strict_yaml.dump_inline(file.profile)}",
        "answers:" if file.answers else "answers: {}",
    ]
    for step in journey(file.profile):
        if step.id in file.answers:
            lines += _dump_step(step.id, file.answers[step.id])
    if file.attestations:
        lines.append("attestations:")
        lines += [
            f"  {strict_yaml.dump_inline(requirement_id)}: {strict_yaml.dump_inline(shortest(attested))}"
            for requirement_id, attested in sorted(file.attestations.items())
        ]
    return "\n".join(lines) + "\n"


def overrides(entries: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Read `step.field=value` entries, as a command line gives them, for `AnswerFile.with_answers`.

    A value stays a text (the fields read numbers and lists from it) unless it is YAML in brackets or braces.
    `step.field.key=value` sets one key of a mapping, such as `template.networks.Network 1=VM Network`.
    Raises AnswerFileInvalid.
    """
    read: dict[str, dict[str, Any]] = {}
    for entry in entries:
        path, sign, value = entry.partition("=")
        step_id, _dot, rest = path.strip().partition(".")
        field_name, _second_dot, key = rest.partition(".")
        if not (sign and step_id and field_name):
            message = Text(
                _(
                    "“%(found)s” is not an override. Expected is step.field=value, such as "
                    "capacity.machines=120."
                ),
                found=shown(entry),
            )
            raise AnswerFileInvalid([FieldError(path="", message=message, code="not_an_override")])
        fields = read.setdefault(step_id, {})
        if key:
            so_far = fields.get(field_name)
            fields[field_name] = {**(so_far if isinstance(so_far, dict) else {}), key: _value(path, value)}
        else:
            fields[field_name] = _value(path, value)
    return read


def _value(path: str, text: str) -> Any:
    if not text.strip().startswith(("[", "{")):
        return text
    try:
        return strict_yaml.load(text)
    except strict_yaml.UnreadableYaml as wrong:
        raise AnswerFileInvalid([FieldError(path=path, message=wrong.message, code="not_yaml")]) from None


def _with_answers(profile: str) -> list[tuple[Step, type[StepAnswers]]]:
    """The steps that a file may hold."""
    return [
        (step, step.answers) for step in journey(profile) if step.answers is not None and step.id != "profile"
    ]


def _asked(file: AnswerFile) -> list[tuple[Step, type[StepAnswers]]]:
    """The steps to judge. Those in doubt, for want of a valid source, are judged only if the file has them."""
    known = {"source": _source(file)}
    passed_over = not_applicable(file.profile, known).keys() | (
        in_doubt(file.profile, known) - file.answers.keys()
    )
    return [(step, model) for step, model in _with_answers(file.profile) if step.id not in passed_over]


def _source(file: AnswerFile) -> dict[str, Any]:
    """The source as far as it is valid: a wrong field does not take the others with it."""
    answers = dict(file.answers.get("source", {}))
    model = next(model for step, model in _with_answers(file.profile) if step.id == "source")
    try:
        return model.model_validate(answers).model_dump(mode="json")
    except ValidationError as wrong:
        unfit = {error.path.partition(".")[0] for error in explain(wrong)}
        return {name: value for name, value in answers.items() if name not in unfit}


def _check_step(step: Step, model: type[StepAnswers], answers: Mapping[str, Any] | None) -> list[FieldError]:
    path = f"answers.{step.id}"
    if answers is None:
        message = Text(_("The step “%(step)s” is missing."), step=Text(step.title))
        return [FieldError(path=path, message=message, code="missing")]
    try:
        model.model_validate(answers)
    except ValidationError as wrong:
        return prefixed(path, explain(wrong))
    return []


def _unknown_steps(profile: str, answers: Mapping[str, Any]) -> list[FieldError]:
    known = [step.id for step, _model in _with_answers(profile)]
    errors = []
    for step_id in answers:
        if step_id in known:
            continue
        if step_id == "profile":
            message = Text(_("Name and profile are at the top of the file. Remove this step."))
        else:
            near = get_close_matches(step_id, known, n=1)
            message = Text(
                _("“%(found)s” is not a step with answers. Expected is %(expected)s."),
                found=shown(step_id),
                expected=near or known,
            )
        errors.append(FieldError(path=f"answers.{step_id}", message=message, code="unknown_step"))
    return errors


def _dump_step(step_id: str, answers: Mapping[str, Any]) -> list[str]:
    given = {name: value for name, value in answers.items() if value is not None}
    line = f"  {step_id}: {strict_yaml.dump_inline(given)}"
    if len(line) <= _WIDEST_LINE:
        return [line]
    return [f"  {step_id}:"] + [
        f"    {name}: {strict_yaml.dump_inline(value)}" for name, value in given.items()
    ]
