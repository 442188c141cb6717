"""An installation over real WinRM: to its end, or ended in between; nothing secret stays on the machine in any case."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.services.installing import (
    ACCOUNT,
    INSTALLER,
    NAME,
    REBOOT,
    Installation,
    TargetHost,
    TargetMachine,
    forever,
    well,
)
from tests.services.machines import attest_all
from tests.services.test_secrets import where_it_stands
from tests.vault_files import canary, usual_file
from tests.waiting import PATIENCE_S
from wizard.lab.windows_host import WindowsHost
from wizard.lab.windows_host.events import Event, Exit, Line, Pause
from wizard.lab.windows_host.scenarios import SCENARIOS
from wizard.models import AuditEntry, Credential, InstallationSecret, Operator, Task, TaskState
from wizard.services import (
    deployments,
    host_preparation,
    installation_secrets,
    preflight,
    remote_installation,
    tasks,
)
from wizard.services.errors import Conflict, Invalid, NotReady

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host(settings: Any, tmp_path: Path) -> Iterator[TargetHost]:
    settings.INSTALLER_DIR = tmp_path
    (tmp_path / INSTALLER).write_bytes(b"MZ" + bytes(400_000))
    settings.TASK_LEASE_SECONDS = 3
    with TargetHost() as host:
        # Before what leads to the lab, where a test has that: every other way would lead out of this machine.
        settings.CONNECT_TO = f"{host.connect_to},{settings.CONNECT_TO}".strip(",")
        yield host


@pytest.fixture
def ready(host: TargetHost, operator: Operator) -> Installation:
    site = Installation(operator, host).heard_and_checked()
    site.give_key()
    return site


def when(condition: Callable[[], object], act: Callable[[], object]) -> threading.Thread:
    """Do something in another thread as soon as a condition holds."""

    def watch() -> None:
        end = time.monotonic() + PATIENCE_S
        try:
            while time.monotonic() < end:
                if condition():
                    act()
                    return
                time.sleep(0.05)
        finally:
            connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    return watcher


def with_code(code: int, *lines: str) -> Callable[[TargetMachine], Iterator[Event]]:
    def course(machine: TargetMachine) -> Iterator[Event]:
        for line in lines:
            yield Line(line)
        machine.end_of_script()
        yield Exit(code)

    return course


def hear_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    # The far end lives in this very process, and its library writes down what it receives.
    caplog.set_level(logging.INFO, logger="psrpcore")


def said(task: Task) -> list[str]:
    return [str(event.message) for event in task.events.all()]


# --- to its end -------------------------------------------------------------------------------------------------------


@pytest.mark.vcenter
def test_a_machine_is_checked_installed_and_verified(
    connected: None, host: TargetHost, operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    hear_everything(caplog)
    site = Installation(operator, host)
    site.done("collect_facts")
    attest_all(site.deployment, operator)
    site.done("preflight")
    assert site.deployment.state == "checked"
    site.give_key()

    task = site.done()
    assert site.deployment.state == "deployed"
    assert task.result is not None
    assert (task.result["installed"], task.result["restarted"]) == (True, False)
    assert "Unified Setup is running, for 10 minutes now" in said(task)
    assert not any("something that setup prints" in line for line in said(task))
    assert {row.requirement_id for row in preflight.latest_results(site.deployment, "after")} >= {"SVC-01"}
    entry = AuditEntry.objects.get(action="host.installed")
    assert str(entry.sentence) == f"oskar installed {NAME} over WinRM for {site.deployment.name}."
    assert host.machine.secrets_left == []
    assert not any("FootholdBundle" in path for path in host.machine.files)
    assert installation_secrets.vault_key_of(site.deployment) is None, "the key was used"

    mysql = installation_secrets.mysql_credentials(site.deployment)
    for secret in (mysql.root_password, mysql.user_password, canary(usual_file()), host.password):
        assert where_it_stands(secret) == []
        assert secret not in caplog.text
    with pytest.raises(Conflict) as refused:
        site.launch()
    assert refused.value.code == "already_deployed"


def test_what_arrives_is_the_whole_bundle_with_the_installer(ready: Installation) -> None:
    arrived: dict[str, bytes] = {}

    def course(machine: TargetMachine) -> Iterator[Event]:
        arrived.update({path.removeprefix(machine.folder): data for path, data in machine.files.items()})
        yield from well(machine)

    ready.host.machine.course = course
    ready.done()
    assert len(arrived[f"\\installer\\{INSTALLER}"]) == 400_002
    assert b'MySQLRootPassword = "' in arrived["\\MySQLCredentials.txt"]
    assert not any("PUT-THE-FILE-HERE" in path for path in arrived)
    assert ready.host.machine.told["role"] == "cs"
    assert "/ServerMode CS" in ready.host.machine.told["install_arguments"]


def test_the_lab_plays_an_installation_from_beginning_to_end(
    host: TargetHost, operator: Operator, settings: Any
) -> None:
    """As the demo shows it: the machine of the lab without anything of these tests."""
    with WindowsHost("healthy", name=NAME, address="192.0.2.10") as plain:
        settings.CONNECT_TO = f"{NAME}:5986:127.0.0.1:{plain.port}"
        site = Installation(operator, plain).heard_and_checked()
        site.give_key()
        site.done()
        assert plain.machine.installed_at is not None
        assert site.deployment.state == "deployed"


def test_an_installer_on_the_machine_itself_is_not_sent(ready: Installation, settings: Any) -> None:
    (settings.INSTALLER_DIR / INSTALLER).unlink()
    with pytest.raises(NotReady) as refused:
        ready.launch()
    assert f"{INSTALLER} in the folder {settings.INSTALLER_DIR}" in str(refused.value.remedy)
    with pytest.raises(Invalid) as invalid:
        ready.launch(installer_path="\\\\server\\share\\setup.exe")
    assert [error.path for error in invalid.value.errors] == ["installer_path"]
    ready.host.machine.files[r"D:\Setup\asr.exe"] = b"MZ local"
    ready.done(installer_path=r"D:\Setup\asr.exe")
    assert ready.deployment.state == "deployed"


def test_windows_is_restarted_where_setup_asks_for_it(
    ready: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.host.machine.course = lambda machine: well(machine, REBOOT)
    task = ready.done()
    assert ready.host.machine.restarts == 1
    assert f"{NAME} is back after its restart." in said(task)
    assert task.result is not None
    assert task.result["restarted"]
    assert ready.deployment.state == "deployed"


def test_services_that_start_late_are_waited_for(
    ready: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_preparation, "SERVICES_PAUSE_SECONDS", 0.3)

    def course(machine: TargetMachine) -> Iterator[Event]:
        yield from with_code(REBOOT, f"FOOTHOLD result {REBOOT} Installed.")(machine)

    ready.host.machine.course = course
    looked = "Not everything runs yet; looking again in a moment."

    def first_look_is_over() -> bool:
        return any(looked in said(task) for task in Task.objects.filter(kind="prepare_host"))

    starting = when(first_look_is_over, lambda: setattr(ready.host.machine, "installed_at", time.time()))
    task = ready.done()
    starting.join()
    assert looked in said(task)
    assert ready.deployment.state == "deployed"


def test_what_setup_called_a_success_is_looked_at_all_the_same(ready: Installation) -> None:
    ready.host.machine.course = with_code(0, "FOOTHOLD result 0 Installed.")
    task = ready.done()
    assert task.result is not None
    assert not task.result["installed"]
    assert "SVC-01" in task.result["blocking"]
    assert ready.deployment.state == "checked", "nothing proves it"


# --- ended in between -------------------------------------------------------------------------------------------------


def test_a_failed_setup_says_where_its_logs_are_and_can_be_repeated(ready: Installation) -> None:
    logs: list[str] = []

    def course(machine: TargetMachine) -> Iterator[Event]:
        logs.append(f"{machine.folder}\\Logs-20261122-090000.zip")
        machine.files[logs[0]] = b"PK"
        passwords.append(machine.secret)
        yield Line(f"FOOTHOLD logs {logs[0]}")
        yield Line("FOOTHOLD result 1 Unified Setup ended with code 7.")
        yield Exit(1)

    passwords: list[str] = []
    ready.host.machine.course = course
    code, message, remedy = ready.failed()
    assert code == "install_failed"
    assert f"The installation on {NAME} failed with code 1: Unified Setup ended with code 7." in message
    assert logs[0] in remedy
    assert "the same MySQL passwords" in remedy
    assert ready.host.machine.secrets_left == []
    assert logs[0] in ready.host.machine.files, "the logs stay for whoever reads them"

    def again(machine: TargetMachine) -> Iterator[Event]:
        passwords.append(machine.secret)
        yield from well(machine)

    ready.host.machine.course = again
    ready.done()
    assert passwords[0] == passwords[1]


def test_what_was_never_started_is_told_apart(ready: Installation) -> None:
    ready.host.machine.course = with_code(2, "FOOTHOLD result 2 The signature is NotSigned.")
    code, message, _remedy = ready.failed()
    assert (code, message) == (
        "install_refused",
        f"Nothing was installed on {NAME}: The signature is NotSigned.",
    )


def test_a_machine_without_room_says_why(ready: Installation) -> None:
    ready.host.machine.refuses_room = "There is not enough space on the disk."
    code, message, _remedy = ready.failed()
    assert code == "staging_failed"
    assert "There is not enough space on the disk." in message
    assert ready.host.machine.runs == 0


def test_cancelled_in_the_middle_nothing_secret_stays(ready: Installation) -> None:
    ready.host.machine.course = forever
    task = ready.launch()
    watcher = when(
        lambda: "Unified Setup is running" in said(task), lambda: tasks.cancel(task, actor=ready.operator)
    )
    tasks.execute(task.pk, "test")
    watcher.join()
    task.refresh_from_db()
    assert task.state == TaskState.CANCELLED
    assert said(task)[-2:] == ["Files with secrets were removed from the machine.", "Cancelled as asked."]
    assert ready.host.stopped_commands == 1, "what ran there was told to end"
    assert ready.host.machine.secrets_left == []
    assert task.leftovers == {}
    ready.host.machine.course = staticmethod(well)
    ready.done()


def test_a_machine_that_hangs_is_given_up_after_its_time(
    ready: Installation, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.INSTALL_MINUTES = 0
    monkeypatch.setattr(remote_installation, "BEYOND_SETUP_SECONDS", 1.5)
    ready.host.machine.course = forever
    code, message, remedy = ready.failed()
    assert code == "timed_out"
    assert f"{NAME}:5986" in message
    assert "console" in remedy
    assert ready.host.machine.secrets_left == []


def test_a_connection_that_breaks_is_replaced_to_tidy_up(ready: Installation) -> None:
    def course(machine: TargetMachine) -> Iterator[Event]:
        yield Line("FOOTHOLD progress 30 Unified Setup is running")
        machine.dropping = True
        yield Pause(float("inf"))

    ready.host.machine.course = course
    code, _message, _remedy = ready.failed()
    assert code == "dropped"
    assert ready.host.machine.secrets_left == []


def test_a_machine_that_cannot_be_tidied_is_named_with_what_lies_there(
    ready: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_installation, "CLEAN_SECONDS", 1.0)

    def course(machine: TargetMachine) -> Iterator[Event]:
        yield Line("FOOTHOLD progress 30 Unified Setup is running")
        machine.stubborn = True
        yield Line("FOOTHOLD result 1 It broke.")
        yield Exit(1)

    ready.host.machine.course = course
    code, message, remedy = ready.failed()
    assert code == "left_behind"
    assert "failed with code 1: It broke." in message
    assert f"Files with secrets may still lie on {NAME}: C:\\Temp\\FootholdBundle-" in message
    assert "delete these folders" in remedy


def test_a_machine_that_does_not_come_back_is_installed_all_the_same(
    ready: Installation, settings: Any
) -> None:
    settings.HOST_RESTART_SECONDS = 2
    ready.host.machine.course = lambda machine: well(machine, REBOOT)
    ready.host.machine.scenario = SCENARIOS["gone"]
    code, message, remedy = ready.failed()
    assert code == "host_did_not_return"
    assert "did not come back within 2 seconds" in message
    assert "do not start it again, start “Verify the installation”" in remedy
    assert "look at the machine's console" in remedy
    assert "run this step again" not in remedy
    assert ready.host.machine.secrets_left == []


# --- signing in -------------------------------------------------------------------------------------------------------


def test_a_refused_password_is_tried_once(ready: Installation) -> None:
    ready.enter_password("canary-of-a-wrong-password")
    code, message, _remedy = ready.failed()
    assert code == "access_denied"
    assert "canary" not in message
    assert Credential.objects.get(name=ACCOUNT).standing == "rejected"
    seen = len(ready.host.seen)
    with pytest.raises(Conflict) as refused:
        ready.launch()
    assert refused.value.code == "credential_rejected"
    assert len(ready.host.seen) == seen
    assert ready.host.machine.runs == 0


# --- a worker that dies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("started", [False, True])
def test_after_a_dead_worker_the_machine_is_tidied_and_the_task_says_so(
    ready: Installation, started: bool
) -> None:
    task = ready.launch()
    folder = r"C:\Temp\FootholdBundle-dead"
    machine = ready.host.machine
    for path in (f"{folder}\\MySQLCredentials.txt", r"C:\Temp\Foothold\MySQLCredentials.txt"):
        machine.files[path] = b'MySQLRootPassword = "hush"'
    left = {"folder": folder, **({"started": True} if started else {})}
    Task.objects.filter(pk=task.pk).update(attempt=1, leftovers=left)
    tasks.execute(task.pk, "another")
    task.refresh_from_db()
    assert (task.state, (task.error or {})["code"]) == (TaskState.FAILED, "worker_lost")
    assert machine.secrets_left == []
    assert machine.runs == 0, "nothing is installed without being asked for"
    assert ("parts of Site Recovery may be installed" in str(task.error)) is started


def test_a_worker_that_died_before_it_signed_in_leaves_the_password_untried(ready: Installation) -> None:
    ready.enter_password()
    task = ready.launch()
    Credential.objects.filter(name=ACCOUNT).update(standing="trying")
    Task.objects.filter(pk=task.pk).update(attempt=1)
    seen = len(ready.host.seen)
    tasks.execute(task.pk, "another")
    task.refresh_from_db()
    assert (task.error or {})["code"] == "worker_lost"
    assert Credential.objects.get(name=ACCOUNT).standing == "untried"
    assert len(ready.host.seen) == seen


# --- before it starts -------------------------------------------------------------------------------------------------


def test_nothing_is_installed_before_a_preflight_has_passed(host: TargetHost, operator: Operator) -> None:
    site = Installation(operator, host)
    with pytest.raises(NotReady) as refused:
        site.launch()
    assert "Evidence from the machine" in str(refused.value.remedy)
    site.done("collect_facts")
    with pytest.raises(NotReady) as refused:
        site.launch()
    assert "a preflight without blocking findings" in str(refused.value.remedy)


def test_without_the_key_of_the_vault_nothing_starts(host: TargetHost, operator: Operator) -> None:
    site = Installation(operator, host).heard_and_checked()
    with pytest.raises(NotReady) as refused:
        site.launch()
    assert str(refused.value.remedy) == "Still missing: the vault credentials file, not older than 5 days"


def test_a_machine_that_is_not_reached_gets_its_bundle_by_hand(host: TargetHost, operator: Operator) -> None:
    site = Installation(operator, host)
    deployments.answer(site.deployment, "evidence", {"way": "by_hand"}, actor=operator)
    with pytest.raises(NotReady) as refused:
        site.launch()
    assert "download the bundle and run it at the machine by hand" in str(refused.value.remedy)


def test_a_secret_that_the_machine_says_is_not_written_down(
    ready: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    hear_everything(caplog)
    heard: list[str] = []

    def course(machine: TargetMachine) -> Iterator[Event]:
        heard.append(machine.secret)
        yield Line(f"FOOTHOLD progress 30 mysql -u root -p{machine.secret}")
        yield Line(f"FOOTHOLD warning {machine.secret} is a strange password")
        yield Line(f"FOOTHOLD result 1 Access denied for root with {machine.secret}")
        yield Exit(1)

    ready.host.machine.course = course
    _code, message, _remedy = ready.failed()
    assert "Access denied for root with •••" in message
    assert where_it_stands(heard[0]) == []
    assert heard[0] not in caplog.text
    assert InstallationSecret.objects.filter(kind="mysql").exists(), "it is there, sealed"
