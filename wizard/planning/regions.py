"""The regions of each Azure cloud, by the names that Azure itself uses."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from wizard.planning.quoting import refusal, shown
from wizard.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """`name` is what Azure's interfaces take ("francecentral"), `display_name` what the portal shows."""

    name: str
    display_name: str


def _regions(display_names: str) -> tuple[Region, ...]:
    """Azure makes the name of a region from what it shows by dropping the spaces and all capitals."""
    shown_names = [line.strip() for line in display_names.strip().splitlines()]
    return tuple(
        Region(name=shown_name.replace(" ", "").lower(), display_name=shown_name)
        for shown_name in shown_names
    )


REGIONS: dict[str, tuple[Region, ...]] = {
    "public": _regions(
        """
        Australia Central
        Australia Central 2
        Australia East
        Australia Southeast
        Austria East
        Belgium Central
        Brazil South
        Brazil Southeast
        Canada Central
        Canada East
        Central India
        Central US
        Chile Central
        Denmark East
        East Asia
        East US
        East US 2
        France Central
        France South
        Germany North
        Germany West Central
        Indonesia Central
        Israel Central
        Italy North
        Japan East
        Japan West
        Jio India Central
        Jio India West
        Korea Central
        Korea South
        Malaysia West
        Mexico Central
        New Zealand North
        North Central US
        North Europe
        Norway East
        Norway West
        Poland Central
        Qatar Central
        South Africa North
        South Africa West
        South Central US
        South India
        Southeast Asia
        Spain Central
        Sweden Central
        Sweden South
        Switzerland North
        Switzerland West
        UAE Central
        UAE North
        UK South
        UK West
        West Central US
        West Europe
        West India
        West US
        West US 2
        West US 3
        """
    ),
    "us_government": _regions(
        """
        USDoD Central
        USDoD East
        USGov Arizona
        USGov Texas
        USGov Virginia
        """
    ),
    "china": _regions(
        """
        China East
        China East 2
        China East 3
        China North
        China North 2
        China North 3
        """
    ),
}

CLOUD_NAMES: dict[str, str] = {
    "public": _("the public cloud"),
    "us_government": _("Azure Government"),
    "china": _("Azure in China"),
}


def find(cloud: str, region: str) -> Region:
    """The region of `cloud` with that name or display name.

    Raises KeyError for an unknown cloud, ValueError with a `Text` for a region that this cloud does not have.
    """
    wanted = region.replace(" ", "").lower()
    for known in REGIONS[cloud]:
        if known.name == wanted:
            return known
    for other, others in REGIONS.items():
        if any(known.name == wanted for known in others):
            raise refusal(
                _("%(found)s is a region of %(other)s, not of %(cloud)s. Correct the cloud or the region."),
                found=wanted,
                other=Text(CLOUD_NAMES[other]),
                cloud=Text(CLOUD_NAMES[cloud]),
            )
    near = get_close_matches(wanted, [known.name for known in REGIONS[cloud]], n=2, cutoff=0.8)
    if near:
        raise refusal(
            _("“%(found)s” is not a region of %(cloud)s. Did you mean %(near)s?"),
            found=shown(region),
            cloud=Text(CLOUD_NAMES[cloud]),
            near=near,
        )
    raise refusal(
        _("“%(found)s” is not a region of %(cloud)s. Expected is a name such as %(example)s."),
        found=shown(region),
        cloud=Text(CLOUD_NAMES[cloud]),
        example=REGIONS[cloud][0].name,
    )
