"""The process server that stands in Azure while machines come home (asr-facts 9.4): what it needs, and how it is made.

No interface creates one, so this is a guide: what to enter in the portal, which ports to open on the way, what to do after.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from wizard.planning.component_finding import ComponentFinding, found
from wizard.text import Text, _

Path = Literal["vpn", "private_peering", "none", "unknown"]

SIZE: Final = "Standard_A8_v2"
CORES: Final = 8
MEMORY_GB: Final = 16
CONTROL_PORT: Final = 443
USUAL_DATA_PORT: Final = 9443
LINK: Final = "https://learn.microsoft.com/azure/site-recovery/vmware-azure-set-up-process-server-azure"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailbackPlan:
    """What is known when one is planned; None is what nobody has said.

    `networks`: the virtual networks that hold failed-over machines. `network` is that of this server and `served` are
    those that have one already. `cores_free` are those left of the regional quota for its family of sizes.
    """

    name: str
    network: str = ""
    address: str = ""
    networks: Sequence[str] = ()
    served: Sequence[str] = ()
    path: Path = "unknown"
    cs_name: str = ""
    cs_address: str = ""
    cs_reachable: bool | None = None
    master_targets: Sequence[str] = ()
    data_port: int = USUAL_DATA_PORT
    cores_free: int | None = None
    passphrase: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One rule of a network security group, a VPN device or a firewall, as it is entered there."""

    name: str
    where: Text
    source: str
    target: str
    port: str
    why: Text
    edge: str

    def to_json(self) -> dict[str, Any]:
        """Texts as `Text.to_json` gives them."""
        return {
            "name": self.name,
            "where": self.where.to_json(),
            "source": self.source,
            "target": self.target,
            "protocol": "TCP",
            "port": self.port,
            "why": self.why.to_json(),
            "edge": self.edge,
        }


def openings(plan: FailbackPlan) -> tuple[Opening, ...]:
    """What must be open, in the order in which it is needed (asr-facts 1.3, E16 to E18, and E04)."""
    here = plan.address or plan.name
    network = plan.network or "VirtualNetwork"
    server = plan.cs_address or plan.cs_name or "?"
    data = str(plan.data_port)
    nsg, tunnel = Text(_("Network security group")), Text(_("VPN or peering, and the firewall of the site"))
    rows = [
        Opening(
            name="foothold-failback-data-in",
            where=nsg,
            source=network,
            target=here,
            port=data,
            why=Text(_("The failed-over machines send their changes")),
            edge="E16",
        ),
        Opening(
            name="foothold-failback-control",
            where=tunnel,
            source=here,
            target=server,
            port=str(CONTROL_PORT),
            why=Text(_("Registration, heartbeat and orders of the configuration server")),
            edge="E17",
        ),
    ]
    rows += [
        Opening(
            name=f"foothold-failback-data-home-{number}",
            where=tunnel,
            source=here,
            target=target,
            port=data,
            why=Text(_("The changes go on to the master target")),
            edge="E18",
        )
        for number, target in enumerate(plan.master_targets or (plan.cs_address or server,), start=1)
    ]
    rows.append(
        Opening(
            name="foothold-failback-azure-out",
            where=nsg,
            source=here,
            target="Storage, AzureSiteRecovery, AzureActiveDirectory",
            port=str(CONTROL_PORT),
            why=Text(_("Storage and the service itself; the names are service tags")),
            edge="E04",
        )
    )
    return tuple(rows)


def findings(plan: FailbackPlan) -> tuple[ComponentFinding, ...]:
    """What the plan breaks or leaves open, the rules FP-01 to FP-06 (asr-facts 9.4 and T11)."""
    lines = [_path(plan), _reachable(plan), _cores(plan), _passphrase(plan)]
    lines += _networks(plan)
    if plan.data_port == CONTROL_PORT:
        lines.append(
            found(
                "FP-06",
                "block",
                _("Port 443 must never carry the data."),
                _("Choose another data port; 9443 is usual."),
            )
        )
    return tuple(line for line in lines if line is not None)


