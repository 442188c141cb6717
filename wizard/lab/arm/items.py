"""Machines: those that could be protected, those that are, and physical servers that are made known by hand."""

from __future__ import annotations

from wizard.lab.arm.answers import Answer, Json, bad_request, not_found
from wizard.lab.arm.fabrics import get_container, new_job
from wizard.lab.arm.jobs import begin
from wizard.lab.arm.paging import listed
from wizard.lab.arm.routing import CONTAINER, VAULT, Request, Routes
from wizard.lab.arm.state import PROVIDER, Fabric, Item, guid

routes = Routes()
_CONTAINERS = "vaults/replicationFabrics/replicationProtectionContainers/"
_PROTECTABLE = CONTAINER + "/replicationProtectableItems"
_PROTECTED = CONTAINER + "/replicationProtectedItems"
_OFF = "The virtual machine is powered off."


def protectable_item(fabric: Fabric, item: Item) -> Json:
    physical = item.discovery_type == "Physical"
    return {
        "id": protectable_id(fabric, item),
        "name": item.name,
        "type": f"{PROVIDER}/{_CONTAINERS}replicationProtectableItems",
        "properties": {
            "friendlyName": item.friendly_name,
            "protectionStatus": "Protected" if item.protection else "Unprotected",
            "replicationProtectedItemId": protected_id(fabric, item) if item.protection else None,
            "recoveryServicesProviderId": (
                f"{fabric.id}/replicationRecoveryServicesProviders/{fabric.internal_id}"
            ),
            "protectionReadinessErrors": [] if item.powered_on else [_OFF],
            "supportedReplicationProviders": ["InMageAzureV2", "InMage"],
            "customDetails": {
                "instanceType": "VMwareVirtualMachine",
                "agentGeneratedId": "",
                "agentInstalled": "Installed" if item.protection else "NotInstalled",
                "osType": item.os_type,
                "agentVersion": "",
                "ipAddress": item.addresses[0] if item.addresses else "",
                "poweredOn": "On" if item.powered_on else "Off",
                # Physical machines have one, too.
                "vCenterInfrastructureId": item.infrastructure_id,
                "discoveryType": item.discovery_type,
                "diskDetails": [
                    {
                        "diskId": f"{item.name}-{number}",
                        "diskName": f"[LocalDS_0] {item.friendly_name}/disk{number}.vmdk",
                        "diskSizeInMB": str(size),
                        "volumeList": [],
                    }
                    for number, size in enumerate(item.disks_mb)
                ],
                "validationErrors": []
                if item.powered_on or physical
                else [
                    {
                        "errorCode": "78145",
                        "errorMessage": _OFF,
                        "summaryMessage": None,
                        "possibleCauses": _OFF,
                        "recommendedAction": "Power on the virtual machine.",
                        "errorLevel": "Warning",
                        "creationTimeUtc": None,
                        "innerHealthErrors": [],
                    }
                ],
            },
        },
    }


def protectable_id(fabric: Fabric, item: Item) -> str:
    return f"{fabric.container_id}/replicationProtectableItems/{item.name}"


def protected_id(fabric: Fabric, item: Item) -> str:
    name = item.protection.name if item.protection else ""
    return f"{fabric.container_id}/replicationProtectedItems/{name}"


def protected_item(fabric: Fabric, item: Item) -> Json:
    protection = item.protection
    if protection is None:
        raise not_found("protected item", item.friendly_name)
    server = fabric.server(protection.process_server_id)
    details: Json = {
        "instanceType": protection.kind,
        "infrastructureVmId": item.name,
        "vCenterInfrastructureId": item.infrastructure_id,
        "processServerId": protection.process_server_id,
        "processServerName": server.name if server else "",
        "masterTargetId": protection.master_target_id or None,
        "discoveryType": item.discovery_type,
        "ipAddress": item.addresses[0] if item.addresses else "",
        "osType": item.os_type,
        "protectionStage": "Protected",
        "vmProtectionState": "Protected",
        "multiVmGroupName": protection.group,
        "healthErrors": [],
    }
    if protection.kind == "InMage":
        details["activeSiteType"] = "Azure"
    if protection.kind == "InMageRcm":
        details["fabricDiscoveryMachineId"] = protectable_id(fabric, item)
        details["runAsAccountId"] = protection.run_as_account or None
    return {
        "id": protected_id(fabric, item),
        "name": protection.name,
        "type": f"{PROVIDER}/{_CONTAINERS}replicationProtectedItems",
        "properties": {
            "friendlyName": item.friendly_name,
            "protectedItemType": "VMWARE",
            "protectableItemId": protectable_id(fabric, item),
            "recoveryServicesProviderId": (
                f"{fabric.id}/replicationRecoveryServicesProviders/{fabric.internal_id}"
            ),
            "primaryFabricFriendlyName": fabric.friendly_name,
            "protectionState": "Protected",
            "protectionStateDescription": "Protected",
            "activeLocation": "Recovery" if protection.kind == "InMage" else "Primary",
            "replicationHealth": "Normal",
            "healthErrors": [],
            "policyFriendlyName": "lab-policy",
            "providerSpecificDetails": details,
        },
    }


