"""The actions that an account needs on a vault, as a role that can be made from a file (dossier 5.1)."""

from __future__ import annotations

from typing import Any, Literal, get_args

Purpose = Literal["read", "vcenters", "machines", "all"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

_VAULT = "Microsoft.RecoveryServices/vaults"
_FABRIC = f"{_VAULT}/replicationFabrics"
_CONTAINER = f"{_FABRIC}/replicationProtectionContainers"
_PROVIDER = f"{_FABRIC}/replicationRecoveryServicesProviders"

READ = (
    "Microsoft.Resources/subscriptions/resourceGroups/read",
    f"{_VAULT}/read",
    f"{_VAULT}/usages/read",
    f"{_FABRIC}/read",
    f"{_FABRIC}/replicationvCenters/read",
    f"{_PROVIDER}/read",
    f"{_CONTAINER}/read",
    f"{_CONTAINER}/replicationProtectableItems/read",
    f"{_CONTAINER}/replicationProtectedItems/read",
    f"{_VAULT}/replicationJobs/read",
    f"{_VAULT}/replicationEvents/read",
    f"{_VAULT}/replicationVaultHealth/read",
    f"{_VAULT}/replicationUsages/read",
)
REFRESH = (f"{_PROVIDER}/refreshProvider/action", f"{_VAULT}/replicationJobs/cancel/action")
VCENTERS = (f"{_FABRIC}/replicationvCenters/write", f"{_FABRIC}/replicationvCenters/delete")
MACHINES = (
    f"{_CONTAINER}/discoverProtectableItem/action",
    f"{_FABRIC}/reassociateGateway/action",
    f"{_CONTAINER}/replicationProtectedItems/updateAppliance/action",
)
BY_PURPOSE: dict[Purpose, tuple[str, ...]] = {
    "read": READ,
    "vcenters": (*READ, *REFRESH, *VCENTERS),
    "machines": (*READ, *REFRESH, *MACHINES),
    "all": (*READ, *REFRESH, *VCENTERS, *MACHINES),
}
NAMES: dict[Purpose, str] = {
    "read": "Foothold - look at a Site Recovery vault",
    "vcenters": "Foothold - register vCenter Servers in a Site Recovery vault",
    "machines": "Foothold - discover and move machines in a Site Recovery vault",
    "all": "Foothold - on-premises side of a Site Recovery vault",
}


def role_definition(purpose: Purpose, *, subscription: str, resource_group: str = "") -> dict[str, Any]:
    """A custom role as `az role definition create` and the portal take it, assignable where the vault is."""
    scope = f"/subscriptions/{subscription}" + (f"/resourceGroups/{resource_group}" if resource_group else "")
    return {
        "Name": NAMES[purpose],
        "IsCustom": True,
        "Description": "What Foothold needs to do on a Recovery Services vault, and nothing beyond.",
        "Actions": list(BY_PURPOSE[purpose]),
        "NotActions": [],
        "DataActions": [],
        "NotDataActions": [],
        "AssignableScopes": [scope],
    }