def steps(plan: FailbackPlan) -> tuple[Text, ...]:
    """What to do in the portal and on the machine, in order, and after failback."""
    return (
        Text(
            _(
                "In the portal open the configuration server %(server)s in the vault, choose “+ Process server”, and there "
                "“Deploy a failback process server in Azure”."
            ),
            server=plan.cs_name or plan.cs_address or "–",
        ),
        Text(
            _(
                "Enter subscription and resource group of the failed-over machines, their virtual network %(network)s with "
                "its region, the server name %(name)s, an administrator's name and password, a storage account, the subnet "
                "and the address %(address)s."
            ),
            network=plan.network or "–",
            name=plan.name,
            address=plan.address or "–",
        ),
        Text(
            _("Leave the size at %(size)s: %(cores)s cores and %(memory)s GB of memory."),
            size=SIZE,
            cores=CORES,
            memory=MEMORY_GB,
        ),
        Text(_("Open what the list below names, in the network security group and on the way home.")),
        Text(
            _(
                "Sign in to the new machine, start the configuration tool on its desktop, and register it with the address "
                "%(server)s, port 443, the passphrase of the configuration server and the data port %(port)s."
            ),
            server=plan.cs_address or "–",
            port=plan.data_port,
        ),
        Text(
            _("Within 15 minutes it appears in the vault; “Refresh server” of the portal makes that quicker.")
        ),
        Text(_("When all machines are home again, remove it: it costs money for as long as it stands.")),
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _path(plan: FailbackPlan) -> ComponentFinding | None:
    remedy = _("Set up a site-to-site VPN or ExpressRoute with private peering into this virtual network.")
    if plan.path == "none":
        text = _(
            "Nothing leads from the virtual network to the site. Failback needs a VPN or private peering."
        )
        return found("FP-01", "block", text, remedy)
    if plan.path == "unknown":
        text = _("Whether a VPN or private peering leads from the virtual network to the site was not said.")
        return found("FP-01", "unknown", text, remedy)
    if plan.path == "private_peering":
        return found(
            "FP-01",
            "info",
            _("With private peering a process server of the site can carry failback, too."),
            _("Consider doing without one in Azure."),
        )
    return None


def _reachable(plan: FailbackPlan) -> ComponentFinding | None:
    remedy = _("Try it from a machine in that virtual network: Test-NetConnection <address> -Port 443.")
    if plan.cs_reachable is None:
        text = _("Whether %(server)s answers on port 443 from the virtual network was not said.")
        return found("FP-02", "unknown", text, remedy, server=plan.cs_address or plan.cs_name or "–")
    if not plan.cs_reachable:
        text = _("%(server)s does not answer on port 443 from the virtual network.")
        return found("FP-02", "block", text, remedy, server=plan.cs_address or plan.cs_name or "–")
    return None


def _cores(plan: FailbackPlan) -> ComponentFinding | None:
    remedy = _("Look at the quotas of the subscription in that region; ask for more, or free some.")
    if plan.cores_free is None:
        text = _(
            "How many cores the subscription has left in that region was not said; %(size)s takes %(needed)s."
        )
        return found("FP-03", "unknown", text, remedy, size=SIZE, needed=CORES)
    if plan.cores_free < CORES:
        text = _("Cores that the subscription has left in that region: %(found)s; %(size)s takes %(needed)s.")
        return found("FP-03", "block", text, remedy, found=plan.cores_free, size=SIZE, needed=CORES)
    return None


def _passphrase(plan: FailbackPlan) -> ComponentFinding | None:
    if plan.passphrase:
        return None
    return found(
        "FP-04",
        "unknown" if plan.passphrase is None else "block",
        _("Registering it needs the passphrase of the configuration server."),
        _(
            "On the configuration server run genpassphrase.exe -v in C:\\ProgramData\\ASR\\home\\svsystems\\bin, and keep it ready."
        ),
    )


def _networks(plan: FailbackPlan) -> list[ComponentFinding]:
    lines = []
    served = {name.casefold() for name in plan.served}
    own = plan.network.casefold()
    if not own:
        lines.append(
            found(
                "FP-05",
                "block",
                _("The virtual network was not said. It must be that of the failed-over machines."),
                _("Enter the virtual network that the failed-over machines are in."),
            )
        )
    elif own in served:
        lines.append(
            found(
                "FP-05",
                "warn",
                _("The virtual network %(network)s has a failback process server already."),
                _("One for each virtual network is enough: use the one that is there."),
                network=plan.network,
            )
        )
    lacking = [name for name in plan.networks if name.casefold() not in served | {own}]
    if lacking:
        lines.append(
            found(
                "FP-05",
                "warn",
                _(
                    "Each virtual network with failed-over machines needs one; without one are still: %(names)s."
                ),
                _("Plan a further failback process server for each of them."),
                names=lacking,
            )
        )
    return lines
