"""The command lines of Unified Setup (asr-facts 6.1 and 6.2), which installs a configuration or process server.

Where the documents contradict each other, the samples are followed: `/InstallLocation`, not `/InstallDrive` (conflict
C11), only the parameters that the samples use (C10), the data port always said and never 9433 or 443 (C9).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from wizard.planning import addressing, windows_command
from wizard.planning.quoting import refusal
from wizard.text import _

ServerMode = Literal["CS", "PS"]

INSTALLER: Final = "MicrosoftAzureSiteRecoveryUnifiedSetup.exe"
SETUP: Final = "UNIFIEDSETUP.EXE"
DOWNLOAD: Final = "https://aka.ms/unifiedinstaller"
STAGING_FOLDER: Final = r"C:\Temp\Foothold"
MYSQL_FOLDER: Final = r"C:\Temp\ASRSetup"
"""Where setup looks for a MySQL installer before it downloads one (asr-facts 2.4, O13)."""

MYSQL_INSTALLER: Final = "mysql-installer-community-5.7.20.0.msi"
MYSQL_DOWNLOAD: Final = f"https://dev.mysql.com/get/Downloads/MySQLInstaller/{MYSQL_INSTALLER}"

MYSQL_FILE: Final = "MySQLCredentials.txt"
PROXY_FILE: Final = "ProxySettings.txt"
PASSPHRASE_FILE: Final = "Passphrase.txt"  # noqa: S105 - the name of a file
VAULT_FILE: Final = "Vault.VaultCredentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOrder:
    """What is installed, and how. Creating one raises ValueError with a `Text` where the values cannot work.

    `serves_vmware`: VMware machines are protected (asr-facts 2.5, P11). `install_drive`: a letter with a colon.
    `cs_address`: IPv4 of the configuration server, required for a process server. `data_adapter_address`: IPv4 of the
    adapter that receives replication data, to be given where the machine has several adapters. `own_proxy`: a proxy
    settings file is passed; otherwise the connection is direct. `staging_folder`: where the files of the bundle lie.
    """

    mode: ServerMode
    serves_vmware: bool
    install_drive: str = "D:"
    cs_address: str | None = None
    data_adapter_address: str | None = None
    data_port: int = addressing.DEFAULT_DATA_PORT
    own_proxy: bool = False
    staging_folder: str = STAGING_FOLDER

    def __post_init__(self) -> None:
        checked = {
            "install_drive": windows_command.drive(self.install_drive),
            "staging_folder": windows_command.path(self.staging_folder),
            "data_port": addressing.data_port(self.data_port),
            "cs_address": addressing.own_address(self.cs_address) if self.cs_address else None,
            "data_adapter_address": (
                addressing.own_address(self.data_adapter_address) if self.data_adapter_address else None
            ),
        }
        if self.mode == "PS" and checked["cs_address"] is None:
            raise refusal(
                _(
                    "A process server is registered with a configuration server: give the IPv4 address of that one."
                )
            )
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def staged(self, name: str) -> str:
        """The full path of a file in the staging folder."""
        return f"{self.staging_folder.removesuffix(chr(92))}\\{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupCommands:
    """The two commands, one after the other, in an elevated prompt.

    `extract` and `install` are whole lines to paste; `extract_arguments` and `install_arguments` are the same without
    the program, as a script passes them on. `input_files` are the names that must lie in the staging folder.
    """

    extract: str
    install: str
    extract_arguments: str
    install_arguments: str
    extraction_folder: str
    input_files: tuple[str, ...]


def commands(order: SetupOrder) -> SetupCommands:
    """The exact commands for `order`."""
    extraction_folder = order.staged("Extracted")
    # The switch and its folder are one argument; a quote in the middle of it is read alike everywhere.
    extract_arguments = f"/q /x:{windows_command.quoted(extraction_folder)}"
    parts = ["/AcceptThirdpartyEULA"]
    for switch, value in _switches(order):
        parts.append(f"{switch} {windows_command.quoted(value)}" if value else switch)
    install_arguments = " ".join(parts)
    return SetupCommands(
        extract=f"{_program(order.staged(INSTALLER))} {extract_arguments}",
        install=f"{_program(f'{extraction_folder}{chr(92)}{SETUP}')} {install_arguments}",
        extract_arguments=extract_arguments,
        install_arguments=install_arguments,
        extraction_folder=extraction_folder,
        input_files=input_files(order),
    )


def input_files(order: SetupOrder) -> tuple[str, ...]:
    """The files that the command of `order` names, in the order of the command."""
    files = (MYSQL_FILE, VAULT_FILE) if order.mode == "CS" else (PASSPHRASE_FILE,)
    return (*files, PROXY_FILE) if order.own_proxy else files


def _switches(order: SetupOrder) -> list[tuple[str, str | None]]:
    switches: list[tuple[str, str | None]] = [
        ("/ServerMode", order.mode),
        ("/InstallLocation", f"{order.install_drive}\\"),
    ]
    if order.mode == "CS":
        switches += [
            ("/MySQLCredsFilePath", order.staged(MYSQL_FILE)),
            ("/VaultCredsFilePath", order.staged(VAULT_FILE)),
        ]
    switches.append(("/EnvType", "VMware" if order.serves_vmware else "NonVMware"))
    if order.mode == "PS":
        switches += [("/CSIP", order.cs_address), ("/PassphraseFilePath", order.staged(PASSPHRASE_FILE))]
    elif order.data_adapter_address:
        # With several adapters the server says which one agents find it at; without a second address it is the same.
        switches.append(("/CSIP", order.cs_address or order.data_adapter_address))
    if order.data_adapter_address:
        switches.append(("/PSIP", order.data_adapter_address))
    switches.append(("/DataTransferSecurePort", str(order.data_port)))
    switches.append(
        ("/ProxySettingsFilePath", order.staged(PROXY_FILE)) if order.own_proxy else ("/BypassProxy", None)
    )
    return switches


def _program(program: str) -> str:
    quoted = windows_command.quoted(program)
    # PowerShell takes a quoted program for a string; that a blank is in the path is the operator's own choice.
    return f"& {quoted}" if quoted.startswith('"') else quoted
