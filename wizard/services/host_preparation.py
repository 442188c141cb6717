"""The installation over WinRM as a task: the bundle is sent to the machine, run there, followed, and verified."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from wizard.hosts.bundle import BundleContents, PlacedFile
from wizard.hosts.errors import HostDidNotReturn, HostError
from wizard.hosts.errors import Stopped as HostStopped
from wizard.journey.errors import FieldError
from wizard.models import Deployment
from wizard.planning import windows_command
from wizard.services import (
    audit,
    credentials,
    go_ahead,
    host_tasks,
    installation_bundle,
    installation_secrets,
    verification,
)
from wizard.services.answers import answers_in_play, circumstances_of
from wizard.services.errors import Conflict, Invalid, UserError
from wizard.services.remote_installation import (
    RAN,
    REMOVED,
    RemoteInstallation,
    clean,
    installer_name,
)
from wizard.services.tasks.progress import Cancelled, Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.text import Text, _

# After a restart services take their time, those with a delayed start above all.
SERVICES_TRIES = 6
SERVICES_PAUSE_SECONDS = 60.0
_PIECE: Final = 1024 * 1024
_INSTALLED_ALREADY: Final = Text(
    _("The installation itself has ended well: do not start it again, start “Verify the installation”.")
)
_LOOK_AT_CONSOLE: Final = Text(
    _(
        "Before that look at the machine's console: it may be installing updates, wait for a key or show an error."
    )
)


# --- before it starts -------------------------------------------------------------------------------------------------


def prepare_install(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Needs what deploying the template needs: a preflight that passed for these very answers.

    `installer_path` in the inputs is where the installer lies on the machine, a file or its folder; without it the installer is
    sent from INSTALLER_DIR. Raises Conflict `already_deployed` and `credential_rejected`, and Invalid.
    """
    answers = answers_in_play(deployment)
    held = circumstances_of(deployment, answers)
    if "manual" not in held:
        return Prepared(missing=(Text(_("the installation by hand as the chosen method")),))
    if "winrm" not in held:
        way = Text(
            _(
                "WinRM as the way to the machine. Without it download the bundle and run it at the machine by hand, then "
                "verify the installation"
            )
        )
        return Prepared(missing=(way,))
    unfit = go_ahead.lacking(deployment)
    if unfit:
        return Prepared(missing=unfit)
    reached = host_tasks.prepare_collect(deployment, answers["evidence"])
    if reached.missing:
        return reached
    path = _checked_path(inputs.get("installer_path"))
    lacking = installation_bundle.missing(deployment)
    if not lacking:
        contents = installation_bundle.contents_for(deployment)
        if contents.vault_credentials_file and installation_secrets.vault_key_of(deployment) is None:
            lacking += (Text(_("the vault credentials file, not older than 5 days")),)
        if path is None and _local_installer(contents) is None:
            lacking += (_where_the_installer_goes(contents),)
    if lacking:
        return Prepared(missing=lacking)
    return Prepared(inputs={**reached.inputs, **({"installer_path": path} if path else {})})


def _checked_path(given: Any) -> str | None:
    if given in (None, ""):
        return None
    try:
        return windows_command.path(str(given).strip())
    except ValueError as refused:
        raise Invalid([FieldError(path="installer_path", message=refused.args[0], code="invalid")]) from None


def _local_installer(contents: BundleContents) -> Path | None:
    """The installer on this server: by its name, or for the appliance the one zip that is there."""
    folder: Path = settings.INSTALLER_DIR
    if contents.component != "appliance":
        path = folder / contents.installer
        return path if path.is_file() else None
    found = sorted(folder.glob("*.zip")) if folder.is_dir() else []
    return found[0] if len(found) == 1 else None


def _where_the_installer_goes(contents: BundleContents) -> Text:
    if contents.component == "appliance":
        return Text(
            _("the zip with the installers: exactly one in %(folder)s, or its path on the machine"),
            folder=str(settings.INSTALLER_DIR),
        )
    return Text(
        _("%(name)s in the folder %(folder)s, or its path on the machine"),
        name=contents.installer,
        folder=str(settings.INSTALLER_DIR),
    )


# --- the task ---------------------------------------------------------------------------------------------------------


