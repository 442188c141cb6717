"""Whole lines out of bytes that come in whatever portions."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from wizard.hosts.session import LARGEST_OUTPUT


class LineReader:
    """Bytes as they come, whole lines as they go."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = ""

    def feed(self, data: bytes) -> None:
        text = self._begun + self._decoder.decode(data)
        whole, newline, self._begun = text.rpartition("\n")
        if newline:
            self._write(whole)
        # A line without end is a flood, too.
        if len(self._begun) > LARGEST_OUTPUT:
            self.end()

    def end(self) -> None:
        text, self._begun = self._begun + self._decoder.decode(b"", final=True), ""
        if text:
            self._write(text)
