"""From launch to end of a task that does nothing, measured against a bare Celery task on the same broker.

    python -m benchmarks.tasks [--tasks 30] [--json FILE]

On the broker in files and on Redis (where redis-server is installed) one real worker runs, with four threads. One after the other a
task of an empty kind is launched and followed in the database to its end, and a Celery task that sets a key in the same
way as any other would: it writes the time into a file, which is waited for. Both are looked at every two milliseconds.
Printed are p50 and p95 of both in milliseconds, and the ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
LOOK_EVERY_S = 0.002


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=30)
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    figures: dict[str, Any] = {"tasks": options.tasks, "brokers": {}}
    for broker in ("files", "redis"):
        if broker == "redis" and shutil.which("redis-server") is None:
            print("redis: not measured, as redis-server is not installed")
            continue
        with tempfile.TemporaryDirectory(prefix="foothold-benchmark-") as scratch:
            figures["brokers"][broker] = row = _measure(Path(scratch), broker, options.tasks)
        print(
            f"{broker:<6} task p50 {row['task_p50_ms']:7.1f} ms  p95 {row['task_p95_ms']:7.1f} ms   "
            f"bare p50 {row['bare_p50_ms']:7.1f} ms  p95 {row['bare_p95_ms']:7.1f} ms   "
            f"ratio {row['p50_ratio']:.2f} and {row['p95_ratio']:.2f}"
        )
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def _measure(scratch: Path, broker: str, tasks: int) -> dict[str, Any]:
    environment = {
        **os.environ,
        "FOOTHOLD_VAR": str(scratch),
        "DJANGO_SETTINGS_MODULE": "benchmarks.empty_task_settings",
        "LOG_LEVEL": "ERROR",
    }
    for name in ("DATABASE_URL", "REDIS_URL", "FOOTHOLD_PRODUCTION"):
        environment.pop(name, None)
    with _redis(scratch) if broker == "redis" else _files() as url:
        if url:
            environment["REDIS_URL"] = url
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environment, check=True
        )
        with _worker(environment):
            # A process of its own, as Django's settings can be read once.
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.empty_task", str(tasks)],
                env=environment,
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
    seconds: dict[str, list[float]] = json.loads(done.stdout)
    task, bare = sorted(seconds["task"]), sorted(seconds["bare"])
    return {
        "task_p50_ms": 1000 * statistics.median(task),
        "task_p95_ms": 1000 * p95(task),
        "bare_p50_ms": 1000 * statistics.median(bare),
        "bare_p95_ms": 1000 * p95(bare),
        "p50_ratio": statistics.median(task) / statistics.median(bare),
        "p95_ratio": p95(task) / p95(bare),
    }


def p95(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]


def timed(begin: Callable[[], Any], ended: Callable[[Any], bool]) -> float:
    """Seconds from `begin` until `ended` says so of what it gave."""
    begun = time.perf_counter()
    what = begin()
    while not ended(what):
        if time.perf_counter() - begun > PATIENCE_S:
            raise SystemExit("the worker did not answer")
        time.sleep(LOOK_EVERY_S)
    return time.perf_counter() - begun


@contextmanager
def _files() -> Iterator[str]:
    yield ""


@contextmanager
def _redis(scratch: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        "redis-server",
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--dir",
        str(scratch),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


@contextmanager
def _worker(environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "celery", "-A", "wizard.config.celery", "worker", "--pool", "threads"]
    command += ["--concurrency", "4", "--without-mingle", "--without-gossip", "--loglevel", "ERROR"]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait()


if __name__ == "__main__":
    main()
