"""From the description of a classic site to its graph: components with their facts, and documented links.

Attributes of nodes, each there only if known: `machine` (the computer that carries it), `version`, `os`,
`os_family`, `hypervisor`, `instance_uuid`, `bios_uuid`, `fqdn`, `port`, `data_port`, `nat`, `dns` and `ntp`
(lists as text, comma between), `proxy`, `thumbprint_sha256`, `vcenter` (key), `region`, `cloud`,
`subscription`, `resource_group`, `virtual_network`, `count`, `platform`, `failback`, `failed_over`,
`replication_group`, `planned`, `master_target` (key), `carries` (rows of the links that use it), `existing` (true: it was
there before, nothing is installed on it), `friendly_name`, `connectivity`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wizard.topology.drafts import Drafts, node_key
from wizard.topology.graph import Graph, Kind, Node, Value
from wizard.topology.parts import (
    add_cache,
    add_machines,
    add_vault,
    add_vsphere,
    computer_facts,
    link_push,
    network_facts,
)
from wizard.topology.roles import MASTER_TARGETS
from wizard.topology.site import ClassicSite, MachineGroup, ProcessServer

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
        add_group(drafts, group, process_server=site.cs.name)
    link_replication_groups(drafts, site.machine_groups)
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


def add_process_server(drafts: Drafts, ps: ProcessServer, **more: Value) -> str:
    """A scale-out process server with, on VMware, the master target of its machine; links come later."""
    facts = computer_facts(ps)
    key = drafts.add(
        "ps_scaleout", ps.name, ps.address, facts | {"data_port": ps.data_port, "nat": ps.nat} | more
    )
    if ps.hypervisor == "vmware":
        drafts.add("mt_builtin", ps.name, ps.address, facts)
    return key


def _add_servers(drafts: Drafts, site: ClassicSite) -> None:
    cs = site.cs
    machine = computer_facts(cs, os=cs.os) | {"fqdn": cs.fqdn}
    drafts.add("cs", cs.name, cs.address, machine | network_facts(site.dns, site.ntp, site.proxy))
    drafts.add("ps_builtin", cs.name, cs.address, machine | {"data_port": cs.data_port, "nat": cs.nat})
    if cs.hypervisor == "vmware":
        drafts.add("mt_builtin", cs.name, cs.address, machine)
    for ps in site.process_servers:
        add_process_server(drafts, ps)
    for mt in site.master_targets:
        facts = computer_facts(mt, os=mt.os) | {"planned": mt.planned or None}
        drafts.add("mt_linux" if mt.family == "linux" else "mt_windows", mt.name, mt.address, facts)
    drafts.link("E06", drafts.keys(*_SITE_PS), drafts.keys("cs"))
    drafts.link("E07", drafts.keys(*MASTER_TARGETS), drafts.keys("cs"))


def _add_vsphere(drafts: Drafts, site: ClassicSite) -> None:
    add_vsphere(drafts, site.vcenters, site.esxi_hosts, row="E05", askers=drafts.keys("cs", *_SITE_PS))
    drafts.link("E19", drafts.keys(*MASTER_TARGETS), drafts.keys("esxi"))


def _add_azure(drafts: Drafts, site: ClassicSite) -> None:
    drafts.link("E03", drafts.keys("cs"), (add_vault(drafts, site.vault),))
    if site.cache_account is not None:
        drafts.link("E04", drafts.keys(*_SITE_PS), (add_cache(drafts, site.cache_account),))
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


def add_group(drafts: Drafts, group: MachineGroup, *, process_server: str) -> None:
    """A group with its links to the configuration server and to the process server of its own or that name."""
    target = None
    if group.master_target is not None:
        target = drafts.find(group.master_target, "mt_builtin", "mt_windows", "mt_linux").key
    key = add_machines(drafts, group, replication_group=group.replication_group, master_target=target)
    ps, data_port = _process_server_of(drafts, group, process_server)
    drafts.link("E01", (key,), drafts.keys("cs"))
    drafts.link("E16" if group.failed_over else "E02", (key,), (ps.key,), port=data_port)
    link_push(drafts, group, ps.key, key)


def _process_server_of(drafts: Drafts, group: MachineGroup, usual: str) -> tuple[Node, int]:
    """The process server named; else, for failed-over machines, the only one in Azure; else the usual."""
    kinds: tuple[Kind, ...] = (*_SITE_PS, "ps_failback") if group.failed_over else _SITE_PS
    name = group.process_server
    if name is None:
        in_azure = [drafts.nodes[key].name for key in drafts.keys("ps_failback")]
        name = in_azure[0] if group.failed_over and len(in_azure) == 1 else usual
    node = drafts.find(name, *kinds)
    return node, int(node.attributes["data_port"] or 0)


def link_replication_groups(drafts: Drafts, machine_groups: Iterable[MachineGroup]) -> None:
    """Row E12 joins all machines of a replication group: within a node of several, and between nodes."""
    members: dict[str, list[MachineGroup]] = {}
    for group in machine_groups:
        if group.replication_group is not None and not group.failed_over:
            members.setdefault(group.replication_group, []).append(group)
    for groups in members.values():
        groups.sort(key=lambda group: group.name)
        keys = [node_key("mobility", group.name) for group in groups]
        for index, (key, group) in enumerate(zip(keys, groups, strict=True)):
            if group.count > 1:
                drafts.link("E12", (key,), (key,))
            drafts.link("E12", (key,), keys[index + 1 :])
