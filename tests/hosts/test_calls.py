"""The log has a line for each call to a target machine: which part, where, which step, how long, how it went, and no more."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.hosts.far_hosts import book, to
from wizard.hosts.connection import open_host
from wizard.hosts.errors import AccessDenied, TimedOut
from wizard.hosts.probe import probe_host
from wizard.lab.linux_host import LinuxHost
from wizard.lab.windows_host import WindowsHost

SECRET = "Tr0ub4dor-and-3"
STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


@pytest.fixture(scope="module", params=[WindowsHost, LinuxHost], ids=["winrm", "ssh"])
def host(request: pytest.FixtureRequest) -> Iterator[WindowsHost | LinuxHost]:
    with request.param() as running:
        yield running


@pytest.fixture(autouse=True)
def everything_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "wizard.wire.calls")


def part_of(host: WindowsHost | LinuxHost) -> str:
    return "ssh" if isinstance(host, LinuxHost) else "winrm"


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    """Level, step and outcome of each call."""
    records = [record for record in caplog.records if record.name == "wizard.wire.calls"]
    for record in records:
        extra = {name: value for name, value in vars(record).items() if name not in STANDARD}
        assert record.getMessage() == "remote.call"
        assert set(extra) == {"part", "address", "step", "ms", "outcome"}
        assert extra["ms"] >= 0
    return [(record.levelname, vars(record)["step"], vars(record)["outcome"]) for record in records]


def places(caplog: pytest.LogCaptureFixture) -> set[tuple[str, str]]:
    return {(vars(record)["part"], vars(record)["address"]) for record in caplog.records}


def test_signing_in_a_script_and_a_file_are_told(
    host: WindowsHost | LinuxHost, caplog: pytest.LogCaptureFixture
) -> None:
    connection = to(host)
    with open_host(connection) as session:
        session.run_script(f"echo {SECRET}", deadline_s=20)
        path = "/tmp/calls.bin" if isinstance(host, LinuxHost) else r"C:\Windows\Temp\calls.bin"
        session.upload([SECRET.encode()], path)
    lines = told(caplog)
    assert lines[:2] == [("DEBUG", "login", "ok"), ("DEBUG", "script", "ok")]
    assert set(lines[2:]) <= {("DEBUG", "upload", "ok"), ("DEBUG", "close", "ok")}
    # Over SSH a file is one call, its digest a part of that; over WinRM each piece is one.
    assert lines.count(("DEBUG", "upload", "ok")) == (1 if isinstance(host, LinuxHost) else 2)
    assert places(caplog) == {(part_of(host), f"{host.name}:{connection.port}")}
    said = " ".join(str(vars(record)) for record in caplog.records)
    assert SECRET not in said
    assert host.password not in said


def test_what_does_not_go_well_is_told_by_its_kind(
    host: WindowsHost | LinuxHost, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(AccessDenied), open_host(to(host, password=SECRET), timeout_s=5):
        pytest.fail("signed in")
    assert told(caplog) == [("INFO", "login", "AccessDenied")]
    assert SECRET not in " ".join(str(vars(record)) for record in caplog.records)


def test_a_script_that_does_not_end_is_told_with_its_end(caplog: pytest.LogCaptureFixture) -> None:
    with (
        WindowsHost("hung") as hung,
        open_host(to(hung), timeout_s=10) as session,
        pytest.raises(TimedOut),
    ):
        session.run_script("anything", deadline_s=0.3)
    # Inside the script the host is told to end it.
    assert told(caplog)[:3] == [
        ("DEBUG", "login", "ok"),
        ("DEBUG", "close", "ok"),
        ("INFO", "script", "TimedOut"),
    ]


def test_a_look_before_anybody_signs_in_is_told(
    host: WindowsHost | LinuxHost, caplog: pytest.LogCaptureFixture
) -> None:
    if isinstance(host, LinuxHost):
        probe_host(host.name, 22, "ssh", book(host))
    else:
        probe_host(host.name, 5986, "winrm_https", book(host))
    assert told(caplog) == [("DEBUG", "probe", "ok")]
    assert {part for part, _address in places(caplog)} == {part_of(host)}
