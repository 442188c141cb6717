"""What the installer is told on a machine that was not made from the template."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from wizard.journey.fields import StepAnswers, ask
from wizard.planning import addressing
from wizard.planning.quoting import refusal, shown
from wizard.text import _

_DRIVE = re.compile(r"([C-Zc-z]):?\\?", re.ASCII)


def _drive(value: str) -> str:
    found = _DRIVE.fullmatch(value)
    if found is None:
        raise refusal(
            _("“%(found)s” is not a drive. Expected is a letter from C to Z with a colon, such as D:."),
            found=shown(value),
        )
    return f"{found[1].upper()}:"


def _accepted(value: bool) -> bool:
    if not value:
        raise refusal(
            _("Unified Setup stops unless the third-party licence terms are accepted. Read and accept them.")
        )
    return value


class ApplianceInstallationAnswers(StepAnswers):
    """Modernized: DRInstaller.ps1 takes the rest of its answers from the other steps."""

    install_drive: Annotated[
        str,
        AfterValidator(_drive),
        ask(
            _("Installation drive"),
            _("The data disk, which also holds the cache. It cannot be moved later."),
            autocomplete="off",
            width=3,
        ),
    ] = "D:"


class InstallationAnswers(ApplianceInstallationAnswers):
    """Classic: the parameters of Unified Setup (asr-facts 6.2) that no other step asks for."""

    mysql: Annotated[
        Literal["download", "staged"],
        ask(
            _("MySQL"),
            _("Only a configuration server has a database; a further process server needs none."),
            widget="radios",
            choices={
                "download": _("Downloaded by Unified Setup"),
                "staged": _("Its installer is in C:\\Temp\\ASRSetup already"),
            },
            hints={"staged": _("For a server that does not reach MySQL's site, or with private endpoints.")},
        ),
    ] = "download"
    cs_address: Annotated[
        str,
        AfterValidator(lambda value: addressing.server_address(value) if value else value),
        ask(
            _("Address of the configuration server"),
            _("Only for a further process server: the IPv4 address of the server that it joins."),
            autocomplete="off",
            width=15,
        ),
    ] = ""
    data_adapter_address: Annotated[
        str | None,
        AfterValidator(lambda value: value if value is None else addressing.own_address(value)),
        ask(
            _("Address of the data adapter"),
            _("Only with several network adapters: the IPv4 address that receives replication data."),
            autocomplete="off",
            width=15,
        ),
    ] = None
    accept_third_party_license: Annotated[
        bool,
        AfterValidator(_accepted),
        ask(
            _("I accept the third-party licence terms"),
            _("Unified Setup shows them with /ShowThirdpartyEULA; MySQL is among them."),
            widget="confirm",
        ),
    ]
