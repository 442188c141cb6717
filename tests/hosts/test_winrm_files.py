"""Files on their way to a Windows host, and the host on its way through a restart."""

from __future__ import annotations

import threading
import time

import pytest

from tests.hosts.far_hosts import to
from tests.waiting import AT_ONCE_S
from wizard.hosts.connection import open_host
from wizard.hosts.errors import HostDidNotReturn, RemoteFault, Stopped
from wizard.hosts.pieces import PIECE_BYTES
from wizard.lab.windows_host import WindowsHost

PATH = "C:\\Temp\\bundle.zip"


def test_a_file_arrives_as_it_is_and_progress_is_told() -> None:
    content = bytes(range(256)) * 2000
    chunks = [content[:7], content[7:300_000], b"", content[300_000:]]
    told: list[int] = []
    with WindowsHost() as host, open_host(to(host)) as session:
        session.upload(iter(chunks), PATH, on_bytes=told.append)
        assert host.machine.files == {PATH: content}
    assert told == [PIECE_BYTES, 2 * PIECE_BYTES, len(content)]


def test_an_empty_file_is_a_file() -> None:
    with WindowsHost() as host, open_host(to(host)) as session:
        session.upload([], PATH)
        assert host.machine.files == {PATH: b""}


def test_a_file_that_somebody_else_writes_to_is_not_finished() -> None:
    with WindowsHost() as host, open_host(to(host)) as session:

        def meddle(_sent: int) -> None:
            host.machine.files[PATH + ".part"] += b"!"

        with pytest.raises(RemoteFault, match="bytes instead of"):
            session.upload([b"x" * (PIECE_BYTES + 1)], PATH, on_bytes=meddle)
        assert PATH not in host.machine.files


def test_a_file_that_arrives_damaged_does_not_get_its_name() -> None:
    with WindowsHost() as host, open_host(to(host)) as session:

        def damage(_sent: int) -> None:
            host.machine.files[PATH + ".part"] = b"yyy"

        with pytest.raises(RemoteFault, match="damaged"):
            session.upload([b"xxx"], PATH, on_bytes=damage)
        assert PATH not in host.machine.files


def test_what_the_progress_raises_ends_the_upload() -> None:
    def stop(_sent: int) -> None:
        raise KeyError("enough")

    with WindowsHost() as host, open_host(to(host)) as session:
        with pytest.raises(KeyError, match="enough"):
            session.upload([b"x" * (3 * PIECE_BYTES)], PATH, on_bytes=stop)
        assert PATH not in host.machine.files


def test_after_a_restart_the_same_session_goes_on() -> None:
    with WindowsHost("reboots") as host, open_host(to(host), timeout_s=10) as session:
        before = host.machine.boot_time
        session.restart(back_within_s=20)
        assert host.machine.boot_time > before
        assert host.machine.restarts == 1
        assert session.run_script("'again'", deadline_s=10).stdout == "again"


def test_a_restart_over_plain_http_finds_back_too() -> None:
    with WindowsHost("reboots", tls=False) as host, open_host(to(host), timeout_s=10) as session:
        session.restart(back_within_s=20)
        assert session.run_script("'again'", deadline_s=10).stdout == "again"


@pytest.mark.parametrize(
    ("scenario", "within_s", "words"),
    [("gone", 4.0, "did not come back"), ("stays", 2.0, "still running as before")],
)
def test_a_host_that_does_not_restart_as_asked_is_told_so(scenario: str, within_s: float, words: str) -> None:
    with WindowsHost(scenario) as host, open_host(to(host), timeout_s=5) as session:
        began = time.monotonic()
        with pytest.raises(HostDidNotReturn, match=words) as caught:
            session.restart(back_within_s=within_s)
        assert time.monotonic() - began < AT_ONCE_S
    assert "console" in str(caught.value.remedy)
    assert caught.value.step == "restart"


def test_waiting_for_a_host_can_be_stopped() -> None:
    wish = threading.Event()
    with WindowsHost("gone") as host, open_host(to(host), timeout_s=5) as session:
        timer = threading.Timer(1.5, wish.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            session.restart(back_within_s=60, should_stop=wish.is_set)
        assert time.monotonic() - began < AT_ONCE_S
        timer.join()


def test_a_password_that_changed_over_a_restart_is_not_tried_on_and_on() -> None:
    with WindowsHost("reboots") as host, open_host(to(host), timeout_s=5) as session:
        host.password_after_restart = "Another-1"
        with pytest.raises(Exception, match="refused the user name"):
            session.restart(back_within_s=20)
        refusals = [item for item in host.seen if item.credential and item.status == 401]
    # The greeting of the first sign-in, and greeting and password of two more.
    assert len(refusals) == 5
