"""What a deployment's topology is drawn from: its answers, what vCenter showed, what the machine said of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from wizard.models import Addition, DecommissionStep, Deployment, HostFacts, Machine, VCenter
from wizard.services import evidence
from wizard.services.additions_sites import Additions, additions_in
from wizard.services.answers import (
    Answers,
    answers_in_play,
    circumstances_of,
    components_of,
    primary_component,
)
from wizard.services.errors import Conflict
from wizard.text import Text, _
from wizard.topology.appliance_plan import build_appliance
from wizard.topology.graph import Graph
from wizard.topology.plan import build_classic
from wizard.topology.process_server_plan import build_process_server
from wizard.topology.site import (
    Appliance,
    ApplianceMachineGroup,
    ApplianceSite,
    ClassicSite,
    ConfigurationServer,
    EsxiHost,
    ExistingConfigurationServer,
    MachineGroup,
    MasterTarget,
    ProcessServer,
    ProcessServerSite,
    Vault,
    VCenterServer,
)


def planned_graph(deployment: Deployment, *, joining: Addition | None = None) -> Graph:
    """The graph as it follows from the answers, from what is deployed and registered so far, and what was added since.

    `joining` is a component that is being recorded. Raises Conflict `not_ready` before the questions that it rests on are answered.
    """
    answers = answers_in_play(deployment)
    held = circumstances_of(deployment, answers)
    needed = {"source", "capacity", "network", "vault"}
    needed |= {"placement"} if "ova" in held else set()
    needed |= {"installation"} if "ps_scaleout" in held else set()
    needed |= {"appliance"} if "appliance" in held else set()
    if not needed <= answers.keys() or not evidence.joins_a_server(answers):
        raise Conflict(
            Text(_("There is nothing to draw yet.")),
            remedy=Text(_("Answer the steps up to the vault first.")),
            code="not_ready",
        )
    match primary_component(deployment, answers):
        case "appliance":
            return build_appliance(_appliance_site(deployment, answers))
        case "ps_scaleout":
            return build_process_server(_process_server_site(deployment, answers))
    return build_classic(_classic_site(deployment, answers, additions_in(deployment, joining=joining)))


# --- inside -----------------------------------------------------------------------------------------------------------


def _classic_site(deployment: Deployment, answers: Answers, added: Additions) -> ClassicSite:
    network = answers["network"]
    return ClassicSite(
        cs=ConfigurationServer(
            name=network["host_name"],
            address=network["address"],
            fqdn=_fqdn(network),
            data_port=network["data_port"],
            **_machine(deployment, answers),
        ),
        vault=_vault(answers),
        process_servers=added.process_servers,
        failback_process_servers=added.failback_process_servers,
        master_targets=(*_still_planned(deployment, answers, added), *added.master_targets),
        s2s=added.s2s,
        machine_groups=tuple(MachineGroup(**group) for group in _groups(answers)),
        **_surroundings(deployment, answers),
    )


def _still_planned(deployment: Deployment, answers: Answers, added: Additions) -> Iterator[MasterTarget]:
    """Those of `_master_targets` in whose place none was added."""
    families = {target.family for target in added.master_targets}
    names = {target.name.casefold() for target in added.master_targets}
    for target in _master_targets(deployment, answers):
        known = target.name.casefold() in names
        if not known and not (target.planned and target.family in families):
            yield target


def _master_targets(deployment: Deployment, answers: Answers) -> Iterator[MasterTarget]:
    """Those with a machine of their own that failback needs: as they told of themselves, else as planned."""
    needed = components_of(deployment, answers)
    if "mt_windows" in needed:
        yield MasterTarget(name="Windows master target", address=None, family="windows", planned=True)
    if "mt_linux" in needed:
        said = _linux_target_in_service(deployment)
        if said is None:
            yield MasterTarget(name="Linux master target", address=None, family="linux", planned=True)
            return
        told = {key: fact["value"] for key, fact in said.facts.items() if "value" in fact}
        yield MasterTarget(
            name=said.host_name,
            address=next(iter(told.get("network.addresses") or []), None),
            family="linux",
            bios_uuid=told.get("identity.bios_uuid"),
            os=(told.get("os.release") or {}).get("pretty_name"),
        )


def _linux_target_in_service(deployment: Deployment) -> HostFacts | None:
    """What it told of itself; not what one told that was taken out of service since."""
    gone = (
        deployment.decommission_steps.filter(subject__startswith="mt_linux:", step=DecommissionStep.FINISHED)
        .order_by("-pk")
        .first()
    )
    facts = deployment.host_facts.filter(component="mt_linux")
    return (facts.filter(received_at__gt=gone.confirmed_at) if gone else facts).first()


def _process_server_site(deployment: Deployment, answers: Answers) -> ProcessServerSite:
    network, address = answers["network"], answers["installation"]["cs_address"]
    known = _machine(deployment, answers)
    known.pop("os", None)
    return ProcessServerSite(
        cs=ExistingConfigurationServer(name=address, address=address),
        process_server=ProcessServer(
            name=network["host_name"],
            address=network["address"],
            data_port=network["data_port"],
            **known,
        ),
        vault=_vault(answers),
        machine_groups=tuple(MachineGroup(**group) for group in _groups(answers)),
        **_surroundings(deployment, answers),
    )


def _appliance_site(deployment: Deployment, answers: Answers) -> ApplianceSite:
    network, asked = answers["network"], answers["appliance"]
    return ApplianceSite(
        appliances=(
            Appliance(
                name=network["host_name"],
                address=network["address"],
                fqdn=_fqdn(network),
                friendly_name=asked["friendly_name"],
                connectivity=asked["connectivity"],
                data_port=network["data_port"],
                **_machine(deployment, answers),
            ),
        ),
        vault=_vault(answers),
        machine_groups=tuple(
            # Physical servers never come back to a site with appliances (DD14).
            ApplianceMachineGroup(**group | {"failback": group["failback"] and group["platform"] == "vmware"})
            for group in _groups(answers)
        ),
        **_surroundings(deployment, answers),
    )


def _surroundings(deployment: Deployment, answers: Answers) -> dict[str, Any]:
    """What every kind of site has around it."""
    network = answers["network"]
    # What was registered for answers that count no more is not part of this site.
    vcenters = list(deployment.vcenters.all()) if "vcenter" in answers else []
    return {
        "vcenters": tuple(_vcenter(row) for row in vcenters),
        "esxi_hosts": tuple(
            EsxiHost(
                name=host["ref"]["name"],
                address=host["address"],
                vcenter=vcenters[0].friendly_name,
                version=host["api_version"],
            )
            for host in (evidence.hosts_in_play(deployment, answers) if vcenters else ())
        ),
        "dns": tuple(network["dns"]),
        "ntp": tuple(network["ntp"]),
        "proxy": network["proxy"],
    }


def _vcenter(row: VCenter) -> VCenterServer:
    return VCenterServer(
        name=row.friendly_name,
        host=row.host,
        port=row.port,
        instance_uuid=row.instance_uuid,
        version=row.version,
        thumbprint_sha256=row.thumbprint_sha256,
    )


def _vault(answers: Answers) -> Vault:
    vault = answers["vault"]
    return Vault(
        name=vault["vault"],
        region=vault["region"],
        cloud=vault["cloud"],
        subscription=vault["subscription"],
        resource_group=vault["resource_group"],
    )


def _machine(deployment: Deployment, answers: Answers) -> dict[str, Any]:
    """What is known of the machine itself: what it said, else what vCenter shows of the deployed template."""
    found: dict[str, Any] = {"hypervisor": answers["source"].get("runs_on", "vmware")}
    said = evidence.of_the_machine(deployment, answers)
    if said is not None:
        for field, fact in (("bios_uuid", "identity.bios_uuid"), ("os", "os.caption")):
            if value := said.facts.get(fact, {}).get("value"):
                found[field] = value
    moid = evidence.own_machine(deployment)
    row = moid and Machine.objects.filter(vcenter__deployments=deployment, moid=moid).first()
    if row:
        found |= {"instance_uuid": row.instance_uuid or None}
        found.setdefault("bios_uuid", row.bios_uuid or None)
    return found


def _groups(answers: Answers) -> list[dict[str, Any]]:
    """The protected machines, virtual and physical ones apart: they connect in different ways.

    Nobody is asked how many there are of each kind, so the total is halved: sums over all groups stay right.
    """
    protects, capacity = answers["source"]["protects"], answers["capacity"]
    failback = capacity.get("failback", False)
    total: int = capacity["machines"]
    if len(protects) == 1:
        platform: Literal["vmware", "physical"] = protects[0]
        return [{"count": total, "platform": platform, "failback": failback}]
    physical = total // 2
    groups: list[dict[str, Any]] = [
        {"name": "Protected virtual machines", "count": total - physical, "platform": "vmware"},
        {"name": "Protected physical servers", "count": physical, "platform": "physical"},
    ]
    return [group | {"failback": failback} for group in groups if group["count"]]


def _fqdn(network: dict[str, Any]) -> str | None:
    suffix = network["dns_suffix"]
    return f"{network['host_name']}.{suffix}" if suffix else None
