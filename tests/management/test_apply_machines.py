"""`manage.py apply` for a machine that is not made from the template: over WinRM, and by hand with its two stops."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.management.commands import PHYSICAL, Commands, Outcome
from tests.vault_files import file_of
from wizard.addresses import AddressBook
from wizard.hosts.connection import HostConnection, open_host
from wizard.lab.run import Lab
from wizard.lab.windows_host import WindowsHost
from wizard.models import Attestation, AuditEntry, Deployment, HostFacts, Operator, Task
from wizard.planning.unified_setup import INSTALLER
from wizard.services import credentials

pytestmark = [
    pytest.mark.vcenter,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("commands"),
    pytest.mark.usefixtures("worker"),
]


@pytest.fixture
def machine(running_lab: Lab) -> Iterator[WindowsHost]:
    """The lab's machine, with nothing installed on it."""
    host = running_lab.hosts["healthy"]
    assert isinstance(host, WindowsHost)
    host.machine.installed_at = None
    yield host
    host.machine.installed_at = None


@pytest.fixture
def apply(
    manage: Commands,
    lab: dict[str, Any],
    machine: WindowsHost,
    first_operator: Operator,
    settings: Any,
    tmp_path: Path,
) -> Callable[..., Outcome]:
    settings.INSTALLER_DIR = tmp_path / "installers"
    settings.INSTALLER_DIR.mkdir()
    (settings.INSTALLER_DIR / INSTALLER).write_bytes(b"MZ" + bytes(1000))
    credentials.keep(
        name="lab-windows",
        kind="windows",
        username=machine.username,
        secret=machine.password,
        actor=first_operator,
    )
    return lambda *args: manage("apply", PHYSICAL, *args)


@pytest.fixture
def vault_key(tmp_path: Path) -> Path:
    path = tmp_path / "essen-vault.VaultCredentials"
    path.write_bytes(file_of(yaml.safe_load(Path(PHYSICAL).read_text("utf-8"))["answers"]["vault"]).make())
    return path


def kinds() -> list[str]:
    return list(Task.objects.order_by("queued_at").values_list("kind", flat=True))


def at_the_console(host: WindowsHost, script: str, book: AddressBook) -> bytes:
    """What a person at the machine gets from running the script there."""
    connection = HostConnection(
        host=host.name,
        port=5986,
        username=host.username,
        password=host.password,
        transport="winrm_https",
        auth="negotiate",
        fingerprint_sha256=host.thumbprint_sha256,
        book=book,
    )
    with open_host(connection) as session:
        return session.run_script(script, deadline_s=30).stdout.strip().encode()


def test_a_machine_is_looked_at_checked_installed_and_recorded(
    apply: Callable[..., Outcome], machine: WindowsHost, vault_key: Path
) -> None:
    stopped = apply()
    assert stopped.code == 1
    assert machine.thumbprint_sha256 in "".join(stopped.text.split())
    assert "Compare it with the certificate of the machine" in stopped.flat()
    assert kinds() == ["probe_host"]

    trusted = ("--trust", machine.thumbprint_sha256)
    without_key = apply(*trusted)
    assert without_key.code == 1
    assert "the vault credentials file, not older than 5 days" in without_key.flat()
    assert Deployment.objects.get().state == "checked"

    outcome = apply(*trusted, "--vault-credentials", str(vault_key))
    assert outcome.code == 0, outcome.text
    deployment = Deployment.objects.get()
    assert (deployment.name, deployment.state) == ("essen-cs01", "recorded")
    assert kinds() == ["probe_host", "collect_facts", "preflight", "prepare_host", "record_topology"]
    assert "To be seen to now that the machine is installed: " in outcome.flat()
    assert "└─ Recovery Services vault: essen-vault" in outcome.out
    assert machine.password not in outcome.text
    given = Attestation.objects.get(requirement_id="AV-01")
    assert (given.answer, given.note, given.answered_by.username) == (
        "yes",
        "The machine has Microsoft Defender alone.",
        "operator",
    )

    entries, count = AuditEntry.objects.count(), len(kinds())
    again = apply()
    assert again.code == 0, again.text
    assert (AuditEntry.objects.count(), len(kinds())) == (entries, count)


