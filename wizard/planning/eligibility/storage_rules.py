"""What the disks are and what they hang on (asr-facts SM-10 to SM-13, SM-22, SM-23)."""

from __future__ import annotations

from collections.abc import Iterator

from wizard.planning.eligibility.finding import MachineFinding, found
from wizard.planning.eligibility.machine import SourceMachine
from wizard.planning.eligibility.systems import OperatingSystem
from wizard.text import _


def encryption(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-10. vCenter tells its own encryption (`config.keyId`); BitLocker and the like only the guest tells."""
    if machine.encrypted:
        yield found(
            "SM-10",
            "block",
            _("The machine is encrypted; encrypted disks are not supported."),
            _("Decrypt it by a storage policy without encryption, and leave it so while it is replicated."),
        )


def shared_disks(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-11. A disk with multi-writer sharing, or on a controller whose bus is shared, is a cluster disk."""
    shared_buses = {
        controller.key for controller in machine.controllers if controller.shared_bus not in ("noSharing", "")
    }
    shared = [
        disk.label
        for disk in machine.disks
        if disk.sharing not in ("sharingNone", "") or (shared_buses and disk.controller_key in shared_buses)
    ]
    if shared:
        yield found(
            "SM-11",
            "block",
            _("Shared with other machines, which is not supported: %(disks)s."),
            _("Replicate the cluster's data by its own means, or give the machine disks of its own."),
            disks=shared,
        )


def raw_devices(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-12. Supported; but a return to another place (a new machine) knows no raw device mappings (MT-17)."""
    raw = [disk.label for disk in machine.disks if disk.backing.startswith("rdm")]
    if raw:
        yield found(
            "SM-12",
            "info",
            _(
                "Raw device mappings: %(disks)s. They are replicated, but a failback to a new machine has none."
            ),
            _("Plan the failback to the original machine, or do without raw devices afterwards."),
            disks=raw,
        )


def independent_disks(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-13. No document says it; the facts' author recommends a warning, as they take no part in snapshots."""
    independent = [disk.label for disk in machine.disks if "independent" in disk.disk_mode]
    if independent:
        yield found(
            "SM-13",
            "warn",
            _("Independent disks take no part in snapshots: %(disks)s."),
            _("Change the disk mode to dependent while the machine is off."),
            disks=independent,
        )


def paravirtual(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-22. Refused for Linux by the texts up to 2023; the newest one (2025-08) permits it on VMware machines.

    So it warns here and does not block; multi-queue block devices and HP CCISS only the guest tells.
    """
    if system.family == "linux" and any(controller.kind == "pvscsi" for controller in machine.controllers):
        yield found(
            "SM-22",
            "warn",
            _(
                "A Linux machine with a paravirtual SCSI controller. The documents of 2023 do not support "
                "paravirtualized storage; those of 2025 do on VMware."
            ),
            _("Use components of 2025, or an LSI Logic controller."),
        )


def nvme(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-23. Supported by the texts of 2019 and 2023; the newest one (2025-08) says for Windows only."""
    if not any(controller.kind == "nvme" for controller in machine.controllers):
        return
    if system.family == "linux":
        yield found(
            "SM-23",
            "warn",
            _(
                "A Linux machine with an NVMe controller. The documents of 2023 support that; those of 2025 do for "
                "Windows only."
            ),
            _("Move the disks to an LSI Logic controller."),
        )
    else:
        yield found(
            "SM-23",
            "info",
            _("The machine has an NVMe controller, which is supported."),
            _("Nothing is to be done."),
        )
