"""The broker in files, made safe against messages that are half written.

kombu's reader can take a file that its writer has only just opened, or that a killed process left empty, and the error ends
the whole worker. A message is only a nudge here: one that cannot be read is dropped, and `reconcile` sends it again.
"""

from __future__ import annotations

from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, filesystem

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    def _get(self, queue: str, timeout: float | None = None) -> Any:
        try:
            return super()._get(queue)
        except ValueError:
            log.warning("broker.unreadable_message", queue=queue)
            raise Empty from None


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Let `filesystem://` mean this transport, in every process that loads the Celery application."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
