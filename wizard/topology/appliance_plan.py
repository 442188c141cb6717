"""The graph of a modernized site: replication appliances with their parts, and the documented links."""

from __future__ import annotations

from wizard.text import Text, _
from wizard.topology.drafts import Drafts, node_key
from wizard.topology.graph import Graph, TopologyError
from wizard.topology.parts import (
    add_cache,
    add_machines,
    add_vault,
    add_vsphere,
    computer_facts,
    link_push,
    network_facts,
)
from wizard.topology.roles import APPLIANCE_PARTS
from wizard.topology.site import Appliance, ApplianceMachineGroup, ApplianceSite


def build_appliance(site: ApplianceSite) -> Graph:
    """The graph of the appliances of one vault (asr-facts 1.4 and 11.2).

    Replication data goes to the cache account where it is known, all else to the vault. Any appliance can
    discover any vCenter Server; the re-protection server speaks to vSphere only where machines are to come
    home. M06 makes no link: its far end is no component. Raises TopologyError if there is no appliance, two
    parts of a kind share a name, or a name that is referred to does not exist.
    """
    if not site.appliances:
        raise TopologyError(Text(_("A modernized site needs at least one replication appliance.")))
    drafts = Drafts()
    for appliance in site.appliances:
        _add_appliance(drafts, site, appliance)
    askers = drafts.keys("appliance_discovery")
    comes_home = any(group.failback or group.failed_over for group in site.machine_groups)
    if comes_home:
        askers += drafts.keys("appliance_reprotection")
    add_vsphere(drafts, site.vcenters, site.esxi_hosts, row="M04", askers=askers)
    if comes_home:
        managed = [key for key in drafts.keys("esxi") if "vcenter" in drafts.nodes[key].attributes]
        drafts.link("M04", drafts.keys("appliance_reprotection"), managed)
    vault = add_vault(drafts, site.vault)
    drafts.link("M03", drafts.keys("appliance_proxy", "appliance_agent", "appliance_discovery"), (vault,))
    storage = vault if site.cache_account is None else add_cache(drafts, site.cache_account)
    drafts.link("M03", drafts.keys("appliance_replication"), (storage,))
    for group in site.machine_groups:
        _add_group(drafts, site, group, vault)
    return drafts.graph()


def _add_appliance(drafts: Drafts, site: ApplianceSite, appliance: Appliance) -> None:
    facts = computer_facts(appliance, os=appliance.os)
    drafts.add(
        "appliance",
        appliance.name,
        appliance.address or appliance.fqdn,
        facts
        | network_facts(site.dns, site.ntp, site.proxy)
        | {
            "fqdn": appliance.fqdn,
            "friendly_name": appliance.friendly_name,
            "connectivity": appliance.connectivity,
            "nat": appliance.nat,
        },
    )
    for kind in APPLIANCE_PARTS:
        own = {"data_port": appliance.data_port} if kind == "appliance_ps" else {}
        drafts.add(kind, appliance.name, appliance.address or appliance.fqdn, facts | own)


def _add_group(drafts: Drafts, site: ApplianceSite, group: ApplianceMachineGroup, vault: str) -> None:
    appliance = drafts.find(group.appliance or site.appliances[0].name, "appliance")
    ps = drafts.nodes[node_key("appliance_ps", appliance.name)]
    data_port = int(ps.attributes["data_port"] or 0)
    key = add_machines(drafts, group)
    drafts.link("M01", (key,), (node_key("appliance_proxy", appliance.name),))
    if group.failed_over:
        home = node_key("appliance_reprotection", appliance.name)
        drafts.link("M07", (key,), (home,), port=data_port)
    else:
        drafts.link("M02", (key,), (ps.key,), port=data_port)
    drafts.link("M05", (key,), (vault,))
    link_push(drafts, group, appliance.key, key)
