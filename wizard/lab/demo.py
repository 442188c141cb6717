"""The whole job without a browser: a lab and a worker of its own, the example answer file applied, everything stopped again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

READY_SECONDS = 180.0
STOP_SECONDS = 15.0
CREDENTIAL, ACCOUNT = "lab-vcenter", "asr-operator"


class DemoFailed(Exception):
    """A part of the demo did not come up; the message names it and where its log lies."""


class Demo:
    """Everything lies below `directory`, which is emptied first: the simulator forgets its machines, so must the demo."""

    def __init__(self, base: Path, directory: Path) -> None:
        self._base = base
        self._directory = directory
        self._manage = [sys.executable, "manage.py"]

    def run(self, answer_file: Path) -> int:
        """The exit code of `apply`. Raises DemoFailed where it could not even begin."""
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
        env = {
            **os.environ,
            "FOOTHOLD_VAR": str(self._directory),
            "FOOTHOLD_LAB": "1",
            "LOG_LEVEL": "WARNING",
        }
        for name in ("DATABASE_URL", "REDIS_URL"):
            env.pop(name, None)
        self._call(env, "prepare")
        with self._process(env, "lab", *self._manage, "lab", "--port-base", "0") as lab:
            described = self._wait_for_lab(lab)
            vcenter = described["vcenter"]
            if vcenter is None:
                raise DemoFailed(described["unavailable"])
            env |= {"CONNECT_TO": described["connect_to"], "PROBE_CA_FILE": described["ca_file"]}
            self._call(env, "welcome")
            login = vcenter["accounts"][ACCOUNT]
            self._call(
                env,
                "credential",
                "set",
                CREDENTIAL,
                "--username",
                login["username"],
                secret=login["password"],
            )
            celery = (sys.executable, "-m", "celery", "-A", "wizard.config.celery", "worker")
            threads = ("--pool", "threads", "--concurrency", "2")
            with self._process(env, "worker", *celery, *threads, "--loglevel", "WARNING"):
                return subprocess.run(
                    [
                        *self._manage,
                        "apply",
                        str(answer_file),
                        "--set",
                        f"vcenter.port={vcenter['port']}",
                        "--trust",
                        vcenter["thumbprint_sha256"],
                    ],
                    env=env,
                    cwd=self._base,
                    check=False,
                ).returncode

    def _call(self, env: dict[str, str], *command: str, secret: str = "") -> None:
        done = subprocess.run(
            [*self._manage, *command],
            env=env,
            cwd=self._base,
            input=secret + "\n",
            text=True,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise DemoFailed(f"manage.py {command[0]} failed: {done.stderr.strip()}")

    @contextmanager
    def _process(self, env: dict[str, str], name: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self._directory / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=env, cwd=self._base, stdout=log, stderr=log, start_new_session=True
            )
            try:
                yield process
            finally:
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()

    def _wait_for_lab(self, lab: subprocess.Popen[bytes]) -> dict[str, Any]:
        found = self._directory / "lab" / "lab.json"
        end = time.monotonic() + READY_SECONDS
        while not found.exists():
            if lab.poll() is not None or time.monotonic() > end:
                raise DemoFailed(f"the lab did not come up; see {self._directory / 'lab.log'}")
            time.sleep(0.2)
        described: dict[str, Any] = json.loads(found.read_text("utf-8"))
        return described
