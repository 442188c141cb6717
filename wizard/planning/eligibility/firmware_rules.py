"""How the machine starts (asr-facts SM-07)."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.planning.eligibility.finding import MachineFinding, found
from wizard.planning.eligibility.machine import SourceMachine
from wizard.planning.eligibility.systems import OperatingSystem
from wizard.text import _


def firmware(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-07. BIOS passes; EFI passes with Secure Boot off, and says that the texts disagree.

    The text of 2019 permits EFI for migration only, the one of 2023 permits it: asr-facts 14, C6 follows 2023 and asks
    for a note. The boot option stays set when a machine is switched to BIOS, and means nothing there. Windows Server 2008 R2 and older do not start from EFI in either text.
    """
    if machine.secure_boot and machine.firmware != "bios":
        yield found(
            "SM-07",
            "block",
            _("Secure Boot is on; Site Recovery supports EFI machines only without it."),
            _("Turn Secure Boot off in the boot options while the machine is off, then start it again."),
        )
    elif machine.firmware == "efi":
        if system.system is not None and not system.system.efi:
            yield found(
                "SM-07",
                "block",
                _("The machine starts from EFI, which is not supported for %(system)s."),
                _("Move it to a newer Windows Server, or to a machine that starts from BIOS."),
                system=system.shown,
            )
        else:
            yield found(
                "SM-07",
                "info",
                _(
                    "The machine starts from EFI. The documents of 2023 support that with Secure Boot off; those of "
                    "2019 allowed it for migration only."
                ),
                _("Leave Secure Boot off, and use components of 2023 or newer."),
            )
    elif machine.firmware != "bios":
        yield found(
            "SM-07",
            "unknown",
            _("Whether the machine starts from BIOS or EFI is not known."),
            _("Look it up in the boot options or the firmware setup; with EFI, Secure Boot must be off."),
        )
