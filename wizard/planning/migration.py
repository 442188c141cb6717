"""What moving from classic to modernized would take (asr-facts 11.4): conditions, appliances, batches, time."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Final

from wizard.planning.retirement import OfficialLink
from wizard.text import Text, _

MACHINES_PER_BATCH: Final = 10

_LEARN: Final = "https://learn.microsoft.com/azure/site-recovery/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that must hold before the move. `seen_in`: where a person sees whether it does."""

    id: str
    title: Text
    requirement: Text
    seen_in: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """The move as a whole. `batches`: actions in the portal, of at most ten machines each."""

    appliances: int
    batches: int
    conditions: tuple[Condition, ...]
    notes: tuple[Text, ...]
    links: tuple[OfficialLink, ...]

    def to_json(self) -> dict[str, Any]:
        """Texts as `Text.to_json` gives them."""
        return {
            "appliances": self.appliances,
            "batches": self.batches,
            "conditions": [
                {
                    "id": condition.id,
                    "title": condition.title.to_json(),
                    "requirement": condition.requirement.to_json(),
                    "seen_in": condition.seen_in.to_json(),
                }
                for condition in self.conditions
            ],
            "notes": [note.to_json() for note in self.notes],
            "links": [{"title": link.title.to_json(), "url": link.url} for link in self.links],
        }


CONDITIONS: Final = (
    Condition(
        id="MOVE-01",
        title=Text(_("Versions of the components")),
        requirement=Text(
            _(
                "Process server 9.50, proxy 1.35.8419.34591, Recovery Services agent 2.0.9249.0, replication service "
                "1.35.8433.24227, or newer; configuration server and Mobility service at 9.50 or newer."
            )
        ),
        seen_in=Text(
            _("In the portal: Site Recovery Infrastructure, Configuration Servers, and Replicated items.")
        ),
    ),
    Condition(
        id="MOVE-02",
        title=Text(_("A new vault in the same region and tenant")),
        requirement=Text(
            _(
                "The vault of the appliance is in the same region or geography and the same tenant; subscription and "
                "resource group may differ."
            )
        ),
        seen_in=Text(_("In the portal: overview of both vaults.")),
    ),
    Condition(
        id="MOVE-03",
        title=Text(_("Managed disks")),
        requirement=Text(_("The machine replicates to managed disks, not to a storage account.")),
        seen_in=Text(_("In the portal: the replicated item, Disks.")),
    ),
    Condition(
        id="MOVE-04",
        title=Text(_("Not failed over")),
        requirement=Text(_("The machine runs on premises: no failover happened or is under way.")),
        seen_in=Text(_("In the portal: the replicated item, Status.")),
    ),
    Condition(
        id="MOVE-05",
        title=Text(_("Replication is settled")),
        requirement=Text(_("The initial replication is finished, no resynchronization runs.")),
        seen_in=Text(_("In the portal: the replicated item, Status “Protected”.")),
    ),
    Condition(
        id="MOVE-06",
        title=Text(_("Health is not critical")),
        requirement=Text(_("The replication health of the machine is healthy or warning.")),
        seen_in=Text(_("In the portal: the replicated item, Replication health.")),
    ),
    Condition(
        id="MOVE-07",
        title=Text(_("The configuration server is alive")),
        requirement=Text(_("The configuration server sends its heartbeat to the vault.")),
        seen_in=Text(
            _("In the portal: Configuration Servers, Last Contact At; here: the services of the machine.")
        ),
    ),
    Condition(
        id="MOVE-08",
        title=Text(_("vCenter on the appliance")),
        requirement=Text(_("The vCenter that manages the machines was added to the appliance.")),
        seen_in=Text(_("In the Appliance Configuration Manager: the list of vCenter Servers.")),
    ),
)

_NOTES: Final = (
    _("At most ten machines are moved in one action of the portal; a replication group moves as one."),
    _("Recovery plans are not moved: write them down and make them anew."),
    _("A vault with public endpoints does not become one with private endpoints by the move."),
    _(
        "Where the move of a machine fails it is rolled back; the old recovery points stay for their retention."
    ),
)

_LINKS: Final = (
    (_("Moving from classic to modernized"), "move-from-classic-to-modernized-vmware-disaster-recovery"),
    (
        _("How to move from classic to modernized"),
        "how-to-move-from-classic-to-modernized-vmware-disaster-recovery",
    ),
    (_("Common questions about the move"), "classic-to-modernized-common-questions"),
)


def appliances_needed(process_servers: int) -> int:
    """As many as process servers that carry data; the published example has four for one CS and four of them.

    The built-in one counts as one where there is no other. Raises ValueError for a negative number.
    """
    if process_servers < 0:
        raise ValueError(f"{process_servers} process servers")
    return max(1, process_servers)


def batches(machines: int) -> int:
    """How many actions in the portal move so many machines."""
    return ceil(max(0, machines) / MACHINES_PER_BATCH)


def moving(*, process_servers: int, machines: int) -> Migration:
    """The whole move of a site with so many process servers and protected machines."""
    return Migration(
        appliances=appliances_needed(process_servers),
        batches=batches(machines),
        conditions=CONDITIONS,
        notes=tuple(Text(note) for note in _NOTES),
        links=tuple(OfficialLink(title=Text(title), url=_LEARN + page) for title, page in _LINKS),
    )
