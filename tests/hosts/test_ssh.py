"""Shell scripts, files and restarts on a Linux host of the lab, over real SSH."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.hosts.far_hosts import to
from tests.waiting import AT_ONCE_S
from wizard.hosts.collector import CollectorOrder, Peer, shell
from wizard.hosts.connection import open_host
from wizard.hosts.document import Observed, read
from wizard.hosts.errors import (
    AccessDenied,
    Dropped,
    HandshakeFailed,
    HostDidNotReturn,
    HostError,
    OutputFlood,
    RemoteFault,
    Stopped,
    TimedOut,
    Unreachable,
    WrongCertificate,
)
from wizard.hosts.pieces import PIECE_BYTES
from wizard.lab.linux_host import LinuxHost
from wizard.lab.windows_host import WindowsHost

OTHER = "SHA256:" + "A" * 43


@pytest.fixture(scope="module")
def host() -> Iterator[LinuxHost]:
    with LinuxHost() as running:
        yield running


def test_a_script_runs_and_both_streams_come_line_by_line(host: LinuxHost) -> None:
    seen: list[tuple[str, float]] = []
    script = "echo first\nsleep 0.5\necho second >&2\nexit 3\necho never\n"
    with open_host(to(host)) as session:
        result = session.run_script(
            script, deadline_s=20, on_line=lambda line: seen.append((line, time.monotonic()))
        )
    assert (result.exit_code, result.stdout, result.stderr) == (3, "first", "second")
    assert [line for line, _when in seen] == ["first", "second"]
    assert seen[1][1] - seen[0][1] > 0.3


def test_a_script_of_more_than_100_kilobytes_arrives_whole(host: LinuxHost) -> None:
    script = "".join(f"# line {number} {'x' * 90}\n" for number in range(1200)) + "echo Zürich\n"
    with open_host(to(host)) as session:
        assert session.run_script(script, deadline_s=20).stdout == "Zürich"


def test_one_session_runs_script_after_script(host: LinuxHost) -> None:
    with open_host(to(host)) as session:
        assert [session.run_script(f"echo {n}", deadline_s=20).stdout for n in range(3)] == ["0", "1", "2"]


def test_the_facts_that_the_collector_prints_are_genuine(host: LinuxHost) -> None:
    order = CollectorOrder(
        nonce="0123456789abcdef" * 2,
        key=b"k" * 32,
        deployment=str(uuid4()),
        component="mt_linux",
        peers=(Peer(name="cs", host="cs01.lab.test", port=443),),
    )
    with open_host(to(host)) as session:
        result = session.run_script(shell(order), deadline_s=20)
    document = read(result.stdout.encode())
    document.verify(order.key)
    assert document.component == "mt_linux"
    assert all(isinstance(fact, Observed) for fact in document.facts.values())


def test_the_fingerprint_may_be_entered_in_hexadecimal_digits(host: LinuxHost) -> None:
    digest = base64.b64decode(host.thumbprint_sha256.removeprefix("SHA256:") + "=").hex(":")
    with open_host(to(host, fingerprint_sha256=digest)) as session:
        assert session.run_script("echo in", deadline_s=20).stdout == "in"


def test_another_host_key_is_refused_before_the_password_is_sent() -> None:
    with LinuxHost() as host:
        with (
            pytest.raises(WrongCertificate) as caught,
            open_host(to(host, fingerprint_sha256=OTHER)),
        ):
            pytest.fail("signed in")
        assert host.sign_ins == []
        assert caught.value.presented == host.thumbprint_sha256
        assert caught.value.step == "host_key"


@pytest.mark.parametrize("scenario", ["linuxmt", "access_denied"])
def test_a_refused_password_is_tried_once(scenario: str) -> None:
    with LinuxHost(scenario) as host:
        changes = {"password": "wrong"} if scenario == "linuxmt" else {}
        with pytest.raises(AccessDenied), open_host(to(host, **changes)):
            pytest.fail("signed in")
        assert host.sign_ins == ["root"]


def test_a_host_that_takes_keys_alone_is_told_apart_from_a_wrong_password() -> None:
    with (
        LinuxHost(passwords=False) as host,
        pytest.raises(AccessDenied, match="with a password") as caught,
        open_host(to(host)),
    ):
        pytest.fail("signed in")
    assert "PasswordAuthentication" in str(caught.value.remedy)


def test_a_sign_in_that_is_never_answered_is_given_up() -> None:
    with LinuxHost("mute") as host:
        began = time.monotonic()
        with pytest.raises(TimedOut), open_host(to(host), timeout_s=1):
            pytest.fail("signed in")
        assert time.monotonic() - began < AT_ONCE_S


def test_nobody_signs_in_before_a_host_key_was_confirmed() -> None:
    with (
        LinuxHost() as host,
        pytest.raises(ValueError, match="confirmed"),
        open_host(to(host, fingerprint_sha256=None)),
    ):
        pytest.fail("signed in")


def test_a_port_where_nothing_listens_is_named() -> None:
    with LinuxHost() as host:
        connection = to(host)
    with pytest.raises(Unreachable), open_host(connection):
        pytest.fail("signed in")


def test_a_port_that_speaks_something_else_is_told_apart() -> None:
    with WindowsHost(tls=False) as windows, LinuxHost() as host:
        connection = to(host, host=windows.name, book=to(windows).book)
        with pytest.raises(HandshakeFailed), open_host(connection, timeout_s=1):
            pytest.fail("signed in")


def test_a_script_that_never_ends_is_ended_at_its_deadline() -> None:
    lines: list[str] = []
    with LinuxHost("hung") as host, open_host(to(host)) as session:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            session.run_script("anything", deadline_s=0.7, on_line=lines.append)
        assert time.monotonic() - began < AT_ONCE_S
    assert lines == ["One moment ..."]


def test_the_wish_to_stop_is_obeyed() -> None:
    wish = threading.Event()
    with LinuxHost("hung") as host, open_host(to(host)) as session:
        timer = threading.Timer(0.5, wish.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            session.run_script("anything", deadline_s=60, should_stop=wish.is_set)
        assert time.monotonic() - began < AT_ONCE_S
        timer.join()


def test_a_connection_that_breaks_in_the_middle_is_told_so() -> None:
    with LinuxHost("drops") as host, open_host(to(host)) as session, pytest.raises(Dropped):
        session.run_script("anything", deadline_s=30)


def test_output_without_end_is_ended_at_5_megabytes() -> None:
    with LinuxHost("floods") as host, open_host(to(host)) as session, pytest.raises(OutputFlood):
        session.run_script("anything", deadline_s=60)


def test_what_the_listener_raises_comes_out_as_it_is(host: LinuxHost) -> None:
    def full(line: str) -> None:
        raise KeyError(line)

    with open_host(to(host)) as session:
        with pytest.raises(KeyError, match="one"):
            session.run_script("echo one\nsleep 5\n", deadline_s=30, on_line=full)
        assert session.run_script("echo two", deadline_s=30).stdout == "two"


def test_a_file_arrives_as_it_is_and_progress_is_told(host: LinuxHost) -> None:
    content = bytes(range(256)) * 2000
    told: list[int] = []
    with open_host(to(host)) as session:
        session.upload([content[:7], content[7:]], "/tmp/bundle.tar", on_bytes=told.append)
    assert host.machine.files["/tmp/bundle.tar"] == content
    assert told == [PIECE_BYTES, 2 * PIECE_BYTES, len(content)]


def test_a_file_for_a_folder_that_is_not_there_is_refused(host: LinuxHost) -> None:
    with open_host(to(host)) as session, pytest.raises(RemoteFault, match="No such file"):
        session.upload([b"x"], "/no/such/folder/file")


def test_a_file_that_arrives_damaged_does_not_get_its_name(host: LinuxHost) -> None:
    def damage(_sent: int) -> None:
        host.machine.files["/tmp/other.part"] = b"yyy"

    with open_host(to(host)) as session, pytest.raises(RemoteFault, match="damaged"):
        session.upload([b"xxx"], "/tmp/other", on_bytes=damage)
    assert "/tmp/other" not in host.machine.files


def test_after_a_restart_the_same_session_goes_on() -> None:
    with LinuxHost() as host, open_host(to(host), timeout_s=10) as session:
        before = host.machine.boot_id
        session.restart(back_within_s=20)
        assert host.machine.boot_id != before
        assert session.run_script("echo again", deadline_s=10).stdout == "again"


@pytest.mark.parametrize("scenario", ["gone", "stays"])
def test_a_host_that_does_not_restart_as_asked_is_told_so(scenario: str) -> None:
    with LinuxHost(scenario) as host, open_host(to(host), timeout_s=5) as session:
        with pytest.raises(HostDidNotReturn) as caught:
            session.restart(back_within_s=1.5)
        assert ("still running" in str(caught.value)) == (scenario == "stays")


def test_every_error_names_the_part_and_a_remedy() -> None:
    with (
        LinuxHost("drops") as host,
        open_host(to(host)) as session,
        pytest.raises(HostError) as caught,
    ):
        session.run_script("anything", deadline_s=30)
    assert (caught.value.address, caught.value.step) == ("drops.lab.test:22", "script")
    assert str(caught.value.remedy)
