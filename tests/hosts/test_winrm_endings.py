"""Scripts that do not end as they should: deadlines, stops, breaks and floods."""

from __future__ import annotations

import threading
import time

import pytest

from tests.hosts.far_hosts import to
from tests.waiting import AT_ONCE_S
from wizard.hosts import guard
from wizard.hosts.connection import open_host
from wizard.hosts.errors import Dropped, OutputFlood, RemoteFault, Stopped, TimedOut
from wizard.hosts.session import LARGEST_OUTPUT
from wizard.lab.windows_host import WindowsHost


class OurOwn(Exception):
    """What a caller of this room raises in its own functions."""


def test_a_script_that_never_ends_is_ended_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "GRACE_S", AT_ONCE_S)
    lines: list[str] = []
    with WindowsHost("hung") as host, open_host(to(host), timeout_s=10) as session:
        began = time.monotonic()
        with pytest.raises(TimedOut) as caught:
            session.run_script("anything", deadline_s=1.5, on_line=lines.append)
        assert time.monotonic() - began < AT_ONCE_S
        assert host.stopped_commands == 1
    assert lines == ["One moment ..."]
    assert (caught.value.step, caught.value.address) == ("script", "hung.lab.test:5986")


def test_a_host_that_falls_silent_is_given_up() -> None:
    with WindowsHost("mute") as host, open_host(to(host), timeout_s=1) as session:
        began = time.monotonic()
        with pytest.raises(TimedOut, match="fell silent"):
            session.run_script("anything", deadline_s=60)
        assert time.monotonic() - began < AT_ONCE_S


@pytest.mark.parametrize("scenario", ["hung", "mute"])
def test_the_wish_to_stop_is_obeyed(scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if scenario == "hung":
        monkeypatch.setattr(guard, "GRACE_S", AT_ONCE_S)
    wish = threading.Event()
    with WindowsHost(scenario) as host, open_host(to(host), timeout_s=30) as session:
        timer = threading.Timer(0.7, wish.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            session.run_script("anything", deadline_s=60, should_stop=wish.is_set)
        assert time.monotonic() - began < AT_ONCE_S
        timer.join()
        assert host.stopped_commands == (1 if scenario == "hung" else 0)


def test_a_connection_that_breaks_in_the_middle_is_told_so() -> None:
    lines: list[str] = []
    with (
        WindowsHost("drops") as host,
        open_host(to(host), timeout_s=5) as session,
        pytest.raises(Dropped) as caught,
    ):
        session.run_script("anything", deadline_s=30, on_line=lines.append)
    assert lines == ["One moment ..."]
    assert caught.value.step == "script"


def test_output_without_end_is_ended_at_5_megabytes() -> None:
    size = 0

    def count(line: str) -> None:
        nonlocal size
        size += len(line) + 1

    with WindowsHost("floods") as host, open_host(to(host), timeout_s=10) as session:
        with pytest.raises(OutputFlood):
            session.run_script("anything", deadline_s=60, on_line=count)
        assert host.stopped_commands == 1
    assert LARGEST_OUTPUT - 20_000 < size <= LARGEST_OUTPUT


def test_progress_without_end_is_a_flood_too() -> None:
    with WindowsHost("babbles") as host, open_host(to(host), timeout_s=10) as session:
        with pytest.raises(OutputFlood):
            session.run_script("anything", deadline_s=60)
        assert host.stopped_commands == 1


def test_a_session_that_broke_runs_nothing_more() -> None:
    with WindowsHost("drops") as host, open_host(to(host), timeout_s=5) as session:
        with pytest.raises(Dropped):
            session.run_script("anything", deadline_s=30)
        with pytest.raises(Dropped, match="sign in again"):
            session.run_script("anything", deadline_s=30)


def test_what_the_listener_raises_comes_out_as_it_is_and_the_script_is_ended() -> None:
    def full(line: str) -> None:
        raise OurOwn(line)

    with WindowsHost("healthy") as host, open_host(to(host), timeout_s=10) as session:
        with pytest.raises(OurOwn, match="one"):
            session.run_script("'one'\nStart-Sleep -Milliseconds 5000\n'two'", deadline_s=30, on_line=full)
        assert host.stopped_commands == 1
        assert session.run_script("'still there'", deadline_s=30).stdout == "still there"


def test_what_the_wish_raises_comes_out_as_it_is() -> None:
    def broken() -> bool:
        raise OurOwn

    with (
        WindowsHost("healthy") as host,
        open_host(to(host), timeout_s=10) as session,
        pytest.raises(OurOwn),
    ):
        session.run_script("'one'", deadline_s=30, should_stop=broken)


def test_a_script_that_asks_a_question_is_not_waited_for() -> None:
    with WindowsHost("healthy") as host, open_host(to(host), timeout_s=10) as session:
        began = time.monotonic()
        with pytest.raises(RemoteFault, match="asks a question"):
            session.run_script("Read-Host 'Sure?'\nStart-Sleep -Milliseconds 60000", deadline_s=60)
        assert time.monotonic() - began < AT_ONCE_S
        assert host.stopped_commands == 1
