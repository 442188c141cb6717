"""Sites that the tests build graphs from: the smallest that is complete, and a large one."""

from __future__ import annotations

from dataclasses import replace

from wizard.topology.site import (
    Appliance,
    ApplianceMachineGroup,
    ApplianceSite,
    CacheAccount,
    ClassicSite,
    ConfigurationServer,
    EsxiHost,
    ExistingConfigurationServer,
    FailbackProcessServer,
    MachineGroup,
    MasterTarget,
    ProcessServer,
    ProcessServerSite,
    Vault,
    VCenterServer,
)

CS = ConfigurationServer(
    name="LYON-CS01",
    fqdn="lyon-cs01.corp.example",
    address="10.20.0.11",
    version="9.57.6920.1",
    os="Windows Server 2016",
    instance_uuid="503a7d1c-2f0b-4d0e-8a55-0c4f7a1e9d01",
    bios_uuid="423a9e51-6a2d-4c3f-b1de-3f5a77aa0001",
)
VAULT = Vault(name="lyon-recovery", region="francecentral", resource_group="recovery")


def minimal() -> ClassicSite:
    """One server with everything on it, one vCenter with three hosts, one group of machines."""
    return ClassicSite(
        cs=CS,
        vault=VAULT,
        cache_account=CacheAccount(name="lyoncache01", region="francecentral"),
        vcenters=(
            VCenterServer(
                name="lyon-vcenter",
                host="vcenter.corp.example",
                version="8.0.3",
                instance_uuid="7d1c503a-2f0b-4d0e-8a55-0c4f7a1e9d02",
            ),
        ),
        esxi_hosts=tuple(
            EsxiHost(name=f"esx{number}.corp.example", address=f"10.20.1.{number}", vcenter="lyon-vcenter")
            for number in (1, 2, 3)
        ),
        machine_groups=(MachineGroup(name="Protected machines", count=120, os_family="windows"),),
        dns=("10.20.0.2", "10.20.0.3"),
        ntp=("time.windows.com",),
    )


def big() -> ClassicSite:
    """Two vCenters, two scale-out process servers, failback from Azure through a VPN, Linux too."""
    hosts = [("lyon-vcenter", "lyon-esx", 4, 1), ("paris-vcenter", "paris-esx", 3, 2)]
    return ClassicSite(
        cs=CS,
        vault=VAULT,
        cache_account=CacheAccount(name="lyoncache01", region="francecentral"),
        vcenters=(
            VCenterServer(name="lyon-vcenter", host="vcenter.lyon.corp.example", version="8.0.3"),
            VCenterServer(
                name="paris-vcenter", host="vcenter.paris.corp.example", version="7.0.3", port=8443
            ),
        ),
        esxi_hosts=tuple(
            EsxiHost(name=f"{prefix}{number:02}", address=f"10.2{net}.1.{number}", vcenter=vcenter)
            for vcenter, prefix, count, net in hosts
            for number in range(1, count + 1)
        ),
        process_servers=(
            ProcessServer(name="LYON-PS01", address="10.20.0.21", version="9.57.6920.1"),
            ProcessServer(name="PARIS-PS02", address="10.22.0.22", version="9.57.6920.1", data_port=9444),
        ),
        failback_process_servers=(
            FailbackProcessServer(
                name="AZ-PS01", address="10.80.0.4", version="9.57.6920.1", virtual_network="vnet-recovery"
            ),
        ),
        master_targets=(
            MasterTarget(name="LYON-MTL01", address="10.20.0.31", family="linux", version="9.56.6879.1"),
        ),
        machine_groups=(
            MachineGroup(name="Lyon Windows", count=180, os_family="windows", failback=True),
            MachineGroup(
                name="Lyon Linux",
                count=64,
                os_family="linux",
                process_server="LYON-PS01",
                failback=True,
                master_target="LYON-MTL01",
            ),
            MachineGroup(
                name="Paris ERP",
                count=12,
                os_family="windows",
                process_server="PARIS-PS02",
                replication_group="erp",
            ),
            MachineGroup(name="Paris mixed", count=90, process_server="PARIS-PS02"),
            MachineGroup(name="Failed over", count=8, os_family="windows", failed_over=True),
        ),
        s2s=True,
    )


def physical() -> ClassicSite:
    """A physical configuration server and physical machines, no vSphere anywhere, no way home."""
    return ClassicSite(
        cs=replace(CS, hypervisor="physical", instance_uuid=None),
        vault=VAULT,
        cache_account=CacheAccount(name="lyoncache01", region="francecentral"),
        machine_groups=(MachineGroup(count=30, platform="physical"),),
    )


def process_server() -> ProcessServerSite:
    """A scale-out process server on a physical machine; of the configuration server only the address is known."""
    return ProcessServerSite(
        cs=ExistingConfigurationServer(name="10.20.0.11", address="10.20.0.11"),
        process_server=ProcessServer(name="LYON-PS01", address="10.20.0.21", hypervisor="physical"),
        cache_account=CacheAccount(name="lyoncache01"),
        vcenters=(VCenterServer(name="lyon-vcenter", host="vcenter.corp.example", port=8443),),
        machine_groups=(MachineGroup(count=50, os_family="windows"),),
        dns=("10.20.0.2",),
        ntp=("time.windows.com",),
    )


def appliance(number: int = 1) -> Appliance:
    return Appliance(
        name=f"LYON-ASR{number:02}",
        address=f"10.20.0.{40 + number}",
        fqdn=f"lyon-asr{number:02}.corp.example",
        friendly_name=f"lyon-{number}",
        instance_uuid=f"503a7d1c-2f0b-4d0e-8a55-0c4f7a1e9d4{number}",
        bios_uuid=f"423a9e51-6a2d-4c3f-b1de-3f5a77aa004{number}",
    )


def modernized() -> ApplianceSite:
    """One appliance, one vCenter with three hosts, machines that are to fail back."""
    return ApplianceSite(
        appliances=(appliance(),),
        vault=VAULT,
        vcenters=minimal().vcenters,
        esxi_hosts=minimal().esxi_hosts,
        machine_groups=(ApplianceMachineGroup(count=120, failback=True),),
        dns=("10.20.0.2",),
        ntp=("10.20.0.3",),
    )


def two_appliances() -> ApplianceSite:
    """Two appliances of one vault, physical machines behind the second, and some that are failed over."""
    return ApplianceSite(
        appliances=(appliance(1), appliance(2)),
        vault=VAULT,
        cache_account=CacheAccount(name="lyoncache01", region="francecentral"),
        vcenters=big().vcenters,
        esxi_hosts=(*big().esxi_hosts, EsxiHost(name="lone", address="10.20.9.1", port=444)),
        machine_groups=(
            ApplianceMachineGroup(name="Web", count=120, os_family="windows", failback=True),
            ApplianceMachineGroup(
                name="Blades", count=12, platform="physical", os_family="linux", appliance="LYON-ASR02"
            ),
            ApplianceMachineGroup(name="Away", count=4, failed_over=True),
        ),
    )
