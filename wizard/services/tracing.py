"""One id for all that one request sets in motion: in the log, in the audit trail, and on the way to far ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from wizard.services import audit
from wizard.wire import trace


@contextmanager
def traced(request_id: str = "", *, address: str | None = None) -> Iterator[str]:
    """Everything inside goes by `request_id`, or by a new id where that is empty or nothing to be taken over; yields it.

    `address` is where the request came from.
    """
    followed = request_id if trace.sound(request_id) else trace.new_id()
    origin = audit.Origin(address=address, request_id=followed)
    with trace.following(followed), audit.coming_from(origin):
        yield followed


current = trace.current
new_id = trace.new_id
