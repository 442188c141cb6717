from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.waiting import AT_ONCE_S
from wizard.checks.engine import Collector, FactSheet, gather
from wizard.checks.facts import Known, Missing
from wizard.text import Text


def collector(
    name: str,
    collect: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None,
    *,
    deadline_s: float = 5.0,
    after: tuple[str, ...] = (),
    provides: tuple[str, ...] | None = None,
) -> Collector:
    return Collector(
        name=name,
        provides=provides or (f"{name}.value",),
        collect=collect or (lambda known: {f"{name}.value": name}),
        deadline_s=deadline_s,
        after=after,
        observed_from="the test",
    )


def missing(sheet: FactSheet, key: str) -> Missing:
    fact = sheet.get(key)
    assert isinstance(fact, Missing), fact
    return fact


def test_what_was_seen_is_noted_with_where_when_and_how_long():
    def look(known: Mapping[str, Any]) -> Mapping[str, Any]:
        time.sleep(0.05)
        return {"a.value": 7}

    fact = gather([collector("a", look)]).get("a.value")
    assert isinstance(fact, Known)
    assert fact.value == 7
    assert fact.observed_from == "the test"
    assert 0.05 <= fact.seconds < AT_ONCE_S
    assert fact.at.tzinfo is not None


def test_none_is_a_value_like_any_other():
    sheet = gather([collector("a", lambda known: {"a.value": None})])
    assert sheet.values() == {"a.value": None}


def test_ten_slow_collectors_are_at_work_at_the_same_time():
    all_ten = threading.Barrier(10)

    def slow(name: str) -> Collector:
        def look(known: Mapping[str, Any]) -> Mapping[str, Any]:
            all_ten.wait(AT_ONCE_S)
            return {f"{name}.value": 1}

        return collector(name, look, deadline_s=2 * AT_ONCE_S)

    sheet = gather([slow(f"c{number}") for number in range(10)], max_workers=10)
    assert len(sheet.values()) == 10


def test_never_more_at_work_than_allowed():
    at_work, most, lock = 0, 0, threading.Lock()
    both = threading.Barrier(2)

    def look(name: str) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
        def inner(known: Mapping[str, Any]) -> Mapping[str, Any]:
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            both.wait(AT_ONCE_S)
            with lock:
                at_work -= 1
            return {f"{name}.value": 1}

        return inner

    gather([collector(f"c{number}", look(f"c{number}")) for number in range(8)], max_workers=2)
    assert most == 2


def test_a_collector_that_hangs_is_given_up_at_its_deadline():
    release = threading.Event()

    def hang(known: Mapping[str, Any]) -> Mapping[str, Any]:
        release.wait(2 * AT_ONCE_S)
        return {"stuck.value": "too late"}

    since = time.monotonic()
    sheet = gather([collector("stuck", hang, deadline_s=0.3), collector("quick")])
    took = time.monotonic() - since
    release.set()
    assert 0.3 <= took < AT_ONCE_S
    assert str(missing(sheet, "stuck.value").reason) == "No answer within 0.3 s."
    assert missing(sheet, "stuck.value").seconds >= 0.3
    assert sheet.values() == {"quick.value": "quick"}


def test_a_hanging_collector_frees_its_place_for_the_next():
    release = threading.Event()

    def hang(known: Mapping[str, Any]) -> Mapping[str, Any]:
        release.wait(2 * AT_ONCE_S)
        return {}

    sheet = gather([collector("stuck", hang, deadline_s=0.2), collector("next")], max_workers=1)
    release.set()
    assert sheet.values() == {"next.value": "next"}


def test_what_comes_too_late_changes_nothing():
    late = threading.Event()

    def slow(known: Mapping[str, Any]) -> Mapping[str, Any]:
        time.sleep(0.4)
        late.set()
        return {"slow.value": "late"}

    def slower(known: Mapping[str, Any]) -> Mapping[str, Any]:
        late.wait(5)
        time.sleep(0.1)
        return {"slower.value": 1}

    sheet = gather([collector("slow", slow, deadline_s=0.1), collector("slower", slower)])
    assert late.is_set()
    assert isinstance(sheet.get("slow.value"), Missing)
    assert sheet.values() == {"slower.value": 1}


