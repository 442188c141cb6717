"""Planned against observed: where the recorded topology and what vault and vCenter show differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from wizard.text import Text, _
from wizard.topology.difference import Difference, DifferenceSeverity
from wizard.topology.drift_changes import changed
from wizard.topology.drift_vsphere import vsphere_differences
from wizard.topology.graph import Graph, Kind, Node
from wizard.topology.matching import LISTED, pairs
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.roles import APPLIANCE_PARTS, ROLES

__all__ = ["Difference", "differences"]

_RANKS: Final[Mapping[DifferenceSeverity, int]] = {"critical": 0, "warning": 1, "info": 2}
# Without these nothing of a site replicates: the agents find the configuration server by its address, the appliance is
# all of a modernized site, and the vault holds the registration. All else leaves a part of the site working.
_CRITICAL_IF_MISSING: Final[tuple[Kind, ...]] = ("vault", "cs", "appliance")
# A second configuration server, and a second entry for a vCenter Server, concern machines that are protected already
# (asr-facts 1.6 and 8); further process servers, master targets and appliances are how a site grows.
_WARNING_IF_ADDED: Final[tuple[Kind, ...]] = ("cs", "vcenter")
_MACHINES: Final[tuple[Kind, ...]] = ("cs", "appliance", "ps_scaleout", "ps_failback")


def differences(
    recorded: Graph, observed: Observed, vsphere: Mapping[str, Any] | None = None
) -> tuple[Difference, ...]:
    """All differences, the most severe first.

    What the vault never lists (ESXi hosts, storage, the VPN, machines not replicated yet, planned master targets, the
    discovery service of an appliance) is no difference, nor is what could not be read this time. Parts of a machine
    that is missing are not told one by one. `vsphere` is as `drift_vsphere` describes; None: vCenter was not asked.
    """
    expected = [node for node in recorded.nodes if _expected(node, recorded, observed)]
    matched = pairs(expected, observed.components)
    found = [*_missing(expected, matched, observed), *_added(recorded, matched, observed)]
    for node, component in matched:
        found += changed(node, component, observed)
        found += _registration(node, component, observed)
    found += vsphere_differences(recorded, vsphere or {})
    unique = {difference.key: difference for difference in found}
    return tuple(
        sorted(unique.values(), key=lambda difference: (_RANKS[difference.severity], difference.key))
    )


def _expected(node: Node, recorded: Graph, observed: Observed) -> bool:
    if node.kind not in LISTED or node.attributes.get("planned") is True:
        return False
    if node.kind == "vcenter":
        # Those of a modernized site are kept beside the vault, by ids that nobody can recognise.
        return not recorded.nodes_of("appliance") and not observed.was_skipped("vcenters")
    return node.kind == "vault" or not observed.was_skipped("fabrics")


def _missing(
    expected: Sequence[Node], matched: Sequence[tuple[Node, ObservedComponent]], observed: Observed
) -> Iterator[Difference]:
    there = {node.key for node, _component in matched}
    gone = [node for node in expected if node.key not in there]
    machines = {str(node.attributes.get("machine", node.key)) for node in gone if node.kind in _MACHINES}
    for node in gone:
        carried = node.kind not in _MACHINES and str(node.attributes.get("machine")) in machines
        if not carried:
            yield _gone(node, observed)


def _gone(node: Node, observed: Observed) -> Difference:
    severity: DifferenceSeverity = "critical" if node.kind in _CRITICAL_IF_MISSING else "warning"
    return Difference(
        kind="missing",
        severity=severity,
        subject=node.key,
        field="component",
        planned=node.name,
        seen="",
        seen_in="vault",
        text=Text(
            _("%(kind)s %(name)s is recorded, but the vault %(vault)s does not show it."),
            kind=ROLES[node.kind].title,
            name=node.label,
            vault=observed.vault.name or "–",
        ),
        remedy=_remedy_for_missing(node.kind),
    )


def _remedy_for_missing(kind: Kind) -> Text:
    match kind:
        case "vault":
            return Text(
                _("Check subscription, resource group and name of the vault, and the rights to read it.")
            )
        case "cs":
            return Text(
                _(
                    "Check clock, proxy and registration on the configuration server; register it again if it is gone."
                )
            )
        case "appliance":
            return Text(_("Check that the appliance runs and is registered with the key of this vault."))
        case "vcenter":
            return Text(_("Add the vCenter Server to the configuration server in the vault."))
        case _:
            return Text(
                _(
                    "Refresh the server in the vault. If it stays away, register it again or record its removal."
                )
            )


def _added(
    recorded: Graph, matched: Sequence[tuple[Node, ObservedComponent]], observed: Observed
) -> Iterator[Difference]:
    known = {component.key for _node, component in matched}
    modernized = bool(recorded.nodes_of("appliance"))
    for component in observed.components:
        if component.key in known or component.kind in ("unknown", "mobility", "vault", *APPLIANCE_PARTS):
            continue
        if component.kind == "vcenter" and (modernized or not component.address):
            continue
        if component.part_of is not None and component.kind in ("mt_builtin", "ps_builtin"):
            continue
        yield _new(component)


def _new(component: ObservedComponent) -> Difference:
    kind = component.kind if component.kind != "unknown" else "mobility"
    remedy = (
        Text(_("Record it as a component of this site, or remove it once its machines are home."))
        if kind == "ps_failback"
        else Text(_("Record it as a component of this site, or find out who registered it."))
    )
    return Difference(
        kind="added",
        severity="warning" if kind in _WARNING_IF_ADDED else "info",
        subject=component.key,
        field="component",
        planned="",
        seen=component.name or component.address,
        seen_in="vault",
        text=Text(
            _("The vault shows %(kind)s %(name)s, which is not recorded."),
            kind=ROLES[kind].title,
            name=component.name or component.address or component.key,
        ),
        remedy=remedy,
        observed=component.key,
    )


def _registration(node: Node, component: ObservedComponent, observed: Observed) -> Iterator[Difference]:
    """A configuration server or appliance that the vault lists, but cannot direct: as bad as none."""
    if node.kind not in ("cs", "appliance"):
        return
    for link in observed.links:
        if link.kind == "registered_in" and link.source == component.key and link.state == "broken":
            yield Difference(
                kind="missing",
                severity="critical",
                subject=node.key,
                field="registration",
                planned=observed.vault.name,
                seen="",
                seen_in="vault",
                text=Text(
                    _("%(name)s is not connected to the vault: %(why)s"), name=node.name, why=link.text
                ),
                remedy=Text(
                    _(
                        "Check clock, proxy and the Site Recovery provider's service; register the server again if need be."
                    )
                ),
                observed=component.key,
            )
