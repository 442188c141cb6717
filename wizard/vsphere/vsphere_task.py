"""Waiting for a task of vCenter's own."""

from __future__ import annotations

import time

from pyVmomi import vim

from wizard.text import Text, _
from wizard.vsphere.collector import read
from wizard.vsphere.errors import TimedOut
from wizard.vsphere.session import Session

SHORTEST_S, LONGEST_S = 0.1, 2.0  # between two looks


def wait_for_task(
    session: Session,
    task: vim.Task,
    *,
    what: Text,
    timeout_s: float,
) -> None:
    """Return when `task` has succeeded; `what` says what it does, for example "powering on web-01".

    Raises the task's own fault (a pyVmomi MethodFault), or TimedOut, after which the task itself goes on.
    """
    give_up, pause = time.monotonic() + timeout_s, SHORTEST_S
    while True:
        info = read(session, task, ("info.state", "info.error"))
        state = info.get("info.state")
        if state == vim.TaskInfo.State.success:
            return
        if state == vim.TaskInfo.State.error:
            raise info["info.error"]
        if time.monotonic() >= give_up:
            raise TimedOut(
                Text(
                    _("vCenter did not finish %(what)s within %(seconds)s seconds."),
                    what=what,
                    seconds=round(timeout_s),
                ),
                remedy=Text(
                    _("Look at the task in vCenter: it may still be waiting for its turn or for an answer.")
                ),
                address=session.address,
                step="task",
            )
        time.sleep(min(pause, max(give_up - time.monotonic(), 0.0)))
        pause = min(pause * 2, LONGEST_S)
