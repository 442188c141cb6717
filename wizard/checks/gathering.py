"""Collectors run side by side, each within its deadline, and fill a sheet of facts."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wizard.checks.facts import FactSheet
from wizard.text import Text, _
from wizard.wire import trace

log = logging.getLogger(__name__)

_POLL_S = 0.1
"""How often `should_stop` is asked while collectors are at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Something that observes facts. `name` is shown to people: mark it for translation with `_()`.

    `collect` gets the facts known so far and gives a mapping with a value for every key of `provides`. It may
    raise: an exception with `text` (and perhaps `remedy`), both `Text`, is shown to the operator as it is.
    `deadline_s` counts from the moment `collect` begins. `after` names collectors that must have succeeded.
    `observed_from` says where the observation is made, such as "this server".
    """

    name: str
    provides: tuple[str, ...]
    collect: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    deadline_s: float
    observed_from: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Done:
    collector: Collector
    answer: Mapping[str, Any] | Exception
    seconds: float


@dataclass(frozen=True, slots=True)
class _Started:
    collector: Collector
    since: float


def gather(
    collectors: Sequence[Collector],
    *,
    max_workers: int = 8,
    should_stop: Callable[[], bool] = lambda: False,
    on_done: Callable[[Collector, bool], None] = lambda collector, ok: None,
) -> FactSheet:
    """Run all collectors, at most `max_workers` at once, and note what they saw or why they did not.

    A collector that overruns its deadline is given up: its thread is left behind as a daemon and what it may
    still bring is thrown away. When `should_stop` says so, whatever is not finished is noted as missing.
    `on_done(collector, ok)` is called in the caller's thread, once for each collector.
    Raises ValueError for collectors that share a name or a fact, or wait for one that is not there or for
    each other.
    """
    _check_order(collectors)
    return _Run(collectors, max_workers, should_stop, on_done).finish()


class _Run:
    def __init__(
        self,
        collectors: Sequence[Collector],
        max_workers: int,
        should_stop: Callable[[], bool],
        on_done: Callable[[Collector, bool], None],
    ) -> None:
        self._sheet = FactSheet()
        self._waiting = list(collectors)
        self._running: dict[str, _Started] = {}
        self._succeeded: dict[str, bool] = {}
        self._answers: queue.Queue[_Done] = queue.Queue()
        self._max_workers = max_workers
        self._should_stop = should_stop
        self._on_done = on_done

    def finish(self) -> FactSheet:
        while self._waiting or self._running:
            if self._should_stop():
                self._stop_everything()
                break
            self._settle_those_without_ground()
            self._start_those_that_are_ready()
            self._take_answers()
            self._give_up_the_late()
        return self._sheet

    def _settle_those_without_ground(self) -> None:
        for collector in list(self._waiting):
            failed = next((name for name in collector.after if self._succeeded.get(name) is False), None)
            if failed is not None:
                self._waiting.remove(collector)
                reason = Text(_("Not looked at, because “%(name)s” gave no result."), name=Text(failed))
                self._note_failure(collector, reason, None, 0.0)

    def _start_those_that_are_ready(self) -> None:
        for collector in list(self._waiting):
            if len(self._running) >= self._max_workers:
                return
            if all(self._succeeded.get(name) for name in collector.after):
                self._waiting.remove(collector)
                self._running[collector.name] = _Started(collector, time.monotonic())
                threading.Thread(
                    target=trace.carried(_work),
                    args=(collector, self._sheet.values(), self._answers),
                    name=f"collect {collector.name}",
                    daemon=True,
                ).start()

    def _take_answers(self) -> None:
        if not self._running:
            return
        now = time.monotonic()
        nearest = min(item.since + item.collector.deadline_s for item in self._running.values())
        try:
            done = self._answers.get(timeout=max(0.0, min(_POLL_S, nearest - now)))
        except queue.Empty:
            return
        # Given up meanwhile: the sheet already says so.
        if self._running.pop(done.collector.name, None) is None:
            return
        if isinstance(done.answer, Exception):
            reason, remedy = _explain(done.collector, done.answer)
            self._note_failure(done.collector, reason, remedy, done.seconds)
        else:
            self._note_answer(done.collector, done.answer, done.seconds)

    def _give_up_the_late(self) -> None:
        now = time.monotonic()
        for started in list(self._running.values()):
            seconds = now - started.since
            if seconds >= started.collector.deadline_s:
                del self._running[started.collector.name]
                reason = Text(_("No answer within %(limit)g s."), limit=started.collector.deadline_s)
                remedy = Text(_("Find out why the other side is slow, then run the checks again."))
                self._note_failure(started.collector, reason, remedy, seconds)

    def _stop_everything(self) -> None:
        reason = Text(_("The run was stopped before this was looked at."))
        now = time.monotonic()
        for started in self._running.values():
            self._note_failure(started.collector, reason, None, now - started.since)
        for collector in self._waiting:
            self._note_failure(collector, reason, None, 0.0)

    def _note_answer(self, collector: Collector, answer: Mapping[str, Any], seconds: float) -> None:
        at = datetime.now(UTC)
        left_out = [key for key in collector.provides if key not in answer]
        if unasked := answer.keys() - set(collector.provides):
            log.error("collector %s gave facts that it does not promise: %s", collector.name, sorted(unasked))
        for key in collector.provides:
            if key in answer:
                self._sheet.known(
                    key, answer[key], observed_from=collector.observed_from, seconds=seconds, at=at
                )
            else:
                self._sheet.missing(
                    key,
                    Text(
                        _("“%(name)s” answered without a value for %(key)s."),
                        name=Text(collector.name),
                        key=key,
                    ),
                    observed_from=collector.observed_from,
                    seconds=seconds,
                    at=at,
                )
        self._settle(collector, ok=not left_out)

    def _note_failure(self, collector: Collector, reason: Text, remedy: Text | None, seconds: float) -> None:
        at = datetime.now(UTC)
        for key in collector.provides:
            self._sheet.missing(
                key, reason, remedy=remedy, observed_from=collector.observed_from, seconds=seconds, at=at
            )
        self._settle(collector, ok=False)

    def _settle(self, collector: Collector, *, ok: bool) -> None:
        self._succeeded[collector.name] = ok
        self._on_done(collector, ok)


def _work(collector: Collector, known: Mapping[str, Any], answers: queue.Queue[_Done]) -> None:
    since = time.monotonic()
    answer: Mapping[str, Any] | Exception
    try:
        answer = collector.collect(known)
    except Exception as error:  # noqa: BLE001 - whatever went wrong becomes the reason of a missing fact
        answer = error
    answers.put(_Done(collector, answer, time.monotonic() - since))


def _explain(collector: Collector, error: Exception) -> tuple[Text, Text | None]:
    text = getattr(error, "text", None)
    if isinstance(text, Text):
        remedy = getattr(error, "remedy", None)
        return text, remedy if isinstance(remedy, Text) else None
    log.error("collector %s failed", collector.name, exc_info=error)
    return (
        Text(_("“%(name)s” stopped with an unexpected error."), name=Text(collector.name)),
        Text(_("The log of the worker holds the details. Run the checks again when it is settled.")),
    )


def _check_order(collectors: Sequence[Collector]) -> None:
    for what, counted in (
        ("name", Counter(item.name for item in collectors)),
        ("fact", Counter(key for item in collectors for key in item.provides)),
    ):
        twice = sorted(word for word, count in counted.items() if count > 1)
        if twice:
            raise ValueError(f"more than one collector has the {what} {', '.join(twice)}")
    ordered: set[str] = set()
    left = list(collectors)
    while left:
        ready = [item for item in left if ordered.issuperset(item.after)]
        if not ready:
            stuck = ", ".join(f"{item.name} (after {', '.join(item.after)})" for item in left)
            raise ValueError(f"these collectors could never start: {stuck}")
        ordered.update(item.name for item in ready)
        left = [item for item in left if item.name not in ordered]
