"""How a classic fabric (instance type VMware) is written: counts as text, percent signs, dates with and without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Final

from wizard.lab.arm.answers import Json
from wizard.lab.arm.clock import NEVER, stamp
from wizard.lab.arm.state import Fabric, Server, VCenter

GIB: Final = 2**30


def custom_details(fabric: Fabric, now: datetime, *, with_components: bool) -> Json:
    [owner] = fabric.with_role("cs")
    process_servers = fabric.with_role("ps") if with_components else []
    master_targets = fabric.with_role("mt") if with_components else []
    items = [item for item in fabric.items.values() if item.protection]
    details: Json = {
        "instanceType": "VMware",
        "hostName": owner.name,
        "ipAddress": owner.address,
        "agentVersion": owner.version,
        "versionStatus": "Supported",
        "agentExpiryDate": NEVER,
        "agentVersionDetails": {"version": owner.version, "expiryDate": NEVER, "status": "Supported"},
        "lastHeartbeat": stamp(owner.heartbeat(now)),
        "csServiceStatus": "Running",
        **_certificate(owner, now),
        "psTemplateVersion": "5.1.0.0",
        "processServerCount": str(len(fabric.with_role("ps"))),
        "agentCount": str(len(items)),
        "protectedServers": str(len(items)),
        "replicationPairCount": str(sum(len(item.disks_mb) for item in items)),
        **_loads(owner),
        "webLoad": "0.25",
        "webLoadStatus": "Green",
        "databaseServerLoad": "0",
        "databaseServerLoadStatus": "Green",
        "runAsAccounts": fabric.accounts,
        "processServers": [process_server(fabric, server, now) for server in process_servers],
        "masterTargetServers": [master_target(server, now) for server in master_targets],
        "switchProviderBlockingErrorDetails": [],
        # Not declared by the SDK; it is there all the same.
        "protectedItemsMetaData": {"observedBy": "lab"},
    }
    return details | {key: value for key, value in owner.said.items() if key in details}


def process_server(fabric: Fabric, server: Server, now: datetime) -> Json:
    served = fabric.served_by(server)
    document: Json = {
        "id": server.id,
        "hostId": server.id,
        "friendlyName": server.name,
        "ipAddress": server.address,
        "osType": server.os_type,
        "osVersion": None,
        "agentVersion": server.version,
        "versionStatus": "Supported",
        "lastHeartbeat": stamp(server.heartbeat(now)),
        "psServiceStatus": "Running",
        "machineCount": str(len(served)),
        "replicationPairCount": str(sum(len(item.disks_mb) for item in served)),
        **_loads(server),
        **_certificate(server, now),
        "agentExpiryDate": NEVER,
        "agentVersionDetails": {"version": server.version, "expiryDate": NEVER, "status": "Supported"},
        "health": health(server, now),
        "healthErrors": server.errors,
        "mobilityServiceUpdates": [],
        "psStatsRefreshTime": stamp(now - timedelta(minutes=5)),
        "throughputUploadPendingDataInBytes": 0,
        "throughputInMBps": 12,
        "throughputInBytes": 12 * 2**20,
        "throughputStatus": "Green",
        "marsCommunicationStatus": "1",
        "marsRegistrationStatus": "1",
        # Sent, yet not declared by the SDK.
        "historicHealth": "Normal",
    }
    return document | {
        key: value for key, value in server.said.items() if _is_for_process_server(key, document)
    }


def master_target(server: Server, now: datetime) -> Json:
    volumes = ["/mnt/retention"] if server.os_type == "Linux" else ["R"]
    document: Json = {
        "id": server.id,
        "name": server.name,
        "ipAddress": server.address,
        "osType": server.os_type,
        "osVersion": None,
        "agentVersion": server.version,
        "versionStatus": "Supported",
        "agentExpiryDate": NEVER,
        "agentVersionDetails": {"version": server.version, "expiryDate": NEVER, "status": "Supported"},
        "lastHeartbeat": stamp(server.heartbeat(now)),
        "diskCount": 2,
        "retentionVolumes": [
            {
                "volumeName": volume,
                "capacityInBytes": 500 * GIB,
                "freeSpaceInBytes": 480 * GIB,
                "thresholdPercentage": None,
            }
            for volume in volumes
        ],
        "dataStores": [
            {
                "symbolicName": "LocalDS_0",
                "uuid": "lab-datastore-0",
                "capacity": "1024.0",
                "freeSpace": "512.5",
                "type": "VMFS",
            }
        ],
        "validationErrors": [],
        "healthErrors": server.errors,
        "marsAgentVersion": "2.0.9263.0",
        "marsAgentExpiryDate": NEVER,
        "marsAgentVersionDetails": {"version": "2.0.9263.0", "expiryDate": NEVER, "status": "Supported"},
    }
    return document | {key: value for key, value in server.said.items() if key in document}


def vcenter(fabric: Fabric, row: VCenter, now: datetime) -> Json:
    # Its process server discovers it again and again, for as long as that one lives.
    server = fabric.server(row.process_server_id)
    seen = row.heartbeat_at
    if seen and server:
        seen = max(seen, server.heartbeat(now))
    properties: Json = {
        "friendlyName": row.friendly_name,
        "internalId": row.infrastructure_id or row.internal_id,
        "lastHeartbeat": stamp(seen) if seen else None,
        "discoveryStatus": row.status,
        "processServerId": row.process_server_id,
        "ipAddress": row.address,
        "port": row.port,
        "runAsAccountId": row.account_id,
        "fabricArmResourceName": fabric.name,
        "healthErrors": [],
    }
    if row.infrastructure_id:
        properties["infrastructureId"] = row.infrastructure_id
    return {
        "id": f"{fabric.id}/replicationvCenters/{row.name}",
        "name": row.name,
        "type": "Microsoft.RecoveryServices/vaults/replicationFabrics/replicationvCenters",
        "properties": properties,
    }


def health(server: Server, now: datetime) -> str:
    return server.health or ("Critical" if server.lost(now) else "Normal")


def health_error(code: str, message: str, level: str = "Error", *, recommendation: str = "") -> Json:
    """One as the service writes it, null where it has nothing to say."""
    return {
        "errorCode": code,
        "errorMessage": message,
        "summaryMessage": message,
        "possibleCauses": None,
        "recommendedAction": recommendation or None,
        "errorLevel": level,
        "errorCategory": "FabricInfrastructure",
        "errorSource": "ProcessServer",
        "errorType": "Health",
        "creationTimeUtc": None,
        "entityId": None,
        "errorId": code,
        "customerResolvability": "Allowed",
        "innerHealthErrors": [],
    }


def _loads(server: Server) -> Json:
    return {
        "systemLoad": "0.5",
        "systemLoadStatus": "Green",
        "cpuLoad": "21%",
        "cpuLoadStatus": "Green",
        "totalMemoryInBytes": int(server.memory_gb * GIB),
        "availableMemoryInBytes": int(server.memory_gb * GIB * 0.6),
        "memoryUsageStatus": "Green",
        "totalSpaceInBytes": int(server.space_gb * GIB),
        "availableSpaceInBytes": int(server.space_gb * GIB * 0.8),
        "spaceUsageStatus": "Green",
    }


def _certificate(server: Server, now: datetime) -> Json:
    return {
        "sslCertExpiryDate": stamp(server.certificate_ends),
        "sslCertExpiryRemainingDays": ceil((server.certificate_ends - now) / timedelta(days=1)),
    }


def _is_for_process_server(key: str, document: Json) -> bool:
    """What no document knows is shown with the process server, as the service does with what is new."""
    return key in document or key not in _ELSEWHERE


# Members of the configuration server's and the master target's documents that a process server has not.
_ELSEWHERE: Final = {
    *("hostName", "csServiceStatus", "psTemplateVersion"),
    *("processServerCount", "agentCount", "protectedServers", "webLoad", "webLoadStatus"),
    *("databaseServerLoad", "databaseServerLoadStatus", "runAsAccounts", "name", "diskCount"),
    *("retentionVolumes", "dataStores", "validationErrors", "marsAgentVersion", "marsAgentExpiryDate"),
}
