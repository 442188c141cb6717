"""gunicorn's messages in the same form as all others. Its access log stays off: the application logs its requests itself."""

from __future__ import annotations

from typing import Any

from gunicorn import glogging  # type: ignore[import-untyped]

from wizard.config import env, logs


class Logger(glogging.Logger):  # type: ignore[misc] # gunicorn has no types
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        # The master never loads Django, which would do this.
        logs.configure({"level": env.log_level("LOG_LEVEL"), "json": json_wanted()})
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
        self.access_log.disabled = True


def json_wanted() -> bool:
    """As the settings have it: in production, unless LOG_JSON says otherwise."""
    return env.flag("LOG_JSON", env.flag("FOOTHOLD_PRODUCTION", False))