def test_another_certificate_than_the_confirmed_one_gets_no_password(apply: Callable[..., Outcome]) -> None:
    outcome = apply("--trust", ":".join(["AB"] * 32))
    assert outcome.code == 1
    assert kinds() == ["collect_facts"]
    assert not HostFacts.objects.exists()


def test_by_hand_it_stops_twice_and_says_what_to_do(
    apply: Callable[..., Outcome],
    manage: Commands,
    machine: WindowsHost,
    lab: dict[str, Any],
    tmp_path: Path,
) -> None:
    way = ("--set", "evidence.way=by_hand")
    book = AddressBook.parse(lab["connect_to"])
    document = tmp_path / "facts.json"

    def bring_facts() -> Outcome:
        taken = manage("facts", "script", "essen-cs01", "--output", tmp_path)
        assert taken.code == 0, taken.text
        path = tmp_path / "Collect-Facts-essen-cs01-cs.ps1"
        assert path.stat().st_mode & 0o777 == 0o600, "the key in it signs what is believed"
        document.write_bytes(at_the_console(machine, path.read_text(), book))
        return manage("facts", "upload", "essen-cs01", document)

    first = apply(*way)
    assert first.code == 1
    assert "The facts of healthy are not here yet; they come by hand." in first.flat()
    assert "manage.py facts script essen-cs01" in first.flat()
    assert kinds() == []

    brought = bring_facts()
    assert brought.code == 0, brought.text
    assert "HEALTHY (cs): " in brought.flat()
    again = manage("facts", "upload", "essen-cs01", document)
    assert again.code == 2
    assert "This very document was received" in again.flat()

    second = apply(*way)
    assert second.code == 1, second.text
    assert "Nothing blocks the installation of healthy, which is done by hand." in second.flat()
    assert "manage.py bundle essen-cs01" in second.flat()
    assert kinds() == ["preflight"]

    taken = manage("bundle", "essen-cs01", tmp_path, "--encrypt", stdin="a phrase long enough\n")
    assert taken.code == 0, taken.text
    bundle = tmp_path / "Foothold-essen-cs01-cs.zip"
    assert bundle.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(bundle) as archive:
        assert all(entry.flag_bits & 1 for entry in archive.infolist()), "every file is encrypted"
        assert {"README.txt", "Install.ps1"} <= set(archive.namelist())

    machine.machine.installed_at = datetime.now(UTC).timestamp()
    assert bring_facts().code == 0
    third = apply(*way)
    assert third.code == 0, third.text
    assert kinds() == ["preflight", "verify_installation", "record_topology"]


def test_a_machine_on_which_nothing_was_installed_is_not_recorded(
    apply: Callable[..., Outcome], manage: Commands, machine: WindowsHost, lab: dict[str, Any], tmp_path: Path
) -> None:
    way = ("--set", "evidence.way=by_hand")
    book = AddressBook.parse(lab["connect_to"])
    for _round in range(2):
        assert apply(*way).code == 1
        script = manage("facts", "script", "essen-cs01", "--output", "-").out
        (tmp_path / "facts.json").write_bytes(at_the_console(machine, script, book))
        assert manage("facts", "upload", "essen-cs01", tmp_path / "facts.json").code == 0
    outcome = apply(*way)
    assert outcome.code == 1
    assert "The installation on cs is not proven: " in outcome.flat()
    assert Deployment.objects.get().state == "checked"


def test_answers_that_nobody_is_asked_for_are_told_and_passed_over(
    apply: Callable[..., Outcome], manage: Commands, tmp_path: Path
) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(PHYSICAL.read_text("utf-8") + "  HW-01: yes\n  AZ-03: yes\n", "utf-8")
    outcome = manage("apply", file, "--set", "evidence.way=by_hand")
    assert outcome.code == 1
    assert "their answers are passed over: AZ-03, HW-01." in outcome.flat()
    assert Attestation.objects.count() == 7


def test_a_deployment_or_a_file_that_is_not_there_is_refused(
    manage: Commands, first_operator: Operator
) -> None:
    for command in (
        ("facts", "script", "nowhere"),
        ("facts", "upload", "nowhere", "x.json"),
        ("bundle", "nowhere"),
    ):
        outcome = manage(*command)
        assert outcome.code == 2
        assert "There is no deployment named nowhere." in outcome.flat()
