"""How a probe says that something did not answer as it should."""

from __future__ import annotations

import time

from wizard.text import Text


class ProbeError(Exception):
    """A remote fault. `text` names the other side and what was seen, `remedy` what to do about it.

    `kind` is for programs: no_such_name, no_records, timeout, refused, unreachable, not_tls, not_http,
    closed, credentials, denied, portal, bad_answer, destination_refused.
    """

    def __init__(self, kind: str, text: Text, remedy: Text) -> None:
        super().__init__(kind, text, remedy)
        self.kind = kind
        self.text = text
        self.remedy = remedy

    def __str__(self) -> str:
        return str(self.text)


class Deadline:
    """One span of time for several blocking calls in a row."""

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._end = time.monotonic() + timeout_s

    def remaining(self) -> float:
        """Seconds left. Raises TimeoutError at zero, which would mean "do not wait" to a socket."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the {self.timeout_s:g} s are over")
        return left