class SpeakingError(Exception):
    text = Text("The door is %(state)s.", state="shut")
    remedy = Text("Open it.")


def test_an_error_that_speaks_is_quoted_with_its_remedy():
    def look(known: Mapping[str, Any]) -> Mapping[str, Any]:
        raise SpeakingError

    fact = missing(gather([collector("a", look)]), "a.value")
    assert str(fact.reason) == "The door is shut."
    assert str(fact.remedy) == "Open it."


def test_an_unexpected_error_is_logged_and_not_shown(caplog: pytest.LogCaptureFixture):
    def look(known: Mapping[str, Any]) -> Mapping[str, Any]:
        raise RuntimeError("password=hunter2")

    fact = missing(gather([collector("a", look)]), "a.value")
    assert "hunter2" not in str(fact.reason) + str(fact.remedy)
    assert "RuntimeError: password=hunter2" in caplog.text


def test_later_collectors_see_what_earlier_ones_found():
    def double(known: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"b.value": known["a.value"] * 2}

    sheet = gather([collector("b", double, after=("a",)), collector("a", lambda known: {"a.value": 21})])
    assert sheet.values()["b.value"] == 42


def test_what_depends_on_a_failure_is_not_tried_and_names_it():
    tried = []

    def fail(known: Mapping[str, Any]) -> Mapping[str, Any]:
        raise SpeakingError

    def look(known: Mapping[str, Any]) -> Mapping[str, Any]:
        tried.append("b")
        return {"b.value": 1}

    sheet = gather([collector("a", fail), collector("b", look, after=("a",)), collector("c", after=("b",))])
    assert tried == []
    assert str(missing(sheet, "b.value").reason) == "Not looked at, because “a” gave no result."
    assert str(missing(sheet, "c.value").reason) == "Not looked at, because “b” gave no result."


def test_a_promised_fact_that_is_not_delivered_is_missing_and_the_rest_is_kept():
    sheet = gather([collector("a", lambda known: {"a.one": 1}, provides=("a.one", "a.two"))])
    assert sheet.values() == {"a.one": 1}
    assert str(missing(sheet, "a.two").reason) == "“a” answered without a value for a.two."


def test_everybody_hears_of_each_collector_once():
    heard = []

    def fail(known: Mapping[str, Any]) -> Mapping[str, Any]:
        raise SpeakingError

    gather(
        [collector("a"), collector("b", fail), collector("c", after=("b",))],
        on_done=lambda done, ok: heard.append((done.name, ok)),
    )
    assert sorted(heard) == [("a", True), ("b", False), ("c", False)]


def test_a_stopped_run_ends_soon_and_says_so():
    release, stop = threading.Event(), threading.Event()

    def hang(known: Mapping[str, Any]) -> Mapping[str, Any]:
        stop.set()
        release.wait(2 * AT_ONCE_S)
        return {"a.value": 1}

    since = time.monotonic()
    sheet = gather(
        [collector("a", hang, deadline_s=2 * AT_ONCE_S), collector("b", after=("a",))],
        should_stop=stop.is_set,
    )
    assert time.monotonic() - since < AT_ONCE_S
    release.set()
    for key in ("a.value", "b.value"):
        assert "stopped before" in str(missing(sheet, key).reason)


@pytest.mark.parametrize(
    ("collectors", "words"),
    [
        ([collector("a"), collector("a", provides=("x",))], "name a"),
        ([collector("a", provides=("x",)), collector("b", provides=("x",))], "fact x"),
        ([collector("a", after=("ghost",))], r"could never start: a \(after ghost\)"),
        ([collector("a", after=("b",)), collector("b", after=("a",))], "could never start"),
    ],
)
def test_collectors_that_do_not_fit_together_are_refused(collectors: list[Collector], words: str):
    with pytest.raises(ValueError, match=words):
        gather(collectors)


def test_a_fact_is_written_once():
    sheet = FactSheet()
    sheet.known("a", 1, observed_from="the test")
    with pytest.raises(ValueError, match="already on the sheet"):
        sheet.missing("a", Text("gone"))
