"""A password goes to the host, and nowhere else."""

from __future__ import annotations

import logging
import traceback

import pytest

from tests.hosts.far_hosts import to
from wizard.hosts.connection import HostConnection, open_host
from wizard.hosts.errors import HostError
from wizard.lab.linux_host import LinuxHost
from wizard.lab.windows_host import WindowsHost

SECRET = "Tr0ub4dor-and-3"


def everything_said(error: BaseException) -> str:
    """The whole chain of tracebacks with the variables of every frame but those of the tests."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(
        f"{frame.filename} {frame.locals}" for frame in trace.stack if "/tests/" not in frame.filename
    ) + "".join(trace.format_exception_only())


def test_no_log_at_whatever_level_has_the_password_or_the_script(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with WindowsHost() as windows, LinuxHost() as linux:
        for connection in (to(windows), to(windows, auth="basic"), to(linux)):
            with open_host(connection) as session:
                session.run_script(f"'{SECRET}'\necho {SECRET}", deadline_s=10)
            for word in (connection.password, SECRET):
                # The lab's own side may say what it likes; it is no part of the product.
                assert word not in "".join(
                    record.getMessage() for record in caplog.records if "psrpcore" not in record.name
                )
    assert not [record for record in caplog.records if record.name.startswith(("pypsrp", "spnego"))]


@pytest.mark.parametrize("auth", ["negotiate", "basic"])
@pytest.mark.parametrize(
    "changes",
    [{}, {"fingerprint_sha256": "AB" * 32}, {"host": "no-such-host.invalid"}],
    ids=["wrong password", "wrong certificate", "unknown host"],
)
def test_no_error_has_the_password(auth: str, changes: dict[str, str]) -> None:
    with WindowsHost() as host:
        connection = to(host, auth=auth, password=SECRET, **changes)
        with pytest.raises(HostError) as caught, open_host(connection, timeout_s=5):
            pytest.fail("signed in")
    assert SECRET not in everything_said(caught.value)
    assert SECRET not in f"{caught.value!r} {caught.value.text.to_json()} {caught.value.remedy}"


def test_no_error_over_ssh_has_the_password() -> None:
    with LinuxHost() as host:
        connection = to(host, password=SECRET)
        with pytest.raises(HostError) as caught, open_host(connection, timeout_s=5):
            pytest.fail("signed in")
    assert SECRET not in everything_said(caught.value)


def test_a_connection_shows_everything_but_the_password() -> None:
    connection = HostConnection(host="h", port=5986, username="u", password=SECRET)
    assert SECRET not in repr(connection)
    assert "'h'" in repr(connection)
