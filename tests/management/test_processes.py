"""The commands as processes of their own: what a shell sees of them."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.management.commands import BASE, EXAMPLE, Installation, Outcome
from tests.ports import free_port
from tests.waiting import PATIENCE_S, wait_until

pytestmark = pytest.mark.xdist_group("commands")


def test_prepare_makes_a_new_installation_ready_and_keeps_what_is_there(installation: Installation) -> None:
    var = installation.var
    database = var / "foothold.sqlite3"
    with sqlite3.connect(database) as rows:
        before = rows.execute("SELECT count(*), max(id) FROM wizard_operator").fetchone()
    assert before[0] == 1
    assert (var / "static" / "staticfiles.json").exists()
    assert (var / "templates").is_dir()
    keys = [(path.name, path.read_text(), path.stat().st_mode & 0o777) for path in sorted(var.glob("keys/*"))]
    assert {mode for _name, _text, mode in keys} == {0o600}
    outcome = installation("prepare")
    assert (outcome.code, outcome.out, outcome.err) == (0, "", "")
    with sqlite3.connect(database) as rows:
        assert rows.execute("SELECT count(*), max(id) FROM wizard_operator").fetchone() == before
    assert [
        (path.name, path.read_text(), path.stat().st_mode & 0o777) for path in sorted(var.glob("keys/*"))
    ] == keys


def test_prepare_names_a_database_that_does_not_answer_and_not_its_password(own: Installation) -> None:
    with socket.socket() as probe:
        # Bound and not listening: whoever knocks is turned away.
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        own.environment["DATABASE_URL"] = f"postgresql://foothold:canary-pass@127.0.0.1:{port}/plans"
        outcome = own("prepare")
    said = " ".join(outcome.err.split())
    assert outcome.code == 1
    assert f"The database plans (127.0.0.1:{port}) could not be brought up to date: connection" in said
    assert "See that the server runs" in said
    assert "manage.py prepare again." in said
    assert "Traceback" not in outcome.text
    assert "canary-pass" not in outcome.text


def test_prepare_names_a_database_without_room(own: Installation) -> None:
    own.var.mkdir()
    # A limit on the size of files is what a full disk is to SQLite, without filling one.
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (64 * 1024, 64 * 1024))
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=BASE,
        env=own.environment,
        text=True,
        capture_output=True,
        timeout=PATIENCE_S,
        preexec_fn=limit,
        check=False,
    )
    outcome = Outcome(code=done.returncode, out=done.stdout, err=done.stderr)
    said = outcome.err.replace("\n", "")
    assert outcome.code == 1
    assert str(own.var / "foothold.sqlite3") in said
    assert "could not be brought up to date" in " ".join(outcome.err.split())
    assert "Make room on its disk" in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.text


def test_prepare_names_a_folder_that_cannot_be_written(own: Installation) -> None:
    own.var.mkdir()
    own.environment["TEMPLATE_DIR"] = str(own.var / "file" / "templates")
    (own.var / "file").write_text("")
    outcome = own("prepare")
    assert outcome.code == 1
    assert "cannot be written: Not a directory." in " ".join(outcome.err.split())
    assert "Traceback" not in outcome.text


def test_a_mistake_in_a_file_ends_with_2_and_no_traceback(installation: Installation) -> None:
    outcome = installation("apply", EXAMPLE, "--set", "network.data_port=443")
    assert outcome.code == 2
    assert "answers.network.data_port" in outcome.err
    assert "Traceback" not in outcome.text


def test_a_database_that_is_not_prepared_is_named_with_the_remedy(own: Installation) -> None:
    own.var.mkdir()
    outcome = own("apply", EXAMPLE)
    assert outcome.code == 1
    assert "The database cannot be used: no such table" in " ".join(outcome.err.split())
    assert "manage.py prepare" in outcome.err
    assert "Traceback" not in outcome.text


def test_a_password_is_not_echoed(installation: Installation) -> None:
    outcome = installation(
        "credential", "set", "echo", "--username", "asr@vsphere.local", stdin="canary-echo\n"
    )
    assert (outcome.code, outcome.text) == (0, "Stored echo.\n")
    assert "canary-echo" not in (installation.var / "foothold.sqlite3").read_bytes().decode("latin-1")


def test_an_interrupt_ends_with_130_and_leaves_the_task_to_its_worker(
    installation: Installation, own: Installation
) -> None:
    # One of its own, as the deployment of the example is begun in it.
    # A process that is just ending may still hold the database: only SQLite itself copies it whole.
    shutil.copytree(installation.var, own.var, ignore=shutil.ignore_patterns("foothold.sqlite3*"))
    with (
        closing(sqlite3.connect(installation.var / "foothold.sqlite3")) as source,
        closing(sqlite3.connect(own.var / "foothold.sqlite3")) as copy,
    ):
        source.backup(copy)
    stored = own("credential", "set", "lab-vcenter", "--username", "asr@vsphere.local", stdin="secret\n")
    assert stored.code == 0
    process = own.start("apply", EXAMPLE, "--trust", ":".join(["AB"] * 32))
    database = own.var / "foothold.sqlite3"
    wait_until(lambda: process.poll() is not None or _queued(database))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Interrupted. A task that was under way goes on in its worker" in " ".join(err.split())
    assert "Traceback" not in out + err
    assert _queued(database), "it still waits for a worker"


def _queued(database: Path) -> bool:
    with sqlite3.connect(database) as rows:
        found = rows.execute("SELECT count(*) FROM wizard_task WHERE state = 'queued'").fetchone()[0]
    return bool(found)


@pytest.mark.worker
def test_everything_starts_with_one_command_and_ends_with_its_terminal(own: Installation) -> None:
    own.environment["PORT"] = str(free_port())
    url = f"http://localhost:{own.environment['PORT']}/"
    assert own("prepare").code == 0
    process = own.start("up", "--no-lab")
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        if "First sign-in" in line:
            break
    assert f"Foothold answers at {url}" in "".join(said)
    link = said[-1].split()[-1]
    assert link.startswith(f"{url}sign-in/once/")
    assert urllib.request.urlopen(link, timeout=PATIENCE_S).status == 200
    wait_until(lambda: _answers(f"{url}readyz"), pause_s=0.5)
    # As when its window is closed; Ctrl-C ends in the same place.
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert "SIGKILL" not in out, "everything ended by itself"
    assert "Traceback" not in "".join(said) + out + err
    assert not own.running()


@pytest.mark.vcenter
@pytest.mark.worker
def test_the_demo_does_three_whole_jobs_and_leaves_nothing_running(
    own: Installation, running_lab: object
) -> None:
    # The lab is asked for so that the simulator is built, or the test skipped where it cannot be.
    process = own.start("demo")
    # Ten processes one after the other.
    out, err = process.communicate(timeout=3 * PATIENCE_S)
    assert process.returncode == 0, out + err
    assert out.count("=== ") == 3
    assert "Registered: VMware vCenter Server" in out
    assert "└─ Recovery Services vault: lyon-vault" in out
    assert "Files with secrets were removed from the machine." in out
    assert "└─ Recovery Services vault: essen-vault" in out
    assert "└─ Recovery Services vault: lyon-appliance-vault" in out
    assert err == ""
    told = "The picture of the topology: "
    pictures = [Path(line.removeprefix(told)) for line in out.splitlines() if line.startswith(told)]
    assert {picture.parent.parent for picture in pictures} == {own.var / "demo"}
    assert all("<svg" in picture.read_text("utf-8") for picture in pictures)
    assert len(pictures) == out.count("The vault confirms the recorded topology.") == 3
    # Once as it was recorded, once as the vault shows it.
    assert out.count("└─ vCenter Server: 127.0.0.1") == 3
    assert not own.running()


@pytest.mark.vcenter
@pytest.mark.worker
def test_a_demo_whose_terminal_is_closed_leaves_nothing_running(
    own: Installation, running_lab: object
) -> None:
    process = own.start("demo")
    wait_until(lambda: process.poll() is not None or (own.var / "demo" / "worker.log").exists())
    assert process.poll() is None
    process.send_signal(signal.SIGHUP)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert not own.running()


@pytest.mark.vcenter
@pytest.mark.worker
def test_a_demo_whose_worker_dies_says_so(own: Installation, running_lab: object) -> None:
    process = own.start("demo", "vmware-ova")
    wait_until(lambda: process.poll() is not None or _workers(own))
    assert process.poll() is None
    for worker in _workers(own):
        os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1, out + err
    assert "the worker has ended; see " in err
    assert "Traceback" not in out + err
    assert not own.running()


def _workers(own: Installation) -> list[int]:
    return [number for number, called in own.running().items() if " worker " in called and "celery" in called]


def _answers(url: str) -> bool:
    try:
        return bool(urllib.request.urlopen(url, timeout=PATIENCE_S).status == 200)
    except urllib.error.URLError:
        return False
