"""The vaults that the lab begins with: those that the examples and the tour name."""

from __future__ import annotations

from typing import Any, Final

from wizard.lab.arm.state import SUBSCRIPTION

SEED: Final[tuple[dict[str, Any], ...]] = (
    {
        "subscription": SUBSCRIPTION,
        "group": "rg-lyon-dr",
        "name": "lyon-vault",
        "region": "francecentral",
    },
    {
        "subscription": SUBSCRIPTION,
        "group": "rg-lyon-dr",
        "name": "lyon-appliance-vault",
        "region": "francecentral",
    },
    {
        "subscription": SUBSCRIPTION,
        "group": "rg-essen-dr",
        "name": "essen-vault",
        "region": "germanywestcentral",
    },
)
