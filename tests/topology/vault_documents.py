"""Documents of vaults, written as the service writes them: every field of a classic and of a modernized fabric."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VAULT_ID = (
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/recovery/providers"
    "/Microsoft.RecoveryServices/vaults/lyon-recovery"
)
RECORDED_ID = VAULT_ID.replace("/subscriptions", "/Subscriptions")
FABRIC = "0f" * 32
FABRIC_ID = f"{RECORDED_ID}/replicationFabrics/{FABRIC}"
INTERNAL = "00000000-0000-4000-8000-0000000000f1"
BUILT_IN = "6ba7b810-9dad-11d1-80b400c04fd430c8"
SCALE_OUT = "7ba7b810-9dad-11d1-80b400c04fd430c9"
LINUX_TARGET = "8ba7b810-9dad-11d1-80b400c04fd430ca"
GIB = 1024**3
Document = dict[str, Any]


def stamp(ago: timedelta = timedelta()) -> str:
    """As the service writes it: seven digits behind the second."""
    return (NOW - ago).strftime("%Y-%m-%dT%H:%M:%S.1234567Z")


def health_error(**more: Any) -> Document:
    return {
        "errorCode": "95126", "errorMessage": "message", "summaryMessage": "summary", "possibleCauses": "causes",
        "recommendedAction": "Do this.", "errorLevel": "Warning", "errorCategory": "FabricInfrastructure",
        "errorSource": "source", "errorType": "type", "creationTimeUtc": "2026-11-01T00:00:00", "entityId": "entity",
        "errorId": "1", "customerResolvability": "Allowed", "recoveryProviderErrorMessage": "provider's",
        "innerHealthErrors": [{"errorCode": "7", "errorLevel": None}],
    } | more  # fmt: skip


def loads() -> Document:
    return {
        "systemLoad": "0.25", "systemLoadStatus": "Green", "cpuLoad": "21%", "cpuLoadStatus": "Green",
        "totalMemoryInBytes": 16 * GIB, "availableMemoryInBytes": 12 * GIB, "memoryUsageStatus": "Green",
        "totalSpaceInBytes": 600 * GIB, "availableSpaceInBytes": 450 * GIB, "spaceUsageStatus": "Green",
    }  # fmt: skip


def process_server(identity: str, name: str, address: str, **more: Any) -> Document:
    return loads() | {
        "id": identity, "hostId": identity, "friendlyName": name, "ipAddress": address, "osType": "Windows",
        "osVersion": None, "agentVersion": "9.57.6920.1", "versionStatus": "Supported", "lastHeartbeat": stamp(),
        "psServiceStatus": "Running", "machineCount": "12", "replicationPairCount": "31",
        "sslCertExpiryDate": "2028-01-02T03:04:05Z", "sslCertExpiryRemainingDays": 400, "health": "Normal",
        "agentExpiryDate": "9999-12-31T23:59:59.9999999",
        "agentVersionDetails": {"version": "9.57.6920.1", "expiryDate": None, "status": "Supported"},
        "healthErrors": [health_error()], "psStatsRefreshTime": stamp(timedelta(minutes=5)),
        "mobilityServiceUpdates": [{"version": "9.57.6920.1", "rebootStatus": "NotRequired", "osType": "Windows"}],
        "throughputUploadPendingDataInBytes": 60 * 1024**2, "throughputInMBps": 1, "throughputInBytes": 1024**2,
        "throughputStatus": "Green", "marsCommunicationStatus": "1", "marsRegistrationStatus": "1",
        "historicHealth": "Normal",
    } | more  # fmt: skip


def master_target(identity: str, name: str, address: str, **more: Any) -> Document:
    return {
        "id": identity, "name": name, "ipAddress": address, "osType": "Windows", "osVersion": "10.0",
        "agentVersion": "9.57.6920.1", "versionStatus": "Supported", "lastHeartbeat": stamp(), "diskCount": 3,
        "retentionVolumes": [
            {"volumeName": "R:", "capacityInBytes": 500 * GIB, "freeSpaceInBytes": 480 * GIB,
             "thresholdPercentage": None},
        ],
        "dataStores": [
            {"symbolicName": "ds1", "uuid": "u-1", "capacity": "1023.75", "freeSpace": "512", "type": "VMFS"},
        ],
        "validationErrors": [], "healthErrors": [health_error()] if identity != LINUX_TARGET else [],
        "agentExpiryDate": "0001-01-01T00:00:00", "marsAgentVersion": "2.0.9263.0",
        "marsAgentExpiryDate": "2027-01-01T00:00:00Z",
        "marsAgentVersionDetails": {"version": "2.0.9263.0", "expiryDate": None, "status": "Supported"},
    } | more  # fmt: skip


def classic_details(**more: Any) -> Document:
    return loads() | {
        "instanceType": "VMware", "hostName": "LYON-CS01.corp.example", "ipAddress": "10.20.0.11",
        "agentVersion": "9.57.6920.1", "versionStatus": "Supported", "agentExpiryDate": "2027-05-01T00:00:00",
        "agentVersionDetails": {"version": "9.57.6920.1", "expiryDate": None, "status": "Supported"},
        "lastHeartbeat": stamp(timedelta(minutes=2)), "csServiceStatus": "Running",
        "sslCertExpiryDate": "2027-03-01T00:00:00Z", "sslCertExpiryRemainingDays": 3,
        "psTemplateVersion": "5.1.0.0", "processServerCount": "2", "agentCount": "12", "protectedServers": "11",
        "replicationPairCount": "31", "webLoad": "0.5", "webLoadStatus": "Green", "databaseServerLoad": "0",
        "databaseServerLoadStatus": "Green", "runAsAccounts": [{"accountId": "1", "accountName": "vcenter"}],
        "processServers": [
            process_server(BUILT_IN, "lyon-cs01", "10.20.0.11"),
            process_server(SCALE_OUT, "LYON-PS01", "10.20.0.21"),
        ],
        "masterTargetServers": [
            master_target(BUILT_IN.upper(), "LYON-CS01", "10.20.0.11"),
            master_target(SCALE_OUT, "LYON-PS01", "10.20.0.21"),
            master_target(LINUX_TARGET, "LYON-MTL01", "10.20.0.31", osType="Linux"),
        ],
        "switchProviderBlockingErrorDetails": [health_error(errorCode="s1")],
    } | more  # fmt: skip


def fabric(details: Document, **more: Any) -> Document:
    properties = {
        "friendlyName": "LYON-CS01", "internalIdentifier": INTERNAL, "bcdrState": "Valid", "health": "Normal",
        "healthErrorDetails": [], "encryptionDetails": {"kekState": "None", "kekCertThumbprint": None},
        "customDetails": details,
    }  # fmt: skip
    return {"id": FABRIC_ID, "name": FABRIC, "type": "replicationFabrics", "properties": properties | more}


def provider(**more: Any) -> Document:
    properties = {
        "connectionStatus": "Connected", "lastHeartBeat": stamp(timedelta(minutes=3)), "providerVersion": "5.1",
        "providerVersionState": "Latest", "providerVersionExpiryDate": "2027-06-01T00:00:00Z",
        "serverVersion": "9.57", "allowedScenarios": ["Refresh", "DisasterRecovery"], "protectedItemCount": 12,
        "healthErrorDetails": [],
    }  # fmt: skip
    return {"id": f"{FABRIC_ID}/p/{INTERNAL}", "name": INTERNAL, "properties": properties | more}


def vcenter(name: str = "lyon-vcenter", **more: Any) -> Document:
    properties = {
        "friendlyName": name, "ipAddress": "vcenter.corp.example", "port": "443", "processServerId": BUILT_IN.upper(),
        "runAsAccountId": "1", "internalId": "3", "infrastructureId": "3", "discoveryStatus": "Completed",
        "lastHeartbeat": stamp(timedelta(minutes=14)), "fabricArmResourceName": FABRIC, "healthErrors": [],
    }  # fmt: skip
    return {"id": f"{FABRIC_ID}/replicationvCenters/{name}", "name": name, "properties": properties | more}


def item(number: int, details: Document, *, fabric_id: str = FABRIC_ID, health: str = "Normal") -> Document:
    return {
        "id": f"{fabric_id}/replicationProtectionContainers/c/replicationProtectedItems/i{number}",
        "name": f"i{number}",
        "properties": {"replicationHealth": health, "providerSpecificDetails": details},
    }


def to_azure(number: int, server: str = BUILT_IN, **more: Any) -> Document:
    details = {
        "instanceType": "InMageAzureV2", "processServerId": server, "processServerName": "x", "masterTargetId": None,
        "discoveryType": "vCenter", "vCenterInfrastructureId": "3",
    }  # fmt: skip
    return item(number, details | more)


def home(number: int, server: str, target: str = BUILT_IN, **more: Any) -> Document:
    details = {
        "instanceType": "InMage",
        "processServerId": server,
        "masterTargetId": target,
        "activeSiteType": "Azure",
    }
    return item(number, details | more)


def classic(**more: Any) -> Document:
    """A vault with one configuration server, a scale-out process server and a Linux master target."""
    return {
        "vault": {
            "id": VAULT_ID, "name": "lyon-recovery", "location": "francecentral", "sku": {"name": "RS0"},
            "properties": {
                "provisioningState": "Succeeded", "privateEndpointStateForSiteRecovery": "Enabled",
                "publicNetworkAccess": "Enabled",
            },
        },
        "fabrics": [fabric(classic_details())],
        "providers": {FABRIC: [provider()]},
        "containers": {FABRIC: [{"name": f"cloud_{INTERNAL}", "properties": {"protectedItemCount": 12}}]},
        "vcenters": {FABRIC: [vcenter()]},
        "protected_items": [to_azure(1), to_azure(2), to_azure(3, SCALE_OUT)],
        "appliances": [],
        "vault_health": {"properties": {"vaultErrors": [], "fabricsHealth": {"resourceCount": 1, "issues": []}}},
        "skipped": [],
        "read_at": NOW.isoformat(),
    } | more  # fmt: skip


APPLIANCE = "9ba7b810-9dad-11d1-80b4-00c04fd430cb"
SITE_ID = "/subscriptions/s/resourceGroups/recovery/providers/Microsoft.OffAzure/VMwareSites/lyonsite"
MODERN = "lyon-recovery-vmwarefabric"
MODERN_ID = f"{RECORDED_ID}/replicationFabrics/{MODERN}"


def part(array: str, identity: str = APPLIANCE, name: str = "LYON-RA01", **more: Any) -> Document:
    fields: Document = {
        "id": identity, "name": name, "biosId": "bios-1", "version": "1.35.8433.24227", "lastHeartbeatUtc": stamp(),
        "health": "Normal", "healthErrors": [],
    }  # fmt: skip
    if array != "dras":
        fields |= {"fabricObjectId": f"{SITE_ID}/machines/m1", "fqdn": f"{name.lower()}.corp.example"}
    if array == "processServers":
        fields |= {
            "ipAddresses": ["10.20.0.41", "10.20.1.41"], "totalMemoryInBytes": 32 * GIB,
            "availableMemoryInBytes": 20 * GIB, "usedMemoryInBytes": 12 * GIB, "memoryUsagePercentage": 37.5,
            "memoryUsageStatus": "Healthy", "totalSpaceInBytes": 600 * GIB, "availableSpaceInBytes": 480 * GIB,
            "usedSpaceInBytes": 120 * GIB, "freeSpacePercentage": 80.0, "systemLoad": 1, "systemLoadStatus": "Healthy",
            "processorUsagePercentage": 21.5, "processorUsageStatus": "Healthy", "diskUsageStatus": "Healthy",
            "throughputUploadPendingDataInBytes": 0, "throughputInBytes": 12 * 1024**2, "throughputStatus": "Healthy",
            "protectedItemCount": 4, "historicHealth": "Normal",
        }  # fmt: skip
    if array == "rcmProxies":
        fields["clientAuthenticationType"] = "Certificate"
    if array == "reprotectAgents":
        fields |= {
            "accessibleDatastores": ["ds1", "ds2"], "vcenterId": f"{SITE_ID}/vcenters/vc-1",
            "lastDiscoveryInUtc": stamp(), "protectedItemCount": 0,
        }  # fmt: skip
    if array == "dras":
        fields |= {"forwardProtectedItemCount": 4, "reverseProtectedItemCount": 1}
    return fields | more


ARRAYS = (
    "processServers", "rcmProxies", "pushInstallers", "replicationAgents", "reprotectAgents", "marsAgents", "dras",
)  # fmt: skip


def modern_details(*identities: str, **more: Any) -> Document:
    return {
        "instanceType": "InMageRcm", "vmwareSiteId": SITE_ID, "physicalSiteId": f"{SITE_ID}p",
        "serviceEndpoint": "https://service.invalid", "serviceResourceId": "r", "serviceContainerId": "c",
        "controlPlaneUri": "https://control.invalid", "dataPlaneUri": "https://data.invalid",
        "sourceAgentIdentityDetails": None, "agentDetails": [],
        **{array: [part(array, identity) for identity in identities] for array in ARRAYS},
    } | more  # fmt: skip


def modern_fabric(*identities: str, **more: Any) -> Document:
    return {
        "id": MODERN_ID,
        "name": MODERN,
        "properties": {
            "friendlyName": MODERN, "internalIdentifier": INTERNAL, "bcdrState": "Valid", "health": "Normal",
            "healthErrorDetails": [], "customDetails": modern_details(*identities, **more),
        },
    }  # fmt: skip


def modernized(**more: Any) -> Document:
    return classic(
        fabrics=[modern_fabric(APPLIANCE)],
        providers={MODERN: []},
        containers={},
        vcenters={MODERN: []},
        protected_items=[],
    ) | dict(more)
