from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.topology import sites
from tests.topology import vault_documents as docs
from tests.topology.vault_documents import NOW
from wizard.text import Text
from wizard.topology.drift import differences
from wizard.topology.health import judge
from wizard.topology.observed import observe
from wizard.topology.plan import build_classic
from wizard.topology.transitions import Item, ItemSeverity, Transitions, changes, items_of


def item(severity: ItemSeverity, key: str = "k") -> Item:
    return Item(key=key, severity=severity, sentence=Text("It is so."), remedy=Text("Do this."))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, "warning", "began"), (None, "critical", "began"), ("ok", "warning", "began"),
        ("unknown", "critical", "began"), ("info", "warning", "began"), ("warning", "critical", "worsened"),
        ("critical", "ok", "ended"), ("warning", None, "ended"), ("warning", "info", "ended"), ("unknown", "ok", "ended"),
        ("critical", "warning", ""), ("warning", "warning", ""), ("warning", "unknown", ""), ("ok", "unknown", ""),
        ("ok", "info", ""), (None, "unknown", ""), ("ok", None, ""),
    ],
)  # fmt: skip
def test_only_what_begins_worsens_or_ends_is_told(
    before: ItemSeverity | None, after: ItemSeverity | None, expected: str
) -> None:
    told = changes([item(before)] if before else [], [item(after)] if after else [])
    found = {name for name in ("began", "worsened", "ended") if getattr(told, name)}
    assert found == ({expected} if expected else set())
    assert bool(told) == bool(expected)


def test_what_began_and_worsened_is_as_it_is_now_and_what_ended_as_it_was() -> None:
    told = changes(
        [item("warning", "a"), item("critical", "b")], [item("critical", "a"), item("warning", "c")]
    )
    assert [one.severity for one in told.worsened] == ["critical"]
    assert [one.key for one in told.began] == ["c"]
    assert [(one.key, one.severity) for one in told.ended] == [("b", "critical")]


def test_of_two_items_with_one_key_the_worse_counts() -> None:
    told = changes([], [item("warning"), item("critical"), item("ok")])
    assert [one.severity for one in told.began] == ["critical"]


def test_a_lost_heartbeat_begins_once_and_ends_once() -> None:
    recorded = build_classic(sites.minimal())

    def look(minutes: int) -> tuple[Item, ...]:
        silent = docs.classic_details(lastHeartbeat=docs.stamp(timedelta(minutes=minutes)))
        observed = observe(docs.classic(fabrics=[docs.fabric(silent)]), now=NOW)
        return items_of(judge(observed, NOW), differences(recorded, observed), observed.findings)

    key = f"health|cs:{docs.FABRIC}|heartbeat"
    assert key in {one.key for one in changes(look(2), look(20)).began}
    assert not changes(look(20), look(25))
    told = changes(look(25), look(1))
    assert key in {one.key for one in told.ended}
    assert not told.began


def test_transitions_come_back_from_their_document() -> None:
    told = changes([item("warning", "a")], [item("critical", "b")])
    assert Transitions.from_json(json.loads(json.dumps(told.to_json()))) == told
