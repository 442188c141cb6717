"""From the description of a classic site to its graph: components with their facts, and documented links.

Attributes of nodes, each there only if known: `machine` (the computer that carries it), `version`, `os`,
`os_family`, `hypervisor`, `instance_uuid`, `bios_uuid`, `fqdn`, `port`, `data_port`, `nat`, `dns` and `ntp`
(lists as text, comma between), `proxy`, `thumbprint_sha256`, `vcenter` (key), `region`, `cloud`,
`subscription`, `resource_group`, `virtual_network`, `count`, `platform`, `failback`, `failed_over`,
`replication_group`, `master_target` (key), `carries` (rows of the links that use it).
"""

from __future__ import annotations

from typing import Final

from wizard.text import Text, _
from wizard.topology.drafts import Drafts, node_key
from wizard.topology.graph import Graph, Kind, Node, TopologyError, Value, Zone
from wizard.topology.roles import MASTER_TARGETS
from wizard.topology.site import ClassicSite, MachineGroup

_SITE_PS: Final[tuple[Kind, ...]] = ("ps_builtin", "ps_scaleout")


def build_classic(site: ClassicSite) -> Graph:
    """The graph of one classic site (asr-facts 1.1 and 1.3).

    Rows whose far end is no component (E13 to E15) and rows that no longer hold (E20, E21) make no link. A
    built-in master target is there only on VMware, as it can never be physical (asr-facts 1.2). Raises
    TopologyError if two parts of a kind share a name, or a name that is referred to does not exist.
    """
    drafts = Drafts()
    _add_servers(drafts, site)
    _add_vsphere(drafts, site)
    _add_azure(drafts, site)
    for group in site.machine_groups:
        _add_machines(drafts, site, group)
    _link_replication_groups(drafts, site)
    if site.s2s:
        drafts.add("s2s", "site-to-site", None, {"carries": ", ".join(_rows_home(drafts)) or None})
    return drafts.graph()


def _rows_home(drafts: Drafts) -> list[str]:
    """Rows of the links from Azure into the site: the return path, which needs it (asr-facts 1.5)."""
    return sorted(
        {
            link.id
            for link in drafts.links
            if drafts.nodes[link.source].zone == "azure" and drafts.nodes[link.target].zone != "azure"
        }
    )


def _add_servers(drafts: Drafts, site: ClassicSite) -> None:
    cs = site.cs
    machine: dict[str, Value] = {
        "machine": cs.name,
        "hypervisor": cs.hypervisor,
        "instance_uuid": cs.instance_uuid,
        "bios_uuid": cs.bios_uuid,
        "version": cs.version,
        "os": cs.os,
        "fqdn": cs.fqdn,
    }
    network: dict[str, Value] = {
        "dns": ", ".join(site.dns) or None,
        "ntp": ", ".join(site.ntp) or None,
        "proxy": site.proxy,
    }
    drafts.add("cs", cs.name, cs.address, machine | network)
    drafts.add("ps_builtin", cs.name, cs.address, machine | {"data_port": cs.data_port, "nat": cs.nat})
    if cs.hypervisor == "vmware":
        drafts.add("mt_builtin", cs.name, cs.address, machine)
    for ps in site.process_servers:
        machine = {
            "machine": ps.name,
            "hypervisor": ps.hypervisor,
            "instance_uuid": ps.instance_uuid,
            "bios_uuid": ps.bios_uuid,
            "version": ps.version,
        }
        drafts.add("ps_scaleout", ps.name, ps.address, machine | {"data_port": ps.data_port, "nat": ps.nat})
        if ps.hypervisor == "vmware":
            drafts.add("mt_builtin", ps.name, ps.address, machine)
    for mt in site.master_targets:
        facts: dict[str, Value] = {
            "machine": mt.name,
            "hypervisor": mt.hypervisor,
            "instance_uuid": mt.instance_uuid,
            "bios_uuid": mt.bios_uuid,
            "version": mt.version,
            "os": mt.os,
        }
        drafts.add("mt_linux" if mt.family == "linux" else "mt_windows", mt.name, mt.address, facts)
    drafts.link("E06", drafts.keys(*_SITE_PS), drafts.keys("cs"))
    drafts.link("E07", drafts.keys(*MASTER_TARGETS), drafts.keys("cs"))


