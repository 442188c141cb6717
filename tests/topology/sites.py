"""Sites that the tests build graphs from: the smallest that is complete, and a large one."""

from __future__ import annotations

from wizard.topology.site import (
    CacheAccount,
    ClassicSite,
    ConfigurationServer,
    EsxiHost,
    FailbackProcessServer,
    MachineGroup,
    MasterTarget,
    ProcessServer,
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
