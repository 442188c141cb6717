"""The graph of a scale-out process server that joins a configuration server which is there already."""

from __future__ import annotations

from wizard.topology.drafts import Drafts
from wizard.topology.graph import Graph
from wizard.topology.parts import add_cache, add_vault, add_vsphere, network_facts
from wizard.topology.plan import add_group, add_process_server, link_replication_groups
from wizard.topology.site import ProcessServerSite


def build_process_server(site: ProcessServerSite) -> Graph:
    """The new process server, what it speaks to, and the machines it is to serve (asr-facts 1.1 and 1.3).

    The configuration server carries `existing: true`; of its own links only E03 is here, and only where the
    vault is known. Raises TopologyError as `plan.build_classic` does.
    """
    drafts = Drafts()
    cs = drafts.add(
        "cs",
        site.cs.name,
        site.cs.address,
        {"machine": site.cs.name, "fqdn": site.cs.fqdn, "version": site.cs.version, "existing": True},
    )
    ps = add_process_server(drafts, site.process_server, **network_facts(site.dns, site.ntp, site.proxy))
    drafts.link("E06", (ps,), (cs,))
    drafts.link("E07", drafts.keys("mt_builtin"), (cs,))
    add_vsphere(drafts, site.vcenters, site.esxi_hosts, row="E05", askers=(ps,))
    drafts.link("E19", drafts.keys("mt_builtin"), drafts.keys("esxi"))
    if site.vault is not None:
        drafts.link("E03", (cs,), (add_vault(drafts, site.vault),))
    if site.cache_account is not None:
        drafts.link("E04", (ps,), (add_cache(drafts, site.cache_account),))
    for group in site.machine_groups:
        add_group(drafts, group, process_server=site.process_server.name)
    link_replication_groups(drafts, site.machine_groups)
    return drafts.graph()
