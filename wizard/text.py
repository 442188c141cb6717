"""Sentences for people that outlive the moment and the language they were written in.

The pure rooms know no Django, yet what they say ends up on pages in three languages, days after it was said and stored.
So they say a `Text`: an English template that gettext knows, and its values. It becomes a string when somebody reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Translator = Callable[[str], str]


def _english(template: str) -> str:
    return template


_translate: Translator = _english


def install_translator(translate: Translator) -> None:
    """Let every `Text` speak the language that `translate` (Django's gettext) finds active."""
    global _translate
    _translate = translate


def _(template: str) -> str:
    """Mark a template for translation without translating it; `makemessages` collects it by this name."""
    return template


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """An English template with named `%(name)s` places, and the values that go there.

    Values are strings, numbers, lists of strings or further texts; `to_json` and `from_json` keep all of them.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __init__(self, template: str, /, **values: Any) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", values)

    def __str__(self) -> str:
        translated = _translate(self.template) if self.template else ""
        if not self.values:
            return translated
        return translated % {name: _as_words(value) for name, value in self.values.items()}

    def __bool__(self) -> bool:
        return bool(self.template)

    def __hash__(self) -> int:
        return hash((self.template, repr(self.values)))

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"text": template, "values": {...}}`; `values` is left out where there are none."""
        if not self.values:
            return {"text": self.template}
        return {"text": self.template, "values": {name: _pack(value) for name, value in self.values.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Self:
        if not stored:
            return cls("")
        return cls(
            stored["text"], **{name: _unpack(value) for name, value in stored.get("values", {}).items()}
        )


def verbatim(value: object) -> Text:
    """A name, a number, an address: shown as it is in every language."""
    return Text("%(value)s", value=str(value))


def _as_words(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return value


def _pack(value: Any) -> Any:
    if isinstance(value, Text):
        return value.to_json()
    if isinstance(value, list | tuple):
        return [_pack(item) for item in value]
    return value


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        return Text.from_json(value)
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    return value
