"""A broker that accepts connections and then says nothing costs the caller seconds, never the request."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

PUBLISH = """
import django
django.setup()
from uuid import uuid4
from wizard.services.tasks.launch import publish
publish(uuid4())
"""


def test_starting_a_task_gives_up_on_a_redis_that_never_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(tmp_path),
            "REDIS_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
        }
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-c", PUBLISH], env=environment, capture_output=True, text=True, timeout=60
        )
    assert "task.publish_failed" in done.stderr
    assert time.monotonic() - begun < 20
