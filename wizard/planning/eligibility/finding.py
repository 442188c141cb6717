"""What a rule says about a machine when it does not simply pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from wizard.planning.vocabulary import ProfileId
from wizard.text import Text

Status = Literal["info", "warn", "unknown", "block", "hide"]

BOTH: Final[frozenset[ProfileId]] = frozenset({"asr-modernized", "asr-classic"})
CLASSIC: Final[frozenset[ProfileId]] = frozenset({"asr-classic"})
MODERNIZED: Final[frozenset[ProfileId]] = frozenset({"asr-modernized"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFinding:
    """What the rule `rule` ("SM-07") found, why it matters, and what to do. `profiles`: in which it holds."""

    rule: str
    status: Status
    text: Text
    remedy: Text
    profiles: frozenset[ProfileId] = BOTH

    def to_json(self) -> dict[str, Any]:
        """Shape: `{"rule", "status", "text", "remedy", "profiles"}`; `profiles` only where it is not both."""
        stored = {
            "rule": self.rule,
            "status": self.status,
            "text": self.text.to_json(),
            "remedy": self.remedy.to_json(),
        }
        if self.profiles != BOTH:
            stored["profiles"] = sorted(self.profiles)
        return stored

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            rule=stored["rule"],
            status=stored["status"],
            text=Text.from_json(stored["text"]),
            remedy=Text.from_json(stored["remedy"]),
            profiles=frozenset(stored["profiles"]) if "profiles" in stored else BOTH,
        )


def found(
    rule: str,
    status: Status,
    text: str,
    remedy: str,
    /,
    *,
    profiles: frozenset[ProfileId] = BOTH,
    **values: Any,
) -> MachineFinding:
    """A finding of two message ids; the values belong to `text`."""
    return MachineFinding(
        rule=rule, status=status, text=Text(text, **values), remedy=Text(remedy), profiles=profiles
    )
