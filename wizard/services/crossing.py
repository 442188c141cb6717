"""What deployments claim at once: gathered from answers, records, observations and inventories, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, Subquery

from wizard.models import (
    Component,
    Deployment,
    DeploymentState,
    Machine,
    Operator,
    VaultObservation,
    VCenter,
)
from wizard.planning.crossing import crossings
from wizard.planning.crossing_rows import (
    HTTPS,
    Crossing,
    PhysicalServer,
    Place,
    VCenterName,
    VirtualMachine,
)
from wizard.services import crossing_servers
from wizard.services.permissions import require
from wizard.services.visibility import rows_for
from wizard.text import Text, _, verbatim
from wizard.topology.roles import ROLES

# So many shared UUIDs of machines are told; more of them have one cause, which these show.
_MOST_TWINS: Final = 200


def found(*, actor: Operator) -> tuple[Crossing, ...]:
    """All conflicts between deployments that are in service or being set up, of which `actor` sees one at least.

    The others of a conflict are counted, and nothing else is told of them.
    """
    require(actor, "conflicts.see")
    all_sites = Deployment.objects.exclude(state=DeploymentState.DECOMMISSIONED)
    seen = dict(rows_for(actor, all_sites).values_list("pk", "name"))
    # What is seen comes first: a text that names one of several alike names it.
    hidden = str(Text(_("a deployment that you do not see")))
    sites = seen | dict.fromkeys(all_sites.exclude(pk__in=seen).values_list("pk", flat=True), hidden)
    if len(sites) < 2 or not seen:
        return ()
    observed = _observations(sites)
    registered = _registered(sites)
    vcenters = {row.pk: row for row in VCenter.objects.filter(pk__in=registered)}
    found_ = crossings(
        servers=tuple(crossing_servers.servers_of(sites, observed)),
        machines=tuple(_twins(sites, registered, vcenters)),
        physical=tuple(_physical(sites)),
        vcenters=tuple(_names(sites, registered, vcenters, observed)),
    )
    known = {str(site) for site in seen}
    return tuple(_as_seen(one, known) for one in found_ if any(place.site in known for place in one.places))


def _as_seen(one: Crossing, known: set[str]) -> Crossing:
    places = tuple(place for place in one.places if place.site in known)
    hidden = {place.site for place in one.places} - known
    if not hidden:
        return one
    text = one.text
    if one.kind == "vcenter_name":
        text = Text(_("This vCenter goes by another friendly name in a deployment that you do not see."))
    return replace(one, places=places, hidden=len(hidden), text=text)


# --- inside -----------------------------------------------------------------------------------------------------------


def _observations(sites: Mapping[UUID, str]) -> dict[UUID, Mapping[str, Any]]:
    """The document of the newest look at each vault."""
    newest = (
        VaultObservation.objects.filter(deployment=OuterRef("deployment"))
        .order_by()
        .values("deployment")
        .annotate(newest=Max("number"))
        .values("newest")
    )
    rows = VaultObservation.objects.filter(deployment__in=sites, number=Subquery(newest))
    return dict(rows.values_list("deployment_id", "document"))


def _registered(sites: Mapping[UUID, str]) -> dict[UUID, list[UUID]]:
    """The deployments of each vCenter."""
    found_: dict[UUID, list[UUID]] = defaultdict(list)
    rows = VCenter.deployments.through.objects.filter(deployment__in=sites)
    for vcenter, site in rows.values_list("vcenter_id", "deployment_id"):
        found_[vcenter].append(site)
    return found_


def _twins(
    sites: Mapping[UUID, str], registered: Mapping[UUID, list[UUID]], vcenters: Mapping[UUID, VCenter]
) -> Iterator[VirtualMachine]:
    """Machines that share a UUID with one of another vCenter."""
    shown = Machine.objects.filter(
        kind=Machine.Kind.VM, vcenter__in=registered, gone_at=None, is_template=False
    )
    shared: dict[str, list[str]] = {}
    for column in ("instance_uuid", "bios_uuid"):
        groups = (
            shown.exclude(**{column: ""})
            .order_by()
            .values_list(column)
            .annotate(number=Count("vcenter", distinct=True))
            .filter(number__gt=1)
        )
        shared[column] = [uuid for uuid, _number in groups[:_MOST_TWINS]]
    rows = shown.filter(Q(instance_uuid__in=shared["instance_uuid"]) | Q(bios_uuid__in=shared["bios_uuid"]))
    for pk, vcenter, name, instance_uuid, bios_uuid in rows.values_list(
        "pk", "vcenter_id", "name", "instance_uuid", "bios_uuid"
    ):
        what = Text("%(name)s (%(vcenter)s)", name=name, vcenter=vcenters[vcenter].friendly_name)
        yield VirtualMachine(
            places=tuple(
                Place(site=str(site), site_name=sites[site], what=what, machine=str(pk))
                for site in registered[vcenter]
            ),
            vcenter=str(vcenter),
            instance_uuid=instance_uuid,
            bios_uuid=bios_uuid,
        )


def _names(
    sites: Mapping[UUID, str],
    registered: Mapping[UUID, list[UUID]],
    vcenters: Mapping[UUID, VCenter],
    observed: Mapping[UUID, Mapping[str, Any]],
) -> Iterator[VCenterName]:
    """What each deployment and each vault calls a vCenter."""
    for pk, row in vcenters.items():
        for site in registered[pk]:
            yield VCenterName(
                place=_vcenter_place(sites, site, row.friendly_name),
                name=row.friendly_name,
                address=row.host,
                port=row.port,
                instance_uuid=row.instance_uuid,
            )
    recorded = Component.objects.filter(deployment__in=sites, kind="vcenter")
    for site, name, address, facts in recorded.values_list("deployment_id", "name", "address", "attributes"):
        yield VCenterName(
            place=_vcenter_place(sites, site, name),
            name=name,
            address=address,
            port=facts.get("port") or HTTPS,
            instance_uuid=str(facts.get("instance_uuid") or ""),
        )
    for site, document in observed.items():
        for component in document.get("components", ()):
            name, address = str(component.get("name") or ""), str(component.get("address") or "")
            if component.get("kind") == "vcenter" and name and address:
                port = (component.get("facts") or {}).get("port") or HTTPS
                place = _vcenter_place(sites, site, name)
                yield VCenterName(place=place, name=name, address=address, port=port)


def _vcenter_place(sites: Mapping[UUID, str], site: UUID, name: str) -> Place:
    what = Text("%(kind)s %(name)s", kind=ROLES["vcenter"].title, name=name)
    return Place(site=str(site), site_name=sites[site], what=what)


def _physical(sites: Mapping[UUID, str]) -> Iterator[PhysicalServer]:
    rows = Machine.objects.filter(kind=Machine.Kind.PHYSICAL, deployment__in=sites)
    for pk, site, name, host_name, addresses in rows.values_list(
        "pk", "deployment_id", "name", "host_name", "ip_addresses"
    ):
        # Physical servers are entered for a deployment; the column is empty for other machines only.
        assert site is not None  # noqa: S101
        yield PhysicalServer(
            place=Place(site=str(site), site_name=sites[site], what=verbatim(name), machine=str(pk)),
            name=name,
            addresses=tuple(filter(None, (*addresses, host_name))),
        )