def run_install(progress: Progress) -> Done:
    task = progress.task
    deployment, inputs = task.deployment, task.inputs
    go_ahead.refuse_unfit(progress, Text(_("Install on the machine")))
    contents = installation_bundle.contents_for(deployment)
    path = inputs.get("installer_path")
    placed, sizes = _placed(deployment, contents, path)
    restart = RemoteInstallation(progress, replace(contents, placed=placed), sizes).run(path)
    # It was used: the server is registered by now.
    installation_secrets.drop_vault_key(deployment)
    if contents.component == "cs":
        progress.event(
            Text(_("The MySQL passwords are kept here, sealed; the bundle holds a copy for your records."))
        )
    try:
        if restart:
            _restart(progress)
        done = _verified(progress, patient=restart)
    except (HostStopped, Cancelled):
        progress.event(_INSTALLED_ALREADY)
        raise
    except (HostError, UserError) as error:
        # The usual remedy of this one is to do the same again.
        remedy = _LOOK_AT_CONSOLE if isinstance(error, HostDidNotReturn) else error.remedy
        raise UserError(
            error.text,
            remedy=Text("%(already)s %(remedy)s", already=_INSTALLED_ALREADY, remedy=remedy),
            code=error.code,
        ) from error
    result = {**done.result, "host": inputs["host"], "restarted": restart}

    def commit() -> None:
        if done.commit is not None:
            done.commit()
        audit.record(
            "host.installed",
            subject=deployment,
            actor=task.requested_by,
            sentence=Text(
                _("%(who)s installed %(host)s over WinRM for %(deployment)s."),
                who=task.requested_by.username,
                host=inputs["host"],
                deployment=deployment.name,
            ),
            after={"component": contents.component, **result},
        )

    return Done(summary=done.summary, result=result, commit=commit)


def tidy_install(progress: Progress) -> None:
    """End what may still run on the machine, and remove what is secret there. Raises UserError that says what may be there."""
    task = progress.task
    for name in _accounts(task.deployment, task.inputs):
        credentials.forget_attempt(name)
    folder = task.leftovers.get("folder")
    if not folder:
        # It had not come to the machine.
        return
    contents = installation_bundle.contents_for(task.deployment)
    clean(task, contents, folder, Text(_("The worker stopped in the middle of the work.")))
    progress.event(REMOVED)
    if task.leftovers.get("started"):
        raise UserError(
            Text(
                _(
                    "The worker stopped while the installation ran on %(host)s, which was ended. Files with secrets were removed "
                    "there; parts of Site Recovery may be installed."
                ),
                host=task.inputs["host"],
            ),
            remedy=Text(
                _(
                    "Look at the machine: if setup got to its end, verify the installation. If not, remove what it installed, or "
                    "start the installation again, which uses the same MySQL passwords."
                )
            ),
            code="worker_lost",
        )


# --- inside -----------------------------------------------------------------------------------------------------------


def _placed(
    deployment: Deployment, contents: BundleContents, path: str | None
) -> tuple[tuple[PlacedFile, ...], dict[str, int]]:
    """The files that this server provides, and the sizes in bytes of the large ones by their names in the bundle."""
    found: list[PlacedFile] = []
    sizes: dict[str, int] = {}
    if contents.vault_credentials_file:
        key = installation_secrets.vault_key_of(deployment)
        if key is None:
            raise Conflict(
                Text(_("The vault credentials file is gone: it was taken back, or its 5 days are over.")),
                remedy=Text(_("Download a new one from the portal and give it, then start again.")),
                code="no_vault_credentials",
            )
        content = key.content
        found.append(PlacedFile(place="vault-credentials", name=key.name, read=lambda: (content,)))
    if path is None:
        installer = _local_installer(contents)
        if installer is None:
            raise Conflict(
                Text(_("Missing is %(what)s."), what=_where_the_installer_goes(contents)),
                remedy=Text(_("Put it there, then start again.")),
                code="no_installer",
            )
        found.append(PlacedFile(place="installer", name=installer_name(contents), read=_reader(installer)))
        sizes[f"installer/{installer_name(contents)}"] = installer.stat().st_size
    return tuple(found), sizes


def _reader(path: Path) -> Callable[[], Iterator[bytes]]:
    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    return pieces


def _accounts(deployment: Deployment, inputs: dict[str, Any]) -> set[str]:
    """The credentials that this task may have been trying: verifying looks at vCenter, too."""
    names = set(deployment.vcenters.values_list("credential__name", flat=True))
    vcenter = answers_in_play(deployment).get("vcenter", {})
    return {name for name in (*names, vcenter.get("credential"), inputs.get("credential")) if name}


def _restart(progress: Progress) -> None:
    host = progress.task.inputs["host"]
    with host_tasks.open_with_progress(progress, progress.task.inputs, RAN) as session:
        progress.phase(Text(_("Restarting %(host)s, and waiting until it is back"), host=host), RAN + 2)
        session.restart(back_within_s=settings.HOST_RESTART_SECONDS, should_stop=progress.should_stop)
    progress.info(Text(_("%(host)s is back after its restart."), host=host))


def _verified(progress: Progress, *, patient: bool) -> Done:
    """Judge what must be true now; after a restart again and again, until the services have started."""
    tries = SERVICES_TRIES if patient else 1
    done = verification.run(progress)
    while not done.result["installed"] and (tries := tries - 1) > 0:
        progress.info(Text(_("Not everything runs yet; looking again in a moment.")))
        end = time.monotonic() + SERVICES_PAUSE_SECONDS
        while time.monotonic() < end:
            progress.check()
            time.sleep(0.2)
        done = verification.run(progress)
    return done
