"""A real Celery worker with its own beat, on either broker, working on the database of the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from kombu import pools

from tests.ports import free_port
from tests.tools import program
from tests.waiting import PATIENCE_S, wait_until
from wizard.config.celery import app


class Worker:
    """One worker process with its pool; `kill` takes all of them at once, as a power cut does."""

    def __init__(self, environment: dict[str, str], log: Path, *options: str) -> None:
        self._log = log.open("a")
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "wizard.config.celery",
            "worker",
            "--concurrency",
            "2",
        ]
        command += [
            "--beat",
            "--schedule",
            str(log.with_suffix(".schedule")),
            "--loglevel",
            "INFO",
            "--without-mingle",
            "--without-gossip",
            *options,
        ]
        self.process = subprocess.Popen(
            command, env=environment, stdout=self._log, stderr=self._log, start_new_session=True
        )

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        """Tell it to end, and wait until it has."""
        self.process.terminate()
        self.process.wait(PATIENCE_S)

    def stop(self) -> None:
        # The test is over, and to end in peace takes a worker several seconds.
        if self.process.poll() is None:
            self.kill()
        self._log.close()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = [
        program("redis-server", "redis-server"),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
    ]
    server = subprocess.Popen([*command, "--dir", str(tmp_path)], stdout=subprocess.DEVNULL)
    try:
        _wait_for_port(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        # It keeps nothing.
        server.kill()
        server.wait()


@pytest.fixture(params=["filesystem", pytest.param("redis", marks=pytest.mark.redis)])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a worker on this broker; this process sends its messages there, too."""
    url = request.getfixturevalue("redis_url") if request.param == "redis" else "filesystem://"
    options = dict(settings.CELERY_BROKER_TRANSPORT_OPTIONS) if request.param == "filesystem" else {}
    before = (app.conf.broker_url, app.conf.broker_transport_options)
    _send_to(url, options)
    try:
        yield {"REDIS_URL": url} if request.param == "redis" else {}
    finally:
        _send_to(*before)


@pytest.fixture
def start_worker(
    broker: dict[str, str], tmp_path: Path, transactional_db: None
) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []
    environment = {
        **os.environ,
        **broker,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "WORKER_DATABASE": str(connection.settings_dict["NAME"]),
        "TASK_LEASE_SECONDS": "3",
        "TASK_RECONCILE_SECONDS": "1",
    }

    def start(*options: str) -> Worker:
        worker = Worker(environment, tmp_path / "worker.log", *options)
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.stop()
    print((tmp_path / "worker.log").read_text() if workers else "")  # noqa: T201 - shown where a test fails


def _send_to(url: str, options: dict[str, object]) -> None:
    app.conf.update(broker_url=url, broker_transport_options=options)
    pools.reset()
    app._pool = None
    app.amqp._producer_pool = None


def _wait_for_port(port: int) -> None:
    def answers() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    wait_until(answers)
