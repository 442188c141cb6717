"""What is asked about a component that is added to a deployment after its first setup, by its kind."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from wizard.journey.fields import StepAnswers, ask
from wizard.journey.lists import split_text, without_repeats
from wizard.planning import addressing, naming
from wizard.text import _

AdditionKind = Literal["ps_scaleout", "ps_failback", "mt_windows", "mt_linux"]
Told = Literal["yes", "no", "unknown"]

_TOLD: Final = {"yes": _("Yes"), "no": _("No"), "unknown": _("Not known yet")}
_Names = Annotated[
    list[str], Field(max_length=50), BeforeValidator(split_text), AfterValidator(without_repeats)
]


def as_truth(told: Told) -> bool | None:
    """`unknown` is None."""
    return {"yes": True, "no": False}.get(told)


class _Server(StepAnswers):
    name: Annotated[
        str,
        AfterValidator(naming.host_name),
        ask(
            _("Name of the machine"),
            _("At most 15 characters, without a domain; the vault shows it under the same."),
            autocomplete="off",
            width=15,
        ),
    ]


class _OnPremises(_Server):
    address: Annotated[
        str,
        AfterValidator(addressing.own_address),
        ask(_("IPv4 address"), _("Static, never from DHCP."), autocomplete="off", width=15),
    ]


class _WithDataPort(StepAnswers):
    data_port: Annotated[
        int,
        AfterValidator(addressing.data_port),
        ask(
            _("Data port"),
            _("Where it receives replication data. 9443 as a rule, never 443."),
            widget="number",
            autocomplete="off",
            width=5,
        ),
    ] = addressing.DEFAULT_DATA_PORT


class ScaleOutAnswers(_WithDataPort, _OnPremises):
    """A further process server on-premises (asr-facts 4.2 and 9)."""

    size: Annotated[
        Literal["S", "M", "L"],
        ask(
            _("Size"),
            widget="radios",
            choices={"S": _("Small"), "M": _("Medium"), "L": _("Large")},
            hints={
                "S": _("4 vCPU, 8 GB of memory: up to 85 machines and 250 GB a day."),
                "M": _("8 vCPU, 12 GB of memory: up to 150 machines and 1 TB a day."),
                "L": _("12 vCPU, 24 GB of memory: up to 225 machines and 2 TB a day."),
            },
        ),
    ] = "L"
    runs_on: Annotated[
        Literal["vmware", "physical"],
        ask(
            _("Runs on"),
            widget="radios",
            choices={"vmware": _("VMware virtual machine"), "physical": _("Physical server")},
        ),
    ] = "vmware"


class FailbackAnswers(_WithDataPort, _Server):
    """A process server in Azure, for as long as machines come home (asr-facts 9.4)."""

    network: Annotated[
        str,
        Field(min_length=1, max_length=80),
        ask(
            _("Virtual network"),
            _("That of the failed-over machines; each such network needs a process server of its own."),
            autocomplete="off",
            width=30,
        ),
    ]
    address: Annotated[
        str | None,
        AfterValidator(lambda value: value if value is None else addressing.own_address(value)),
        ask(
            _("Private IPv4 address"),
            _("In a subnet of that network, once it is known."),
            autocomplete="off",
            width=15,
        ),
    ] = None
    region: Annotated[
        str, Field(max_length=40), ask(_("Region"), _("Such as westeurope."), autocomplete="off", width=20)
    ] = ""
    networks: Annotated[
        _Names,
        ask(
            _("All virtual networks with failed-over machines"),
            _("Separated by commas."),
            autocomplete="off",
            width=40,
        ),
    ] = []
    path: Annotated[
        Literal["vpn", "private_peering", "none", "unknown"],
        ask(
            _("Way home"),
            _("What leads from that network to the site."),
            widget="select",
            choices={
                "unknown": _("Not known yet"),
                "vpn": _("Site-to-site VPN"),
                "private_peering": _("ExpressRoute with private peering"),
                "none": _("Nothing"),
            },
        ),
    ] = "unknown"
    cs_reachable: Annotated[
        Told,
        ask(
            _("Configuration server answers on port 443 from that network"),
            widget="select",
            choices=_TOLD,
        ),
    ] = "unknown"
    cores_free: Annotated[
        int | None,
        Field(ge=0, le=100_000),
        ask(
            _("Cores left in that region"),
            _("From the quotas of the subscription; Standard_A8_v2 takes 8."),
            widget="number",
            autocomplete="off",
            width=5,
        ),
    ] = None
    phrase_ready: Annotated[
        Told,
        ask(
            _("Passphrase of the configuration server is at hand"),
            widget="select",
            choices=_TOLD,
        ),
    ] = "unknown"
    remind_on: Annotated[
        date | None,
        ask(
            _("Remind of its removal on"),
            _("A day such as 2026-12-24. It costs money for as long as it stands."),
            autocomplete="off",
            width=10,
        ),
    ] = None


_RetentionVolume = Annotated[str, Field(max_length=100)]
_RetentionSize = Annotated[float | None, Field(ge=0, le=1_000_000, allow_inf_nan=False)]
_FileSystem = Annotated[str, Field(max_length=20)]


class MasterTargetAdditionAnswers(_OnPremises):
    """A separate master target (asr-facts 10); what vCenter shows is not asked for."""

    version: Annotated[
        str,
        Field(max_length=40),
        ask(
            _("Version of its agent"),
            _("Such as 9.57.6920.1, once it is installed. Never newer than that of the process server."),
            autocomplete="off",
            width=20,
        ),
    ] = ""
    # Asked for by the system of each kind.
    covers_versions: Told = "unknown"
    returning_disks: Annotated[
        int | None,
        Field(ge=0, le=10_000),
        ask(
            _("Disks that come home at the same time"),
            _("60 can be attached, those of its own included."),
            widget="number",
            autocomplete="off",
            width=5,
        ),
    ] = None
    location: Annotated[
        Literal["original", "alternate"],
        ask(
            _("Machines return"),
            widget="radios",
            choices={"original": _("To where they came from"), "alternate": _("To another place")},
        ),
    ] = "original"
    original_datastores: Annotated[
        _Names,
        ask(
            _("Datastores the machines came from"),
            _("Names as in vCenter, separated by commas."),
            autocomplete="off",
            width=40,
        ),
    ] = []
    raw_device_mappings: Annotated[
        Told, ask(_("Machines with raw device mappings return"), widget="select", choices=_TOLD)
    ] = "unknown"
    # Each kind asks for its own volume; here it has its place in the form.
    retention_volume: _RetentionVolume = ""
    retention_gb: _RetentionSize = None
    retention_file_system: _FileSystem = ""
    retention_alone: Annotated[
        Told, ask(_("Nothing else uses the retention volume"), widget="select", choices=_TOLD)
    ] = "unknown"
    storage_drs_excluded: Annotated[
        Told, ask(_("Storage DRS leaves its disks alone"), widget="select", choices=_TOLD)
    ] = "unknown"
    own_template: Annotated[
        Told,
        ask(_("It was not made from the template of a protected machine"), widget="select", choices=_TOLD),
    ] = "unknown"
    licensed_esxi: Annotated[
        Told, ask(_("Its ESXi host has a paid licence"), widget="select", choices=_TOLD)
    ] = "unknown"


class WindowsMasterTargetAnswers(MasterTargetAdditionAnswers):
    """One on Windows Server (asr-facts MT-01, MT-14, MT-15, MT-21)."""

    covers_versions: Annotated[
        Told,
        ask(
            _("Its Windows is as new as that of all machines that come home, or newer"),
            _("Only Windows machines come home through it."),
            widget="select",
            choices=_TOLD,
        ),
    ] = "unknown"
    retention_volume: Annotated[
        _RetentionVolume,
        ask(
            _("Retention volume"),
            _("R: as a rule; not the drive of Windows, of an installation or of a cache."),
            autocomplete="off",
            width=20,
        ),
    ] = ""
    retention_gb: Annotated[
        _RetentionSize,
        ask(
            _("Size of the retention volume"),
            _("600 GB are named for a configuration server; there is no formula."),
            widget="number",
            suffix=_("GB"),
            autocomplete="off",
            width=8,
        ),
    ] = None
    retention_file_system: Annotated[
        _FileSystem,
        ask(
            _("File system of the retention volume"),
            _("NTFS as a rule; FAT and FAT32 are not taken."),
            autocomplete="off",
            width=10,
        ),
    ] = ""
    protects_2008r2_physical: Annotated[
        Told,
        ask(
            _("Servers with Windows Server 2008 R2 SP1 are protected as physical"),
            widget="select",
            choices=_TOLD,
        ),
    ] = "unknown"


class LinuxMasterTargetAnswers(MasterTargetAdditionAnswers):
    """One on Linux (asr-facts MT-01, MT-14, MT-15, MT-18)."""

    covers_versions: Annotated[
        Told,
        ask(
            _("Its Linux is as new as that of all machines that come home, or newer"),
            _("Only Linux machines come home through it."),
            widget="select",
            choices=_TOLD,
        ),
    ] = "unknown"
    retention_volume: Annotated[
        _RetentionVolume,
        ask(
            _("Retention volume"),
            _("/mnt/retention as a rule: where the retention disk is mounted, never / itself."),
            autocomplete="off",
            width=20,
        ),
    ] = ""
    retention_gb: Annotated[
        _RetentionSize,
        ask(
            _("Size of the retention volume"),
            _("1 TB (1024 GB) is named for Linux; there is no formula."),
            widget="number",
            suffix=_("GB"),
            autocomplete="off",
            width=8,
        ),
    ] = None
    retention_file_system: Annotated[
        _FileSystem,
        ask(
            _("File system of the retention volume"),
            _("ext4 as a rule, made with mkfs.ext4; FAT is not taken."),
            autocomplete="off",
            width=10,
        ),
    ] = ""
    prepared: Annotated[
        Told,
        ask(
            _("The machine was prepared"),
            _("ApplyCustomChanges.sh ran once; the retention disk came afterwards, and is in fstab."),
            widget="select",
            choices=_TOLD,
        ),
    ] = "unknown"


ANSWERS: Final[dict[AdditionKind, type[_Server]]] = {
    "ps_scaleout": ScaleOutAnswers,
    "ps_failback": FailbackAnswers,
    "mt_windows": WindowsMasterTargetAnswers,
    "mt_linux": LinuxMasterTargetAnswers,
}
"""The declaration of each kind: the form, the API and the checks read the same."""
