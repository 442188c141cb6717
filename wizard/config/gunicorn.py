"""How gunicorn serves Foothold; read with `gunicorn -c python:wizard.config.gunicorn`."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES", "1"))
threads = int(os.environ.get("WEB_THREADS", "16"))
# A worker that hangs is replaced; no page takes this long, as all slow work is a task.
timeout = 60
graceful_timeout = 5
keepalive = 5
loglevel = "warning"
logger_class = "wizard.config.gunicorn_logs.Logger"
# The control socket of newer releases would lie in the home folder of whoever starts the server.
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Say where to go, once the address really answers; in a process of its own, as this one must stay small."""
    subprocess.Popen([sys.executable, "manage.py", "welcome"])
