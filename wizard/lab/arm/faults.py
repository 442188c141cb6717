"""What goes wrong on request, by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from wizard.lab.arm.jobs import Job
    from wizard.lab.arm.routing import Request

# In place of an answer; what follows them is how often unless somebody says so, 0 being until they are cleared.
ANSWERS: Final = {
    "expired": 1,
    "forbidden": 1,
    "not_found": 1,
    "busy": 1,
    "throttled": 1,
    "once_500": 1,
    "always_503": 0,
    "reset": 1,
    "slow": 1,
    "truncated": 1,
    "html": 1,
    "unregistered": 0,
    "older_cloud": 0,
}
# What befalls the next job.
JOBS: Final = {"job_never_ends": 1, "job_fails": 1, "task_lag": 1, "visibility_lag": 1}
# How documents look.
DOCUMENTS: Final = {"list_empty_get_full": 0, "naive_dates": 0, "extreme_dates": 0}
NAMES: Final = ANSWERS | JOBS | DOCUMENTS
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(slots=True)
class Fault:
    name: str
    method: str | None
    path: re.Pattern[str] | None
    # How often it strikes yet; None: until it is cleared.
    left: int | None
    options: dict[str, Any] = field(default_factory=dict)

    def meant(self, method: str, path: str) -> bool:
        return (self.method is None or self.method == method) and (
            self.path is None or self.path.search(path) is not None
        )


class Faults:
    """Orders, the first that was given first. Whoever uses them holds the server's lock."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(
        self, name: str, *, method: str | None, path: str | None, count: int | None, options: dict[str, Any]
    ) -> None:
        """`path` is a regular expression, found anywhere and without regard to case.

        Raises ValueError for a name that is none of NAMES.
        """
        if name not in NAMES:
            raise ValueError(f"There is no fault “{name}”; choose from: {', '.join(NAMES)}.")
        times = NAMES[name] if count is None else count
        pattern = re.compile(path, re.IGNORECASE) if path else None
        method = method.upper() if method else None
        self._orders.append(Fault(name, method, pattern, times or None, options))

    def clear(self) -> None:
        self._orders.clear()

    def take(self, among: dict[str, int], method: str, path: str) -> Fault | None:
        """The first of these kinds that is meant, which is then used up by one."""
        for fault in self._orders:
            if fault.name in among and fault.meant(method, path):
                if fault.left is not None:
                    fault.left -= 1
                    if not fault.left:
                        self._orders.remove(fault)
                return fault
        return None

    def befall(self, request: Request, job: Job) -> None:
        """Change a job that begins by the orders for such."""
        from wizard.lab.arm.jobs import Failure

        for name in JOBS:
            fault = self.take({name: 1}, request.method, request.path)
            if fault is None:
                continue
            if name == "job_never_ends":
                job.ends_at = NEVER
            elif name == "job_fails":
                job.failure = Failure(
                    **{"code": "28077", "message": "The operation failed.", **fault.options}
                )
            elif name == "task_lag":
                job.task_lags = True
            else:
                job.hidden_for = timedelta(seconds=fault.options.get("seconds", 900))
