"""A column for a `Text`, which is translated when it is read."""

from __future__ import annotations

from typing import Any, Final

from django.db import models

from wizard.text import Text, _

# What stands in the place of a stored sentence that none of ours ever was.
UNREADABLE: Final = Text(_("What is stored here cannot be read."))


def unreadable(action: str) -> Text:
    """What is said of an audit entry in whose sentence's place something else was put; `action` is its code."""
    return Text(_("What is recorded as %(action)s cannot be read."), action=action)


def sentence_of(stored: Any) -> Text:
    """The sentence of stored JSON, made sure of that it can be said; UNREADABLE where somebody put something else there.

    A list of a hundred rows must not be lost for one that was changed beside Foothold.
    """
    try:
        text = Text.from_json(stored)
        str(text)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError):
        return UNREADABLE
    return text


def _nothing_said() -> Text:
    return Text("")


class SentenceField(models.JSONField):
    """A `wizard.text.Text`, stored as its template and values."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", _nothing_said)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("default", None)
        return name, path, args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Text:
        return sentence_of(super().from_db_value(value, expression, connection))

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value.to_json() if isinstance(value, Text) else value)

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Text) else Text.from_json(value)

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj).to_json()
