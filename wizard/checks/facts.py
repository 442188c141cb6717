"""What the collectors saw: every fact with where, when and how long, or the reason why it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from wizard.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A fact that was observed; `seconds` is how long its collector took."""

    value: Any
    observed_from: str
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A fact that could not be observed, and why; `remedy` is empty where the failure names none."""

    reason: Text
    remedy: Text
    observed_from: str
    seconds: float
    at: datetime


Fact = Known | Missing


class FactSheet:
    """All facts of one run by key, such as `vcenter.about`. A key is written once."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}

    def known(
        self,
        key: str,
        value: Any,
        *,
        observed_from: str,
        seconds: float = 0.0,
        at: datetime | None = None,
    ) -> None:
        """Note an observed value. Raises ValueError when the key is taken."""
        self._write(
            key, Known(value=value, observed_from=observed_from, seconds=seconds, at=at or datetime.now(UTC))
        )

    def missing(
        self,
        key: str,
        reason: Text,
        *,
        remedy: Text | None = None,
        observed_from: str = "",
        seconds: float = 0.0,
        at: datetime | None = None,
    ) -> None:
        """Note that a value could not be had. Raises ValueError when the key is taken."""
        self._write(
            key,
            Missing(
                reason=reason,
                remedy=remedy or Text(""),
                observed_from=observed_from,
                seconds=seconds,
                at=at or datetime.now(UTC),
            ),
        )

    def get(self, key: str) -> Fact | None:
        return self._facts.get(key)

    def values(self) -> Mapping[str, Any]:
        """The known values alone: a copy that later facts do not change."""
        return MappingProxyType(
            {key: fact.value for key, fact in self._facts.items() if isinstance(fact, Known)}
        )

    def __len__(self) -> int:
        return len(self._facts)

    def __contains__(self, key: str) -> bool:
        return key in self._facts

    def _write(self, key: str, fact: Fact) -> None:
        if key in self._facts:
            raise ValueError(f"the fact {key} is already on the sheet")
        self._facts[key] = fact
