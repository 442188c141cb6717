"""Sentences for people that outlive the moment and the language they were written in.

The pure rooms know no Django, yet what they say ends up on pages in three languages, days after it was said and stored.
So they say a `Text`: an English template that gettext knows, and its values. It becomes a string when somebody reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

# What `Text.to_json` writes at most: whoever looks through stored JSON knows a sentence by them.
STORED_KEYS: Final = frozenset({"text", "values", "plural", "by"})

Translator = Callable[[str], str]
CountingTranslator = Callable[[str, str, int], str]


def _english(template: str) -> str:
    return template


def _english_counted(one: str, many: str, number: int) -> str:
    return one if number == 1 else many


_translate: Translator = _english
_translate_counted: CountingTranslator = _english_counted


def install_translator(translate: Translator, translate_counted: CountingTranslator) -> None:
    """Let every `Text` speak the language that these (Django's gettext and ngettext) find active."""
    global _translate, _translate_counted
    _translate, _translate_counted = translate, translate_counted


def _(template: str) -> str:
    """Mark a template for translation without translating it; `makemessages` collects it by this name."""
    return template


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """An English template with named `%(name)s` places, and the values that go there.

    Values are strings, numbers, lists of strings or further texts; `to_json` and `from_json` keep all of them.
    A sentence that counts something is made by `counted`: `plural` is its template for all numbers but one, `by` the
    name of the value that decides. Both are empty in every other sentence.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    plural: str = ""
    by: str = ""

    def __init__(self, template: str, /, **values: Any) -> None:
        object.__setattr__(self, "template", template)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "plural", "")
        object.__setattr__(self, "by", "")

    @classmethod
    def counted(cls, one: str, many: str, by: str, /, **values: Any) -> Self:
        """A sentence about the number that the value `by` holds: a whole number, or a list by its length.

        `manage.py sentences` collects both templates by the name of this function, so they are written out here and
        need no `_`. Raises ValueError where no value is called `by`.
        """
        if by not in values:
            raise ValueError(f"{one!r} is counted by {by!r}, which is not among its values")
        text = cls(one, **values)
        object.__setattr__(text, "plural", many)
        object.__setattr__(text, "by", by)
        return text

    def with_values(self, **values: Any) -> Self:
        """The same sentence about other values, which replace all that it had."""
        if self.plural:
            return type(self).counted(self.template, self.plural, self.by, **values)
        return type(self)(self.template, **values)

    def __str__(self) -> str:
        if self.plural:
            translated = _translate_counted(self.template, self.plural, _number(self.values[self.by]))
        else:
            translated = _translate(self.template) if self.template else ""
        if not self.values:
            return translated
        return translated % {name: _as_words(value) for name, value in self.values.items()}

    def __bool__(self) -> bool:
        return bool(self.template)

    def __hash__(self) -> int:
        return hash((self.template, repr(self.values)))

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"text": template, "values": {...}, "plural": template, "by": name}`.

        `values` is left out where there are none, `plural` and `by` where nothing is counted.
        """
        if not self.values:
            return {"text": self.template}
        packed = {
            "text": self.template,
            "values": {name: _pack(value) for name, value in self.values.items()},
        }
        return packed | {"plural": self.plural, "by": self.by} if self.plural else packed

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> Self:
        if not stored:
            return cls("")
        values = {name: _unpack(value) for name, value in stored.get("values", {}).items()}
        # Sentences that were stored before there were plurals have neither key.
        if stored.get("plural") and stored.get("by") in values:
            return cls.counted(stored["text"], stored["plural"], stored["by"], **values)
        return cls(stored["text"], **values)


def verbatim(value: object) -> Text:
    """A name, a number, an address: shown as it is in every language."""
    return Text("%(value)s", value=str(value))


def _number(value: Any) -> int:
    return len(value) if isinstance(value, list | tuple) else int(value)


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
