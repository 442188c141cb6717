"""The documented connections between components: classic rows E01 to E21, modernized rows M01 to M07.

Direction is who opens the connection. Source: asr-facts 1.3 and 1.4. The modernized rows name the appliance;
which of its parts is meant follows from what the part does (11.2). M07 has no documented port: 9443 is presumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from wizard.text import Text, _
from wizard.topology.graph import Basis, Kind

Style = Literal["data", "failback", "control", "vsphere", "push"]
FarEnd = Literal["operator", "time_server", "mysql_download"]
STYLES: Final[tuple[Style, ...]] = ("data", "failback", "control", "vsphere", "push")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One row. A `FarEnd` is something that is no component of its own; its row never becomes a link.

    `recorded` is false for rows that describe no connection of today: E20 stands in the text of 2016 alone,
    E21 says that there is none. `changeable` is true where the port can be set, if only in Windows.
    """

    id: str
    sources: tuple[Kind | FarEnd, ...]
    targets: tuple[Kind | FarEnd, ...]
    protocol: str
    port: str
    changeable: bool
    purpose: Text
    basis: Basis
    style: Style
    recorded: bool = True


_PS_ON_SITE: Final[tuple[Kind, ...]] = ("ps_builtin", "ps_scaleout")
_MT: Final[tuple[Kind, ...]] = ("mt_builtin", "mt_windows", "mt_linux")
_VSPHERE: Final[tuple[Kind, ...]] = ("vcenter", "esxi")
# Only a row for the whole appliance is documented; these are its parts that speak to Azure by what they do.
_TO_AZURE: Final[tuple[Kind, ...]] = (
    "appliance_proxy", "appliance_replication", "appliance_agent", "appliance_discovery",
)  # fmt: skip
# The appliance pushes the Mobility service as a process server does (asr-facts 11.3, 3.12).
_PUSHING: Final[tuple[Kind, ...]] = (*_PS_ON_SITE, "appliance")


def _row(
    id: str,
    sources: tuple[Kind | FarEnd, ...],
    targets: tuple[Kind | FarEnd, ...],
    protocol: str,
    port: str,
    style: Style,
    basis: Basis,
    purpose: str,
    *,
    changeable: bool = False,
    recorded: bool = True,
) -> Edge:
    return Edge(
        id=id, sources=sources, targets=targets, protocol=protocol, port=port, changeable=changeable,
        purpose=Text(purpose), basis=basis, style=style, recorded=recorded,
    )  # fmt: skip


# fmt: off
_ROWS: Final[tuple[Edge, ...]] = (
    _row("E01", ("mobility",), ("cs",), "TCP", "443", "control", "D",
         _("Replication management")),
    _row("E02", ("mobility",), _PS_ON_SITE, "TCP", "9443", "data", "D",
         _("Replication data"), changeable=True),
    _row("E03", ("cs",), ("vault",), "TCP", "443", "control", "D",
         _("Orchestration through the Azure service endpoints")),
    _row("E04", _PS_ON_SITE, ("cache_sa",), "TCP", "443", "data", "D",
         _("Upload of replication data")),
    _row("E05", ("cs", *_PS_ON_SITE), _VSPHERE, "TCP", "443", "vsphere", "D",
         _("Discovery and virtual machine operations"), changeable=True),
    _row("E06", _PS_ON_SITE, ("cs",), "TCP", "443", "control", "D",
         _("Control channel, heartbeat and configuration")),
    _row("E07", _MT, ("cs",), "TCP", "443", "control", "D",
         _("Control channel of the master target")),
    _row("E08", _PUSHING, ("mobility",), "TCP", "135", "push", "D",
         _("Push installation on Windows: remote execution")),
    _row("E09", _PUSHING, ("mobility",), "TCP", "139, 445", "push", "I",
         _("Push installation on Windows: file copy")),
    _row("E10", _PUSHING, ("mobility",), "TCP", "49152–65535", "push", "E",
         _("Push installation on Windows: dynamic RPC range"), changeable=True),
    _row("E11", _PUSHING, ("mobility",), "TCP", "22", "push", "D",
         _("Push installation on Linux: SSH and SFTP")),
    _row("E12", ("mobility",), ("mobility",), "TCP", "20004", "control", "D",
         _("Multi-VM consistency within a replication group")),
    _row("E13", ("cs", *_PS_ON_SITE), ("time_server",), "UDP", "123", "control", "I",
         _("Time check in setup")),
    _row("E14", ("cs",), ("mysql_download",), "TCP", "443", "control", "D",
         _("Download of MySQL; not needed where its installer is staged")),
    _row("E15", ("operator",), ("cs",), "TCP", "44315", "control", "D",
         _("Management page of the configuration server")),
    _row("E16", ("mobility",), ("ps_failback", *_PS_ON_SITE), "TCP", "9443", "failback", "D",
         _("Failback data of the failed-over machines"), changeable=True),
    _row("E17", ("ps_failback",), ("cs",), "TCP", "443", "control", "D",
         _("Control channel through VPN or private peering")),
    _row("E18", ("ps_failback",), _MT, "TCP", "9443", "failback", "I",
         _("Failback data through VPN or private peering")),
    _row("E19", _MT, ("esxi",), "TCP", "443, 902", "failback", "I",
         _("Writes failback data to virtual disks")),
    _row("E20", ("cs", *_PS_ON_SITE), (), "TCP", "9443", "data", "D",
         _("Outbound data port in the text of 2016 alone"), recorded=False),
    _row("E21", ("ps_scaleout",), ("ps_builtin",), "", "", "control", "D",
         _("None documented: the configuration server moves the machines"), recorded=False),
    _row("M01", ("mobility",), ("appliance_proxy",), "TCP", "443", "control", "D",
         _("Replication management")),
    _row("M02", ("mobility",), ("appliance_ps",), "TCP", "9443", "data", "D",
         _("Replication data"), changeable=True),
    _row("M03", _TO_AZURE, ("vault", "cache_sa"), "TCP", "443", "data", "D",
         _("Control, data and upload of the discovery")),
    _row("M04", ("appliance_discovery", "appliance_reprotection"), _VSPHERE, "TCP", "443", "vsphere", "D",
         _("Discovery and failback"), changeable=True),
    _row("M05", ("mobility",), ("vault",), "TCP", "443", "control", "D",
         _("Access of the protected machine to Key Vault")),
    _row("M06", ("operator",), ("appliance",), "TCP", "44368", "control", "I",
         _("Appliance Configuration Manager")),
    _row("M07", ("mobility",), ("appliance_reprotection",), "TCP", "9443", "failback", "I",
         _("Failback without a VPN"), changeable=True),
)
# fmt: on

EDGES: Final[Mapping[str, Edge]] = {edge.id: edge for edge in _ROWS}


def style_of(link_id: str) -> Style:
    """How a link of this row is drawn; one that no table documents looks like control traffic."""
    edge = EDGES.get(link_id)
    return edge.style if edge else "control"
