"""What is known of a site when its topology is drawn: the typed input of the functions that build graphs.

Parts refer to each other by name. Addresses are IPv4 or DNS names; versions are as the components show them,
such as "9.57.6920.1". A field that nobody knows yet is None. Source: asr-facts 1.1, 1.2, 1.5, 9.4 and 11.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wizard.topology.graph import DEFAULT_MACHINES
from wizard.topology.roles import Family

Hypervisor = Literal["vmware", "hyperv", "physical", "azure"]
Cloud = Literal["public", "us_government", "china"]
Platform = Literal["vmware", "physical"]
Connectivity = Literal["fqdn", "ip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationServer:
    """The machine that carries configuration server, process server and, on VMware, a master target.

    `data_port` is that of the built-in process server; `nat` says that the machine is reached through NAT.
    """

    name: str
    address: str
    fqdn: str | None = None
    data_port: int = 9443
    hypervisor: Hypervisor = "vmware"
    instance_uuid: str | None = None
    bios_uuid: str | None = None
    version: str | None = None
    os: str | None = None
    nat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessServer:
    """A scale-out process server on-premises. On VMware its machine carries a master target too."""

    name: str
    address: str
    data_port: int = 9443
    hypervisor: Hypervisor = "vmware"
    instance_uuid: str | None = None
    bios_uuid: str | None = None
    version: str | None = None
    nat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FailbackProcessServer:
    """A process server in Azure, in the virtual network of the failed-over machines."""

    name: str
    address: str
    data_port: int = 9443
    version: str | None = None
    region: str | None = None
    virtual_network: str | None = None
    nat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterTarget:
    """A master target with a machine of its own; `family` is the operating system family that it serves.

    `planned` is one that must be set up before machines fail back; its address is not known yet.
    """

    name: str
    address: str | None
    family: Family
    planned: bool = False
    hypervisor: Hypervisor = "vmware"
    instance_uuid: str | None = None
    bios_uuid: str | None = None
    version: str | None = None
    os: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VCenterServer:
    """A registered vCenter Server; `name` is the friendly name shown in the vault."""

    name: str
    host: str
    port: int = 443
    instance_uuid: str | None = None
    version: str | None = None
    thumbprint_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EsxiHost:
    """An ESXi host. `vcenter` names the vCenter Server that manages it; None is a host registered by itself.

    `port` counts for a standalone host alone: a managed one is reached on the fixed ports of row E19.
    """

    name: str
    address: str
    vcenter: str | None = None
    port: int = 443
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    name: str
    region: str
    cloud: Cloud = "public"
    subscription: str | None = None
    resource_group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheAccount:
    name: str
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineGroup:
    """Protected machines that are connected in the same way; `count` is at least 1.

    The default name is told in the reader's language (`Node.label`); no other group may have it then.
    `os_family` None means both or not known. `process_server` and `master_target` are names; None is the
    built-in process server, and no master target chosen. `push_installation` says that the process server
    installs the Mobility service. `failed_over` machines run in Azure and replicate home.
    """

    name: str = DEFAULT_MACHINES
    count: int = 1
    platform: Platform = "vmware"
    os_family: Family | None = None
    process_server: str | None = None
    master_target: str | None = None
    replication_group: str | None = None
    failback: bool = False
    push_installation: bool = True
    failed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicSite:
    """One configuration server and everything around it. `s2s` says that a VPN or private peering exists."""

    cs: ConfigurationServer
    vault: Vault
    cache_account: CacheAccount | None = None
    vcenters: tuple[VCenterServer, ...] = ()
    esxi_hosts: tuple[EsxiHost, ...] = ()
    process_servers: tuple[ProcessServer, ...] = ()
    failback_process_servers: tuple[FailbackProcessServer, ...] = ()
    master_targets: tuple[MasterTarget, ...] = ()
    machine_groups: tuple[MachineGroup, ...] = ()
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    proxy: str | None = None
    s2s: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistingConfigurationServer:
    """A configuration server that was there before; `name` is its address where nobody knows the name."""

    name: str
    address: str
    fqdn: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessServerSite:
    """One scale-out process server that is added to an existing configuration server.

    A group that names no process server uses the new one. `vault` is where the configuration server is
    registered, None if not known. `vcenters` are those that the process server asks.
    """

    cs: ExistingConfigurationServer
    process_server: ProcessServer
    vault: Vault | None = None
    cache_account: CacheAccount | None = None
    vcenters: tuple[VCenterServer, ...] = ()
    esxi_hosts: tuple[EsxiHost, ...] = ()
    machine_groups: tuple[MachineGroup, ...] = ()
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    proxy: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """A replication appliance with all its parts on one machine.

    `name` is that of the machine. `address` may be None where the sources reach it by `fqdn`; `connectivity`
    says which of the two they use. `friendly_name` is shown in the vault and never changes.
    """

    name: str
    address: str | None = None
    fqdn: str | None = None
    friendly_name: str | None = None
    connectivity: Connectivity = "fqdn"
    data_port: int = 9443
    hypervisor: Hypervisor = "vmware"
    instance_uuid: str | None = None
    bios_uuid: str | None = None
    version: str | None = None
    os: str | None = None
    nat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplianceMachineGroup:
    """Like MachineGroup, for machines that replicate through an appliance; None is the first of the site."""

    name: str = DEFAULT_MACHINES
    count: int = 1
    platform: Platform = "vmware"
    os_family: Family | None = None
    appliance: str | None = None
    failback: bool = False
    push_installation: bool = True
    failed_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplianceSite:
    """Replication appliances of one vault, at least one, and everything around them."""

    appliances: tuple[Appliance, ...]
    vault: Vault
    cache_account: CacheAccount | None = None
    vcenters: tuple[VCenterServer, ...] = ()
    esxi_hosts: tuple[EsxiHost, ...] = ()
    machine_groups: tuple[ApplianceMachineGroup, ...] = ()
    dns: tuple[str, ...] = ()
    ntp: tuple[str, ...] = ()
    proxy: str | None = None
