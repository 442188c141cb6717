"""Components that sites of every profile have: what they stand on, vSphere, Azure, and the protected machines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from wizard.text import Text, _
from wizard.topology.drafts import Drafts
from wizard.topology.graph import TopologyError, Value, Zone
from wizard.topology.roles import Family
from wizard.topology.site import CacheAccount, EsxiHost, Hypervisor, Platform, Vault, VCenterServer


class Computer(Protocol):
    """What every description of a server has."""

    @property
    def name(self) -> str: ...
    @property
    def hypervisor(self) -> Hypervisor: ...
    @property
    def instance_uuid(self) -> str | None: ...
    @property
    def bios_uuid(self) -> str | None: ...
    @property
    def version(self) -> str | None: ...


class Machines(Protocol):
    """What every description of a group of protected machines has."""

    @property
    def name(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def platform(self) -> Platform: ...
    @property
    def os_family(self) -> Family | None: ...
    @property
    def failback(self) -> bool: ...
    @property
    def push_installation(self) -> bool: ...
    @property
    def failed_over(self) -> bool: ...


def computer_facts(computer: Computer, *, os: str | None = None) -> dict[str, Value]:
    return {
        "machine": computer.name,
        "hypervisor": computer.hypervisor,
        "instance_uuid": computer.instance_uuid,
        "bios_uuid": computer.bios_uuid,
        "version": computer.version,
        "os": os,
    }


def network_facts(dns: Sequence[str], ntp: Sequence[str], proxy: str | None) -> dict[str, Value]:
    return {"dns": ", ".join(dns) or None, "ntp": ", ".join(ntp) or None, "proxy": proxy}


def add_vsphere(
    drafts: Drafts,
    vcenters: Iterable[VCenterServer],
    hosts: Iterable[EsxiHost],
    *,
    row: str,
    askers: Sequence[str],
) -> None:
    """vCenter Servers and hosts; links of `row` lead from `askers` to all but the hosts that one manages.

    Raises TopologyError for a host whose vCenter Server is not among them.
    """
    for vcenter in vcenters:
        facts: dict[str, Value] = {
            "port": vcenter.port,
            "instance_uuid": vcenter.instance_uuid,
            "version": vcenter.version,
            "thumbprint_sha256": vcenter.thumbprint_sha256,
        }
        key = drafts.add("vcenter", vcenter.name, vcenter.host, facts)
        drafts.link(row, askers, (key,), port=vcenter.port)
    for host in hosts:
        if host.vcenter is None:
            key = drafts.add("esxi", host.name, host.address, {"port": host.port, "version": host.version})
            drafts.link(row, askers, (key,), port=host.port)
        else:
            manager = drafts.find(host.vcenter, "vcenter")
            drafts.add("esxi", host.name, host.address, {"vcenter": manager.key, "version": host.version})


def add_vault(drafts: Drafts, vault: Vault) -> str:
    facts: dict[str, Value] = {
        "region": vault.region,
        "cloud": vault.cloud,
        "subscription": vault.subscription,
        "resource_group": vault.resource_group,
    }
    return drafts.add("vault", vault.name, None, facts)


def add_cache(drafts: Drafts, account: CacheAccount) -> str:
    return drafts.add("cache_sa", account.name, None, {"region": account.region})


def add_machines(drafts: Drafts, group: Machines, **more: Value) -> str:
    """A group of protected machines, without its links. Raises TopologyError for a count below 1."""
    if group.count < 1:
        wrong = Text(
            _("The group “%(name)s” has %(count)s machines; expected at least 1."),
            name=group.name,
            count=group.count,
        )
        raise TopologyError(wrong)
    facts: dict[str, Value] = {
        "count": group.count,
        "platform": group.platform,
        "os_family": group.os_family,
        "failback": group.failback or group.failed_over,
        "failed_over": group.failed_over,
    }
    zone: Zone = "azure" if group.failed_over else "sources"
    return drafts.add("mobility", group.name, None, facts | more, zone=zone)


def link_push(drafts: Drafts, group: Machines, pusher: str, key: str) -> None:
    """The rows of push installation for the family of the group; both where it is not known."""
    if group.push_installation and not group.failed_over:
        if group.os_family != "linux":
            for row in ("E08", "E09", "E10"):
                drafts.link(row, (pusher,), (key,))
        if group.os_family != "windows":
            drafts.link("E11", (pusher,), (key,))
