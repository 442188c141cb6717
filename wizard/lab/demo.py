"""The whole job without a browser: a lab and a worker of its own, the example answer files applied, everything stopped again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from wizard.lab.vault_credentials_file import VaultFile
from wizard.planning.unified_setup import INSTALLER

READY_SECONDS = 180.0
STOP_SECONDS = 15.0
GRACE_SECONDS = 1.0
LOOK_SECONDS = 2.0
ACCOUNT = "asr-operator"
AZURE_ACCOUNT = "lab-azure"


class DemoFailed(Exception):
    """A part of the demo did not come up; the message names it and where its log lies."""


class Demo:
    """Everything lies below `directory`, which is emptied first: the simulator forgets its machines, so must the demo."""

    def __init__(self, base: Path, directory: Path) -> None:
        self._base = base
        self._directory = directory
        self._manage = [sys.executable, "manage.py"]

    def run(self, answer_files: Sequence[Path]) -> int:
        """Apply one file after the other; the exit code of the first that fails, else 0. Raises DemoFailed where it could not
        even begin."""
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
        env = {
            **os.environ,
            "FOOTHOLD_VAR": str(self._directory),
            "FOOTHOLD_LAB": "1",
            "LOG_LEVEL": "WARNING",
        }
        for name in ("DATABASE_URL", "REDIS_URL", "TEMPLATE_DIR", "INSTALLER_DIR"):
            env.pop(name, None)
        self._call(env, "prepare")
        with self._process(env, "lab", *self._manage, "lab", "--port-base", "0") as lab:
            described = self._wait_for_lab(lab)
            if described["vcenter"] is None:
                raise DemoFailed(described["unavailable"])
            env |= {
                "CONNECT_TO": described["connect_to"],
                "PROBE_CA_FILE": described["ca_file"],
                "AZURE_EMULATOR": described["azure"]["url"],
            }
            self._call(env, "welcome")
            self._keep_accounts(env, described)
            self._put_installer()
            celery = (sys.executable, "-m", "celery", "-A", "wizard.config.celery", "worker")
            threads = ("--pool", "threads", "--concurrency", "2")
            # A message that gets lost is sent again by the schedule.
            with self._process(env, "worker", *celery, *threads, "--beat", "--loglevel", "WARNING") as worker:
                codes = [self._apply(env, path, described, worker) for path in answer_files]
        return next((code for code in codes if code), 0)

    def _apply(
        self, env: dict[str, str], path: Path, described: dict[str, Any], worker: subprocess.Popen[bytes]
    ) -> int:
        """Carry out the file, then have the vault confirm what was recorded.

        Only what nobody can know before the lab runs is said here; all else is in the file.
        """
        file = yaml.safe_load(path.read_text("utf-8"))
        answers = file["answers"]
        options: list[str] = []
        if "vcenter" in answers:
            vcenter = described["vcenter"]
            options += ["--set", f"vcenter.port={vcenter['port']}", "--trust", vcenter["thumbprint_sha256"]]
        if "evidence" in answers:
            host = next(row for row in described["hosts"] if row["name"] == answers["evidence"]["host"])
            key = self._make_vault_key(answers["vault"])
            options += ["--trust", host["thumbprint_sha256"], "--vault-credentials", str(key)]
        if "vault" in answers:
            options += ["--set", f"vault.account={AZURE_ACCOUNT}"]
        # Flushed, so that the title comes before what the command says.
        print(f"\n=== {path.name} ===\n", flush=True)  # noqa: T201 - the demo talks to a terminal
        code = self._show(env, worker, "apply", str(path), *options)
        return code or self._show(env, worker, "observe", file["name"])

    def _show(self, env: dict[str, str], worker: subprocess.Popen[bytes], *command: str) -> int:
        """The exit code of the command. Raises DemoFailed where nobody is left to do what it waits for."""
        process = None
        try:
            with _interrupts_later():
                process = subprocess.Popen([*self._manage, *command], env=env, cwd=self._base)
            while True:
                try:
                    return process.wait(LOOK_SECONDS)
                except subprocess.TimeoutExpired:
                    if worker.poll() is not None:
                        raise DemoFailed(
                            f"the worker has ended; see {self._directory / 'worker.log'}"
                        ) from None
        finally:
            if process is not None:
                _end(process)

    def _keep_accounts(self, env: dict[str, str], described: dict[str, Any]) -> None:
        self._call(env, "azure_account", "set", AZURE_ACCOUNT, "--how", "default")
        login = described["vcenter"]["accounts"][ACCOUNT]
        self._keep_account(env, "lab-vcenter", "vcenter", login)
        for host in described["hosts"]:
            if host["scenario"] == "healthy":
                self._keep_account(env, "lab-windows", "windows", host)

    def _keep_account(self, env: dict[str, str], name: str, kind: str, login: dict[str, str]) -> None:
        self._call(
            env,
            *("credential", "set", name, "--kind", kind, "--username", login["username"]),
            secret=login["password"],
        )

    def _put_installer(self) -> None:
        """The lab's machine plays an installation of whatever carries the installer's name."""
        folder = self._directory / "installers"
        folder.mkdir()
        (folder / INSTALLER).write_bytes(b"MZ" + bytes(2**20))

    def _make_vault_key(self, vault: dict[str, str]) -> Path:
        """As the portal would make it for the vault of the answers."""
        now = datetime.now(UTC)
        file = VaultFile(
            subscription=vault["subscription"],
            resource_group=vault["resource_group"],
            vault=vault["vault"],
            region=vault["region"],
        )
        key = self._directory / file.file_name(now)
        key.write_bytes(file.make(now))
        return key

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
            process = None
            try:
                with _interrupts_later():
                    process = subprocess.Popen(
                        command, env=env, cwd=self._base, stdout=log, stderr=log, start_new_session=True
                    )
                yield process
            finally:
                if process is not None:
                    _stop(process)

    def _wait_for_lab(self, lab: subprocess.Popen[bytes]) -> dict[str, Any]:
        found = self._directory / "lab" / "lab.json"
        end = time.monotonic() + READY_SECONDS
        while not found.exists():
            if lab.poll() is not None or time.monotonic() > end:
                raise DemoFailed(f"the lab did not come up; see {self._directory / 'lab.log'}")
            time.sleep(0.2)
        described: dict[str, Any] = json.loads(found.read_text("utf-8"))
        return described


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """An interrupt in here comes at the end: in the midst of a start it would leave a process that nobody knows of."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda seen, _frame: came.append(seen)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if came:
        raise KeyboardInterrupt


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ctrl-C reaches it, too, and it may have a word to say; where only the demo was asked to stop, it is stopped with it."""
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    # What it had started itself, which a process that was killed leaves behind.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
