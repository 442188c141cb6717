"""Ports for servers of a test's own."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket

# Below the ports that the system gives to whoever asks for any, and a thousand for each process of the tests.
_first = 20_000 + 1_000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 12)
_candidates = (_first + number % 1_000 for number in itertools.count(os.getpid()))


def free_port() -> int:
    """One on which nobody listens, which nobody is given by chance, and which no other test is told."""
    while True:
        port = next(_candidates)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
