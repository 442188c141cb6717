"""Small signs for the kinds of components: lines on a square of 16, drawn with a stroke and no filling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wizard.topology.graph import Kind

_SERVER: Final = "M2.5 2.5h11v4.5h-11zM2.5 9h11v4.5h-11zM5 4.75h.01M5 11.25h.01M8 4.75h3.5M8 11.25h3.5"
_UP: Final = "M2.5 9.5v4h11v-4M8 10.5v-8M4.8 5.5L8 2.5l3.2 3"
_HOME: Final = "M2.5 9.5v4h11v-4M8 2.5v8M4.8 7.5L8 10.5l3.2-3"
_DISKS: Final = "M2.5 4c0-2 11-2 11 0s-11 2-11 0v8c0 2 11 2 11 0V4M2.5 8c0 2 11 2 11 0"

ICONS: Final[Mapping[Kind, str]] = {
    "vault": "M2.5 2.5h11v11h-11zM8 5.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5M8 5.5V4M8 12v-1.5M10.5 8H12M4 8h1.5",
    "cache_sa": _DISKS,
    "managed_disk": _DISKS,
    "cs": _SERVER,
    "ps_builtin": _UP,
    "ps_scaleout": _UP,
    "ps_failback": _HOME,
    "mt_builtin": _HOME,
    "mt_windows": _HOME,
    "mt_linux": _HOME,
    "mobility": "M1.5 2.5h13v8.5h-13zM5 13.5h6M8 11v2.5",
    "vcenter": "M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5H9z",
    "esxi": "M1.5 5h13v6h-13zM4 8h.01M6.5 8h5.5",
    "s2s": "M6.5 5H5a3 3 0 0 0 0 6h1.5M9.5 5H11a3 3 0 0 1 0 6H9.5M5.5 8h5",
    "appliance": _SERVER,
    "appliance_proxy": "M2 5.5h10M9.5 3L12 5.5L9.5 8M14 10.5H4M6.5 8L4 10.5L6.5 13",
    "appliance_ps": _UP,
    "appliance_replication": "M8 13.5V7M5.2 9.5L8 6.7l2.8 2.8M4.5 11a3 3 0 0 1 .2-6a3.6 3.6 0 0 1 6.8.6a2.7 2.7 0 0 1 0 5.4",
    "appliance_agent": "M8 1.8l5 2v4c0 3-2 5-5 6.4c-3-1.4-5-3.4-5-6.4v-4zM5.8 8l1.6 1.6l2.9-3",
    "appliance_provider": "M8 2.5v4M8 6.5L4 10M8 6.5l4 3.5M2.5 10h3v3h-3zM10.5 10h3v3h-3z",
    "appliance_discovery": "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0-9M10.4 10.4l3.3 3.3",
    "appliance_reprotection": _HOME,
}
