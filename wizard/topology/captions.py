"""What is said about a component beside its title, name and address, in the picture and the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wizard.text import Text, _, verbatim
from wizard.topology.graph import Node, Zone

ZONE_TITLES: Final[Mapping[Zone, Text]] = {
    "sources": Text(_("Protected machines")),
    "vsphere": Text(_("vSphere")),
    "site": Text(_("Site servers")),
    "azure": Text(_("Azure")),
}
_CLOUDS: Final[Mapping[str, Text]] = {
    "us_government": Text(_("Azure US Government")),
    "china": Text(_("Azure China")),
}
_FAMILIES: Final[Mapping[str, Text]] = {"windows": Text("Windows"), "linux": Text("Linux")}


def captions(node: Node) -> tuple[Text, ...]:
    """Short lines, the most important first; what the attributes do not hold is left out."""
    facts = node.attributes
    lines: list[Text] = []
    if node.kind == "mobility":
        count, family = facts.get("count"), _FAMILIES.get(str(facts.get("os_family")))
        if count is not None and family is not None:
            lines.append(Text(_("Machines: %(count)s, %(family)s"), count=count, family=family))
        elif count is not None:
            lines.append(Text(_("Machines: %(count)s"), count=count))
        if facts.get("platform") == "physical":
            lines.append(Text(_("Physical servers")))
        if facts.get("failed_over") is True:
            lines.append(Text(_("Failed over")))
        if facts.get("replication_group"):
            lines.append(Text(_("Replication group %(name)s"), name=facts["replication_group"]))
    if facts.get("existing") is True:
        lines.append(Text(_("There already")))
    if facts.get("planned") is True:
        lines.append(Text(_("To be set up")))
    if facts.get("friendly_name"):
        lines.append(Text(_("In the vault: %(name)s"), name=facts["friendly_name"]))
    if facts.get("data_port") is not None:
        lines.append(Text(_("Data port %(port)s"), port=facts["data_port"]))
    if facts.get("nat") is True:
        lines.append(Text(_("Behind NAT")))
    if facts.get("version"):
        lines.append(Text(_("Version %(version)s"), version=facts["version"]))
    if facts.get("carries"):
        lines.append(Text(_("Carries %(rows)s"), rows=facts["carries"]))
    if facts.get("region"):
        lines.append(verbatim(facts["region"]))
    if facts.get("cloud") in _CLOUDS:
        lines.append(_CLOUDS[str(facts["cloud"])])
    if facts.get("virtual_network"):
        lines.append(verbatim(facts["virtual_network"]))
    return tuple(lines)
