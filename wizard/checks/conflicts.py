"""Where the documents contradict each other (asr-facts 14), and which of their versions the checks follow."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from wizard.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What one document says. `date` is its year, with the month where it is known ("2023-08")."""

    document: str
    date: str
    says: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One contradiction: all its versions in the order of the facts, and what the checks make of them."""

    id: str
    topic: Text
    versions: tuple[Version, ...]
    handling: Text

    def texts(self) -> tuple[Text, ...]:
        """Everything that a person reads."""
        return (self.topic, *(version.says for version in self.versions), self.handling)


def find(conflict_id: str) -> Conflict | None:
    """The conflict of that id ("C7"), or None where there is no such conflict."""
    return all_conflicts().get(conflict_id)


@cache
def all_conflicts() -> dict[str, Conflict]:
    """Every conflict by its id, in the order of the facts."""
    table = tomllib.loads(files("wizard.checks").joinpath("conflicts.toml").read_text("utf-8"))
    return {
        row["id"]: Conflict(
            id=row["id"],
            topic=Text(row["topic"]),
            versions=tuple(
                Version(document=item["document"], date=item["date"], says=Text(item["says"]))
                for item in row["versions"]
            ),
            handling=Text(row["handling"]),
        )
        for row in table["conflict"]
    }
