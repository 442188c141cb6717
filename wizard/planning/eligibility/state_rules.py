"""What state the machine is in (asr-facts SM-14, SM-15, SM-18, SM-19)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from wizard.planning.eligibility.finding import MachineFinding, found
from wizard.planning.eligibility.machine import SourceMachine
from wizard.planning.eligibility.systems import OperatingSystem
from wizard.planning.quoting import shown
from wizard.text import _

_TOOLS_UP: Final = frozenset({"guestToolsRunning", "guestToolsExecutingScripts"})


def power(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-14. No document says it; the facts' author recommends a warning, since pushing the Mobility service and the
    initial replication need a running machine. One that vCenter cannot reach is no better off."""
    if machine.connection_state not in ("connected", ""):
        yield found(
            "SM-14",
            "warn",
            _("vCenter cannot reach this machine (%(state)s); what is shown of it may be out of date."),
            _("Bring its host back, or register the machine again, then discover the machines again."),
            state=shown(machine.connection_state),
        )
    elif machine.power_state != "poweredOn":
        yield found(
            "SM-14",
            "warn",
            _("The machine is not running (%(state)s)."),
            _("Start it before replication is enabled, and leave it on until the first copy is complete."),
            state=shown(machine.power_state or "–"),
        )


def tools(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-15. Of a machine that is off nothing can be told: SM-14 asks for it to be started."""
    if machine.power_state == "poweredOn" and machine.tools_status not in _TOOLS_UP:
        yield found(
            "SM-15",
            "warn",
            _(
                "VMware Tools are not running; without them discovery misses addresses and the operating system."
            ),
            _("Install VMware Tools or open-vm-tools in the machine, and start their service."),
        )


def disk_uuids(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-18. Recommended for the failback of Linux machines; of Windows machines nothing is said."""
    if system.family == "linux" and (machine.setting("disk.EnableUUID") or "").strip().lower() not in (
        "true",
        "1",
    ):
        yield found(
            "SM-18",
            "warn",
            _("disk.EnableUUID is not set; failing back a Linux machine should have it."),
            _(
                "Turn the machine off and add disk.EnableUUID = TRUE to its advanced configuration parameters."
            ),
        )


def snapshots(machine: SourceMachine, system: OperatingSystem) -> Iterator[MachineFinding]:
    """SM-19. Snapshots must be gone before failback, and `snapshot.maxSnapshots` must be a number where it is set."""
    if machine.snapshot_count > 0:
        yield found(
            "SM-19",
            "warn",
            _("The machine has snapshots (%(count)s); failback needs a machine without any."),
            _("Delete or consolidate the snapshots before you fail back."),
            count=machine.snapshot_count,
        )
    most = machine.setting("snapshot.maxSnapshots")
    if most is not None and not (most.strip().isascii() and most.strip().isdigit()):
        yield found(
            "SM-19",
            "warn",
            _("snapshot.maxSnapshots is “%(found)s”; it must be a number."),
            _("Set snapshot.maxSnapshots to a number in the advanced parameters, or remove it."),
            found=shown(most),
        )
