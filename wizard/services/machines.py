"""The machines of a deployment as people look for them: found, counted, and one of them with where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.functions import Lower

from wizard.models import Deployment, InventoryObject, Machine, ProtectableItem
from wizard.planning.eligibility import RULES, VERDICT_LABELS, MachineFinding, Rule, Verdict, unseen
from wizard.planning.vocabulary import ProfileId
from wizard.services.discovery.judging import ONLY_IN
from wizard.services.errors import NotFound
from wizard.text import Text, _

__all__ = [
    "POWER_WORDS",
    "RULES",
    "SORTS",
    "VERDICT_WORDS",
    "Totals",
    "Whereabouts",
    "Wish",
    "find",
    "findings_of",
    "get",
    "seen_at",
    "totals",
    "unseen_rules",
    "verdict_of",
    "whereabouts",
]

VERDICT_WORDS: Final[Mapping[Verdict, Text]] = {
    verdict: Text(label.title) for verdict, label in VERDICT_LABELS.items()
}
POWER_WORDS: Final[Mapping[str, Text]] = {
    "poweredOn": Text(_("On")),
    "poweredOff": Text(_("Off")),
    "suspended": Text(_("Suspended")),
}
_WORST_FIRST: Final[tuple[Verdict, ...]] = ("blocked", "unknown", "attention", "ready", "hidden")
# What only the other family of systems can have: LVM, GRUB and multi-queue devices; dynamic disks and ReFS.
_NOT_IN: Final[Mapping[str, frozenset[str]]] = {
    Machine.System.WINDOWS: frozenset({"SM-22", "SM-24", "SM-25"}),
    Machine.System.LINUX: frozenset({"SM-09", "SM-27"}),
}
# What the addresses of the page call them, and what decides; the name decides between equals.
SORTS: Final = ("name", "verdict", "system", "power", "memory", "disks")


# How Site Recovery says that a machine replicates.
PROTECTED: Final = "Protected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which machines somebody wants to see. "" is no wish; of `words` each must be in name, host name or an address.

    Without a wish for a verdict or for templates those that are no candidates are left out, without one for `presence`
    those that are gone. `presence` is "gone" or "all"; `vault` is "listed", "protected" or "missing"; `kind` is "vm",
    "physical" or "template"; `sort` is one of SORTS, with a minus for the other direction.
    """

    words: str = ""
    verdict: str = ""
    system: str = ""
    power: str = ""
    rule: str = ""
    kind: str = ""
    presence: str = ""
    vcenter: UUID | None = None
    vault: str = ""
    sort: str = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """`by_verdict` counts whatever the wish for a verdict is; `machines` and `disk_gb` are of what is shown."""

    by_verdict: Mapping[Verdict, int]
    machines: int
    disk_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where a machine is, by name; "" and () where vCenter does not tell. `names` are those of ids, for disks and adapters."""

    folder: str = ""
    cluster: str = ""
    host: str = ""
    pool: str = ""
    vapp: str = ""
    datastores: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


def find(deployment: Deployment, wish: Wish) -> QuerySet[Machine]:
    """In the order that is asked for. The caller decides how many it takes."""
    found = _narrowed(deployment, wish)
    found = _of_verdict(deployment, found, wish)
    return found.order_by(*_order(deployment, wish.sort))


def totals(deployment: Deployment, wish: Wish) -> Totals:
    """One query."""
    column = _verdict_column(deployment)
    rows = (
        _narrowed(deployment, wish)
        .order_by()
        .values_list(column, "is_template")
        .annotate(count=Count("pk"), gb=Sum("disk_gb"))
    )
    by_verdict: dict[Verdict, int] = dict.fromkeys(VERDICT_WORDS, 0)
    machines, disk_gb = 0, 0.0
    for verdict, template, count, gb in rows:
        by_verdict[verdict] += count
        if _is_shown(wish, verdict, template=template):
            machines, disk_gb = machines + count, disk_gb + gb
    return Totals(by_verdict=by_verdict, machines=machines, disk_gb=disk_gb)


def get(deployment: Deployment, machine_id: int) -> Machine:
    """Raises NotFound, for a machine that is not there and for one of another deployment alike."""
    row = _all_of(deployment).select_related("vcenter").filter(pk=machine_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such machine.")))
    return row


def in_vault(deployment: Deployment, shown: Iterable[Machine]) -> dict[int, ProtectableItem]:
    """Of these machines those that the vault listed last, by their id; one query."""
    rows = deployment.protectable_items.filter(machine__in=[machine.pk for machine in shown])
    return {row.machine_id: row for row in rows if row.machine_id is not None}


def seen_at(machine: Machine) -> datetime:
    """When it was known last that vCenter shows it: a refresh that reads changes is not told of what stays as it is."""
    refreshed = machine.vcenter.refreshed_at if machine.vcenter and machine.gone_at is None else None
    return max(machine.seen_at, refreshed or machine.seen_at)


def verdict_of(deployment: Deployment, machine: Machine) -> Verdict:
    """What the findings come to in the deployment's profile."""
    verdict: Verdict = getattr(machine, _verdict_column(deployment))
    return verdict


def findings_of(deployment: Deployment, machine: Machine) -> tuple[MachineFinding, ...]:
    """Those that hold in the deployment's profile, as they were found when the machine was last written."""
    findings = (MachineFinding.from_json(stored) for stored in machine.findings)
    return tuple(finding for finding in findings if _profile(deployment) in finding.profiles)


