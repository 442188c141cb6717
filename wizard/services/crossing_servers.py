"""The servers of each deployment as its answers, its record, its additions and its machines know them, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wizard.models import Addition, Component, DecommissionStep, HostFacts, StepAnswer
from wizard.planning.crossing_rows import Place, Server
from wizard.planning.crossing_values import address_of, short_name
from wizard.text import Text, verbatim
from wizard.topology.graph import KINDS, Kind
from wizard.topology.roles import ROLES

# Servers with a machine of their own; the built-in ones stand on that of another.
_SERVERS: Final[tuple[Kind, ...]] = (
    "cs", "ps_scaleout", "ps_failback", "mt_windows", "mt_linux", "appliance",
)  # fmt: skip


def servers_of(sites: Mapping[UUID, str], observed: Mapping[UUID, Mapping[str, Any]]) -> Iterator[Server]:
    """Of the deployments `sites` (names by id), `observed` being the document of the newest look at each vault."""
    answers = _answers(sites)
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


# --- inside -----------------------------------------------------------------------------------------------------------


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


def _answers(sites: Mapping[UUID, str]) -> dict[UUID, dict[str, Any]]:
    found_: dict[UUID, dict[str, Any]] = defaultdict(dict)
    rows = StepAnswer.objects.filter(
        deployment__in=sites, step__in=("network", "vault", "appliance"), data__isnull=False
    )
    for site, step, data in rows.values_list("deployment_id", "step", "data"):
        found_[site][step] = data
    return found_


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
