"""Which configuration servers of a vault are those of other deployments: one vault may serve several sites."""

from __future__ import annotations

from typing import Final

from wizard.models import Deployment
from wizard.services.vault_observation.neighbours import owners_of
from wizard.topology.observed import Observed

_CARRIERS: Final = ("ps_builtin", "ps_scaleout", "ps_failback")


def fabrics_of_others(deployment: Deployment, observed: Observed) -> frozenset[str]:
    """The names, in small letters, of the fabrics whose configuration server another deployment set up.

    One in which a process server of this deployment stands is its own as well. Appliances of several deployments share one
    fabric, so that machines can move between them.
    """
    servers = observed.of_kind("cs")
    if not servers:
        return frozenset()
    owners = owners_of(deployment, observed, None)
    own = {one.fabric for one in observed.of_kind(*_CARRIERS) if one.key not in owners}
    return frozenset(one.fabric.casefold() for one in servers if one.key in owners and one.fabric not in own)
