"""The id that one request has on its whole way: from a page or a program, through a task, to vSphere and to Azure.

It belongs to the context of whoever works: a thread that works for somebody else begins through `carried`, or it has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import ParamSpec, TypeVar
from uuid import uuid4

P = ParamSpec("P")
T = TypeVar("T")

# What is taken over from others: it goes into headers, logs and the elements of SOAP as it is.
_SOUND = re.compile(r"[A-Za-z0-9._-]{1,64}")

_current: ContextVar[str] = ContextVar("trace", default="")


def current() -> str:
    """The id of what is going on here; empty where nobody has said one."""
    return _current.get()


def new_id() -> str:
    """32 hexadecimal digits."""
    return uuid4().hex


def sound(given: str) -> bool:
    """Whether an id that somebody else gave can be taken: at most 64 letters, digits, dots, dashes and underscores."""
    return _SOUND.fullmatch(given) is not None


@contextmanager
def following(request_id: str) -> Iterator[None]:
    """Whatever is done inside, is done for `request_id`."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def carried(work: Callable[P, T]) -> Callable[P, T]:
    """`work` for another thread: it runs there in a copy of the context of here, so under this id and with its log lines.

    One context serves one thread at a time: call this for each piece of work, not once for several.
    """
    context = copy_context()

    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return context.run(work, *args, **kwargs)

    return run
