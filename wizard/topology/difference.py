"""One way in which what is there differs from what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from wizard.text import Text

DifferenceKind = Literal["added", "missing", "changed"]
DifferenceSeverity = Literal["critical", "warning", "info"]
Field = Literal[
    "component", "registration", "address", "version", "name", "kind", "port", "certificate", "thumbprint", "identity"
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`subject` is the key of the recorded component, or of the observed one where it was added.

    `planned` and `seen` are the two values as text, "" where there is none; `key` is the same at every look.
    """

    kind: DifferenceKind
    severity: DifferenceSeverity
    subject: str
    field: Field
    planned: str
    seen: str
    seen_in: Literal["vault", "vcenter"]
    text: Text
    remedy: Text
    observed: str = ""

    @property
    def key(self) -> str:
        return "|".join((self.seen_in, self.kind, self.field, self.subject))

    def to_json(self) -> dict[str, Any]:
        """`key` is among the fields, for those who read the document alone."""
        return {
            "key": self.key,
            "kind": self.kind,
            "severity": self.severity,
            "subject": self.subject,
            "field": self.field,
            "planned": self.planned,
            "seen": self.seen,
            "seen_in": self.seen_in,
            "text": self.text.to_json(),
            "remedy": self.remedy.to_json(),
            "observed": self.observed,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        fields = {name: value for name, value in stored.items() if name != "key"}
        texts = {name: Text.from_json(stored[name]) for name in ("text", "remedy")}
        return cls(**{**fields, **texts})
