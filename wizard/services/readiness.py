"""Whether the parts that Foothold stands on are well: each with what is wrong and what to do about it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import structlog
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from wizard.config.celery import app
from wizard.models import Pulse, Task, TaskState
from wizard.services import key_rotation, pulses
from wizard.text import Text, _
from wizard.wire import trace

log = structlog.get_logger(__name__)

State = Literal["up", "degraded", "down"]

# All parts are asked side by side; one that has said nothing until then is down.
OVERALL_S: Final = 5.0
BROKER_S: Final = 2
# Anybody may ask: nothing is asked more often than this, nor twice at the same time.
REMEMBERED_S: Final = 2.0
KEYS_REMEMBERED_S: Final = 60.0
LITTLE_SPACE: Final = 2 * 2**30  # bytes; an uploaded document or a snapshot still fits
NO_SPACE: Final = 100 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """`cause` and `remedy` are the same sentences for everybody and name nothing of this installation; `details` do, and
    are for people who may look around here."""

    name: str
    state: State
    code: str
    cause: Text
    remedy: Text | None = None
    details: Text | None = None

    @property
    def up(self) -> bool:
        return self.state != "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    state: State
    code: str
    cause: Text
    remedy: Text | None = None
    details: Text | None = None


def parts() -> Sequence[Part]:
    """Every part, in the order in which they depend on each other; within five seconds, whatever hangs."""
    return _judges.judge()


def overall(found: Sequence[Part]) -> State:
    """Down where something that work needs is down, degraded where something else is not as it should be."""
    if any(part.state == "down" for part in found):
        return "down"
    return "degraded" if any(part.state == "degraded" for part in found) else "up"


# --- what is asked ----------------------------------------------------------------------------------------------------


def _database() -> _Judgement:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return _Judgement(
            state="down",
            code="migrations_missing",
            cause=Text(_("The database has not the tables of this version.")),
            remedy=Text(_("Run manage.py migrate, then start web and workers again.")),
            details=Text.counted(
                "%(count)s migration is missing.",
                "%(count)s migrations are missing.",
                "count",
                count=len(missing),
            ),
        )
    return _well()


def _broker() -> _Judgement:
    if not settings.REDIS_URL:
        if not (settings.BROKER_DIR / "messages").is_dir():
            return _Judgement(
                state="down",
                code="broker_folder_missing",
                cause=Text(_("The folder of the broker is missing.")),
                remedy=Text(_("Start web and worker again; they make it.")),
            )
        return _well()
    with app.connection_for_write(settings.CELERY_BROKER_URL) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_S)
    return _well()


def _worker() -> _Judgement:
    now = timezone.now()
    heard = list(Pulse.objects.filter(part=Pulse.Part.WORKER).values_list("name", "seen_at", "version"))
    alive = [row for row in heard if (now - row[1]).total_seconds() < pulses.WORKER_SILENT_S]
    if not alive and not Task.objects.filter(state=TaskState.RUNNING, lease_until__gt=now).exists():
        return _Judgement(
            state="down",
            code="no_worker",
            cause=Text(_("No worker was heard of lately. Tasks wait until one is started.")),
            remedy=Text(_("Start a worker, or look into its log for why it ended.")),
        )
    others = sorted({version for _name, _seen, version in alive} - {settings.VERSION})
    if others:
        return _Judgement(
            state="degraded",
            code="worker_of_other_version",
            cause=Text(_("A worker runs another version than the pages.")),
            remedy=Text(_("Start the workers again, so that all parts are of one version.")),
            details=Text(_("Workers are of version %(versions)s."), versions=", ".join(others)),
        )
    return _well(
        Text.counted(
            "%(count)s worker was heard of lately.",
            "%(count)s workers were heard of lately.",
            "count",
            count=len(alive),
        )
    )


def _scheduler() -> _Judgement:
    limit = pulses.scheduler_silent_s()
    seen = (
        Pulse.objects.filter(part=Pulse.Part.SCHEDULER).order_by("-seen_at").values_list("seen_at", flat=True)
    )
    last = seen.first()
    age = None if last is None else (timezone.now() - last).total_seconds()
    if age is None or age > limit:
        return _Judgement(
            state="degraded",
            code="no_scheduler",
            cause=Text(
                _("Nothing was scheduled lately: lost tasks are not sent again, and nothing is refreshed.")
            ),
            remedy=Text(
                _("Start the scheduler (celery beat). Where no worker runs either, start that first.")
            ),
            details=None
            if age is None
            else Text.counted(
                "Last heard of %(seconds)s second ago.",
                "Last heard of %(seconds)s seconds ago.",
                "seconds",
                seconds=round(age),
            ),
        )
    return _well()


def _disk() -> _Judgement:
    free = shutil.disk_usage(settings.VAR_DIR).free
    details = Text(_("%(megabytes)s MB are free."), megabytes=free // 2**20)
    if free < LITTLE_SPACE:
        return _Judgement(
            state="down" if free < NO_SPACE else "degraded",
            code="disk_full" if free < NO_SPACE else "disk_low",
            cause=Text(_("The disk that holds the data of Foothold is nearly full.")),
            remedy=Text(_("Free space there, for example by removing templates that no deployment uses.")),
            details=details,
        )
    return _well(details)


def _keys() -> _Judgement:
    lost = key_rotation.key_standing().lost_count
    if lost:
        return _Judgement(
            state="degraded",
            code="secrets_unreadable",
            cause=Text(
                _("Stored secrets cannot be read with the present keys; work that needs one of them fails.")
            ),
            remedy=Text(
                _("Put the missing key back into CREDENTIAL_KEYS, or see manage.py rotate_keys --check.")
            ),
            details=Text.counted(
                "%(count)s secret cannot be read.", "%(count)s secrets cannot be read.", "count", count=lost
            ),
        )
    return _well()


def _static() -> _Judgement:
    manifest = settings.STATIC_ROOT / "staticfiles.json"
    if (
        "Manifest" in settings.STORAGES["staticfiles"]["BACKEND"]
        and not settings.DEBUG
        and not manifest.is_file()
    ):
        return _Judgement(
            state="down",
            code="static_files_missing",
            cause=Text(_("The style sheets and scripts of the pages were not collected.")),
            remedy=Text(_("Run manage.py collectstatic, or manage.py prepare.")),
        )
    return _well()


def _well(details: Text | None = None) -> _Judgement:
    return _Judgement(state="up", code="ok", cause=Text(_("Is well.")), details=details)


# --- how it is asked --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    name: str
    ask: Callable[[], _Judgement]
    # What is said where it raises, or says nothing in time.
    silent: Text
    remedy: Text
    state: State = "down"
    remembered_s: float = REMEMBERED_S


_QUESTIONS: Final = (
    _Question(
        name="database",
        ask=_database,
        silent=Text(_("The database does not answer.")),
        remedy=Text(_("See whether it runs and can be reached; the log of the web process says more.")),
    ),
    _Question(
        name="broker",
        ask=_broker,
        silent=Text(_("The broker does not answer. Tasks are kept, and start when it is back.")),
        remedy=Text(_("See whether it runs and can be reached; the log of the web process says more.")),
    ),
    _Question(
        name="worker",
        ask=_worker,
        silent=Text(_("Not known, as the database does not answer.")),
        remedy=Text(_("See to the database first.")),
    ),
    _Question(
        name="scheduler",
        ask=_scheduler,
        silent=Text(_("Not known, as the database does not answer.")),
        remedy=Text(_("See to the database first.")),
        state="degraded",
    ),
    _Question(
        name="disk",
        ask=_disk,
        silent=Text(_("The folder of the data cannot be looked at.")),
        remedy=Text(_("See whether its disk is mounted and answers.")),
    ),
    _Question(
        name="keys",
        ask=_keys,
        silent=Text(_("Not known, as the database does not answer.")),
        remedy=Text(_("See to the database first.")),
        state="degraded",
        remembered_s=KEYS_REMEMBERED_S,
    ),
    _Question(
        name="static",
        ask=_static,
        silent=Text(_("The folder of the style sheets cannot be looked at.")),
        remedy=Text(_("See whether its disk is mounted and answers.")),
    ),
)


class _Judges:
    """Asks in threads, as not every driver knows a deadline. A thread that hangs is left behind, and while it does no other
    is sent after it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, tuple[float, Part]] = {}
        self._asking: dict[str, tuple[float, threading.Thread]] = {}

    def judge(self) -> Sequence[Part]:
        now = time.monotonic()
        with self._lock:
            for question in _QUESTIONS:
                known = self._answers.get(question.name)
                running = self._asking.get(question.name)
                if known is not None and now - known[0] < question.remembered_s:
                    continue
                if running is None or not running[1].is_alive():
                    thread = threading.Thread(
                        target=trace.carried(self._ask),
                        args=(question,),
                        name=f"ready {question.name}",
                        daemon=True,
                    )
                    self._asking[question.name] = (now, thread)
                    thread.start()
            asked = dict(self._asking)
        # From when it was asked, not from now: where a part hangs, one caller waits for it and not every one.
        for since, thread in asked.values():
            thread.join(max(0.0, since + OVERALL_S - time.monotonic()))
        return [self._said(question, now) for question in _QUESTIONS]

    def forget(self) -> None:
        """Ask everything anew the next time."""
        with self._lock:
            self._answers.clear()

    def _said(self, question: _Question, now: float) -> Part:
        known = self._answers.get(question.name)
        return (
            known[1] if known is not None and now - known[0] < question.remembered_s else _silence(question)
        )

    def _ask(self, question: _Question) -> None:
        try:
            found = question.ask()
            part = Part(
                name=question.name,
                state=found.state,
                code=found.code,
                cause=found.cause,
                remedy=found.remedy,
                details=found.details,
            )
        except Exception as error:  # noqa: BLE001 - each driver raises its own; what they say may hold a password
            log.warning("readiness.down", part=question.name, error=type(error).__name__)
            part = _silence(question)
        finally:
            connection.close()
        self._answers[question.name] = (time.monotonic(), part)


def _silence(question: _Question) -> Part:
    return Part(
        name=question.name,
        state=question.state,
        code="no_answer",
        cause=question.silent,
        remedy=question.remedy,
    )


_judges = _Judges()
forget = _judges.forget
