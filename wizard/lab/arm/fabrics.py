"""Fabrics, their providers and containers, and what can be done with them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from wizard.lab.arm import classic, modernized
from wizard.lab.arm.answers import Answer, Json, Refused, bad_request, not_found
from wizard.lab.arm.clock import NEVER, stamp
from wizard.lab.arm.jobs import Job, begin
from wizard.lab.arm.paging import listed
from wizard.lab.arm.routing import CONTAINERS, FABRIC, FABRICS, VAULT, Request, Routes
from wizard.lab.arm.state import PROVIDER, Fabric, Item, guid

routes = Routes()
_READ = "vaults/replicationFabrics/read"
_PROVIDERS = FABRIC + "/replicationRecoveryServicesProviders"
_PROVIDERS_READ = "vaults/replicationFabrics/replicationRecoveryServicesProviders/read"
_CONTAINERS_READ = "vaults/replicationFabrics/replicationProtectionContainers/read"


def new_job(
    request: Request, scenario: str, friendly_name: str, target: tuple[str, str, str], **more: Any
) -> Job:
    """One that takes as long as jobs take here; `target` is its type, id and name."""
    now = request.world.clock.now()
    kind, identity, name = target
    return Job(
        scenario=scenario,
        friendly_name=friendly_name,
        target_type=kind,
        target_id=identity,
        target_name=name,
        started=now,
        ends_at=now + timedelta(seconds=request.world.job_seconds),
        **{"location": request.fabric.id, "fabric": request.fabric.friendly_name, **more},
    )


def document(fabric: Fabric, now: datetime, *, with_components: bool) -> Json:
    write = classic.custom_details if fabric.kind == "VMware" else modernized.custom_details
    states = [classic.health(server, now) for server in fabric.servers]
    worst = next((word for word in ("Critical", "Warning") if word in states), "Normal")
    return {
        "id": fabric.id,
        "name": fabric.name,
        "type": f"{PROVIDER}/vaults/replicationFabrics",
        "location": None,
        "properties": {
            "friendlyName": fabric.friendly_name,
            "encryptionDetails": {
                "kekState": "None",
                "kekCertThumbprint": None,
                "kekCertExpiryDate": None,
            },
            "rolloverEncryptionDetails": None,
            "internalIdentifier": fabric.internal_id,
            "bcdrState": "Valid",
            "customDetails": write(fabric, now, with_components=with_components),
            "healthErrorDetails": [],
            "health": worst,
        },
    }


@routes.on("GET", FABRICS, _READ)
def list_fabrics(request: Request) -> Answer:
    now = request.world.clock.now()
    rows = []
    for fabric in request.vault.fabrics.values():
        empty = fabric.kind == "InMageRcm" or request.world.faults.take(
            {"list_empty_get_full": 0}, request.method, request.path
        )
        rows.append(document(fabric, now, with_components=not empty))
    return listed(request, rows)


@routes.on("GET", FABRIC, _READ)
def get_fabric(request: Request) -> Answer:
    return Answer(body=document(request.fabric, request.world.clock.now(), with_components=True))


@routes.on("POST", FABRIC + "/remove", "vaults/replicationFabrics/remove/action")
@routes.on("DELETE", FABRIC, "vaults/replicationFabrics/delete")
def remove_fabric(request: Request) -> Answer:
    vault, fabric = request.vault, request.fabric
    if request.method == "POST" and any(item.protection for item in fabric.items.values()):
        raise Refused(
            400,
            "FabricHasProtectedItems",
            f"The server '{fabric.friendly_name}' still has machines that are protected.",
            details={"recommendedAction": "Disable protection of its machines, then remove the server."},
        )

    def effect() -> None:
        vault.fabrics.pop(fabric.name.lower(), None)

    target = ("Server", fabric.internal_id, fabric.friendly_name)
    return begin(request, new_job(request, "UnregisterDra", "Remove server", target, effect=effect))


@routes.on("POST", FABRIC + "/checkConsistency", "vaults/replicationFabrics/checkConsistency/action")
@routes.on("POST", FABRIC + "/renewCertificate", "vaults/replicationFabrics/renewcertificate/action")
def look_after(request: Request) -> Answer:
    fabric, world = request.fabric, request.world
    renews = request.path.lower().endswith("renewcertificate")

    def effect() -> None:
        for server in fabric.servers if renews else []:
            server.certificate_ends = world.clock.now() + timedelta(days=1095)

    scenario, name = (
        ("RenewCertificate", "Renew certificates") if renews else ("CheckConsistency", "Check consistency")
    )
    target = ("Server", fabric.internal_id, fabric.friendly_name)
    return begin(
        request,
        new_job(
            request,
            scenario,
            name,
            target,
            effect=effect,
            result=lambda: document(fabric, world.clock.now(), with_components=True),
        ),
    )


def provider(fabric: Fabric, now: datetime) -> Json:
    owner = (fabric.with_role("cs") or fabric.servers)[0]
    lost = owner.lost(now)
    return {
        "id": f"{fabric.id}/replicationRecoveryServicesProviders/{fabric.internal_id}",
        "name": fabric.internal_id,
        "type": f"{PROVIDER}/vaults/replicationFabrics/replicationRecoveryServicesProviders",
        "properties": {
            "fabricType": fabric.kind,
            "friendlyName": fabric.friendly_name,
            "providerVersion": "5.1.8400.0",
            "serverVersion": owner.version,
            "providerVersionState": "Latest",
            "providerVersionExpiryDate": NEVER,
            "fabricFriendlyName": fabric.friendly_name,
            # A capital B, unlike everywhere else.
            "lastHeartBeat": stamp(owner.heartbeat(now)),
            "connectionStatus": "Disconnected" if lost else "Connected",
            "protectedItemCount": sum(1 for item in fabric.items.values() if item.protection),
            "allowedScenarios": ["Refresh", "CheckConsistency", "RenewCertificate"],
            "healthErrorDetails": [],
            "draIdentifier": fabric.internal_id,
            "machineId": owner.id,
            "machineName": owner.name,
            "biosId": guid(owner.id, "bios"),
            "authenticationIdentityDetails": None,
            "resourceAccessIdentityDetails": None,
            "dataPlaneAuthenticationIdentityDetails": None,
            "providerVersionDetails": {
                "version": "5.1.8400.0",
                "expiryDate": NEVER,
                "status": "Supported",
            },
        },
    }


@routes.on(
    "GET", VAULT + "/replicationRecoveryServicesProviders", "vaults/replicationRecoveryServicesProviders/read"
)
def list_all_providers(request: Request) -> Answer:
    now = request.world.clock.now()
    return listed(request, [provider(fabric, now) for fabric in request.vault.fabrics.values()])


@routes.on("GET", _PROVIDERS, _PROVIDERS_READ)
def list_providers(request: Request) -> Answer:
    return listed(request, [provider(request.fabric, request.world.clock.now())])


@routes.on("GET", _PROVIDERS + "/{provider}", _PROVIDERS_READ)
def get_provider(request: Request) -> Answer:
    _check_provider(request)
    return Answer(body=provider(request.fabric, request.world.clock.now()))


@routes.on(
    "POST",
    _PROVIDERS + "/{provider}/refreshProvider",
    "vaults/replicationFabrics/replicationRecoveryServicesProviders/refreshProvider/action",
)
def refresh_provider(request: Request) -> Answer:
    _check_provider(request)
    vault, fabric, world = request.vault, request.fabric, request.world
    target = ("Server", fabric.internal_id, fabric.friendly_name)
    job = new_job(
        request,
        "RefreshServer",
        "Refresh server",
        target,
        effect=vault.show_pending,
        result=lambda: provider(fabric, world.clock.now()),
        location=f"{fabric.id}/replicationRecoveryServicesProviders/{fabric.internal_id}",
    )
    return begin(request, job)


def _check_provider(request: Request) -> None:
    if request.params["provider"].lower() != request.fabric.internal_id:
        raise not_found("Recovery Services provider", request.params["provider"])


def container(fabric: Fabric) -> Json:
    return {
        "id": fabric.container_id,
        "name": fabric.container,
        "type": f"{PROVIDER}/vaults/replicationFabrics/replicationProtectionContainers",
        "properties": {
            "fabricFriendlyName": fabric.friendly_name,
            "friendlyName": fabric.friendly_name,
            "fabricType": fabric.kind,
            "protectedItemCount": sum(1 for item in fabric.items.values() if item.protection),
            "pairingStatus": "NotPaired",
            "role": None,
            "fabricSpecificDetails": {"instanceType": fabric.kind},
        },
    }


@routes.on("GET", VAULT + "/replicationProtectionContainers", "vaults/replicationProtectionContainers/read")
def list_all_containers(request: Request) -> Answer:
    return listed(request, [container(fabric) for fabric in request.vault.fabrics.values()])


@routes.on("GET", CONTAINERS, _CONTAINERS_READ)
def list_containers(request: Request) -> Answer:
    return listed(request, [container(request.fabric)])


@routes.on("GET", CONTAINERS + "/{container}", _CONTAINERS_READ)
def get_container(request: Request) -> Answer:
    if request.params["container"].lower() != request.fabric.container:
        raise not_found("protection container", request.params["container"])
    return Answer(body=container(request.fabric))


@routes.on("POST", FABRIC + "/reassociateGateway", "vaults/replicationFabrics/reassociateGateway/action")
def reassociate(request: Request) -> Answer:
    fabric, world, said = request.fabric, request.world, request.properties()
    if str(said.get("containerName", "")).lower() != fabric.container:
        raise bad_request("InvalidContainer", f"The container '{said.get('containerName')}' does not exist.")
    source = fabric.server(str(said.get("sourceProcessServerId", "")))
    target = fabric.server(str(said.get("targetProcessServerId", "")))
    for server, what in ((source, "source"), (target, "target")):
        if server is None or "ps" not in server.roles:
            raise bad_request("InvalidProcessServer", f"The {what} process server does not exist.")
    if source is None or target is None or source is target:
        raise bad_request("InvalidProcessServer", "Source and target process server are the same.")
    moved = _chosen(fabric.served_by(source), said)

    def effect() -> None:
        for item in moved:
            if item.protection:
                item.protection.process_server_id = target.id

    job = new_job(
        request,
        "ProcessServerFailover",
        "Switch process server",
        ("Server", source.id, source.name),
        effect=effect,
        result=lambda: document(fabric, world.clock.now(), with_components=True),
    )
    return begin(request, job)


def _chosen(served: list[Item], said: Json) -> list[Item]:
    if said.get("updateType") == "SystemLevel":
        return served
    if said.get("updateType") != "ServerLevel":
        raise bad_request("InvalidUpdateType", f"The update type '{said.get('updateType')}' does not exist.")
    by_name = {item.name.lower(): item for item in served}
    names = [str(name).lower() for name in said.get("vmsToMigrate") or []]
    unknown = [name for name in names if name not in by_name]
    if unknown or not names:
        raise bad_request(
            "InvalidProtectableItems",
            f"The machines to be moved are not served by the source process server: {', '.join(unknown) or 'none named'}.",
        )
    return [by_name[name] for name in names]
