"""Which places in vSphere can take the virtual machine, and why the others cannot.

Works on `PlacementInventory.to_json()`, so that no page needs a connection; names are the vSphere room's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wizard.journey.errors import FieldError
from wizard.planning.quoting import amount, shown
from wizard.text import Text, _
from wizard.vsphere.names import escaped, shown_path
from wizard.vsphere.names import shown as typed

Record = Mapping[str, Any]

FIELDS = ("datacenter", "folder", "compute", "datastore", "network")

_KEYS = {"folder": "folders", "compute": "compute", "datastore": "datastores", "network": "networks"}

_MOST_NAMES = 3
_FINE = Text("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One entry of a pick list. `value` is what is stored; `reason` is empty exactly when it is usable."""

    value: str
    label: str
    usable: bool
    reason: Text
    detail: Text


def choices(inventory: Record, answers: Mapping[str, Any], need_gb: float) -> dict[str, list[Choice]]:
    """The pick lists `datacenter folder compute datastore network`, in the order of the inventory.

    `answers` may be partial. Without a datacenter among them the only one there is counts; if there are
    several, the other lists are empty. Without a compute resource, datastores and networks are judged for
    themselves only. `need_gb` is the room for all disks, thick.
    """
    datacenters = inventory["datacenters"]
    lists: dict[str, list[Choice]] = {field: [] for field in FIELDS}
    lists["datacenter"] = [
        _choice(record, _why_not_datacenter(record), _about_datacenter(record)) for record in datacenters
    ]
    datacenter = _find(datacenters, answers.get("datacenter") or None)
    if not answers.get("datacenter") and len(datacenters) == 1:
        datacenter = datacenters[0]
    if datacenter is None:
        return lists
    compute = _find(datacenter["compute"], answers.get("compute") or None)
    lists["folder"] = [_folder(record) for record in datacenter["folders"]]
    lists["compute"] = [
        _choice(record, _why_not_compute(record), _about_compute(record)) for record in datacenter["compute"]
    ]
    lists["datastore"] = [
        _choice(record, _why_not_datastore(record, compute, need_gb), _about_datastore(record))
        for record in datacenter["datastores"]
    ]
    lists["network"] = [
        _choice(record, _why_not_network(record, compute), _about_network(record))
        for record in datacenter["networks"]
    ]
    return lists


def conflicts(inventory: Record, answers: Mapping[str, Any], need_gb: float) -> list[FieldError]:
    """What keeps complete answers from working in this inventory; empty when nothing does."""
    datacenter = _find(inventory["datacenters"], answers["datacenter"])
    if datacenter is None:
        # Below a datacenter that is not there nothing can be there: one message says it all.
        return [_not_there("datacenter", answers["datacenter"])]
    lists = choices(inventory, answers, need_gb)
    found: list[FieldError] = []
    for field in FIELDS:
        records = inventory["datacenters"] if field == "datacenter" else datacenter[_KEYS[field]]
        record = _find(records, answers[field])
        if record is None:
            found.append(_not_there(field, answers[field]))
            continue
        choice = next(choice for choice in lists[field] if choice.value == record["ref"]["path"])
        if not choice.usable:
            found.append(FieldError(path=field, message=choice.reason, code="not_usable"))
    folder = _find(datacenter["folders"], answers["folder"])
    if folder is not None and _inside(folder, answers["vm_name"]) in datacenter["vms"]:
        taken = Text(
            _("A virtual machine called “%(found)s” exists in %(folder)s already. Choose another name."),
            found=shown(answers["vm_name"]),
            folder=_label(folder) or datacenter["ref"]["name"],
        )
        found.append(FieldError(path="vm_name", message=taken, code="name_taken"))
    return found


def readable(path: str) -> str:
    """A stored choice as the pick lists show it, for pages that show answers without the inventory."""
    return shown_path(path)


def _choice(record: Record, reason: Text, detail: Text) -> Choice:
    return Choice(
        value=record["ref"]["path"],
        label=_label(record),
        usable=not reason,
        reason=reason,
        detail=detail,
    )


def _label(record: Record) -> str:
    return shown_path(record["ref"]["path"])


def _inside(folder: Record, name: str) -> str:
    return "/".join(part for part in (folder["ref"]["path"], escaped(name)) if part)


def _find(records: Sequence[Record], value: str | None) -> Record | None:
    """By path, else by a bare name or a path without escapes that only one has, as the vSphere room does it."""
    found = [record for record in records if record["ref"]["path"] == value]
    if not found and value:
        found = [
            record
            for record in records
            if value in (record["ref"]["name"], typed(record["ref"]["path"]), _label(record))
        ]
    return found[0] if len(found) == 1 else None


def _not_there(field: str, value: str) -> FieldError:
    message = Text(
        _("“%(found)s” is not in the inventory of vCenter, or not unique there. Choose from the list."),
        found=shown(value),
    )
    return FieldError(path=field, message=message, code="not_found")