@routes.on("GET", _PROTECTABLE, _CONTAINERS + "replicationProtectableItems/read")
def list_protectable(request: Request) -> Answer:
    get_container(request)
    fabric = request.fabric
    only = "Unprotected" if "'unprotected'" in request.query.get("$filter", "").lower() else ""
    rows = [protectable_item(fabric, item) for item in fabric.items.values()]
    if only:
        rows = [row for row in rows if row["properties"]["protectionStatus"] == only]
    return listed(request, rows, in_pages=True)


@routes.on("GET", _PROTECTABLE + "/{item}", _CONTAINERS + "replicationProtectableItems/read")
def get_protectable(request: Request) -> Answer:
    fabric = request.fabric
    try:
        return Answer(body=protectable_item(fabric, fabric.items[request.params["item"].lower()]))
    except KeyError:
        raise not_found("protectable item", request.params["item"]) from None


@routes.on("GET", VAULT + "/replicationProtectedItems", "vaults/replicationProtectedItems/read")
def list_all_protected(request: Request) -> Answer:
    rows = [
        protected_item(fabric, item)
        for fabric in request.vault.fabrics.values()
        for item in fabric.items.values()
        if item.protection
    ]
    return listed(request, rows, in_pages=True)


@routes.on("GET", _PROTECTED, _CONTAINERS + "replicationProtectedItems/read")
def list_protected(request: Request) -> Answer:
    get_container(request)
    fabric = request.fabric
    rows = [protected_item(fabric, item) for item in fabric.items.values() if item.protection]
    return listed(request, rows, in_pages=True)


@routes.on("GET", _PROTECTED + "/{item}", _CONTAINERS + "replicationProtectedItems/read")
def get_protected(request: Request) -> Answer:
    return Answer(body=protected_item(request.fabric, _find_protected(request)))


@routes.on(
    "POST",
    _PROTECTED + "/{item}/updateAppliance",
    _CONTAINERS + "replicationProtectedItems/updateAppliance/action",
)
def update_appliance(request: Request) -> Answer:
    fabric, item = request.fabric, _find_protected(request)
    wanted = str(request.properties().get("targetApplianceId", ""))
    server = fabric.server(wanted)
    if fabric.kind != "InMageRcm" or server is None:
        raise bad_request("InvalidAppliance", f"The appliance '{wanted}' does not exist.")
    if not (request.properties().get("providerSpecificDetails") or {}).get("runAsAccountId"):
        raise bad_request("InvalidRunAsAccount", "The request names no run-as account.")

    def effect() -> None:
        if item.protection:
            item.protection.process_server_id = server.id

    job = new_job(
        request,
        "UpdateAppliance",
        "Switch appliance",
        ("ProtectionEntity", item.name, item.friendly_name),
        effect=effect,
        result=lambda: protected_item(fabric, item),
        location=protected_id(fabric, item),
    )
    return begin(request, job)


@routes.on("POST", CONTAINER + "/discoverProtectableItem", _CONTAINERS + "discoverProtectableItem/action")
def discover(request: Request) -> Answer:
    get_container(request)
    fabric, said = request.fabric, request.properties()
    missing = [key for key in ("friendlyName", "ipAddress", "osType") if not said.get(key)]
    if missing:
        raise bad_request("InvalidPhysicalMachine", f"The request lacks: {', '.join(missing)}.")
    if said["osType"] not in ("Windows", "Linux"):
        raise bad_request("InvalidPhysicalMachine", "The operating system must be Windows or Linux.")
    item = Item(
        name=guid(fabric.id, said["ipAddress"], said["friendlyName"]),
        friendly_name=said["friendlyName"],
        discovery_type="Physical",
        os_type=said["osType"].upper(),
        addresses=(said["ipAddress"],),
        infrastructure_id="0",
    )

    def effect() -> None:
        fabric.items[item.name] = item

    job = new_job(
        request,
        "DiscoverPhysicalMachine",
        "Add physical machine",
        ("ProtectionEntity", item.name, item.friendly_name),
        effect=effect,
        result=lambda: {"id": fabric.container_id, "name": fabric.container, "properties": {}},
        location=fabric.container_id,
    )
    return begin(request, job)


@routes.on("GET", VAULT + "/replicationProtectionContainerMappings", _CONTAINERS + "read")
@routes.on("GET", VAULT + "/replicationEvents", "vaults/replicationEvents/read")
@routes.on("GET", VAULT + "/replicationPolicies", "vaults/replicationPolicies/read")
def list_none(request: Request) -> Answer:
    """What the setup of servers has nothing to do with: the vault has none of it."""
    request.world.find_vault(*(request.params[key] for key in ("subscription", "group", "vault")))
    return listed(request, [])


def _find_protected(request: Request) -> Item:
    wanted = request.params["item"].lower()
    for item in request.fabric.items.values():
        if item.protection and item.protection.name == wanted:
            return item
    raise not_found("protected item", request.params["item"])
