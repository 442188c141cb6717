"""Whether the parts that Foothold stands on answer: database, broker, worker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.utils import timezone

from wizard.config.celery import app
from wizard.models import Task, TaskState
from wizard.text import Text, _

log = structlog.get_logger(__name__)

BROKER_SECONDS = 2
WORKER_SECONDS = 2.0
# Anybody may ask: the workers are not bothered more often than this.
WORKER_REMEMBERED_SECONDS = 5
_HEARD = "readiness.worker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    name: str
    up: bool
    detail: Text


def parts() -> list[Part]:
    """Every part in the order in which they depend on each other; takes at most some seconds."""
    database = _judge("database", _ask_database)
    broker = _judge("broker", _ask_broker)
    if not broker.up:
        silent = Text(_("Not asked, as the broker does not answer."))
        return [database, broker, Part(name="worker", up=False, detail=silent)]
    if not database.up:
        silent = Text(_("Not asked, as the database does not answer."))
        return [database, broker, Part(name="worker", up=False, detail=silent)]
    return [database, broker, _judge("worker", _ask_worker)]


def _judge(name: str, ask: Callable[[], Text]) -> Part:
    try:
        return Part(name=name, up=True, detail=ask())
    except _Down as down:
        return Part(name=name, up=False, detail=down.text)
    except Exception as error:  # noqa: BLE001 - each driver raises its own; what they say may hold a password
        log.warning("readiness.down", part=name, error=type(error).__name__)
        return Part(name=name, up=False, detail=Text(_("No answer; the log of the web process says more.")))


class _Down(Exception):
    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


def _ask_database() -> Text:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        raise _Down(Text(_("The database does not answer."))) from None
    return Text(_("Answers."))


def _ask_broker() -> Text:
    if not settings.REDIS_URL:
        folder = settings.BROKER_DIR / "messages"
        if not folder.is_dir():
            raise _Down(Text(_("The folder of the broker is missing.")))
        return Text(_("Its folder is there."))
    with app.connection_for_write(settings.CELERY_BROKER_URL) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
    return Text(_("Answers."))


def _ask_worker() -> Text:
    # A lease that runs is a worker that breathes; only an idle one has to be asked.
    if Task.objects.filter(state=TaskState.RUNNING, lease_until__gt=timezone.now()).exists():
        return Text(_("Is at work."))
    if cache.get(_HEARD):
        return Text(_("Answered a moment ago."))
    if not app.control.ping(timeout=WORKER_SECONDS, limit=1):
        raise _Down(Text(_("No worker answered. Tasks wait until one is started.")))
    cache.set(_HEARD, True, WORKER_REMEMBERED_SECONDS)
    return Text(_("Answers."))
