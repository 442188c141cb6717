"""A whole installation of its own: web server, worker, Redis and the lab, with everything they write kept for a search."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import redis
import requests

from tests.ports import free_port
from tests.secrets import databases
from tests.tools import program
from tests.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
_GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "python:wizard.config.gunicorn", "wizard.config.wsgi")
_UNWANTED = ("DATABASE_URL", "REDIS_URL", "FOOTHOLD_TEST_VAR", "PYTEST_XDIST_WORKER", "TEMPLATE_DATABASE")


class Installation:
    """Secrets come from files, as in production. `commands` is whatever any process of this machine had as its command line
    or, if it is one of ours, in its environment."""

    def __init__(
        self, directory: Path, *, keys: Mapping[str, str], redis_password: str, database_password: str
    ) -> None:
        self.directory = directory
        self.var = directory / "var"
        self.temporary = directory / "tmp"
        self.logs: dict[str, Path] = {}
        self.said: list[tuple[str, bytes]] = []
        self.commands: set[bytes] = set()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()
        self._looking = threading.Thread(target=self._look_at_processes)
        port, web, debug = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{web}"
        self.debug_url = f"http://127.0.0.1:{debug}"
        self._redis_port, self._redis_password = port, redis_password
        secrets = {**keys, "REDIS_URL": f"redis://:{redis_password}@127.0.0.1:{port}/0"}
        for folder in (self.var, self.temporary, directory / "secrets", self.var / "installers"):
            folder.mkdir(parents=True)
        self.database = databases.make(self.var, password=database_password)
        if self.database.url:
            secrets["DATABASE_URL"] = self.database.url
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in (*_UNWANTED, *secrets)},
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(self.var),
            "FOOTHOLD_LAB": "1",
            "FOOTHOLD_URL": self.url,
            "PORT": str(web),
            "TMPDIR": str(self.temporary),
            "LOG_LEVEL": "DEBUG",
            "TASK_LEASE_SECONDS": "6",
            "TASK_RECONCILE_SECONDS": "1",
            # Reading all the authorities of the system again and again takes most of a preflight against the lab.
            "SSL_CERT_FILE": os.devnull,
            "SSL_CERT_DIR": str(directory),
        }
        for name, value in secrets.items():
            path = directory / "secrets" / name.lower()
            path.write_text(value)
            path.chmod(0o600)
            self.environment[f"{name}_FILE"] = str(path)

    # --- running -----------------------------------------------------------------------------------------------------

    def start(self, **environment: str) -> None:
        self.environment |= environment
        self._looking.start()
        configuration = self.directory / "redis.conf"
        configuration.write_text(
            f'port {self._redis_port}\nbind 127.0.0.1\nsave ""\ndir {self.directory}\n'
            f"requirepass {self._redis_password}\n"
        )
        self._start("redis", program("redis-server", "redis-server"), str(configuration))
        self.manage("prepare")
        self._start("web", *_GUNICORN)
        self.worker = self._start(
            "worker",
            *(sys.executable, "-m", "celery", "-A", "wizard.config.celery", "worker", "--beat"),
            *("--schedule", str(self.directory / "schedule"), "--loglevel", "DEBUG"),
            *("--pool", "threads", "--concurrency", "2", "--without-mingle", "--without-gossip"),
        )
        wait_until(lambda: self._answers(self.url))

    def start_debugging(self) -> None:
        """Another web server beside the first, which shows the inside of whatever crashes."""
        port = self.debug_url.rpartition(":")[2]
        self._start("debugging", *_GUNICORN, PORT=port, FOOTHOLD_DEBUG="1")

    def wait_for_debugging(self) -> None:
        wait_until(lambda: self._answers(self.debug_url))

    def _start(self, name: str, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        path = self.logs[name] = self.directory / f"{name}.log"
        # What goes to standard output is for whoever starts it: the first sign-in link is told there.
        shown = self.directory / "secrets" / f"{name}.out"
        with path.open("ab") as log, shown.open("ab") as out:
            process = subprocess.Popen(
                command,
                env={**self.environment, **environment},
                cwd=ROOT,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )
        self._processes.append(process)
        return process

    def stop_worker(self) -> None:
        os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.wait()

    def stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._ended.set()
        self._looking.join()
        self.database.drop()

    def manage(self, *command: str, text: str = "", code: int = 0, **environment: str) -> str:
        """Run a command, and give back its standard output; what it says of errors is searched with the logs."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env={**self.environment, **environment},
            cwd=ROOT,
            input=text,
            text=True,
            capture_output=True,
            timeout=PATIENCE_S * 2,
            check=False,
        )
        assert done.returncode == code, f"{command} {done.returncode}: {done.stdout} {done.stderr}"
        self.said.append((f"manage.py {command[0]}: errors", done.stderr.encode()))
        return done.stdout

    def _answers(self, url: str) -> bool:
        for process in self._processes:
            assert process.poll() is None, (
                f"{process.args!r} ended with {process.returncode}; see {self.directory}"
            )
        try:
            return requests.get(f"{url}/healthz", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def shown(self, name: str) -> str:
        """What a process said to whoever started it."""
        return (self.directory / "secrets" / f"{name}.out").read_text()

    def _look_at_processes(self) -> None:
        """Each process twice: as it was made, which is like the one that made it, and as what it then became."""
        ours = f"FOOTHOLD_VAR={self.var}".encode()
        looks: Counter[str] = Counter()
        while not self._ended.wait(0.2):
            for name in os.listdir("/proc"):
                if not name.isdecimal() or looks[name] == 2:
                    continue
                looks[name] += 1
                folder = Path("/proc", name)
                try:
                    self.commands.add((folder / "cmdline").read_bytes())
                    environment = (folder / "environ").read_bytes()
                except OSError:
                    continue
                if ours in environment:
                    self.commands.add(environment)

    # --- what is written where ---------------------------------------------------------------------------------------

    def in_redis(self) -> Iterator[tuple[str, bytes]]:
        """Every key with what it holds, in whichever way."""
        with redis.Redis(port=self._redis_port, password=self._redis_password) as store:
            for key in store.scan_iter(count=1000):
                yield "Redis: a key", key
                kind = store.type(key)
                if kind == b"none":
                    # Its time ended since it was listed.
                    continue
                ask: dict[bytes, Callable[[], Any]] = {
                    b"string": lambda key=key: store.get(key),  # type: ignore[misc]
                    b"list": lambda key=key: store.lrange(key, 0, -1),  # type: ignore[misc]
                    b"set": lambda key=key: store.smembers(key),  # type: ignore[misc]
                    b"hash": lambda key=key: store.hgetall(key),  # type: ignore[misc]
                    b"zset": lambda key=key: store.zrange(key, 0, -1),  # type: ignore[misc]
                }
                yield f"Redis: {key.decode(errors='replace')}", _flat(ask[kind]())

    def in_files(self) -> Iterator[tuple[str, bytes]]:
        """Every file that the processes wrote: database, broker, schedules, temporary files; not what the lab keeps."""
        for path in sorted(self.directory.rglob("*")):
            inside = path.relative_to(self.directory).parts
            given = inside[0] in ("secrets", "redis.conf") or inside[:2] == ("var", "static")
            if path.is_file() and not given and path not in self.logs.values():
                yield "/".join(inside), path.read_bytes()

    def in_logs(self) -> Iterator[tuple[str, bytes]]:
        for name, path in self.logs.items():
            yield f"the log of {name}", path.read_bytes()
        yield from self.said


def _flat(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\n".join(part for pair in value.items() for part in map(_flat, pair))
    return b"\n".join(map(_flat, value)) if isinstance(value, list | set | tuple) else str(value).encode()