def unseen_rules(machine: Machine | None = None) -> tuple[Rule, ...]:
    """Those of which something only the machine itself can tell: of each machine, or of this one."""
    if machine is None:
        return unseen()
    others = _NOT_IN.get(machine.system, frozenset())
    if machine.kind != Machine.Kind.PHYSICAL:
        # It is about the host of a physical server.
        others |= {"SM-31"}
    return tuple(rule for rule in unseen() if rule.id not in others)


def whereabouts(machine: Machine) -> Whereabouts:
    """Two queries; nothing is known of a physical server."""
    if machine.vcenter_id is None:
        return Whereabouts()
    adapters = {adapter["network_moid"] for adapter in machine.adapters}
    disks = {disk["datastore_moid"] for disk in machine.disks}
    own = {machine.folder_moid, machine.pool_moid, machine.vapp_moid, machine.host_moid}
    wanted = own | adapters | disks | {*machine.datastore_moids, *machine.network_moids}
    found = _objects(machine.vcenter_id, wanted)
    host = found.get(machine.host_moid)
    # A host stands in a cluster, or alone in what vSphere calls a compute resource of the host's name.
    above = _objects(machine.vcenter_id, {host.parent_moid} if host else set())
    cluster = next((row.name for row in above.values() if row.type == "ClusterComputeResource"), "")

    def name(moid: str) -> str:
        return found[moid].name if moid in found else ""

    def names(moids: Iterable[str]) -> tuple[str, ...]:
        # What the account may not see is named by its id.
        return tuple(name(moid) or moid for moid in moids)

    folder = found.get(machine.folder_moid)
    vapp = found.get(machine.vapp_moid)
    return Whereabouts(
        folder=" / ".join(folder.path) if folder else "",
        cluster=cluster,
        host=name(machine.host_moid),
        pool=name(machine.pool_moid),
        vapp=" / ".join(vapp.path) if vapp else "",
        datastores=names(machine.datastore_moids),
        networks=names(machine.network_moids),
        names={moid: row.name for moid, row in found.items()},
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _profile(deployment: Deployment) -> ProfileId:
    return "asr-modernized" if deployment.profile == "asr-modernized" else "asr-classic"


def _verdict_column(deployment: Deployment) -> str:
    return "verdict_modernized" if _profile(deployment) == "asr-modernized" else "verdict_classic"


def _all_of(deployment: Deployment) -> QuerySet[Machine]:
    # The ids first: a join would make the database look through all machines of all vCenters.
    vcenters = list(deployment.vcenters.values_list("pk", flat=True))
    return Machine.objects.filter(Q(vcenter__in=vcenters) | Q(deployment=deployment))


def _narrowed(deployment: Deployment, wish: Wish) -> QuerySet[Machine]:
    """By every wish but that for a verdict."""
    found = _all_of(deployment)
    match wish.presence:
        case "gone":
            found = found.exclude(gone_at=None)
        case "all":
            pass
        case _:
            found = found.filter(gone_at=None)
    match wish.kind:
        case "template":
            found = found.filter(is_template=True)
        case "vm" | "physical":
            found = found.filter(kind=wish.kind, is_template=False)
    if wish.vault:
        rows = deployment.protectable_items.exclude(machine=None)
        if wish.vault == "protected":
            rows = rows.filter(protection_status=PROTECTED)
        listed = Q(pk__in=rows.values("machine_id"))
        found = found.exclude(listed) if wish.vault == "missing" else found.filter(listed)
    for word in wish.words.casefold().split():
        found = found.filter(search_text__contains=word)
    if wish.rule:
        (elsewhere,) = (letter for only, letter in ONLY_IN.items() if _profile(deployment) not in only)
        found = found.filter(rules__contains=wish.rule).exclude(rules__contains=wish.rule + elsewhere)
    exact = {"system": wish.system, "power_state": wish.power, "vcenter": wish.vcenter}
    return found.filter(**{name: value for name, value in exact.items() if value})


def _of_verdict(deployment: Deployment, found: QuerySet[Machine], wish: Wish) -> QuerySet[Machine]:
    column = _verdict_column(deployment)
    if wish.verdict:
        return found.filter(**{column: wish.verdict})
    if wish.kind == "template":
        return found
    return found.filter(is_template=False).exclude(**{column: "hidden"})


def _is_shown(wish: Wish, verdict: str, *, template: bool) -> bool:
    if wish.verdict:
        return verdict == wish.verdict
    return wish.kind == "template" or (verdict != "hidden" and not template)


def _order(deployment: Deployment, sort: str) -> tuple[str | OrderBy, ...]:
    ways: dict[str, Case | F | Lower] = {
        "name": Lower("name"),
        "verdict": Case(
            *(
                When(**{_verdict_column(deployment): verdict}, then=Value(place))
                for place, verdict in enumerate(_WORST_FIRST)
            ),
            output_field=IntegerField(),
        ),
        "system": Lower("guest_full_name"),
        "power": F("power_state"),
        "memory": F("memory_mb"),
        "disks": F("disk_gb"),
    }
    way = ways.get(sort.removeprefix("-"), ways["name"])
    down = sort.startswith("-")
    return (way.desc() if down else way.asc(), Lower("name").asc(), "pk")


def _objects(vcenter_id: UUID, moids: set[str]) -> dict[str, InventoryObject]:
    if not (wanted := moids - {""}):
        return {}
    rows = InventoryObject.objects.filter(vcenter=vcenter_id, moid__in=wanted)
    return {row.moid: row for row in rows.only("moid", "name", "type", "parent_moid", "path")}
