"""One event a line, with the ids of the request and of the task bound to it; words on a terminal, JSON in production.

Whatever logs goes this way: Foothold, Django, Celery, gunicorn, and the libraries below them.
"""

from __future__ import annotations

import logging.config
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

from wizard.config import redaction
from wizard.wire import trace

Event = MutableMapping[str, Any]

# What our own pure rooms give along with a line; other libraries attach whole requests.
_EXTRA = ("part", "address", "step", "ms", "outcome")


def configure(settings: dict[str, Any]) -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"routes": {"()": RoutesInsteadOfPaths}, "refusals": {"()": RefusalsInOneLine}},
            "formatters": {"event": {"()": formatter, "as_json": settings["json"]}},
            "handlers": {"stderr": {"()": Lines, "formatter": "event", "filters": ["routes", "refusals"]}},
            "root": {"handlers": ["stderr"], "level": settings["level"]},
            "loggers": {
                # Each request has a line of its own, with its route; here is only what crashed.
                "django.request": {"level": "ERROR"},
                # Without the mail of its own, which would quote settings and whole requests.
                "django": {"handlers": [], "propagate": True},
                "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
                "axes": {"level": "WARNING"},
                # One line for each of these a second would bury the rest.
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                # What fails in Azure is told where it is translated; the SDK warns in words of its own, of each try.
                "azure": {"level": "ERROR"},
                # They would log every request of ours, with its address and its query.
                "urllib3": {"level": "WARNING"},
                "django.db.backends": {"level": "WARNING"},
                # At DEBUG they write whole messages to and from machines, with what scripts there are given: parts of it
                # are encoded, so that nobody could tell a secret in them.
                # No lower than the room that uses them has it, whichever of the two comes last.
                **{name: {"level": "WARNING"} for name in ("pypsrp", "psrpcore", "spnego", "msal")},
                "paramiko": {"level": "CRITICAL"},
            },
        }
    )
    # What libraries warn of is a line like all others, where programs read the lines.
    logging.captureWarnings(settings["json"])
    threading.excepthook = tell_of_crashed_thread


def formatter(*, as_json: bool) -> structlog.stdlib.ProcessorFormatter:
    """What makes a line of an event, ours or of anybody who uses Python's `logging`."""
    shown: list[Any] = (
        [structlog.processors.JSONRenderer()]
        if as_json
        else [set_in, structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared(), structlog.stdlib.ExtraAdder(allow=_EXTRA)],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redaction.processor,
            *shown,
        ],
    )


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        add_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def add_request_id(_logger: Any, _method: str, event: Event) -> Event:
    """The id that one request has on its whole way (`wizard.wire.trace`)."""
    if current := trace.current():
        event.setdefault("request_id", current)
    return event


def set_in(_logger: Any, _method: str, event: Event) -> Event:
    """On a terminal a traceback has lines of its own: set in, so that no message in it can pass for the next event."""
    for name in ("exception", "stack"):
        if name in event:
            event[name] = "\n".join(f"    {line}" for line in event[name].splitlines())
    return event


class Lines(logging.StreamHandler[Any]):
    """To standard error, also what cannot be made a line: Python would print the arguments there, past everything above."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - a name of Python
        kind = sys.exc_info()[0]
        where = f"{record.pathname}:{record.lineno}"
        told = logging.LogRecord(
            record.name,
            logging.ERROR,
            "",
            0,
            "log.not_shown: %s at %s",
            (kind and kind.__name__, where),
            None,
        )
        try:
            self.stream.write(self.format(told) + self.terminator)
            self.flush()
        except (OSError, ValueError):
            # Nobody reads there any more.
            return


class RoutesInsteadOfPaths(logging.Filter):
    """Django names the path of a request in its messages; some of ours hold a token that signs in once."""

    def filter(self, record: logging.LogRecord) -> bool:
        path = getattr(getattr(record, "request", None), "path", None)
        if path and isinstance(record.args, tuple):
            match = getattr(record.request, "resolver_match", None)  # type: ignore[attr-defined]
            route = f"/{match.route}" if match else "(no such page)"
            record.args = tuple(route if argument == path else argument for argument in record.args)
        return True


class RefusalsInOneLine(logging.Filter):
    """Django tells of another host name and the like as errors with a traceback: any stranger could fill the log with them."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security.") and record.exc_info:
            record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
        return True


def tell_of_crashed_thread(args: threading.ExceptHookArgs) -> None:
    """Python would write the traceback as it is, past everything above."""
    if args.exc_type is SystemExit or args.exc_value is None:
        return
    name = args.thread.name if args.thread else "?"
    logging.getLogger(__name__).error(
        "thread.crashed: %s", name, exc_info=(args.exc_type, args.exc_value, args.exc_traceback)
    )
    sys.stderr.flush()
