"""What somebody is told whose name for something is taken: nothing of what is another team's, beyond that it will not do."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Model, QuerySet

from wizard.text import Text, _

M = TypeVar("M", bound=Model)


def name_taken(exists: Text, name: str, visible: QuerySet[M]) -> Text:
    """`exists` where one of that name is among the rows that the reader sees, else a sentence that tells of no other one."""
    if visible.filter(name=name).exists():
        return exists
    return Text(
        _(
            "This name cannot be used; choose another one, such as one that begins with the name of your team or site."
        )
    )
