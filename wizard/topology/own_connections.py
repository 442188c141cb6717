"""What Foothold itself opens for a deployment, as rules of the firewall matrix.

Everything else in the matrix is what Site Recovery needs. These are needed by the server that Foothold runs on, its workers
included, for as long as it sets up, checks or watches; they follow from answers and settings, and each says from which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from wizard.text import Text, _
from wizard.topology.firewall_rule import End, FirewallRule

OwnId = Literal[
    "FH-ARM", "FH-CS", "FH-DNS", "FH-ESXI", "FH-LOGIN", "FH-NTP", "FH-OIDC", "FH-PROXY", "FH-SSH", "FH-TEMPLATE",
    "FH-URL", "FH-VCENTER", "FH-WEBHOOK", "FH-WINRM",
]  # fmt: skip
_WHY: Final[Mapping[OwnId, Text]] = {
    "FH-ARM": Text(_("Azure Resource Manager: finds the vault, and reads and changes what is in it")),
    "FH-CS": Text(_("Preflight of a further component: tries the way to the configuration server")),
    "FH-DNS": Text(_("Preflight: looks the names up where the machine does")),
    "FH-ESXI": Text(
        _("Sends the disks of the template, which go straight to the host and not through vCenter")
    ),
    "FH-LOGIN": Text(_("Microsoft Entra ID: signs in for Azure Resource Manager")),
    "FH-NTP": Text(_("Preflight: compares the clocks")),
    "FH-OIDC": Text(_("Signs people in; addresses that the provider names itself come in addition")),
    "FH-PROXY": Text(_("Preflight: tries the addresses in Azure through the proxy of the machine")),
    "FH-SSH": Text(_("Collects facts of the Linux master target, unless its script is run by hand")),
    "FH-TEMPLATE": Text(_("Fetches the template; an address that this one redirects to comes in addition")),
    "FH-URL": Text(_("Preflight: tries the addresses in Azure that the machine needs")),
    "FH-VCENTER": Text(_("Signs in, compares privileges, deploys, and reads the machines")),
    "FH-WEBHOOK": Text(_("Tells of what happened")),
    "FH-WINRM": Text(_("Collects facts of the machine, installs on it, verifies what was installed")),
}
_ESXI_TRIED: Final = Text(_("Preflight: tries whether the host can be reached"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnConnection:
    """A connection that this server opens. `known_from` is the answer or setting that it follows from.

    `into_machine`: its far end is the machine that is being installed. `only_tried` is for an ESXi host that gets no disk.
    """

    id: OwnId
    target: End
    port: int
    known_from: Text
    protocol: Literal["TCP", "UDP", "UDP, TCP"] = "TCP"
    into_machine: bool = False
    only_tried: bool = False


def own_rules(connections: Iterable[OwnConnection]) -> tuple[FirewallRule, ...]:
    """A rule for each, the same one once. Nothing proves them but the work itself."""
    rules = (
        FirewallRule(
            id=own.id,
            source=End(name=Text(_("Foothold")), address=None),
            target=own.target,
            protocol=own.protocol,
            port=str(own.port),
            direction="in" if own.into_machine else "between",
            why=_ESXI_TRIED if own.only_tried else _WHY[own.id],
            proved_by=(),
            needed_by="foothold",
            known_from=own.known_from,
        )
        for own in connections
    )
    return tuple(dict.fromkeys(rules))
