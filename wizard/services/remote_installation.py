"""One installation on one machine over WinRM: the folder, the files, the script, and nothing secret left behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from django.conf import settings

from wizard.hosts import install_protocol, staging
from wizard.hosts.bundle import MANIFEST, BundleContents, BundleFile, bundle_files, manifest_line, places
from wizard.hosts.errors import HostError
from wizard.hosts.errors import Stopped as HostStopped
from wizard.hosts.session import HostSession, ScriptResult
from wizard.models import Task
from wizard.services import host_tasks
from wizard.services.errors import UserError
from wizard.services.host_access import open_machine
from wizard.services.tasks.progress import Cancelled, Progress
from wizard.text import Text, _, verbatim

# Not inside the staging folder, which Install.ps1 empties.
BUNDLE_FOLDER: Final = r"C:\Temp\FootholdBundle"
LONGEST_MINUTES: Final = 720
# Beside setup itself: copying, checking signatures and extracting, for which Install.ps1 has its own 30 minutes.
BEYOND_SETUP_SECONDS = 2400.0
PREPARE_SECONDS = 600.0
CLEAN_SECONDS = 120.0

SIGNED_IN, SENT, RAN = 2, 30, 80  # percent of the task
REMOVED: Final = Text(_("Files with secrets were removed from the machine."))
# Shorter values would make holes in ordinary words.
_SHORTEST_SECRET: Final = 6


def installer_name(contents: BundleContents) -> str:
    """Under which name the script looks for the installer; of the appliance it takes any zip."""
    return "Installers.zip" if contents.component == "appliance" else contents.installer


class Redaction:
    """Takes secrets out of what a machine says, before anybody writes it down."""

    def __init__(self, contents: BundleContents) -> None:
        found: set[str] = set()
        for secret in contents.secret_files:
            # The values of these files stand in double quotes; a passphrase is the whole file.
            found.update(secret.text.split('"')[1::2] or [secret.text])
        # Longest first: one may be part of another.
        self._secrets = sorted((s for s in found if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)

    def __call__(self, said: str) -> str:
        for secret in self._secrets:
            said = said.replace(secret, "•••")
        return said


class RemoteInstallation:
    """`contents` with everything that this server provides; `inputs` of the task say where the machine is."""

    def __init__(self, progress: Progress, contents: BundleContents, sizes: dict[str, int]) -> None:
        """`sizes` in bytes of the files that are worth a share of the progress bar, by their names in the bundle."""
        self._progress = progress
        self._contents = contents
        self._sizes = sizes
        self._folder = f"{BUNDLE_FOLDER}-{progress.task.pk.hex[:8]}"
        self._redact = Redaction(contents)
        self._inputs: dict[str, Any] = progress.task.inputs
        self._said = self._logs = ""

    def run(self, installer_path: str | None) -> bool:
        """To its end; True where Windows has to be restarted. Whatever happens, nothing secret stays on the machine.

        `installer_path` is a file or a folder on the machine. Raises HostError and UserError.
        """
        try:
            with host_tasks.open_with_progress(self._progress, self._inputs, SIGNED_IN) as session:
                # From here on something may lie on the machine.
                self._progress.leave(folder=self._folder)
                self._make_folder(session, installer_path)
                self._send(session)
                restart = self._judged(self._start(session))
        except BaseException as failure:
            if "folder" in self._progress.task.leftovers:
                self._tidy(failure)
            raise
        self._tidy(None)
        return restart

    def _make_folder(self, session: HostSession, installer_path: str | None) -> None:
        self._progress.phase(Text(_("Making room for the bundle on %(host)s"), host=session.address))
        script = staging.prepare_folder(
            self._folder,
            tuple(places(self._contents)),
            source=installer_path,
            pattern="*.zip" if self._contents.component == "appliance" else self._contents.installer,
            name=installer_name(self._contents),
        )
        made = session.run_script(script, deadline_s=PREPARE_SECONDS, should_stop=self._progress.should_stop)
        if made.exit_code != 0:
            raise UserError(
                Text(
                    _("No room could be made for the bundle on %(host)s: %(said)s"),
                    host=session.address,
                    said=self._one_line(made.stderr),
                ),
                remedy=Text(_("Correct what the message names, then start again. Nothing was installed.")),
                code="staging_failed",
            )

    def _send(self, session: HostSession) -> None:
        self._progress.phase(Text(_("Sending the bundle to %(host)s"), host=session.address))
        lines = []
        # The notes for a person with empty folders are for the zip alone.
        for file in (file for file in bundle_files(self._contents) if file.listed):
            if file.name in self._sizes:
                self._progress.info(Text(_("Sending %(name)s; this may take a while."), name=file.name))
            digest = hashlib.sha256()
            self._upload(session, file, digest.update)
            lines.append(manifest_line(file.name, digest.hexdigest()))
        session.upload(["".join(lines).encode("ascii")], f"{self._folder}\\{MANIFEST}")
        self._progress.percent(SENT)

    def _upload(self, session: HostSession, file: BundleFile, note: Callable[[bytes], None]) -> None:
        size = self._sizes.get(file.name)

        def chunks() -> Iterator[bytes]:
            for chunk in file.read():
                note(chunk)
                yield chunk

        def on_bytes(sent: int) -> None:
            self._progress.check()
            if size:
                self._progress.percent(SIGNED_IN + (SENT - SIGNED_IN) * min(sent / size, 1.0))

        session.upload(chunks(), f"{self._folder}\\{file.name.replace('/', chr(92))}", on_bytes=on_bytes)

    def _start(self, session: HostSession) -> ScriptResult:
        minutes = min(settings.INSTALL_MINUTES, LONGEST_MINUTES)
        self._progress.leave(started=True)
        self._progress.phase(
            Text(
                _("Installing on %(host)s, for at most %(minutes)s minutes"),
                host=session.address,
                minutes=minutes,
            ),
            SENT,
        )
        if self._contents.component == "appliance":
            self._progress.warning(
                Text(
                    _(
                        "DRInstaller.ps1 may ask questions, which nobody can answer from here. If it makes no progress, cancel "
                        "and run the bundle at the machine."
                    )
                )
            )
        return session.run_script(
            install_protocol.start_command(self._folder, self._contents.script, timeout_minutes=minutes),
            deadline_s=minutes * 60 + BEYOND_SETUP_SECONDS,
            on_line=self._listen,
            should_stop=self._progress.should_stop,
        )

    def _listen(self, line: str) -> None:
        found = install_protocol.read_line(line)
        if found is None:
            return
        text = self._redact(found.text)
        if found.kind == "progress":
            self._progress.phase(verbatim(text), SENT + (RAN - SENT) * (found.number or 0) // 100)
        elif found.kind == "warning":
            self._progress.warning(verbatim(text))
        elif found.kind == "logs":
            self._logs = text
            self._progress.info(Text(_("The logs are on the machine: %(path)s"), path=text))
        else:
            self._said = text

    def _judged(self, result: ScriptResult) -> bool:
        """True where a restart is needed. Raises UserError for every other code than that and success."""
        code, host = result.exit_code, self._inputs["host"]
        if code in (install_protocol.INSTALLED, install_protocol.REBOOT_NEEDED):
            return code == install_protocol.REBOOT_NEEDED
        said = self._said or self._one_line(result.stderr)
        if code == install_protocol.REFUSED:
            raise UserError(
                Text(_("Nothing was installed on %(host)s: %(said)s"), host=host, said=said),
                remedy=Text(_("Correct what the message names, then start again.")),
                code="install_refused",
            )
        raise UserError(
            Text(
                _("The installation on %(host)s failed with code %(code)s: %(said)s"),
                host=host,
                code=str(code),
                said=said,
            ),
            remedy=Text(
                _(
                    "Read the logs on %(host)s: %(path)s. Correct the cause, then start again; the same MySQL passwords are "
                    "used."
                ),
                host=host,
                path=self._logs or r"C:\ProgramData\ASRSetupLogs",
            ),
            code="install_failed",
        )

    def _one_line(self, said: str) -> str:
        return self._redact(" ".join(said.split()))[:500] or "–"

    def _tidy(self, failure: BaseException | None) -> None:
        """By a session of its own: what went wrong may have been the first one."""
        clean(self._progress.task, self._contents, self._folder, _cause_of(failure))
        self._progress.leave(folder=None, started=None)
        self._progress.event(REMOVED)


def clean(task: Task, contents: BundleContents, folder: str, cause: Text) -> None:
    """End what still runs on the machine, remove the bundle and what is secret in staging; archives of logs stay.

    Raises UserError `left_behind`, which begins with `cause`, where that did not work as a whole.
    """
    inputs = task.inputs
    secrets = [secret.name for secret in contents.secret_files]
    if contents.vault_credentials_file:
        secrets.append(contents.vault_credentials_file)
    script = staging.remove_secrets(folder, contents.staging_folder, secrets)
    everywhere = [folder, contents.staging_folder]
    try:
        with open_machine(inputs, task.deployment) as session:
            result = session.run_script(script, deadline_s=CLEAN_SECONDS)
    except (HostError, UserError) as obstacle:
        raise _left_behind(inputs, cause, everywhere, obstacle.text) from None
    found = (install_protocol.read_line(line) for line in result.stdout.splitlines())
    left = [line.text for line in found if line is not None and line.kind == "warning"]
    if left or result.exit_code != 0:
        raise _left_behind(inputs, cause, left or everywhere, Text(""))


def _left_behind(inputs: dict[str, Any], cause: Text, paths: Iterable[str], obstacle: Text) -> UserError:
    """What went wrong first, and what stays on the machine because of it."""
    return UserError(
        Text(
            _("%(cause)s Files with secrets may still lie on %(host)s: %(paths)s. %(obstacle)s"),
            cause=cause,
            host=inputs["host"],
            paths=list(paths),
            obstacle=obstacle,
        ),
        remedy=Text(
            _(
                "At the machine see whether the installation still runs, and let it end or end it; then delete these folders. "
                "After that start again, or verify the installation."
            )
        ),
        code="left_behind",
    )


def _cause_of(failure: BaseException | None) -> Text:
    if failure is None:
        return Text(_("The installation has ended well."))
    if isinstance(failure, HostStopped | Cancelled):
        return Text(_("Cancelled as asked."))
    if isinstance(failure, HostError | UserError):
        return failure.text
    return Text(_("The work broke off."))