def _add_vsphere(drafts: Drafts, site: ClassicSite) -> None:
    askers = drafts.keys("cs", *_SITE_PS)
    for vcenter in site.vcenters:
        facts: dict[str, Value] = {
            "port": vcenter.port,
            "instance_uuid": vcenter.instance_uuid,
            "version": vcenter.version,
            "thumbprint_sha256": vcenter.thumbprint_sha256,
        }
        key = drafts.add("vcenter", vcenter.name, vcenter.host, facts)
        drafts.link("E05", askers, (key,), port=vcenter.port)
    for host in site.esxi_hosts:
        if host.vcenter is None:
            facts = {"port": host.port, "version": host.version}
            key = drafts.add("esxi", host.name, host.address, facts)
            drafts.link("E05", askers, (key,), port=host.port)
        else:
            manager = drafts.find(host.vcenter, "vcenter")
            drafts.add("esxi", host.name, host.address, {"vcenter": manager.key, "version": host.version})
    drafts.link("E19", drafts.keys(*MASTER_TARGETS), drafts.keys("esxi"))


def _add_azure(drafts: Drafts, site: ClassicSite) -> None:
    vault: dict[str, Value] = {
        "region": site.vault.region,
        "cloud": site.vault.cloud,
        "subscription": site.vault.subscription,
        "resource_group": site.vault.resource_group,
    }
    drafts.link("E03", drafts.keys("cs"), (drafts.add("vault", site.vault.name, None, vault),))
    if site.cache_account is not None:
        cache = drafts.add("cache_sa", site.cache_account.name, None, {"region": site.cache_account.region})
        drafts.link("E04", drafts.keys(*_SITE_PS), (cache,))
    for ps in site.failback_process_servers:
        facts: dict[str, Value] = {
            "machine": ps.name,
            "hypervisor": "azure",
            "data_port": ps.data_port,
            "nat": ps.nat,
            "version": ps.version,
            "region": ps.region,
            "virtual_network": ps.virtual_network,
        }
        key = drafts.add("ps_failback", ps.name, ps.address, facts)
        drafts.link("E17", (key,), drafts.keys("cs"))
        drafts.link("E18", (key,), drafts.keys(*MASTER_TARGETS))


def _add_machines(drafts: Drafts, site: ClassicSite, group: MachineGroup) -> None:
    if group.count < 1:
        wrong = Text(
            _("The group “%(name)s” has %(count)s machines; expected at least 1."),
            name=group.name,
            count=group.count,
        )
        raise TopologyError(wrong)
    target = None
    if group.master_target is not None:
        target = drafts.find(group.master_target, "mt_builtin", "mt_windows", "mt_linux").key
    facts: dict[str, Value] = {
        "count": group.count,
        "platform": group.platform,
        "os_family": group.os_family,
        "failback": group.failback or group.failed_over,
        "failed_over": group.failed_over,
        "replication_group": group.replication_group,
        "master_target": target,
    }
    zone: Zone = "azure" if group.failed_over else "sources"
    key = drafts.add("mobility", group.name, None, facts, zone=zone)
    ps, data_port = _process_server_of(drafts, site, group)
    drafts.link("E01", (key,), drafts.keys("cs"))
    drafts.link("E16" if group.failed_over else "E02", (key,), (ps.key,), port=data_port)
    if group.push_installation and not group.failed_over:
        if group.os_family != "linux":
            for row in ("E08", "E09", "E10"):
                drafts.link(row, (ps.key,), (key,))
        if group.os_family != "windows":
            drafts.link("E11", (ps.key,), (key,))


def _process_server_of(drafts: Drafts, site: ClassicSite, group: MachineGroup) -> tuple[Node, int]:
    """The process server named; else, for failed-over machines, the only one in Azure; else the built-in."""
    kinds: tuple[Kind, ...] = (*_SITE_PS, "ps_failback") if group.failed_over else _SITE_PS
    name = group.process_server
    if name is None:
        in_azure = [drafts.nodes[key].name for key in drafts.keys("ps_failback")]
        name = in_azure[0] if group.failed_over and len(in_azure) == 1 else site.cs.name
    node = drafts.find(name, *kinds)
    return node, int(node.attributes["data_port"] or 0)


def _link_replication_groups(drafts: Drafts, site: ClassicSite) -> None:
    """Row E12 joins all machines of a replication group: within a node of several, and between nodes."""
    members: dict[str, list[MachineGroup]] = {}
    for group in site.machine_groups:
        if group.replication_group is not None and not group.failed_over:
            members.setdefault(group.replication_group, []).append(group)
    for groups in members.values():
        groups.sort(key=lambda group: group.name)
        keys = [node_key("mobility", group.name) for group in groups]
        for index, (key, group) in enumerate(zip(keys, groups, strict=True)):
            if group.count > 1:
                drafts.link("E12", (key,), (key,))
            drafts.link("E12", (key,), keys[index + 1 :])
