"""PowerShell on a Windows host of the lab, over real WinRM."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.hosts.far_hosts import to
from wizard.hosts.collector import CollectorOrder, Peer, powershell
from wizard.hosts.connection import open_host
from wizard.hosts.document import Observed, read
from wizard.lab.windows_host import WindowsHost


@pytest.fixture(scope="module")
def host() -> Iterator[WindowsHost]:
    with WindowsHost() as running:
        yield running


@pytest.mark.parametrize("auth", ["negotiate", "ntlm", "basic"])
def test_a_script_runs_over_https_however_one_signs_in(host: WindowsHost, auth: str) -> None:
    with open_host(to(host, auth=auth)) as session:
        result = session.run_script("'one'\nWrite-Error 'two'\nexit 7\n'three'", deadline_s=20)
    assert (result.exit_code, result.stdout, result.stderr) == (7, "one", "two")


@pytest.mark.parametrize("auth", ["negotiate", "ntlm"])
def test_over_plain_http_every_message_is_encrypted(auth: str) -> None:
    with WindowsHost(tls=False) as host:
        with open_host(to(host, auth=auth)) as session:
            result = session.run_script("'over http'", deadline_s=20)
            session.upload([b"sealed"], "C:\\sealed.txt")
        assert host.machine.files["C:\\sealed.txt"] == b"sealed"
        assert host.bodies_in_clear == 0
    assert result.stdout == "over http"


def test_a_domain_may_stand_before_the_user_name(host: WindowsHost) -> None:
    with open_host(to(host, username=f"HEALTHY\\{host.username}")) as session:
        assert session.run_script("'in'", deadline_s=20).stdout == "in"


def test_a_script_of_more_than_100_kilobytes_arrives_whole(host: WindowsHost) -> None:
    script = "".join(f"# line {number} {'x' * 90}\n" for number in range(1200)) + "'the end'\n"
    with open_host(to(host)) as session:
        assert session.run_script(script, deadline_s=20).stdout == "the end"
    assert len(script) > 100_000
    assert host.machine.scripts[-1] == script


def test_lines_are_handed_over_while_the_script_runs(host: WindowsHost) -> None:
    seen: list[tuple[str, float]] = []
    script = "'first'\nStart-Sleep -Milliseconds 600\nWrite-Host 'second'\nWrite-Warning 'third'"
    with open_host(to(host)) as session:
        result = session.run_script(
            script, deadline_s=20, on_line=lambda line: seen.append((line, time.monotonic()))
        )
    assert [line for line, _when in seen] == ["first", "second", "WARNING: third"]
    assert seen[1][1] - seen[0][1] > 0.4
    assert (result.stdout, result.stderr) == ("first\nsecond", "WARNING: third")


def test_an_error_that_ends_the_script_is_exit_code_1(host: WindowsHost) -> None:
    with open_host(to(host)) as session:
        result = session.run_script("'before'\nthrow 'No such disk.'\n'after'", deadline_s=20)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "before", "No such disk.")


def test_a_script_without_output_has_ended_well(host: WindowsHost) -> None:
    with open_host(to(host)) as session:
        result = session.run_script("# nothing", deadline_s=20)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_characters_that_only_look_like_line_ends_stay_where_they_are(host: WindowsHost) -> None:
    text = "a\u2028b\u0085c\x1cd Zürich 東京 🜚"
    with open_host(to(host)) as session:
        assert session.run_script(f"'{text}'", deadline_s=20).stdout == text


def test_one_session_runs_script_after_script(host: WindowsHost) -> None:
    with open_host(to(host)) as session:
        results = [session.run_script(f"'{number}'\nexit {number}", deadline_s=20) for number in range(4)]
    assert [(result.stdout, result.exit_code) for result in results] == [(str(n), n) for n in range(4)]


def test_the_facts_that_the_collector_prints_are_genuine(host: WindowsHost) -> None:
    order = CollectorOrder(
        nonce="0123456789abcdef" * 2,
        key=b"k" * 32,
        deployment=str(uuid4()),
        component="cs",
        endpoints=(("login.microsoftonline.com", 443), ("time.windows.com", 80)),
        peers=(Peer(name="vcenter", host="vcenter.lab.test", port=443),),
    )
    with open_host(to(host)) as session:
        result = session.run_script(powershell(order), deadline_s=20)
    document = read(result.stdout.encode())
    document.verify(order.key)
    assert (document.nonce, document.deployment, document.component) == (order.nonce, order.deployment, "cs")
    assert all(isinstance(fact, Observed) for fact in document.facts.values())
    endpoints = document.facts["reach.endpoints"]
    assert isinstance(endpoints, Observed)
    assert [(item["host"], item["port"]) for item in endpoints.value] == list(order.endpoints)
