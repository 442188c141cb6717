"""A whole installation of its own: web server, worker, Redis and the lab, with everything they write kept for a search."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import redis
import requests

from tests.tools import program
from tests.waiting import PATIENCE_S, wait_until

ROOT = Path(__file__).resolve().parents[2]
_UNWANTED = ("DATABASE_URL", "REDIS_URL", "FOOTHOLD_TEST_VAR", "PYTEST_XDIST_WORKER", "TEMPLATE_DATABASE")


class Installation:
    """Secrets come from files, as in production. `commands` is whatever any process of this machine had as its command line
    or, if it is one of ours, in its environment."""

    def __init__(self, directory: Path, *, keys: Mapping[str, str], redis_password: str) -> None:
        self.directory = directory
        self.var = directory / "var"
        self.temporary = directory / "tmp"
        self.logs: dict[str, Path] = {}
        self.said: list[tuple[str, bytes]] = []
        self.commands: set[bytes] = set()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()
        self._looking = threading.Thread(target=self._look_at_processes)
        port, web = free_port(), free_port()
        self.url = f"http://127.0.0.1:{web}"
        self._redis = {"port": port, "password": redis_password}
        secrets = {**keys, "REDIS_URL": f"redis://:{redis_password}@127.0.0.1:{port}/0"}
        for folder in (self.var, self.temporary, directory / "secrets", self.var / "installers"):
            folder.mkdir(parents=True)
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
            self.environment[f"{name}_FILE"] = str(path)

    # --- running -----------------------------------------------------------------------------------------------------

    def start(self, **environment: str) -> None:
        self.environment |= environment
        self._looking.start()
        configuration = self.directory / "redis.conf"
        configuration.write_text(
            f'port {self._redis["port"]}\nbind 127.0.0.1\nsave ""\ndir {self.directory}\n'
            f"requirepass {self._redis['password']}\n"
        )
        self._start("redis", program("redis-server", "redis-server"), str(configuration))
        self.manage("prepare")
        gunicorn = (sys.executable, "-m", "gunicorn", "-c", "python:wizard.config.gunicorn")
        self._start("web", *gunicorn, "wizard.config.wsgi")
        self.worker = self._start(
            "worker",
            *(sys.executable, "-m", "celery", "-A", "wizard.config.celery", "worker", "--beat"),
            *("--schedule", str(self.directory / "schedule"), "--loglevel", "DEBUG"),
            *("--pool", "threads", "--concurrency", "2", "--without-mingle", "--without-gossip"),
        )
        wait_until(self._answers)

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        path = self.logs[name] = self.directory / f"{name}.log"
        # What goes to standard output is for whoever starts it: the first sign-in link is told there.
        shown = self.directory / "secrets" / f"{name}.out"
        with path.open("ab") as log, shown.open("ab") as out:
            process = subprocess.Popen(
                command,
                env=self.environment,
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

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/healthz", timeout=5).status_code == 200
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
        with redis.Redis(port=self._redis["port"], password=self._redis["password"]) as store:
            for key in store.scan_iter(count=1000):
                yield "Redis: a key", key
                kind = store.type(key)
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


class Browser:
    """A person at the pages. `saw` is what each of them showed, but for what is shown once because it was asked for."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self.saw: list[tuple[str, bytes]] = []

    def get(self, path: str, *, note: bool = True) -> requests.Response:
        return self._noted(f"GET {path}", self._session.get(self._url + path, timeout=60), note)

    def post(
        self, path: str, data: Mapping[str, Any], *, note: bool = True, **more: Any
    ) -> requests.Response:
        token = {"csrfmiddlewaretoken": self._session.cookies.get("csrftoken", "")}
        response = self._session.post(self._url + path, {**token, **data}, timeout=60, **more)
        return self._noted(f"POST {path}", response, note)

    def cookie(self, name: str) -> str:
        return str(self._session.cookies[name])

    def _noted(self, what: str, response: requests.Response, note: bool) -> requests.Response:
        if note:
            headers = "\n".join(
                f"{name}: {value}" for name, value in response.headers.items() if name != "Set-Cookie"
            )
            self.saw.append((f"{what} {response.status_code}", response.content + headers.encode()))
        return response


class Program:
    """A program at the API."""

    def __init__(self, url: str, token: str) -> None:
        self._url = f"{url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self.saw: list[tuple[str, bytes]] = []

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        response = self._session.request(method, self._url + path, timeout=60, **more)
        self.saw.append((f"API {method} {path} {response.status_code}", response.content))
        return response

    def finished(self, deployment: str, kind: str) -> dict[str, Any]:
        """The newest task of that kind, when it has ended."""
        end = time.monotonic() + PATIENCE_S
        while True:
            found = self.ask("GET", f"/tasks/?deployment={deployment}&kind={kind}").json()["items"][0]
            if found["state"] not in ("queued", "running"):
                return dict(found)
            assert time.monotonic() < end, found
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def text_in(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} in {text[:2000]}"
    return found[1]


def _flat(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\n".join(part for pair in value.items() for part in map(_flat, pair))
    return b"\n".join(map(_flat, value)) if isinstance(value, list | set | tuple) else str(value).encode()
