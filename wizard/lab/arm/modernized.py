"""How a modernized fabric (instance type InMageRcm) is written: every appliance once in each list, under the same id."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from wizard.lab.arm.answers import Json
from wizard.lab.arm.classic import GIB, health
from wizard.lab.arm.clock import stamp
from wizard.lab.arm.state import Fabric, Server, digest, guid

LISTS: Final = (
    "processServers",
    "rcmProxies",
    "pushInstallers",
    "replicationAgents",
    "reprotectAgents",
    "marsAgents",
    "dras",
)
# What each list is called where an appliance is written on its own.
_SINGULAR: Final = {
    "processServers": "processServer",
    "rcmProxies": "rcmProxy",
    "pushInstallers": "pushInstaller",
    "replicationAgents": "replicationAgent",
    "reprotectAgents": "reprotectAgent",
    "marsAgents": "marsAgent",
    "dras": "dra",
}


def custom_details(fabric: Fabric, now: datetime, *, with_components: bool) -> Json:
    """The list of fabrics shows every one of the component lists empty; only the fabric by its name has them."""
    group = fabric.vault_id.partition("/providers/")[0].replace("/Subscriptions/", "/subscriptions/")
    site = f"{group}/providers/Microsoft.OffAzure/VMwareSites/{fabric.name}site"
    appliances = fabric.with_role("appliance") if with_components else []
    return {
        "instanceType": "InMageRcm",
        "vmwareSiteId": site,
        "physicalSiteId": site.replace("VMwareSites", "MasterSites"),
        "serviceEndpoint": "https://lab-rcm.siterecovery.example.invalid",
        "serviceResourceId": guid(fabric.id, "resource"),
        "serviceContainerId": guid(fabric.id, "container"),
        "dataPlaneUri": "https://lab-data.siterecovery.example.invalid",
        "controlPlaneUri": "https://lab-control.siterecovery.example.invalid",
        "sourceAgentIdentityDetails": None,
        **{name: [component(name, fabric, row, now, site) for row in appliances] for name in LISTS},
        "agentDetails": [],
    }


def component(name: str, fabric: Fabric, server: Server, now: datetime, site: str) -> Json:
    document: Json = {
        "id": server.id,
        "name": server.name.partition(".")[0],
        "biosId": guid(server.id, "bios"),
        "fabricObjectId": f"{site}/machines/{guid(server.id, 'machine')}",
        "fqdn": server.name,
        "version": server.version,
        "lastHeartbeatUtc": stamp(server.heartbeat(now)),
        "health": health(server, now),
        "healthErrors": server.errors if name == "processServers" else [],
    }
    if name == "processServers":
        served = fabric.served_by(server)
        document |= {
            "ipAddresses": [server.address],
            "totalMemoryInBytes": int(server.memory_gb * GIB),
            "availableMemoryInBytes": int(server.memory_gb * GIB * 0.6),
            "usedMemoryInBytes": int(server.memory_gb * GIB * 0.4),
            "memoryUsagePercentage": 40.0,
            "memoryUsageStatus": "Healthy",
            "totalSpaceInBytes": int(server.space_gb * GIB),
            "availableSpaceInBytes": int(server.space_gb * GIB * 0.8),
            "usedSpaceInBytes": int(server.space_gb * GIB * 0.2),
            "freeSpacePercentage": 80.0,
            "systemLoad": 1,
            "systemLoadStatus": "Healthy",
            "processorUsagePercentage": 21.5,
            "processorUsageStatus": "Healthy",
            "throughputUploadPendingDataInBytes": 0,
            "throughputInBytes": 12 * 2**20,
            "throughputStatus": "Healthy",
            "diskUsageStatus": "Healthy",
            "protectedItemCount": len(served),
            "historicHealth": "Normal",
        }
    if name == "reprotectAgents":
        document |= {
            "accessibleDatastores": ["LocalDS_0"],
            "vcenterId": f"{site}/vcenters/{digest(site)[:16]}",
            "lastDiscoveryInUtc": stamp(server.heartbeat(now)),
            "protectedItemCount": 0,
        }
    if name == "dras":
        # The one part that does not say which machine it is on.
        for key in ("fabricObjectId", "fqdn"):
            del document[key]
        document |= {
            "forwardProtectedItemCount": len(fabric.served_by(server)),
            "reverseProtectedItemCount": 0,
        }
    if name == "rcmProxies":
        document["clientAuthenticationType"] = "AadCertificate"
    known = {key: value for key, value in server.said.items() if key in document}
    unknown = {key: value for key, value in server.said.items() if name == "processServers"}
    return document | known | unknown


def appliance(fabric: Fabric, server: Server, now: datetime) -> Json:
    site = custom_details(fabric, now, with_components=False)["vmwareSiteId"]
    return {
        "id": server.id,
        "name": server.name.partition(".")[0],
        "fabricArmId": fabric.id,
        **{_SINGULAR[name]: component(name, fabric, server, now, site) for name in LISTS},
        "switchProviderBlockingErrorDetails": [],
    }
