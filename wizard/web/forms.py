"""Forms drawn from the declaration of a step. They show and collect; what is valid, the step alone decides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from django import forms
from django.forms.utils import ErrorDict, ErrorList
from django.http import QueryDict
from django.utils.translation import gettext
from pydantic.fields import FieldInfo

from wizard.journey.errors import FieldError
from wizard.journey.fields import StepAnswers
from wizard.text import Text

# The widths for which the style sheet has a class; a longer answer gets the full width.
_WIDTHS = (2, 3, 5, 10, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One entry of a choice; what is not usable is shown with the reason."""

    value: str
    label: str | Text
    detail: str | Text = ""
    usable: bool = True
    reason: str | Text = ""


class _Shown(forms.BoundField):
    """A field whose id may be linked to, whatever the template calls its networks."""

    @property
    def auto_id(self) -> str:
        return "id_" + re.sub(r"[^A-Za-z0-9_-]", "_", self.html_name)


class Shown(forms.Field):
    """How one question looks."""

    def __init__(
        self,
        *,
        label: str,
        help_text: str = "",
        required: bool = True,
        widget: forms.Widget | None = None,
        options: Sequence[Any] | None = None,
        suffix: str = "",
        width: int | None = None,
    ) -> None:
        super().__init__(
            label=label, help_text=help_text, required=required, widget=widget or forms.TextInput()
        )
        self.options = options
        self.suffix = suffix
        self.width = next((known for known in _WIDTHS if width and width <= known), None)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> forms.BoundField:
        return _Shown(form, self, field_name)


class ShownForm(forms.BaseForm):
    """Questions, what to show in them, and what is wrong with it. It has no opinion of its own."""

    base_fields: dict[str, forms.Field] = {}
    use_required_attribute = False

    def __init__(
        self, fields: Mapping[str, Shown], values: Mapping[str, Any], problems: Iterable[FieldError] = ()
    ) -> None:
        super().__init__(initial=dict(values))
        self.fields.update(fields)
        self._errors = ErrorDict()
        for problem in problems:
            self._errors.setdefault(self._place(problem.path), ErrorList()).append(str(problem.message))

    def _place(self, path: str) -> str:
        # "dns.1" is an entry of the field "dns"; what belongs to no field belongs to the whole.
        parts = path.split(".")
        places = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((place for place in places if place in self.fields), "__all__")


def step_form(
    model: type[StepAnswers],
    values: Mapping[str, Any],
    problems: Iterable[FieldError] = (),
    *,
    only: Sequence[str] | None = None,
    options: Mapping[str, Sequence[Any]] | None = None,
    widgets: Mapping[str, forms.Widget] | None = None,
    helps: Mapping[str, str] | None = None,
    extra: Mapping[str, Shown] | None = None,
) -> ShownForm:
    """The form of a step's model, or of the fields in `only`.

    `options` replaces the entries of a choice by what a view found out, `widgets` the whole control, `helps` the sentence below the label;
    `extra` are further questions, such as one per network of a template, by their dotted path.
    """
    names = only if only is not None else list(model.model_fields)
    offered = options or {}
    controls = widgets or {}
    fields = {
        name: _question(model.model_fields[name], offered.get(name), controls.get(name)) for name in names
    }
    for name, sentence in (helps or {}).items():
        if name in fields:
            fields[name].help_text = sentence
    shown = {name: _as_typed(model.model_fields[name], values.get(name)) for name in names}
    for name, info in model.model_fields.items():
        if name not in values and name in shown:
            shown[name] = _as_typed(info, None if info.is_required() else info.get_default())
    for path in extra or {}:
        head, _, rest = path.partition(".")
        nested = values.get(head)
        shown[path] = nested.get(rest, "") if isinstance(nested, Mapping) else values.get(path, "")
    return ShownForm({**fields, **(extra or {})}, shown, problems)


def collect(
    model: type[StepAnswers], typed: QueryDict, *, only: Sequence[str] | None = None
) -> dict[str, Any]:
    """What was typed, field by field, as the step's model takes it. Fields that were not sent are left out."""
    answers: dict[str, Any] = {}
    for name in only if only is not None else list(model.model_fields):
        info = model.model_fields[name]
        kind = _looks(info).get("widget", "text")
        if get_origin(info.annotation) is dict:
            prefix = f"{name}."
            answers[name] = {key[len(prefix) :]: typed[key] for key in typed if key.startswith(prefix)}
        elif kind == "checkboxes":
            answers[name] = typed.getlist(name)
        elif kind == "confirm":
            answers[name] = name in typed
        elif name in typed:
            answers[name] = typed[name]
    return answers


def options_of(
    model: type[StepAnswers], name: str, *, unusable: Mapping[str, str | Text] | None = None
) -> list[Option]:
    """The declared choices of a field; those in `unusable` carry the reason why not."""
    looks = _looks(model.model_fields[name])
    refused = unusable or {}
    hints = looks.get("hints", {})
    return [
        Option(
            value=value,
            label=gettext(label),
            detail="" if value in refused else gettext(hints[value]) if value in hints else "",
            usable=value not in refused,
            reason=refused.get(value, ""),
        )
        for value, label in looks.get("choices", {}).items()
    ]


def label_of(model: type[StepAnswers], name: str) -> str:
    return gettext(model.model_fields[name].title or name)


def _question(info: FieldInfo, offered: Sequence[Any] | None, control: forms.Widget | None) -> Shown:
    looks = _looks(info)
    kind = looks.get("widget", "text")
    declared = looks.get("choices", {})
    options = offered
    if options is None and declared:
        hints = looks.get("hints", {})
        options = [
            Option(value=value, label=gettext(label), detail=gettext(hints[value]) if value in hints else "")
            for value, label in declared.items()
        ]
    return Shown(
        label=gettext(info.title or ""),
        help_text=gettext(info.description) if info.description else "",
        # A question with an answer already in it is not called optional.
        required=kind == "confirm" or info.is_required() or info.get_default() not in (None, "", []),
        widget=control or _control(kind, info, looks),
        options=options,
        suffix=gettext(looks["suffix"]) if "suffix" in looks else "",
        width=looks.get("width"),
    )


def _control(kind: str, info: FieldInfo, looks: Mapping[str, Any]) -> forms.Widget:
    attributes = {"autocomplete": looks["autocomplete"]} if "autocomplete" in looks else {}
    match kind:
        case "number":
            # Not type=number: such a field gives nothing at all where something else was typed.
            whole = int in (info.annotation, *get_args(info.annotation))
            return forms.TextInput({**attributes, "inputmode": "numeric" if whole else "decimal"})
        case "select":
            return forms.Select(attributes)
        case "radios":
            return forms.RadioSelect(attributes)
        case "checkboxes":
            return forms.CheckboxSelectMultiple(attributes)
        case "confirm":
            return forms.CheckboxInput(attributes)
        case "textarea":
            return forms.Textarea({**attributes, "rows": 4})
        case "password":
            return forms.PasswordInput({"autocomplete": "off", **attributes})
        case _:
            return forms.TextInput({"spellcheck": "false", **attributes})


def _looks(info: FieldInfo) -> dict[str, Any]:
    extra = info.json_schema_extra
    return dict(extra) if isinstance(extra, dict) else {}


def _as_typed(info: FieldInfo, value: Any) -> Any:
    kind = _looks(info).get("widget", "text")
    if kind == "checkboxes":
        return [value] if isinstance(value, str) else list(value or [])
    if kind == "confirm":
        return value is True or value in ("on", "true")
    if isinstance(value, list | tuple):
        return ", ".join(str(entry) for entry in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else value
