"""What became worse and what became well again between two looks: people are told of these, not of what stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from wizard.text import Text
from wizard.topology.drift import Difference
from wizard.topology.health import HealthState
from wizard.topology.observed import ObservedFinding

ItemSeverity = Literal["ok", "info", "unknown", "warning", "critical"]

_RANKS: Final[Mapping[ItemSeverity, int]] = {"ok": 0, "info": 0, "unknown": 1, "warning": 2, "critical": 3}
_TROUBLE: Final = _RANKS["warning"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that can be well or not, by a key that is the same at every look."""

    key: str
    severity: ItemSeverity
    sentence: Text
    remedy: Text

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "severity": self.severity,
            "sentence": self.sentence.to_json(),
            "remedy": self.remedy.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            key=stored["key"],
            severity=stored["severity"],
            sentence=Text.from_json(stored["sentence"]),
            remedy=Text.from_json(stored["remedy"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """Items as of now, by key; `ended` are as they were before."""

    began: tuple[Item, ...] = ()
    worsened: tuple[Item, ...] = ()
    ended: tuple[Item, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.began or self.worsened or self.ended)

    def to_json(self) -> dict[str, Any]:
        return {
            "began": [item.to_json() for item in self.began],
            "worsened": [item.to_json() for item in self.worsened],
            "ended": [item.to_json() for item in self.ended],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        return cls(
            began=tuple(Item.from_json(item) for item in stored["began"]),
            worsened=tuple(Item.from_json(item) for item in stored["worsened"]),
            ended=tuple(Item.from_json(item) for item in stored["ended"]),
        )


def items_of(
    health: Iterable[HealthState] = (),
    differences: Iterable[Difference] = (),
    findings: Iterable[ObservedFinding] = (),
) -> tuple[Item, ...]:
    """Everything that one look told, as items; keys of the three sorts begin differently."""
    items = [
        Item(key=f"health|{state.key}", severity=state.state, sentence=state.sentence, remedy=state.remedy)
        for state in health
    ]
    items += [
        Item(
            key=f"drift|{difference.key}",
            severity=difference.severity,
            sentence=difference.text,
            remedy=difference.remedy,
        )
        for difference in differences
    ]
    items += [
        Item(
            key=f"finding|{finding.key}",
            severity=finding.severity,
            sentence=finding.text,
            remedy=finding.remedy,
        )
        for finding in findings
    ]
    return tuple(items)


def changes(before: Sequence[Item], after: Sequence[Item]) -> Transitions:
    """What began (it is a warning or critical now and was not), worsened (from warning to critical), or ended.

    `before` may be the items of the last look or those that people were told of and that have not ended. What is not
    known any more has not ended: trouble stays until it is seen to be well, or its subject is gone.
    """
    then, now = _by_key(before), _by_key(after)
    began, worsened, ended = [], [], []
    for key, item in sorted(now.items()):
        rank = _RANKS[item.severity]
        earlier = then.get(key)
        rank_before = _RANKS[earlier.severity] if earlier else 0
        if rank >= _TROUBLE and rank_before < _TROUBLE:
            began.append(item)
        elif rank > rank_before >= _TROUBLE:
            worsened.append(item)
    for key, item in sorted(then.items()):
        current = now.get(key)
        if _RANKS[item.severity] > 0 and (current is None or _RANKS[current.severity] == 0):
            ended.append(item)
    return Transitions(began=tuple(began), worsened=tuple(worsened), ended=tuple(ended))


def _by_key(items: Iterable[Item]) -> dict[str, Item]:
    """One item for each key: the worst, should there be two."""
    found: dict[str, Item] = {}
    for item in items:
        other = found.get(item.key)
        if other is None or _RANKS[item.severity] > _RANKS[other.severity]:
            found[item.key] = item
    return found
