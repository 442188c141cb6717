"""Watches on vCenters: each lives in one session, and is worth keeping only where the next refresh may come here, too.

A worker keeps them from one refresh to the next, so that a refresh reads what has changed since. Everybody else gives
them back at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wizard.models import Deployment, VCenter
from wizard.services import account_use
from wizard.services.vcenter_access import answers_for, session_for
from wizard.vsphere.discovery import InventoryWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """A watch, and whether it was there before: then its session may have ended meanwhile."""

    watch: InventoryWatch
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    watch: InventoryWatch
    # Where it looks, as whom: another address, certificate or account asks for another session.
    looks_at: tuple[Any, ...]
    stack: ExitStack


@dataclass(frozen=True, slots=True, kw_only=True)
class _Resting:
    held: _Held
    since: float


class Watches:
    """The watches of one process; lent to one refresh at a time each. `clock` gives seconds that never go back."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[UUID, _Resting] = {}
        self._lock = threading.Lock()
        self._keeping = False

    def keep(self) -> None:
        """From now on watches outlive a refresh."""
        self._keeping = True

    @contextmanager
    def lend(self, vcenter: VCenter, *, joining: Deployment | None = None) -> Iterator[Lent]:
        """A kept watch, or a new one. One that an exception went through is closed. Raises what `session_for` raises."""
        # Also before a kept one is used: whose deployments these are may have changed since.
        account_use.refuse_for_vcenter(vcenter, joining=joining)
        kept = self._take(vcenter)
        held = kept or _open(vcenter, joining)
        try:
            yield Lent(watch=held.watch, kept=kept is not None)
        except BaseException:
            held.stack.close()
            raise
        if not self._put(vcenter.pk, held):
            held.stack.close()

    def close_all(self) -> None:
        """Give all watches back and keep none any more: the worker ends."""
        self._keeping = False
        self._end(lambda _vcenter_id, _resting: True)

    def close_unused(self, in_use: Collection[UUID], *, idle_s: float) -> int:
        """Give back the watches on other vCenters, and those that rested longer: as long as a watch is kept, nobody else
        logs its session out. Returns how many."""
        oldest = self._clock() - idle_s
        return self._end(lambda vcenter_id, resting: vcenter_id not in in_use or resting.since < oldest)

    def _end(self, which: Callable[[UUID, _Resting], bool]) -> int:
        with self._lock:
            left = {key: resting for key, resting in self._kept.items() if which(key, resting)}
            for vcenter_id in left:
                del self._kept[vcenter_id]
        for resting in left.values():
            resting.held.stack.close()
        return len(left)

    def _take(self, vcenter: VCenter) -> _Held | None:
        with self._lock:
            resting = self._kept.pop(vcenter.pk, None)
        if resting is None:
            return None
        if resting.held.looks_at != _looks_at(vcenter):
            resting.held.stack.close()
            return None
        return resting.held

    def _put(self, vcenter_id: UUID, held: _Held) -> bool:
        with self._lock:
            if not self._keeping or vcenter_id in self._kept:
                return False
            self._kept[vcenter_id] = _Resting(held=held, since=self._clock())
            return True


def _open(vcenter: VCenter, joining: Deployment | None) -> _Held:
    with ExitStack() as stack:
        session = stack.enter_context(session_for(vcenter, joining=joining))
        watch = InventoryWatch(session)
        stack.callback(watch.close)
        return _Held(watch=watch, looks_at=_looks_at(vcenter), stack=stack.pop_all())


def _looks_at(vcenter: VCenter) -> tuple[Any, ...]:
    return (*answers_for(vcenter).values(), vcenter.credential.entry, vcenter.credential.team_id)
