"""What the preflight of a further component says: one line for each rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from wizard.text import Text

Status = Literal["pass", "info", "warn", "unknown", "block"]

_WORST_FIRST: Final[tuple[Status, ...]] = ("block", "unknown", "warn", "info", "pass")


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFinding:
    """What the rule `rule` ("MT-07") found, and what to do; `remedy` is empty where there is nothing to do.

    `unknown` never counts as met, but stops nobody by itself: what blocks are the rules that are broken.
    """

    rule: str
    status: Status
    text: Text
    remedy: Text

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"rule", "status", "text", "remedy"}`."""
        return {
            "rule": self.rule,
            "status": self.status,
            "text": self.text.to_json(),
            "remedy": self.remedy.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            rule=stored["rule"],
            status=stored["status"],
            text=Text.from_json(stored["text"]),
            remedy=Text.from_json(stored["remedy"]),
        )


def found(rule: str, status: Status, text: str, remedy: str = "", /, **values: Any) -> ComponentFinding:
    """A finding of two message ids; the values belong to `text`."""
    return ComponentFinding(rule=rule, status=status, text=Text(text, **values), remedy=Text(remedy))


def worst(findings: Iterable[ComponentFinding]) -> Status:
    """The worst status among them; `pass` where there is none."""
    there = {finding.status for finding in findings}
    return next((status for status in _WORST_FIRST if status in there), "pass")
