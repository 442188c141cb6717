"""The product as `make run` starts it, with data and ports of its own: web, worker, beat and the lab."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tests.waiting import PATIENCE_S

BASE = Path(__file__).resolve().parent.parent.parent
# What no probe can see, somebody has made sure of.
_ATTEST = """
from wizard.models import Deployment
from wizard.services import attestations
one = Deployment.objects.get(name="{name}")
for row in attestations.questions_for(one):
    attestations.attest(one, row.id, answer="yes", actor=one.created_by)
"""


class Site:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.url = f"http://127.0.0.1:{free_port()}"
        self.lab: dict[str, Any] = {}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **{
                name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")
            },
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(directory),
            "FOOTHOLD_LAB": "1",
            "FOOTHOLD_URL": self.url,
            "PORT": self.url.rpartition(":")[2],
            "TASK_LEASE_SECONDS": "6",
            "TASK_RECONCILE_SECONDS": "2",
            "GUEST_WAIT_SECONDS": "30",
        }

    def start(self) -> None:
        self.manage("prepare")
        self.start_process("lab", sys.executable, "manage.py", "lab", "--port-base", "0")
        found = self.directory / "lab" / "lab.json"
        _wait(found.exists, lambda: f"the lab does not come up: {self.log('lab')}")
        self.lab = json.loads(found.read_text("utf-8"))
        self.environment |= {
            "CONNECT_TO": self.lab["connect_to"],
            "PROBE_CA_FILE": self.lab["ca_file"],
            "AZURE_EMULATOR": self.lab["azure"]["url"],
        }
        gunicorn = (sys.executable, "-m", "gunicorn", "-c", "python:wizard.config.gunicorn")
        self.start_process("web", *gunicorn, "wizard.config.wsgi")
        self.start_worker()
        _wait(self._answers, lambda: f"the site does not answer: {self.log('web')}")

    def start_worker(self) -> None:
        celery = (sys.executable, "-m", "celery", "--quiet", "-A", "wizard.config.celery", "worker", "--beat")
        schedule = str(self.directory / "beat-schedule")
        self.start_process("worker", *celery, "--concurrency", "2", "--schedule", schedule)

    def kill_worker(self) -> None:
        process = self._processes.pop("worker")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in reversed(self._processes.values()):
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def start_process(self, name: str, *command: str) -> None:
        with (self.directory / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command, env=self.environment, cwd=BASE, stdout=log, stderr=log, start_new_session=True
            )

    def manage(self, *command: str, text: str = "") -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=self.environment,
            cwd=BASE,
            input=text,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def attest_all(self, name: str) -> None:
        """Answer every question of the deployment of that name with yes, as the one who began it."""
        self.manage("shell", "-c", _ATTEST.format(name=name))

    def sign_in_link(self) -> str:
        link = re.search(r"http://\S+/sign-in/once/\S+", self.manage("welcome"))
        assert link is not None
        return link[0]

    def log(self, name: str) -> str:
        path = self.directory / f"{name}.log"
        return path.read_text("utf-8")[-3000:] if path.exists() else ""

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the simulator's control port; with a body, tell it something."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.lab['vcenter']['control_port']}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            content = answer.read()
        return json.loads(content) if content.strip() else None

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _wait(ready: Callable[[], bool], failure: Callable[[], str]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not ready():
        assert time.monotonic() < end, failure()
        time.sleep(0.3)
