"""What deployments claim at once: gathered from answers, records, observations and inventories, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, OuterRef, Q, Subquery

from wizard.models import (
    Addition,
    Component,
    DecommissionStep,
    Deployment,
    DeploymentState,
    HostFacts,
    Machine,
    Operator,
    StepAnswer,
    VaultObservation,
    VCenter,
)
from wizard.planning.crossing import (
    Crossing,
    PhysicalServer,
    Place,
    Server,
    VCenterName,
    VirtualMachine,
    crossings,
)
from wizard.planning.crossing_rows import HTTPS
from wizard.planning.crossing_values import address_of, short_name
from wizard.services.permissions import require
from wizard.services.visibility import rows_for
from wizard.text import Text, _, verbatim
from wizard.topology.graph import KINDS, Kind
from wizard.topology.roles import ROLES

# Servers with a machine of their own; the built-in ones stand on that of another.
_SERVERS: Final[tuple[Kind, ...]] = (
    "cs", "ps_scaleout", "ps_failback", "mt_windows", "mt_linux", "appliance",
)  # fmt: skip
# So many shared UUIDs of machines are told; more of them have one cause, which these show.
_MOST_TWINS: Final = 200


@dataclass(slots=True, kw_only=True)
class _Known:
    """A server as its deployment knows it from several sources."""

    what: Text
    name: str
    fqdn: str = ""
    addresses: list[str] = field(default_factory=list)
    instance_uuid: str = ""
    bios_uuid: str = ""
    own: bool = False


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
    answers = _answers(sites)
    observed = _observations(sites)
    registered = _registered(sites)
    vcenters = {row.pk: row for row in VCenter.objects.filter(pk__in=registered)}
    found_ = crossings(
        servers=tuple(_servers(sites, answers, observed)),
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


# --- servers ----------------------------------------------------------------------------------------------------------


def _answers(sites: Mapping[UUID, str]) -> dict[UUID, dict[str, Any]]:
    found_: dict[UUID, dict[str, Any]] = defaultdict(dict)
    rows = StepAnswer.objects.filter(
        deployment__in=sites, step__in=("network", "vault", "appliance"), data__isnull=False
    )
    for site, step, data in rows.values_list("deployment_id", "step", "data"):
        found_[site][step] = data
    return found_


def _servers(
    sites: Mapping[UUID, str],
    answers: Mapping[UUID, dict[str, Any]],
    observed: Mapping[UUID, Mapping[str, Any]],
) -> Iterator[Server]:
    known = _known(sites, answers)
    for site, servers in known.items():
        vault = _vault_id(answers[site].get("vault"))
        for one in servers.values():
            place = Place(site=str(site), site_name=sites[site], what=one.what)
            yield Server(
                place=place,
                name=one.name,
                fqdn=one.fqdn,
                addresses=tuple(dict.fromkeys(filter(None, one.addresses))),
                instance_uuid=one.instance_uuid,
                bios_uuid=one.bios_uuid,
                # Only the machine that the deployment sets up registers itself with the vault.
                vault=vault if one.own else "",
                registration=_registration(observed.get(site), one) if one.own else "",
                friendly_name=str(answers[site].get("appliance", {}).get("friendly_name", ""))
                if one.own
                else "",
            )


def _known(
    sites: Mapping[UUID, str], answers: Mapping[UUID, dict[str, Any]]
) -> dict[UUID, dict[str, _Known]]:
    """The servers of each deployment by their short names, with all that its answers, record and machines say of them."""
    known: dict[UUID, dict[str, _Known]] = {site: {} for site in sites}

    def server(site: UUID, name: str, what: Text) -> _Known:
        return known[site].setdefault(short_name(name), _Known(what=what, name=name))

    for site, steps in answers.items():
        if network := steps.get("network"):
            own = server(site, str(network["host_name"]), verbatim(network["host_name"]))
            own.own = True
            own.addresses.append(str(network.get("address") or ""))
            if network.get("dns_suffix"):
                own.fqdn = f"{network['host_name']}.{network['dns_suffix']}"
    components = Component.objects.filter(deployment__in=sites, kind__in=_SERVERS)
    for site, kind, name, address, facts in components.values_list(
        "deployment_id", "kind", "name", "address", "attributes"
    ):
        # A process server's record shows the configuration server of another deployment; what is planned has no machine.
        if facts.get("existing") or facts.get("planned"):
            continue
        one = server(site, name, Text("%(kind)s %(name)s", kind=ROLES[_kind(kind)].title, name=name))
        one.what = Text("%(kind)s %(name)s", kind=ROLES[_kind(kind)].title, name=name)
        one.addresses.append(address)
        one.instance_uuid = str(facts.get("instance_uuid") or one.instance_uuid)
        one.bios_uuid = str(facts.get("bios_uuid") or one.bios_uuid)
    added = Addition.objects.filter(deployment__in=sites, removed_at=None)
    for site, kind, name, address in added.values_list("deployment_id", "kind", "name", "address"):
        one = server(site, name, Text("%(kind)s %(name)s", kind=ROLES[_kind(kind)].title, name=name))
        one.addresses.append(address)
    gone = _targets_out_of_service(sites)
    told = HostFacts.objects.filter(deployment__in=sites).order_by("collected_at")
    for site, component, name, at, uuid in told.values_list(
        "deployment_id", "component", "host_name", "received_at", "facts__identity.bios_uuid__value"
    ):
        if component == "mt_linux":
            if site in gone and at <= gone[site]:
                continue
        elif short_name(name) not in known[site]:
            # It was the machine of the deployment until the network step named another one.
            continue
        one = server(site, name, verbatim(name))
        one.bios_uuid = str(uuid or one.bios_uuid)
    return known


def _targets_out_of_service(sites: Mapping[UUID, str]) -> dict[UUID, datetime]:
    """When the Linux master target of a deployment was taken out of service: what it told before says nothing any more."""
    rows = DecommissionStep.objects.filter(
        deployment__in=sites, subject__startswith="mt_linux:", step=DecommissionStep.FINISHED
    ).order_by("confirmed_at")
    return dict(rows.values_list("deployment_id", "confirmed_at"))


def _kind(stored: str) -> Kind:
    return next(kind for kind in KINDS if kind == stored)


def _vault_id(answers: Mapping[str, Any] | None) -> str:
    if not answers:
        return ""
    parts = (str(answers.get(name) or "") for name in ("subscription", "resource_group", "vault"))
    return "/".join(parts).casefold()


def _registration(document: Mapping[str, Any] | None, server: _Known) -> str:
    """The vault's key of the configuration server or appliance that this server is, if it shows one."""
    for component in (document or {}).get("components", ()):
        if component.get("kind") in ("cs", "appliance") and _is(component, server):
            return str(component.get("key", ""))
    return ""


def _is(component: Mapping[str, Any], server: _Known) -> bool:
    names = {short_name(str(component.get(name) or "")) for name in ("name", "fqdn")}
    shown = (component.get("address"), *component.get("addresses", ()))
    addresses = {address_of(str(address or "")) for address in shown} - {""}
    return short_name(server.name) in names - {""} or not addresses.isdisjoint(
        address_of(address) for address in server.addresses if address
    )


# --- vCenters, machines, vaults ---------------------------------------------------------------------------------------


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
