"""What changed of a component that is still there: address, version, name, kind, port, certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from wizard.text import Text, _
from wizard.topology.difference import Difference, DifferenceSeverity, Field
from wizard.topology.graph import Kind, Node
from wizard.topology.matching import addresses, differs, is_number, same_name
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.roles import APPLIANCE_PARTS, PROCESS_SERVERS, ROLES
from wizard.topology.versions import is_newer

_FIELDS: Final = {
    "address": Text(_("Address")),
    "version": Text(_("Version")),
    "name": Text(_("Name")),
    "kind": Text(_("Role")),
    "port": Text(_("Port")),
    "certificate": Text(_("End of the certificate")),
}


def changed(node: Node, component: ObservedComponent, observed: Observed) -> Iterator[Difference]:
    """One difference for each field. A part that a machine carries does not repeat what its machine says."""
    if node.kind == "vault":
        yield from _vault(node, observed)
        return
    yield from _kind(node, component)
    if node.kind in ("ps_builtin", "mt_builtin", *APPLIANCE_PARTS):
        yield from _version(node, component)
        return
    yield from _address(node, component)
    yield from _version(node, component)
    yield from _name(node, component)
    yield from _port(node, component)
    yield from _certificate(node, component)


def _difference(
    node: Node,
    component: ObservedComponent,
    field: Field,
    severity: DifferenceSeverity,
    planned: object,
    seen: object,
    remedy: Text,
) -> Difference:
    return Difference(
        kind="changed",
        severity=severity,
        subject=node.key,
        field=field,
        planned=str(planned),
        seen=str(seen),
        seen_in="vault",
        text=Text(
            _("%(kind)s %(name)s: %(field)s is %(seen)s; recorded is %(planned)s."),
            kind=ROLES[node.kind].title,
            name=node.label,
            field=_FIELDS[field],
            seen=str(seen),
            planned=str(planned),
        ),
        remedy=remedy,
        observed=component.key,
    )


def _vault(node: Node, observed: Observed) -> Iterator[Difference]:
    """Another vault than the recorded one was read: nothing else of this look is about this site."""
    seen = observed.vault.name
    if seen and seen.casefold() != node.name.casefold():
        yield Difference(
            kind="changed",
            severity="critical",
            subject=node.key,
            field="name",
            planned=node.name,
            seen=seen,
            seen_in="vault",
            text=Text(
                _("The vault %(seen)s was read; recorded is %(planned)s."), seen=seen, planned=node.name
            ),
            remedy=Text(_("Choose the recorded vault in the vault step, or record the topology anew.")),
            observed=observed.vault.key,
        )


def _kind(node: Node, component: ObservedComponent) -> Iterator[Difference]:
    """Roles are told by hints alone, so that another one is worth no more than a look."""
    if component.kind in (node.kind, "unknown"):
        return
    kind: Kind = component.kind if component.kind != "unknown" else node.kind
    remedy = Text(_("Correct the role on the page of the vault, or record the component as what it is."))
    difference = _difference(node, component, "kind", "info", str(ROLES[node.kind].kind), str(kind), remedy)
    text = Text(
        _("%(name)s is taken for: %(seen)s; recorded is: %(planned)s."),
        name=node.label,
        seen=ROLES[kind].title,
        planned=ROLES[node.kind].title,
    )
    yield replace(difference, text=text)


def _address(node: Node, component: ObservedComponent) -> Iterator[Difference]:
    """Critical for a configuration server: agents and process servers find it by its address (asr-facts 1.2).

    A process server or master target that moved is found again through its configuration server, an appliance through
    its name; machines that push to the old address stop until they are told: a warning.
    """
    planned = node.address
    if not planned or not differs(planned, addresses(component)):
        return
    severity: DifferenceSeverity = "critical" if node.kind == "cs" else "warning"
    remedies = {
        "cs": _(
            "Give the configuration server its recorded address back, or have all agents and process servers moved to the new one."
        ),
        "vcenter": _("Change the address of the vCenter entry in the vault, or record the new one."),
    }
    remedy = Text(
        remedies.get(
            node.kind, _("Open the firewall for the new address and record it, or give the old one back.")
        )
    )
    shown = [address for address in addresses(component) if is_number(address) == is_number(planned)]
    yield _difference(node, component, "address", severity, planned, ", ".join(dict.fromkeys(shown)), remedy)


def _version(node: Node, component: ObservedComponent) -> Iterator[Difference]:
    """An upgrade is news; what is older than recorded was put back or replaced: a warning."""
    planned, seen = node.attributes.get("version"), component.version
    if node.kind == "vcenter" or not planned or not seen:
        return
    if is_newer(seen, planned):
        remedy = Text(_("Record the topology anew; upgrade what has to keep to this version."))
        yield _difference(node, component, "version", "info", planned, seen, remedy)
    elif is_newer(planned, seen):
        remedy = Text(_("Find out whether the machine was restored or replaced, and upgrade it."))
        yield _difference(node, component, "version", "warning", planned, seen, remedy)


def _name(node: Node, component: ObservedComponent) -> Iterator[Difference]:
    """The same address under another name. A vCenter's friendly name has to be the same everywhere (asr-facts 8)."""
    if node.kind == "vcenter":
        if component.name and component.name.strip() != node.name.strip():
            remedy = Text(
                _("Use one friendly name for this vCenter Server on every appliance and in the record.")
            )
            yield _difference(node, component, "name", "warning", node.name, component.name, remedy)
        return
    numbered = is_number(node.name)
    if component.name and not numbered and not same_name(node, component):
        severity: DifferenceSeverity = "warning" if node.kind in ("cs", *PROCESS_SERVERS) else "info"
        remedy = Text(_("Renaming a registered server is not supported: check that it is the same machine."))
        yield _difference(node, component, "name", severity, node.name, component.name, remedy)


def _port(node: Node, component: ObservedComponent) -> Iterator[Difference]:
    """Discovery goes to the port in the vault; a wrong one finds nothing."""
    planned, seen = node.attributes.get("port"), component.facts.get("port")
    if node.kind == "vcenter" and planned is not None and seen is not None and planned != seen:
        remedy = Text(_("Change the port of the vCenter entry in the vault, or record the new one."))
        yield _difference(node, component, "port", "warning", planned, seen, remedy)


def _certificate(node: Node, component: ObservedComponent) -> Iterator[Difference]:
    """A later end is a renewal; an earlier one is a certificate that nobody recorded."""
    planned = str(node.attributes.get("certificate_ends") or "")[:10]
    if not planned or component.certificate_ends is None:
        return
    seen = component.certificate_ends.date().isoformat()
    if seen != planned:
        remedy = Text(
            _("Record the topology anew if somebody renewed the certificate; else find out who replaced it.")
        )
        severity: DifferenceSeverity = "info" if seen > planned else "warning"
        yield _difference(node, component, "certificate", severity, planned, seen, remedy)
