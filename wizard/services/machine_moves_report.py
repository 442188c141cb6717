"""What became of each machine that was to be moved, written into the task's row whenever it grows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from wizard.azure.errors import AzureError
from wizard.models import Task, TaskState
from wizard.planning.protected_machines import MoveOrder

_OUTCOMES: Final = ("moved", "already", "failed", "refused", "not_tried")


class MoveReport:
    """Of one attempt. What attempts before it moved is to be taken back, too: `undo` goes on from theirs."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._lists: dict[str, list[dict[str, Any]]] = {outcome: [] for outcome in _OUTCOMES}
        before = (task.result or {}).get("undo", [])
        self._undo: dict[str, dict[str, str]] = {MoveOrder(**order).key: order for order in before}
        self.before: Final = frozenset(self._undo)

    def note(self, outcome: str, orders: Iterable[MoveOrder], **more: Any) -> None:
        self._note(outcome, orders, **more)
        self._write()

    def may_have_moved(self, orders: Sequence[MoveOrder]) -> None:
        """The vault took the order, and nobody saw how it ended: to be taken back, which leaves alone what is at home."""
        self._undo |= {order.key: order.back().to_json() for order in orders}
        self._write()

    def fail(self, orders: Iterable[MoveOrder], error: AzureError) -> None:
        self.note("failed", orders, code=error.code, text=error.text.to_json(), remedy=error.remedy.to_json())

    def refuse(self, refused: Iterable[tuple[MoveOrder, dict[str, Any]]]) -> None:
        """Each with the sentence that says why, as `Text.to_json` gives it."""
        for order, text in refused:
            self._note("refused", [order], text=text)
        self._write()

    def not_moved(self, orders: Iterable[MoveOrder]) -> None:
        """The vault shows them where they were: there is nothing to be taken back."""
        for order in orders:
            self._undo.pop(order.key, None)

    def count(self, outcome: str) -> int:
        return len(self._lists[outcome])

    def to_json(self) -> dict[str, Any]:
        return {**self._lists, "undo": list(self._undo.values())}

    def _note(self, outcome: str, orders: Iterable[MoveOrder], **more: Any) -> None:
        for order in orders:
            self._lists[outcome].append({"machine": order.machine, "name": order.name, **more})
            if outcome == "moved":
                self._undo[order.key] = order.back().to_json()

    def _write(self) -> None:
        mine = Task.objects.filter(pk=self._task.pk, attempt=self._task.attempt, state=TaskState.RUNNING)
        mine.update(result=self.to_json())
