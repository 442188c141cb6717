"""Running the product's commands: inside the test's process, or as a person does, each as a process of its own."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.waiting import PATIENCE_S

BASE = Path(__file__).resolve().parents[2]
EXAMPLE = BASE / "examples" / "vmware-ova.yaml"
PHYSICAL = BASE / "examples" / "physical-manual.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def flat(self) -> str:
        """Everything that was said, as if it had not been broken into lines."""
        return " ".join(self.text.split())


class Commands:
    """In the test's own process and database; what was printed is taken, so that each outcome stands for itself."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *args: object, stdin: str = "") -> Outcome:
        self._capsys.readouterr()
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code, refusal = 0, ""
        try:
            call_command(*(str(arg) for arg in args))
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        except CommandError as error:
            code, refusal = error.returncode, str(error)
        said = self._capsys.readouterr()
        found = Outcome(code=code, out=said.out, err=said.err + refusal)
        assert "Traceback" not in found.text
        return found


def _hears_interrupts() -> None:
    # What a shell starts in the background ignores them, and so does all that it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Installation:
    """A database and a var folder of its own, used through `manage.py` alone. `end` leaves nothing of it running."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self._started: list[subprocess.Popen[str]] = []
        without = ("DATABASE_URL", "REDIS_URL", "FOOTHOLD_TEST_VAR", "PYTEST_XDIST_WORKER")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in without},
            "DJANGO_SETTINGS_MODULE": "wizard.config.settings",
            "FOOTHOLD_VAR": str(var),
            "LOG_LEVEL": "WARNING",
        }

    def start(self, *args: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *(str(arg) for arg in args)],
            cwd=BASE,
            env=self.environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_hears_interrupts,
        )
        self._started.append(process)
        return process

    def __call__(self, *args: object, stdin: str = "") -> Outcome:
        process = self.start(*args)
        out, err = process.communicate(stdin, PATIENCE_S)
        return Outcome(code=process.returncode, out=out, err=err)

    def running(self) -> dict[int, str]:
        """The processes that were started with this folder and are still there: what they were called with, by number."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.var).encode() in (process / "environ").read_bytes():
                    found[int(process.name)] = (process / "cmdline").read_bytes().decode().replace("\0", " ")
        return found

    def end(self) -> None:
        # Those that it started hold the pipes, so they go first.
        for number in self.running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        for process in self._started:
            with process:
                process.kill()
