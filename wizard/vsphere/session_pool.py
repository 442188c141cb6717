"""Sessions that outlive their borrower: one for everybody in this process who is led to the same vCenter as the same user."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from wizard.addresses import DIRECT, AddressBook
from wizard.vsphere.endpoint import Endpoint
from wizard.vsphere.login import SignIn
from wizard.vsphere.session import Session, explained, sign_in, sign_out

IDLE_S = 600.0  # vCenter's own limit is 30 minutes; a session that nobody needs is not left to that


@dataclass(eq=False, slots=True)
class _Entry:
    """A session and who uses it. `session` is None while somebody is signing in."""

    key: Hashable
    session: Session | None = None
    borrowers: int = 1
    idle_since: float = 0.0
    retired: bool = False  # lent to nobody else; closed when the last borrower has returned it
    closed: bool = False

    @property
    def fit(self) -> bool:
        return not self.retired and self.session is not None and self.session.usable


class SessionPool:
    """Lends sessions to threads, several borrowers to one session. Safe between threads.

    A session is logged out after nobody used it for `idle_s` seconds. A child process that was forked starts with an
    empty pool: the sessions are its parent's. `clock` gives seconds that never go back.
    """

    def __init__(self, *, idle_s: float = IDLE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_s = idle_s
        self._clock = clock
        self._begin()
        _pools.add(self)

    def _begin(self) -> None:
        self._changed = threading.Condition()
        self._lendable: dict[Hashable, _Entry] = {}
        self._open: set[_Entry] = set()  # retired ones, too
        self._keeper: threading.Thread | None = None
        self._keeping = True

    @contextmanager
    def lend(
        self,
        key: Hashable,
        lend_account: SignIn,
        *,
        endpoint: Endpoint,
        again: SignIn,
        book: AddressBook = DIRECT,
        timeout_s: float = 30.0,
        fresh: bool = False,
    ) -> Iterator[Session]:
        """The session of this `key`, which has to stand for everything else that is given here, password included.

        Signs in where there is none (or with `fresh`: in any case; the old session is closed when nobody uses it any
        more). One that there is was asked whether it still lives, on a new connection whose certificate was compared.
        Of several who come at once, one signs in and the others wait for it. `lend_account` is asked for the account
        for one login, `again` when the server has ended the session later. A borrower that fails leaves the session to
        the others. Raises as `wizard.vsphere.session.sign_in` does; faults that leave the `with` block come out as
        VSphereError.
        """
        entry = self._take(key, fresh=fresh)
        try:
            if entry.session is None:
                session = sign_in(endpoint, lend_account, again=again, book=book, timeout_s=timeout_s)
                with self._changed:
                    entry.session = session
                    self._changed.notify_all()
            else:
                session = entry.session
                _knock(session)
            with explained(endpoint):
                yield session
        finally:
            self._give_back(entry)

    def known(self) -> frozenset[Hashable]:
        """The keys of the sessions that can be lent."""
        with self._changed:
            return frozenset(self._lendable)

    def forget(self, key: Hashable) -> None:
        """Lend this session to nobody any more, and close it as soon as nobody uses it. No error where there is none."""
        with self._changed:
            entry = self._lendable.get(key)
            idle = [] if entry is None else self._retire(entry)
            self._changed.notify_all()
        _close(idle)

    def sweep(self) -> None:
        """Close what nobody used for `idle_s` seconds."""
        with self._changed:
            oldest = self._clock() - self._idle_s
            idle = [entry for entry in self._lendable.values() if not entry.borrowers]
            overdue = [found for entry in idle if entry.idle_since <= oldest for found in self._retire(entry)]
        _close(overdue)

    def wind_down(self) -> None:
        """The process is about to end: close what is idle, and everything else as it is given back."""
        with self._changed:
            self._keeping = False
            idle = [closing for entry in list(self._lendable.values()) for closing in self._retire(entry)]
            self._changed.notify_all()
        _close(idle)

    def close_all(self) -> None:
        """Log out all sessions, whether or not somebody uses them. The pool may be used again."""
        with self._changed:
            for entry in self._open:
                # One that is just being made is closed by whoever makes it.
                entry.retired = True
            found = [entry for entry in self._open if entry.session is not None]
            for entry in found:
                entry.closed = True
            self._open.difference_update(found)
            self._lendable.clear()
            self._keeping = True
            self._changed.notify_all()
        _close(found)

    # --- borrowing ----------------------------------------------------------------------------------------------------

    def _take(self, key: Hashable, *, fresh: bool) -> _Entry:
        """The entry that can be lent, or a new one, whose session the caller has to make."""
        idle: list[_Entry] = []
        with self._changed:
            while (entry := self._lendable.get(key)) is not None:
                if entry.session is None:
                    # Bounded by the deadlines of the one who is signing in.
                    self._changed.wait()
                elif entry.fit and not fresh:
                    entry.borrowers += 1
                    return entry
                else:
                    idle += self._retire(entry)
            entry = _Entry(key)
            self._open.add(entry)
            self._lendable[key] = entry
        _close(idle)
        return entry

    def _give_back(self, entry: _Entry) -> None:
        idle: list[_Entry] = []
        late: Session | None = None
        with self._changed:
            entry.borrowers -= 1
            if entry.closed:
                # Logged out under the borrower's hands, who may have opened a connection to find out.
                late = entry.session
            elif not entry.fit or not self._keeping:
                # Nobody is signed in, or nobody else may use it.
                idle = self._retire(entry)
            elif not entry.borrowers:
                entry.idle_since = self._clock()
                self._keep_watch()
            self._changed.notify_all()
        if late is not None:
            late.stub.DropConnections()  # type: ignore[no-untyped-call]
        _close(idle)

    def _retire(self, entry: _Entry) -> list[_Entry]:
        """Take it out of what can be lent. Returns it where it has to be closed now, outside the lock."""
        entry.retired = True
        if self._lendable.get(entry.key) is entry:
            del self._lendable[entry.key]
        if entry.borrowers or entry.closed:
            return []
        entry.closed = True
        self._open.discard(entry)
        return [entry]

    # --- idle sessions ------------------------------------------------------------------------------------------------

    def _keep_watch(self) -> None:
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._watch, name="idle vSphere sessions", daemon=True)
            self._keeper.start()

    def _watch(self) -> None:
        while True:
            self.sweep()
            with self._changed:
                if not self._lendable:
                    self._keeper = None
                    return
                idle = [entry.idle_since for entry in self._lendable.values() if not entry.borrowers]
                wait = min(idle, default=self._clock()) + self._idle_s - self._clock()
                self._changed.wait(max(wait, 0.0))


def _knock(session: Session) -> None:
    """Ask a session that lay idle whether it lives; it signs in again where the server has ended it.

    On a new connection: what was kept may have been cut without a word, and its certificate was compared long ago.
    """
    with session.stub.on_a_new_connection(), explained(session.endpoint):
        session.server_time()


def _close(entries: list[_Entry]) -> None:
    for entry in entries:
        if entry.session is not None:
            sign_out(entry.session)


_pools: weakref.WeakSet[SessionPool] = weakref.WeakSet()


def _leave_to_the_parent() -> None:
    for pool in list(_pools):
        pool._begin()


os.register_at_fork(after_in_child=_leave_to_the_parent)
