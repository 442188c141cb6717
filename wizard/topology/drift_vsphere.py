"""What vCenter itself shows differently: its certificate, identity and version, hosts, and the servers' own machines.

Shape of `vsphere`, each part left out where nobody looked:
`{"vcenters": [{"name", "host", "port", "version", "instance_uuid", "thumbprint_sha256"}],
"hosts": [{"name", "version", "vcenter" (friendly name)}],
"machines": [{"name", "instance_uuid", "addresses": [...]}]}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wizard.text import Text, _
from wizard.topology.difference import Difference, DifferenceKind, DifferenceSeverity, Field
from wizard.topology.graph import Graph, Node
from wizard.topology.matching import differs, spelled
from wizard.topology.observed.documents import cleansed_value
from wizard.topology.observed.keys import short
from wizard.topology.roles import ROLES


def vsphere_differences(recorded: Graph, vsphere: Mapping[str, Any]) -> list[Difference]:
    """Differences as vCenter sees them; nothing where vCenter was not asked."""
    seen = cleansed_value(vsphere)
    found: list[Difference] = []
    vcenters = _records(seen, "vcenters")
    for node in recorded.nodes_of("vcenter"):
        entry = _vcenter(node, vcenters)
        if entry is not None:
            found += _vcenter_changes(node, entry)
    if "hosts" in seen:
        found += _hosts(recorded, _records(seen, "hosts"))
    if "machines" in seen:
        found += _machines(recorded, _records(seen, "machines"))
    return found


def _records(seen: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    entries = seen.get(name)
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return str(value).strip() if isinstance(value, str | int) else ""


def _difference(
    node: Node,
    field: Field,
    severity: DifferenceSeverity,
    planned: str,
    seen: str,
    text: Text,
    remedy: Text,
    *,
    kind: DifferenceKind = "changed",
) -> Difference:
    return Difference(
        kind=kind,
        severity=severity,
        subject=node.key,
        field=field,
        planned=planned,
        seen=seen,
        seen_in="vcenter",
        text=text,
        remedy=remedy,
    )


def _plain(uuid_or_thumbprint: object) -> str:
    """In one spelling: colons, dashes and capitals say nothing."""
    return "".join(sign for sign in str(uuid_or_thumbprint or "").casefold() if sign.isalnum())


def _vcenter(node: Node, entries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """By friendly name, then by address, then by identity, which stays when both are changed."""
    for entry in entries:
        if _text(entry, "name") and _text(entry, "name").casefold() == node.name.casefold():
            return entry
    for entry in entries:
        if node.address and spelled(_text(entry, "host")) == spelled(node.address):
            return entry
    own = _plain(node.attributes.get("instance_uuid"))
    return next((entry for entry in entries if own and _plain(entry.get("instance_uuid")) == own), None)


def _vcenter_changes(node: Node, entry: Mapping[str, Any]) -> Iterator[Difference]:
    thumbprint, seen = str(node.attributes.get("thumbprint_sha256") or ""), _text(entry, "thumbprint_sha256")
    if thumbprint and seen and _plain(thumbprint) != _plain(seen):
        yield _difference(
            node, "thumbprint", "warning", thumbprint, seen,
            Text(_("%(name)s shows another certificate than the recorded one."), name=node.name),
            Text(_("Compare the new thumbprint with what vCenter's administrators say before you trust it.")),
        )  # fmt: skip
    identity, seen = str(node.attributes.get("instance_uuid") or ""), _text(entry, "instance_uuid")
    if identity and seen and _plain(identity) != _plain(seen):
        # Failback of classic machines goes to the original vCenter Server alone (asr-facts 8).
        yield _difference(
            node, "identity", "critical", identity, seen,
            Text(_("At the address of %(name)s answers another vCenter Server than the recorded one."), name=node.name),
            Text(_("Bring the original vCenter Server back; machines can fail back to that one alone.")),
        )  # fmt: skip
    version, seen = str(node.attributes.get("version") or ""), _text(entry, "version")
    if version and seen and version != seen:
        yield _changed(node, "version", "info", version, seen)
    address, seen = node.address or "", _text(entry, "host")
    if address and seen and differs(address, [seen]):
        yield _changed(node, "address", "warning", address, seen)
    port, seen = str(node.attributes.get("port") or ""), _text(entry, "port")
    if port and seen and port != seen:
        yield _changed(node, "port", "warning", port, seen)
    name = _text(entry, "name")
    if name and name != node.name:
        yield _changed(node, "name", "warning", node.name, name)


def _changed(node: Node, field: Field, severity: DifferenceSeverity, planned: str, seen: str) -> Difference:
    fields = {
        "version": _("%(kind)s %(name)s has version %(seen)s; recorded is %(planned)s."),
        "address": _("%(kind)s %(name)s is reached at %(seen)s; recorded is %(planned)s."),
        "port": _("%(kind)s %(name)s is reached on port %(seen)s; recorded is %(planned)s."),
        "name": _("%(kind)s %(name)s is called %(seen)s; recorded is %(planned)s."),
    }
    text = Text(fields[field], kind=ROLES[node.kind].title, name=node.label, seen=seen, planned=planned)
    return _difference(node, field, severity, planned, seen, text, Text(_("Record the topology anew.")))


def _hosts(recorded: Graph, entries: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """ESXi hosts come and go; a missing one matters where a master target writes through it: a note."""
    for node in recorded.nodes_of("esxi"):
        entry = next((one for one in entries if short(_text(one, "name")) == short(node.name)), None)
        if entry is None:
            text = Text(
                _("The ESXi host %(name)s is recorded, but vCenter does not show it."), name=node.name
            )
            remedy = Text(
                _("Record the topology anew; check that master targets still reach their datastores.")
            )
            yield _difference(node, "component", "info", node.name, "", text, remedy, kind="missing")
            continue
        version, seen = str(node.attributes.get("version") or ""), _text(entry, "version")
        if version and seen and version != seen:
            yield _changed(node, "version", "info", version, seen)


def _machines(recorded: Graph, entries: Sequence[Mapping[str, Any]]) -> Iterator[Difference]:
    """The virtual machines of servers, by instance UUID; an address that vCenter does not know differs from nothing."""
    by_identity = {_plain(entry.get("instance_uuid")): entry for entry in entries}
    for node in recorded.nodes_of("cs", "ps_scaleout", "mt_windows", "mt_linux", "appliance"):
        identity = _plain(node.attributes.get("instance_uuid"))
        if not identity or node.attributes.get("hypervisor", "vmware") != "vmware":
            continue
        entry = by_identity.get(identity)
        if entry is None:
            text = Text(_("vCenter shows no machine with the instance UUID of %(name)s."), name=node.name)
            remedy = Text(_("Find out whether the machine was deleted, or restored as a new one."))
            severity: DifferenceSeverity = "critical" if node.kind in ("cs", "appliance") else "warning"
            yield _difference(node, "component", severity, node.name, "", text, remedy, kind="missing")
            continue
        found = entry.get("addresses")
        seen = [str(address) for address in found if address] if isinstance(found, list) else []
        if node.address and differs(node.address, seen):
            yield _changed(
                node, "address", "critical" if node.kind == "cs" else "warning", node.address, ", ".join(seen)
            )
