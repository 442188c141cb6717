"""Watches on vCenters: each lives in one session, and is worth keeping only where the next refresh may come here, too.

A worker keeps them from one refresh to the next, so that a refresh reads what has changed since. Everybody else gives
them back at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from wizard.models import VCenter
from wizard.services.vcenter_access import open_session
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


class Watches:
    """The watches of one process; lent to one refresh at a time each."""

    def __init__(self) -> None:
        self._kept: dict[UUID, _Held] = {}
        self._lock = threading.Lock()
        self._keeping = False

    def keep(self) -> None:
        """From now on watches outlive a refresh."""
        self._keeping = True

    @contextmanager
    def lend(self, vcenter: VCenter) -> Iterator[Lent]:
        """A kept watch, or a new one. One that an exception went through is closed. Raises what `open_session` raises."""
        kept = self._take(vcenter)
        held = kept or _open(vcenter)
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
        with self._lock:
            left, self._kept = self._kept, {}
        for held in left.values():
            held.stack.close()

    def _take(self, vcenter: VCenter) -> _Held | None:
        with self._lock:
            held = self._kept.pop(vcenter.pk, None)
        if held is not None and held.looks_at != _looks_at(vcenter):
            held.stack.close()
            return None
        return held

    def _put(self, vcenter_id: UUID, held: _Held) -> bool:
        with self._lock:
            if not self._keeping or vcenter_id in self._kept:
                return False
            self._kept[vcenter_id] = held
            return True


def _open(vcenter: VCenter) -> _Held:
    with ExitStack() as stack:
        session = stack.enter_context(open_session(answers_for(vcenter)))
        watch = InventoryWatch(session)
        stack.callback(watch.close)
        return _Held(watch=watch, looks_at=_looks_at(vcenter), stack=stack.pop_all())


def answers_for(vcenter: VCenter) -> dict[str, Any]:
    """What the vCenter step would hold of a registered vCenter."""
    return {
        "host": vcenter.host,
        "port": vcenter.port,
        "thumbprint_sha256": vcenter.thumbprint_sha256,
        "credential": vcenter.credential.name,
    }


def _looks_at(vcenter: VCenter) -> tuple[Any, ...]:
    return (*answers_for(vcenter).values(), bytes(vcenter.credential.sealed))
