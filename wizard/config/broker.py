"""The broker in files, made safe against messages that are half written.

kombu's reader can take a file that its writer has only just opened, or that a killed process left empty, and the error ends
the whole worker. A message is only a nudge here: one that cannot be read is dropped, and `reconcile` sends it again.
The same goes for the lists of who listens where, which a full disk leaves empty: they are made anew.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

import structlog
from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            log.warning("broker.unreadable_message", queue=queue)
            raise Empty from None

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str | None, queue: str) -> None:
        with self._alone():
            try:
                super()._queue_bind(exchange, routing_key, pattern, queue)
            except ValueError:
                # No worker would ever start again. Whoever else listens there binds itself before it sends or receives.
                log.warning("broker.unreadable_exchange", exchange=exchange)
                (self.control_folder / f"{exchange}.exchange").unlink(missing_ok=True)
                super()._queue_bind(exchange, routing_key, pattern, queue)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of several processes that bind, one at a time: kombu makes the file first, and locks and fills it then."""
        try:
            self.control_folder.mkdir(exist_ok=True)
            file = (self.control_folder / ".binding").open("a")
        except OSError as error:
            raise ChannelError(f"Cannot open {self.control_folder}: {error.strerror}") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Let `filesystem://` mean this transport, in every process that loads the Celery application."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
