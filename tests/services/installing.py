"""A target machine on which installations take the course that a test wants, and a deployment that is ready for them."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.utils import timezone

from tests.services.machines import by_hand
from tests.vault_files import usual_file
from tests.walk import ANSWERS as LAB_ANSWERS
from wizard.hosts import install_protocol
from wizard.lab.windows_host import WindowsHost
from wizard.lab.windows_host.events import Event, Exit, Failure, Line, Pause
from wizard.lab.windows_host.machine import Machine
from wizard.lab.windows_host.scenarios import SCENARIOS, Scenario
from wizard.lab.windows_host.shells import Shells
from wizard.models import CheckResult, Credential, Deployment, DeploymentState, Operator, Task, TaskState
from wizard.planning.unified_setup import STAGING_FOLDER, VAULT_FILE
from wizard.services import credentials, deployments, installation_secrets, tasks
from wizard.services.applicable import fingerprint, requirements_for
from wizard.text import Text

NAME = "cs01.lab.test"
ACCOUNT = "lyon-windows"
KEY_NAME = "lyon-vault.VaultCredentials"
INSTALLER = "MicrosoftAzureSiteRecoveryUnifiedSetup.exe"

Course = Callable[["TargetMachine"], Iterator[Event]]


def well(machine: TargetMachine, code: int = 0) -> Iterator[Event]:
    """To the end, with the exit code of success or the one that asks for a restart."""
    yield Line("FOOTHOLD progress 20 Extracting the installer")
    yield Line("something that setup prints")
    yield Line("FOOTHOLD progress 40 Unified Setup is running, for 10 minutes now")
    machine.end_of_script()
    machine.installed_at = time.time()
    yield Line("FOOTHOLD progress 100 Done")
    yield Line(f"FOOTHOLD result {code} Installed.")
    yield Exit(code)


def forever(machine: TargetMachine) -> Iterator[Event]:
    yield Line("FOOTHOLD progress 30 Unified Setup is running")
    yield Pause(float("inf"))


class TargetMachine(Machine):
    """Its files are real: the bundle must be whole, and what is secret can be looked for."""

    course: Course = staticmethod(well)
    dropping = False
    stubborn = False
    refuses_room = ""

    @property
    def scenario(self) -> Scenario:
        return SCENARIOS["drops"] if self.dropping else self._scenario

    @scenario.setter
    def scenario(self, scenario: Scenario) -> None:
        self._scenario = scenario

    def play(self, script: str, parameters: dict[str, Any]) -> Iterator[Event]:
        self.dropping = False
        if "icacls.exe" in script:
            yield from self._make_room(script)
        elif "taskkill.exe" in script:
            yield from self._clean(script)
        elif "Install.ps1" in script:
            self.scripts.append(script)
            yield from self._install(script)
        else:
            yield from super().play(script, parameters)

    # --- what the scripts do ------------------------------------------------------------------------------------------

    def _make_room(self, script: str) -> Iterator[Event]:
        self.scripts.append(script)
        if self.refuses_room:
            yield Failure(self.refuses_room)
        elif source := _assigned(script, "source"):
            self.files[f"{_assigned(script, 'folder')}\\installer\\{INSTALLER}"] = self.files[source]

    def _clean(self, script: str) -> Iterator[Event]:
        self.scripts.append(script)
        folder = _assigned(script, "folder")
        if self.stubborn:
            yield Line(f"FOOTHOLD warning {folder}\\MySQLCredentials.txt")
            return
        kept = re.compile(rf"{re.escape(folder)}\\Logs-[^\\]*\.zip")
        for path in list(self.files):
            if path.startswith(f"{folder}\\") and not kept.fullmatch(path):
                del self.files[path]
        self.end_of_script()

    def _install(self, script: str) -> Iterator[Event]:
        folder = re.search(r"-File '(.*)\\Install\.ps1'", script)
        assert folder is not None
        self.folder = folder[1]
        self._assert_manifest()
        self.told = json.loads(self.files[f"{self.folder}\\Settings.json"])
        for name in self.told["secret_files"]:
            self.files[f"{STAGING_FOLDER}\\{name}"] = self.files[f"{self.folder}\\{name}"]
        (key,) = (path for path in self.files if path.endswith(".VaultCredentials"))
        self.files[f"{STAGING_FOLDER}\\{VAULT_FILE}"] = self.files[key]
        yield from self.course(self)

    def _assert_manifest(self) -> None:
        listed = dict(
            reversed(line.split(" *"))
            for line in self.files[f"{self.folder}\\Manifest.sha256"].decode().splitlines()
        )
        for name, digest in listed.items():
            path = f"{self.folder}\\{name.replace('/', chr(92))}"
            assert hashlib.sha256(self.files[path]).hexdigest() == digest, name
        assert "Install.ps1" in listed

    def end_of_script(self) -> None:
        """What Install.ps1 does in the end: secrets in staging go."""
        for path in [path for path in self.files if path.startswith(STAGING_FOLDER + "\\")]:
            del self.files[path]

    # --- what a test asks ---------------------------------------------------------------------------------------------

    @property
    def secret(self) -> str:
        """A MySQL password, as it arrived."""
        found = re.search(
            rb'MySQLRootPassword = "([^"]+)"', self.files[f"{self.folder}\\MySQLCredentials.txt"]
        )
        assert found is not None
        return found[1].decode()

    @property
    def secrets_left(self) -> list[str]:
        """Files that hold something secret."""
        marks = (b"MySQLRootPassword", usual_file())
        return [path for path, content in self.files.items() if any(mark in content for mark in marks)]

    @property
    def runs(self) -> int:
        """How many installations were begun."""
        return sum("Install.ps1" in script for script in self.scripts)


class TargetHost(WindowsHost):
    machine: TargetMachine

    def __init__(self, scenario: str = "healthy") -> None:
        super().__init__(scenario, name=NAME, address="192.0.2.10")
        self.machine = TargetMachine(
            SCENARIOS[scenario],
            name=NAME,
            address="192.0.2.10",
            thumbprint="AB" * 20,
            restart=self._restart,
        )
        self.shells = Shells(self.machine, self._ended)

    @property
    def connect_to(self) -> str:
        return f"{self.name}:5986:127.0.0.1:{self.port}"


class Installation:
    """A configuration server to be installed over WinRM, its operator and its machine."""

    def __init__(self, operator: Operator, host: WindowsHost) -> None:
        self.operator, self.host = operator, host
        self.enter_password()
        evidence = {
            "way": "winrm",
            "host": NAME,
            "credential": ACCOUNT,
            "thumbprint_sha256": host.thumbprint_sha256,
        }
        self.deployment: Deployment = by_hand(
            operator, "lyon", network=LAB_ANSWERS["network"], vault=LAB_ANSWERS["vault"], evidence=evidence
        )

    def enter_password(self, password: str | None = None) -> Credential:
        return credentials.keep(
            name=ACCOUNT,
            kind=Credential.Kind.WINDOWS,
            username=self.host.username,
            secret=password or self.host.password,
            actor=self.operator,
        )

    def give_key(self) -> None:
        installation_secrets.give_vault_credentials(
            self.deployment, name=KEY_NAME, content=usual_file(), actor=self.operator
        )

    def heard_and_checked(self) -> Installation:
        """Facts are collected for real; the preflight is written down as passed."""
        self.done("collect_facts")
        now = timezone.now()
        run = Task.objects.create(
            deployment=self.deployment,
            kind="preflight",
            changing=True,
            state=TaskState.SUCCEEDED,
            requested_by=self.operator,
            finished_at=now,
            result={"requirements_sha256": fingerprint(requirements_for(self.deployment))},
        )
        CheckResult.objects.create(
            deployment=self.deployment,
            task=run,
            position=0,
            requirement_id="HW-01",
            category="hardware",
            severity="block",
            owner="windows",
            status="pass",
            title=Text("Processors"),
            summary=Text("Enough."),
            observed=Text("12"),
            expected=Text("8"),
            remedy=Text(""),
            observed_at=now,
            seconds=0.1,
        )
        deployments.move_to(self.deployment, DeploymentState.CHECKED)
        return self

    def launch(self, kind: str = "prepare_host", **inputs: Any) -> Task:
        return tasks.launch(kind, deployment=self.deployment, actor=self.operator, inputs=inputs)

    def run(self, kind: str = "prepare_host", **inputs: Any) -> Task:
        task = self.launch(kind, **inputs)
        tasks.execute(task.pk, "test")
        task.refresh_from_db()
        self.deployment.refresh_from_db()
        return task

    def done(self, kind: str = "prepare_host", **inputs: Any) -> Task:
        task = self.run(kind, **inputs)
        assert task.state == TaskState.SUCCEEDED, task.error
        return task

    def failed(self, **inputs: Any) -> tuple[str, str, str]:
        """Code, message and remedy of a run that fails; after it nothing secret is on the machine."""
        task = self.run(**inputs)
        assert task.state == TaskState.FAILED, task.result
        assert task.error is not None
        assert self.deployment.state == "checked"
        words = (str(Text.from_json(task.error[part])) for part in ("message", "remedy"))
        return (task.error["code"], *words)  # type: ignore[return-value]


def _assigned(script: str, name: str) -> str:
    found = re.search(rf"^\${name} = '([^']*)'$", script, re.MULTILINE)
    return found[1] if found else ""


REBOOT = install_protocol.REBOOT_NEEDED
