"""A broker that accepts connections and then says nothing costs the caller seconds, never the request."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from tests.waiting import PATIENCE_S

PUBLISH = """
import time
import django
django.setup()
from uuid import uuid4
from wizard.services.tasks.launch import publish
begun = time.monotonic()
publish(uuid4())
print(time.monotonic() - begun)
"""


def test_starting_a_task_gives_up_on_a_redis_that_never_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(tmp_path),
            "REDIS_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
        }
        done = subprocess.run(
            [sys.executable, "-c", PUBLISH],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
    assert "task.publish_failed" in done.stderr
    assert float(done.stdout.splitlines()[-1]) < 20
