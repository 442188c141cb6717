"""What pages and lists take, measured against a bare Django view of the same server.

    python -m benchmarks.web [--requests 200] [--deployments 10 10000] [--json FILE]

One gunicorn process serves a scratch database. Each address is asked for `--requests` times over one connection, in turns
with a view that does nothing but answer; printed are p50 and p95 of both in milliseconds, their ratios, and the queries
that one request makes, for each number of deployments. Each of these has two tasks with their logs.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0
WARM_UP = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--deployments", type=int, nargs="+", default=[10, 10_000])
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    figures: dict[str, Any] = {"requests": options.requests, "deployments": {}}
    for count in options.deployments:
        with tempfile.TemporaryDirectory(prefix="foothold-benchmark-") as scratch:
            figures["deployments"][str(count)] = _measure(Path(scratch), count, options.requests)
        _print(count, figures["deployments"][str(count)])
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def _measure(scratch: Path, count: int, requests: int) -> dict[str, Any]:
    environment = {
        **os.environ,
        "FOOTHOLD_VAR": str(scratch),
        "DJANGO_SETTINGS_MODULE": "benchmarks.served_settings",
        "LOG_LEVEL": "ERROR",
        "PORT": str(_free_port()),
        "API_RATE_PER_MINUTE": "0",
        "API_RATE_PER_SECOND": "0",
    }
    for name in ("DATABASE_URL", "REDIS_URL", "FOOTHOLD_PRODUCTION"):
        environment.pop(name, None)
    # A process of its own, as Django's settings can be read once.
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.many_deployments", str(count)],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    known = json.loads(made.stdout)
    with _served(environment):
        return {
            name: _compare(int(environment["PORT"]), path, known, requests)
            for name, path in known["paths"].items()
        }


@contextmanager
def _served(environment: Mapping[str, str]) -> Iterator[None]:
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "python:benchmarks.served_gunicorn",
        "wizard.config.wsgi",
    ]
    server = subprocess.Popen(command, env=environment)
    try:
        give_up = time.monotonic() + PATIENCE_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(environment["PORT"]))) == 0:
                    break
            if server.poll() is not None or time.monotonic() > give_up:
                raise SystemExit("gunicorn did not start; what it said stands above.")
            time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait()


def _compare(port: int, path: str, known: Mapping[str, Any], requests: int) -> dict[str, Any]:
    headers = {"Cookie": f"sessionid={known['session']}"}
    if path.startswith(("/api/", "/metrics")):
        headers = {"Authorization": f"Bearer {known['token']}"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)

    def ask(address: str, **more: str) -> tuple[float, http.client.HTTPResponse, bytes]:
        begun = time.perf_counter()
        connection.request("GET", address, headers={**headers, **more})
        response = connection.getresponse()
        body = response.read()
        took = time.perf_counter() - begun
        if response.status not in (200, 204, 286):
            raise SystemExit(f"{address} answered {response.status}")
        return took, response, body

    try:
        _took, counted, body = ask(path, **{"X-Count-Queries": "1"})
        for _number in range(WARM_UP):
            ask(path)
            ask("/bare/")
        # In turns, so that what else the machine does falls on both.
        pairs = [(ask(path)[0], ask("/bare/")[0]) for _number in range(requests)]
    finally:
        connection.close()
    ours, bare = (sorted(side) for side in zip(*pairs, strict=True))
    return {
        "p50_ms": 1000 * statistics.median(ours),
        "p95_ms": 1000 * _p95(ours),
        "bare_p50_ms": 1000 * statistics.median(bare),
        "bare_p95_ms": 1000 * _p95(bare),
        "p50_ratio": statistics.median(ours) / statistics.median(bare),
        "p95_ratio": _p95(ours) / _p95(bare),
        "queries": int(counted.headers["X-Queries"]),
        "bytes": len(body),
    }


def _p95(ordered: list[float]) -> float:
    return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]


def _print(count: int, figures: Mapping[str, Any]) -> None:
    print(f"{count} deployments")
    print(
        f"  {'':<18}{'p50 ms':>8}{'p95 ms':>8}{'bare p50':>10}{'p50 ratio':>11}{'p95 ratio':>11}{'queries':>9}{'KB':>7}"
    )
    for name, row in figures.items():
        print(
            f"  {name:<18}{row['p50_ms']:8.1f}{row['p95_ms']:8.1f}{row['bare_p50_ms']:10.2f}{row['p50_ratio']:11.1f}"
            f"{row['p95_ratio']:11.1f}{row['queries']:9}{row['bytes'] / 1024:7.0f}"
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
