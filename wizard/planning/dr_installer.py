"""DRInstaller.ps1, with which a replication appliance is installed by hand (asr-facts 11.3).

Microsoft documents the script by three sentences: download the zip, unpack it on the machine, run the script as
administrator. It documents no parameter, so none is passed; what has to be answered is answered in the Appliance
Configuration Manager that opens afterwards. This module says what to have at hand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from wizard.planning import addressing, windows_command
from wizard.text import Text, _

SCRIPT: Final = "DRInstaller.ps1"
DOWNLOAD: Final = "https://aka.ms/V2ARcmApplianceCreationPowershellZip"
STAGING_FOLDER: Final = r"C:\Temp\Foothold"
PAGE: Final = (
    "https://learn.microsoft.com/azure/site-recovery/deploy-vmware-azure-replication-appliance-modernized"
)
LONGEST_REGISTRATION_MINUTES: Final = 30
CODE_VALID_MINUTES: Final = 5

Connectivity = Literal["fqdn", "ip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplianceOrder:
    """What the appliance is to be. `proxy` as `http://host:port`. Raises ValueError with a `Text`."""

    friendly_name: str
    connectivity: Connectivity
    address: str
    data_port: int = addressing.DEFAULT_DATA_PORT
    proxy: str | None = None
    vcenter: str | None = None
    staging_folder: str = STAGING_FOLDER

    def __post_init__(self) -> None:
        addressing.data_port(self.data_port)
        object.__setattr__(self, "staging_folder", windows_command.path(self.staging_folder))
        object.__setattr__(self, "proxy", addressing.proxy(self.proxy) if self.proxy else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One thing that the Configuration Manager asks for. `value` is None where only the portal or a person knows it."""

    id: str
    label: Text
    value: str | Text | None
    note: Text | None = None

    def to_json(self) -> dict[str, Any]:
        """A value that is a text becomes an object, a name or address stays a string."""
        return {
            "id": self.id,
            "label": self.label.to_json(),
            "value": self.value.to_json() if isinstance(self.value, Text) else self.value,
            "note": self.note.to_json() if self.note else None,
        }


def installers_folder(order: ApplianceOrder) -> str:
    """Where the unpacked zip of Microsoft is expected."""
    return f"{order.staging_folder.removesuffix(chr(92))}\\Installers"


def command(order: ApplianceOrder) -> str:
    """The line for an elevated PowerShell. It sets no execution policy: a policy that forbids the script is a finding."""
    folder = windows_command.quoted(installers_folder(order))
    return f"Set-Location {folder}; .\\{SCRIPT}"


def answers(order: ApplianceOrder) -> tuple[Answer, ...]:
    """What to have at hand in the Appliance Configuration Manager, in the order in which it asks."""
    found = [
        Answer(
            id="proxy",
            label=Text(_("Use proxy to connect to internet")),
            value=order.proxy or Text(_("off")),
            note=Text(_("Only HTTP proxies are supported.")) if order.proxy else None,
        ),
        Answer(
            id="connectivity",
            label=Text(_("Appliance connectivity")),
            value=Text(_("FQDN")) if order.connectivity == "fqdn" else Text(_("IP address")),
            note=Text(_("Machines reach the appliance at %(address)s."), address=order.address),
        ),
        Answer(id="data_port", label=Text(_("Data port")), value=str(order.data_port)),
        Answer(
            id="friendly_name",
            label=Text(_("Friendly name of appliance")),
            value=order.friendly_name,
            note=Text(_("Final: it cannot be changed after the registration.")),
        ),
        Answer(
            id="key",
            label=Text(_("Replication appliance key")),
            value=None,
            note=Text(
                _(
                    "Copy it in the portal: Recovery Services vault, Site Recovery, VMware to Azure: Prepare Infrastructure."
                )
            ),
        ),
        Answer(
            id="login",
            label=Text(_("Login code")),
            value=None,
            note=Text(
                _("Shown after Login; it is valid for %(minutes)s minutes."), minutes=CODE_VALID_MINUTES
            ),
        ),
    ]
    if order.vcenter:
        found.append(
            Answer(
                id="vcenter",
                label=Text(_("vCenter Server")),
                value=order.vcenter,
                note=Text(_("Give it the friendly name that it has on other appliances of the vault.")),
            )
        )
    return tuple(found)
