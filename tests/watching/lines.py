"""What would stand in the log: everything that is logged meanwhile, made into lines as the product makes them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wizard.config import logs


class Log:
    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.addFilter(logs.RoutesInsteadOfPaths())

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]

    def only(self, event: str) -> list[dict[str, Any]]:
        return [found for found in self.events if found["event"] == event]


@contextmanager
def logged(*, as_json: bool = True, level: int = logging.INFO) -> Iterator[Log]:
    log = Log()
    log.handler.setFormatter(logs.formatter(as_json=as_json))
    root = logging.getLogger()
    before = root.level
    root.addHandler(log.handler)
    root.setLevel(level)
    try:
        yield log
    finally:
        root.setLevel(before)
        root.removeHandler(log.handler)
