"""A column for a `Text`, which is translated when it is read."""

from __future__ import annotations

from typing import Any

from django.db import models

from wizard.text import Text


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
        return Text.from_json(super().from_db_value(value, expression, connection))

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value.to_json() if isinstance(value, Text) else value)

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Text) else Text.from_json(value)

    def value_to_string(self, obj: models.Model) -> Any:
        return self.value_from_object(obj).to_json()
