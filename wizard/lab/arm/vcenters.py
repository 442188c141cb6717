"""vCenters of a classic fabric: Pending until their discovery is done, which then brings their machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wizard.lab.arm import classic
from wizard.lab.arm.answers import Answer, Json, Refused, bad_request
from wizard.lab.arm.fabrics import new_job
from wizard.lab.arm.jobs import Failure, begin
from wizard.lab.arm.paging import listed
from wizard.lab.arm.routing import FABRIC, VAULT, Request, Routes
from wizard.lab.arm.state import Fabric, Item, VCenter, World, digest, guid

routes = Routes()
_ALL = FABRIC + "/replicationvCenters"
_ONE = _ALL + "/{vcenter}"
_ACTION = "vaults/replicationFabrics/replicationvCenters/"
_FIELDS = {
    "friendlyName": "friendly_name",
    "ipAddress": "address",
    "port": "port",
    "processServerId": "process_server_id",
    "runAsAccountId": "account_id",
}
UNKNOWN_ACCOUNT = Failure(
    code="78045",
    message="The vCenter server could not be discovered.",
    causes="The account cannot sign in to the vCenter server.",
    recommendation="Make sure that the account exists on the configuration server and that its password is right.",
    provider_code=31020,
    provider_message="The sign-in to the vCenter server failed.",
)


@routes.on("GET", VAULT + "/replicationvCenters", "vaults/replicationvCenters/read")
def list_everywhere(request: Request) -> Answer:
    rows = [
        classic.vcenter(fabric, row, request.world.clock.now())
        for fabric in request.vault.fabrics.values()
        for row in fabric.vcenters.values()
    ]
    return listed(request, rows)


@routes.on("GET", _ALL, _ACTION + "read")
def list_vcenters(request: Request) -> Answer:
    fabric = request.fabric
    return listed(
        request, [classic.vcenter(fabric, row, request.world.clock.now()) for row in fabric.vcenters.values()]
    )


@routes.on("GET", _ONE, _ACTION + "read")
def get_vcenter(request: Request) -> Answer:
    fabric = request.fabric
    return Answer(
        body=classic.vcenter(
            fabric, fabric.find_vcenter(request.params["vcenter"]), request.world.clock.now()
        )
    )


@routes.on("PUT", _ONE, _ACTION + "write")
def put_vcenter(request: Request) -> Answer:
    fabric, name = request.fabric, request.params["vcenter"]
    if fabric.kind != "VMware":
        raise bad_request("OperationNotSupported", "This fabric has its vCenters elsewhere.")
    if name.lower() in fabric.vcenters:
        return _change(request, fabric, fabric.find_vcenter(name))
    said = _read(request)
    missing = [key for key in _FIELDS if not said.get(_FIELDS[key])]
    if missing:
        raise bad_request("InvalidVCenter", f"The request lacks: {', '.join(missing)}.")
    _check_process_server(fabric, said["process_server_id"])
    row = VCenter(name=name, internal_id=said["address"], **said)
    fabric.vcenters[name.lower()] = row
    world = request.world

    def effect() -> None:
        complete(world, fabric, row)

    def give_up() -> None:
        fabric.vcenters.pop(name.lower(), None)

    job = new_job(
        request,
        "DiscoverVCenter",
        "Add vCenter server",
        ("VCenter", row.address, row.friendly_name),
        effect=effect,
        give_up=give_up,
        failure=None if _knows_account(fabric, row.account_id) else UNKNOWN_ACCOUNT,
        result=lambda: classic.vcenter(fabric, row, request.world.clock.now()),
        location=f"{fabric.id}/replicationvCenters/{name}",
    )
    return begin(request, job)


@routes.on("PATCH", _ONE, _ACTION + "write")
def patch_vcenter(request: Request) -> Answer:
    fabric = request.fabric
    return _change(request, fabric, fabric.find_vcenter(request.params["vcenter"]))


@routes.on("DELETE", _ONE, _ACTION + "delete")
def delete_vcenter(request: Request) -> Answer:
    fabric, name = request.fabric, request.params["vcenter"].lower()
    if name not in fabric.vcenters:
        return Answer(status=204)
    row = fabric.vcenters[name]
    _check_idle(request, fabric, row)

    def effect() -> None:
        fabric.vcenters.pop(name, None)
        for item in _items_of(fabric, row):
            fabric.items.pop(item.name)

    job = new_job(
        request,
        "RemoveVCenter",
        "Remove vCenter server",
        ("VCenter", row.infrastructure_id, row.friendly_name),
        effect=effect,
        location=f"{fabric.id}/replicationvCenters/{row.name}",
    )
    return begin(request, job)


def complete(world: World, fabric: Fabric, row: VCenter) -> None:
    """Its first discovery is done."""
    row.infrastructure_id = str(1 + int(digest(f"{fabric.id}/{row.name}")[:6], 16) % 9000)
    row.heartbeat_at = world.clock.now()
    discover(world, fabric, row)


def discover(world: World, fabric: Fabric, row: VCenter) -> None:
    """Bring in the machines that are known to stand behind its address; what is protected stays as it is."""
    for machine in world.machines_of.get(row.address.lower(), _MACHINES):
        name = guid(fabric.id, row.address, machine["friendly_name"])
        known = fabric.items.get(name)
        fabric.items[name] = Item(
            name=name,
            discovery_type="vCenter",
            infrastructure_id=row.infrastructure_id,
            protection=known.protection if known else None,
            **machine,
        )


def _change(request: Request, fabric: Fabric, row: VCenter) -> Answer:
    """The old values stand until the job is done; what is not said stays."""
    _check_idle(request, fabric, row)
    said = _read(request)
    if "process_server_id" in said:
        _check_process_server(fabric, said["process_server_id"])
    account = said.get("account_id", row.account_id)
    world = request.world

    def effect() -> None:
        moved = "address" in said and said["address"].lower() != row.address.lower()
        if moved:
            for item in _items_of(fabric, row):
                if not item.protection:
                    fabric.items.pop(item.name)
        for key, value in said.items():
            setattr(row, key, value)
        row.heartbeat_at = world.clock.now()
        if moved:
            discover(world, fabric, row)

    job = new_job(
        request,
        "UpdateVCenter",
        "Update vCenter server",
        ("VCenter", row.infrastructure_id, row.friendly_name),
        effect=effect,
        failure=None if _knows_account(fabric, account) else UNKNOWN_ACCOUNT,
        result=lambda: classic.vcenter(fabric, row, request.world.clock.now()),
        location=f"{fabric.id}/replicationvCenters/{row.name}",
    )
    return begin(request, job)


def _read(request: Request) -> Json:
    said: Mapping[str, Any] = request.properties()
    wrong = [key for key in _FIELDS if said.get(key) is not None and not isinstance(said[key], str)]
    if wrong:
        raise bad_request("InvalidRequestContent", f"These members must be text: {', '.join(wrong)}.")
    return {_FIELDS[key]: said[key] for key in _FIELDS if said.get(key) is not None}


def _items_of(fabric: Fabric, row: VCenter) -> list[Item]:
    return [
        item
        for item in fabric.items.values()
        if item.discovery_type == "vCenter" and item.infrastructure_id == row.infrastructure_id
    ]


def _knows_account(fabric: Fabric, account: str) -> bool:
    return any(row["accountId"] == account for row in fabric.accounts)


def _check_process_server(fabric: Fabric, identity: str) -> None:
    server = fabric.server(identity)
    if server is None or "ps" not in server.roles:
        raise bad_request("InvalidProcessServer", f"The process server '{identity}' does not exist.")


def _check_idle(request: Request, fabric: Fabric, row: VCenter) -> None:
    """One job at a time."""
    now = request.world.clock.now()
    path = f"{fabric.id}/replicationvCenters/{row.name}"
    for job in request.vault.jobs.values():
        if job.location == path and job.is_listed and now < job.ends_at:
            raise Refused(
                409,
                "OperationInProgress",
                f"The job '{job.id}' ({job.scenario}) is still running for '{row.friendly_name}'.",
                details={"recommendedAction": "Wait until the job has ended, then try again."},
            )


# What stands behind an address of which nobody said anything.
_MACHINES: tuple[Mapping[str, Any], ...] = tuple(
    {
        "friendly_name": f"app{number:02}",
        "os_type": "LINUX" if number % 2 else "WINDOWS",
        "addresses": (f"192.0.2.{100 + number}",),
        "powered_on": number != 5,
        "disks_mb": (65536, 131072)[: 1 + number % 2],
    }
    for number in range(1, 6)
)