def _folder(record: Record) -> Choice:
    path = record["ref"]["path"]
    return Choice(
        value=path,
        label=_label(record) or record["ref"]["name"],
        usable=True,
        reason=_FINE,
        detail=_FINE if path else Text(_("Top of the datacenter")),
    )


def _why_not_datacenter(record: Record) -> Text:
    if any(not _why_not_compute(compute) for compute in record["compute"]):
        return _FINE
    return Text(_("No host in this datacenter can run a virtual machine now."))


def _about_datacenter(record: Record) -> Text:
    return Text(
        _("places to run: %(compute)s, datastores: %(datastores)s, virtual machines: %(machines)s"),
        compute=len(record["compute"]),
        datastores=len(record["datastores"]),
        machines=len(record["vms"]),
    )


def _why_not_host(host: Record) -> Text:
    if host["connection_state"] != "connected":
        return Text(_("%(host)s is not connected to vCenter"), host=host["ref"]["name"])
    if host["in_maintenance"]:
        return Text(_("%(host)s is in maintenance mode"), host=host["ref"]["name"])
    if host["power_state"] in ("poweredOff", "standBy"):
        return Text(_("%(host)s is powered off"), host=host["ref"]["name"])
    return _FINE


def _available_hosts(compute: Record) -> list[Record]:
    return [host for host in compute["hosts"] if not _why_not_host(host)]


def _why_not_compute(record: Record) -> Text:
    if record["kind"] == "vapp":
        return Text(
            _("A vApp holds the machines of one application. Choose a cluster, a host or a resource pool.")
        )
    if _available_hosts(record):
        return _FINE
    if not record["hosts"]:
        return Text(_("It has no hosts."))
    return Text(
        _("None of its hosts can run a virtual machine now: %(hosts)s."),
        hosts=_few([_why_not_host(host) for host in record["hosts"]]),
    )


_COMPUTE_KINDS: dict[str, str] = {
    "cluster": _("Cluster, hosts available: %(available)s of %(hosts)s"),
    "host": _("Single host"),
    "resource_pool": _("Resource pool, hosts available: %(available)s of %(hosts)s"),
    "vapp": _("vApp, hosts available: %(available)s of %(hosts)s"),
}


def _about_compute(record: Record) -> Text:
    return Text(
        _COMPUTE_KINDS[record["kind"]], available=len(_available_hosts(record)), hosts=len(record["hosts"])
    )


def _why_not_datastore(record: Record, compute: Record | None, need_gb: float) -> Text:
    if not record["accessible"]:
        return Text(_("The datastore is not accessible."))
    if record["maintenance_mode"] not in ("", "normal"):
        return Text(_("The datastore is in maintenance mode."))
    if record["free_gb"] < need_gb:
        return Text(
            _("No space: free %(free)s GB of %(need)s GB needed."),
            free=amount(record["free_gb"]),
            need=amount(need_gb),
        )
    return _why_not_reached(
        record,
        compute,
        compute_key="datastore_moids",
        nowhere=_("Not mounted on any host of %(compute)s."),
        partly=_("Not mounted on all hosts of %(compute)s: missing on %(hosts)s."),
    )


def _about_datastore(record: Record) -> Text:
    # An inventory that was read by an older version does not tell of datastore clusters.
    cluster = record.get("cluster", "")
    return Text(
        _("%(type)s, %(free)s GB free of %(capacity)s GB, in datastore cluster %(cluster)s")
        if cluster
        else _("%(type)s, %(free)s GB free of %(capacity)s GB"),
        type=record["type"],
        free=amount(record["free_gb"]),
        capacity=amount(record["capacity_gb"]),
        **({"cluster": cluster} if cluster else {}),
    )


def _why_not_network(record: Record, compute: Record | None) -> Text:
    return _why_not_reached(
        record,
        compute,
        compute_key="network_moids",
        nowhere=_("Not on any host of %(compute)s."),
        partly=_("Not on all hosts of %(compute)s: missing on %(hosts)s."),
    )


def _why_not_reached(
    record: Record, compute: Record | None, *, compute_key: str, nowhere: str, partly: str
) -> Text:
    """vSphere may start the machine on any host that is available, so all of them must reach the thing."""
    if compute is None:
        return _FINE
    name = _label(compute)
    if record["ref"]["moid"] not in compute[compute_key]:
        return Text(nowhere, compute=name)
    reaching = set(record["host_moids"])
    lacking = [
        host["ref"]["name"] for host in _available_hosts(compute) if host["ref"]["moid"] not in reaching
    ]
    if not lacking:
        return _FINE
    return Text(partly, compute=name, hosts=_few(lacking))


def _few(names: list[Any]) -> list[Any]:
    return [*names[:_MOST_NAMES], "…"] if len(names) > _MOST_NAMES else names


_NETWORK_KINDS: dict[str, str] = {
    "standard": _("Standard port group"),
    "distributed": _("Distributed port group"),
    "opaque": _("Opaque network (NSX)"),
}


def _about_network(record: Record) -> Text:
    return Text(_NETWORK_KINDS[record["kind"]])
