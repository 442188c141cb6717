"""The published sizing tables (asr-facts 4.1 to 4.5), as they are printed. 1 TB counts as 1,024 GB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from wizard.text import _

Tier = Literal["S", "M", "L"]

TB: Final = (
    1024  # in GB: the tables' third row continues at "1 TB" where the second ends, next to disks of 1 TB
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One row: what the machine needs, and up to which load. `machines` and `change` are as printed.

    `table` is the title of the published table (a message id), `link` the page that holds it.
    `most_machines` and `most_change_gb` (GB a day) are the last values that the row still covers.
    """

    table: str
    link: str
    tier: Tier
    label: str
    vcpu: int
    memory_gb: int
    cache_gb: int
    machines: str
    change: str
    most_machines: int
    most_change_gb: float


CONFIGURATION_SERVER: Final = (
    TableRow(
        table=_("Configuration server with built-in process server"),  # asr-facts 4.1
        link="https://learn.microsoft.com/azure/site-recovery/site-recovery-plan-capacity-vmware",
        tier="S",
        label="S",
        vcpu=8,
        memory_gb=16,
        cache_gb=300,
        machines="< 100",
        change="≤ 500 GB",
        most_machines=99,
        most_change_gb=500,
    ),
    TableRow(
        table=_("Configuration server with built-in process server"),  # asr-facts 4.1
        link="https://learn.microsoft.com/azure/site-recovery/site-recovery-plan-capacity-vmware",
        tier="M",
        label="M",
        vcpu=12,
        memory_gb=18,
        cache_gb=600,
        machines="100–150",
        change="501 GB – 1 TB",
        most_machines=150,
        most_change_gb=1 * TB,
    ),
    TableRow(
        table=_("Configuration server with built-in process server"),  # asr-facts 4.1
        link="https://learn.microsoft.com/azure/site-recovery/site-recovery-plan-capacity-vmware",
        tier="L",
        label="L",
        vcpu=16,
        memory_gb=32,
        cache_gb=1 * TB,
        machines="151–200",
        change="> 1 TB – 2 TB",
        most_machines=200,
        most_change_gb=2 * TB,
    ),
)

CONFIGURATION_SERVER_ALONE: Final = TableRow(
    table=_("Large deployments: configuration server alone"),  # asr-facts 4.3
    link="https://learn.microsoft.com/azure/site-recovery/vmware-physical-large-deployment",
    tier="S",
    label="without built-in process server",
    vcpu=8,
    memory_gb=16,
    cache_gb=600,
    machines="≤ 550",
    change="–",
    most_machines=550,
    most_change_gb=0,
)

PROCESS_SERVERS: Final = (
    TableRow(
        table=_("Scale-out process server"),  # asr-facts 4.2
        link="https://learn.microsoft.com/azure/site-recovery/site-recovery-plan-capacity-vmware",
        tier="S",
        label="S",
        vcpu=4,
        memory_gb=8,
        cache_gb=300,
        machines="≤ 85",
        change="≤ 250 GB",
        most_machines=85,
        most_change_gb=250,
    ),
    TableRow(
        table=_("Scale-out process server"),  # asr-facts 4.2
        link="https://learn.microsoft.com/azure/site-recovery/site-recovery-plan-capacity-vmware",
        tier="M",
        label="M",
        vcpu=8,
        memory_gb=12,
        cache_gb=600,
        machines="86–150",
        change="251 GB – 1 TB",
        most_machines=150,
        most_change_gb=1 * TB,
    ),
    TableRow(
        table=_("Scale-out process server"),  # asr-facts 4.2
        link="https://learn.microsoft.com/azure/site-recovery/site-recovery-plan-capacity-vmware",
        tier="L",
        label="L",
        vcpu=12,
        memory_gb=24,
        cache_gb=1 * TB,
        machines="151–225",
        change="> 1 TB – 2 TB",
        most_machines=225,
        most_change_gb=2 * TB,
    ),
)

PROCESS_SERVER: Final = PROCESS_SERVERS[-1]
"""The largest one, of which several share what is too much for one."""

CONFIGURATION_SERVER_NEXT_TO: Final[dict[Tier, tuple[int, int]]] = {"S": (8, 16), "M": (8, 16), "L": (12, 18)}
"""vCPU and GB of memory of the configuration server next to a process server of a tier (asr-facts 4.2, text of 2017)."""

APPLIANCE: Final = (
    TableRow(
        table=_("Replication appliance"),  # asr-facts 4.4
        link="https://learn.microsoft.com/azure/site-recovery/replication-appliance-support-matrix",
        tier="S",
        label="minimum",
        vcpu=8,
        memory_gb=32,
        cache_gb=620,
        machines="≤ 150",
        change="≤ 1 TB",
        most_machines=150,
        most_change_gb=1 * TB,
    ),
    TableRow(
        table=_("Replication appliance"),  # asr-facts 4.4
        link="https://learn.microsoft.com/azure/site-recovery/replication-appliance-support-matrix",
        tier="L",
        label="maximum",
        vcpu=16,
        memory_gb=32,
        cache_gb=1 * TB,
        machines="151–200",
        change="> 1 TB – 2 TB",
        most_machines=200,
        most_change_gb=2 * TB,
    ),
)

OS_DISK_GB: Final = 80
"""The appliance's OS disk (asr-facts HW-14); the documents name none for the configuration server."""

CACHE_PREREQUISITE_GB: Final = 600
"""asr-facts HW-04; the smallest row of the sizing table says 300 (conflict C12)."""

RETENTION_GB: Final = 600
"""asr-facts HW-06 and MT-15; a Linux master target has a disk of 1 TB of its own."""

MACHINE_CHANGE_LIMIT_GB: Final = 2 * TB
"""A day's change of one machine that a process server can still carry (asr-facts 4.5)."""
