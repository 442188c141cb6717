"""A physical server as its operator describes it: the fields, their meanings, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Final, Literal

from wizard.planning.eligibility.machine import GB, SourceDisk, SourceMachine
from wizard.planning.naming import dns_name
from wizard.planning.quoting import refusal, shown
from wizard.text import Text, _

Firmware = Literal["", "bios", "efi", "efi secure boot"]

TEXT_LONGEST: Final = 255
DISKS_MOST: Final = 256
DISK_GB_MOST: Final = 1_048_576

_SIZE: Final = re.compile(r"[0-9]{1,7}(?:\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalServer:
    """One server. `address` is an IPv4 address or a DNS name; `firmware` is "" where nobody told it.

    `disks_gb`: sizes in GB of 2^30 bytes, the OS disk first; () where nobody told them.
    """

    name: str
    address: str
    operating_system: str
    firmware: Firmware
    disks_gb: tuple[float, ...]

    def as_machine(self) -> SourceMachine:
        """What the rules judge; its disks are called #1, #2 and so on."""
        by_address = _is_ipv4(self.address)
        return SourceMachine(
            kind="physical",
            name=self.name,
            guest_full_name=self.operating_system,
            firmware=self.firmware.removesuffix(" secure boot"),
            secure_boot=self.firmware == "efi secure boot",
            disks=tuple(
                SourceDisk(key=number, label=f"#{number}", capacity_bytes=round(size * GB))
                for number, size in enumerate(self.disks_gb, start=1)
            ),
            ip_addresses=(self.address,) if by_address else (),
            host_name="" if by_address else self.address,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field. `heading` stands in the header of a file as it is, in every language; `meaning` is a message id.

    `required`: the header must have it; `filled`: so must every row.
    """

    heading: str
    meaning: str
    required: bool
    filled: bool
    example: str


COLUMNS: Final[Mapping[str, Column]] = {
    "name": Column(
        heading="name",
        meaning=_("The name of the server, as it is to appear in Site Recovery."),
        required=True,
        filled=True,
        example="fileserver01",
    ),
    "address": Column(
        heading="address",
        meaning=_("Its IPv4 address, or its DNS name."),
        required=True,
        filled=True,
        example="192.0.2.10",
    ),
    "operating_system": Column(
        heading="operating system",
        meaning=_(
            "Product and release, with “64-bit” where there is a 32-bit edition too: Windows Server 2019, Red Hat "
            "Enterprise Linux 8.6, Ubuntu 18.04 64-bit."
        ),
        required=True,
        filled=False,
        example="Windows Server 2019",
    ),
    "firmware": Column(
        heading="firmware",
        meaning=_("bios, efi (with Secure Boot off) or efi secure boot."),
        required=False,
        filled=False,
        example="bios",
    ),
    "disks_gb": Column(
        heading="disks GB",
        meaning=_(
            "The size of each disk in GB, the OS disk first, separated by blanks; decimals with a point."
        ),
        required=False,
        filled=False,
        example="120 500",
    ),
}


def read_server(cells: Mapping[str, str]) -> tuple[PhysicalServer | None, dict[str, Text]]:
    """The server that `cells` (by the keys of COLUMNS) describe, or what is wrong with which of them."""
    values: dict[str, str] = {}
    faults: dict[str, Text] = {}
    for key, column in COLUMNS.items():
        cell = cells.get(key, "").strip()
        if not cell:
            if column.filled:
                faults[key] = Text(_("Nothing is given; expected: %(meaning)s"), meaning=Text(column.meaning))
            values[key] = ""
            continue
        try:
            values[key] = _READERS[key](cell)
        except ValueError as error:
            faults[key] = error.args[0]
    if faults:
        return None, faults
    firmware: Firmware = _FIRMWARE[values["firmware"]]
    sizes = tuple(float(size) for size in values["disks_gb"].split())
    server = PhysicalServer(
        name=values["name"],
        address=values["address"],
        operating_system=values["operating_system"],
        firmware=firmware,
        disks_gb=sizes,
    )
    return server, {}


def _text(cell: str) -> str:
    if len(cell) > TEXT_LONGEST or not cell.isprintable():
        raise refusal(
            _("“%(found)s” cannot be taken; expected at most %(longest)s characters on one line."),
            found=shown(cell),
            longest=TEXT_LONGEST,
        )
    return cell


def _address(cell: str) -> str:
    if ":" in cell:
        raise refusal(
            _("“%(found)s” is not an IPv4 address or a DNS name; Site Recovery does not support IPv6."),
            found=shown(cell),
        )
    if cell.replace(".", "").isdecimal() and not _is_ipv4(cell):
        raise refusal(
            _("“%(found)s” is not an IPv4 address; expected four numbers from 0 to 255, as in 192.0.2.10."),
            found=shown(cell),
        )
    return dns_name(cell)


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


_FIRMWARE: Final[Mapping[str, Firmware]] = {
    "": "",
    "bios": "bios",
    "efi": "efi",
    "uefi": "efi",
    "efi secure boot": "efi secure boot",
    "uefi secure boot": "efi secure boot",
}


def _firmware(cell: str) -> str:
    words = " ".join(cell.lower().split())
    if words not in _FIRMWARE:
        raise refusal(
            _("“%(found)s” is no firmware; expected bios, efi or efi secure boot."), found=shown(cell)
        )
    return words


def _disks(cell: str) -> str:
    sizes = cell.split()
    for size in sizes:
        if not _SIZE.fullmatch(size) or not 0 < float(size) <= DISK_GB_MOST:
            raise refusal(
                _(
                    "“%(found)s” is no size of a disk; expected GB above 0 separated by blanks, as in 120 500."
                ),
                found=shown(size),
            )
    if len(sizes) > DISKS_MOST:
        raise refusal(
            _("%(count)s disks are given; expected at most %(limit)s."), count=len(sizes), limit=DISKS_MOST
        )
    return " ".join(sizes)


_READERS: Final[Mapping[str, Callable[[str], str]]] = {
    "name": _text,
    "address": _address,
    "operating_system": _text,
    "firmware": _firmware,
    "disks_gb": _disks,
}
