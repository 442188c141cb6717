"""Which parts of a vault belong to other deployments: one vault may serve several sites, each recorded by itself.

What is theirs is shown, and left to them: it is no difference from this record, and nobody is told of it twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from wizard.models import Component, Deployment, DeploymentState
from wizard.services import azure_access
from wizard.services.answers import answers_in_play
from wizard.services.vault_observation.machines import carriers_of, machine_of
from wizard.topology.graph import Graph
from wizard.topology.matching import spelled
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.observed.keys import short

_SERVERS: Final = ("cs", "ps_scaleout", "ps_failback", "mt_windows", "mt_linux", "appliance")


def owners_of(deployment: Deployment, observed: Observed, recorded: Graph | None) -> dict[str, str]:
    """The name of the other deployment, by key of each component that is one's; "" for one that not everybody sees who sees
    this one. One query.

    A server is this deployment's where it has the name or the address of a recorded one, or of the machine in the answers;
    else that of whoever recorded it; else whose its configuration server is.
    """
    ours = _own_words(deployment, recorded)
    theirs = _words_of_others(deployment)
    found: dict[str, str] = {}
    fabrics: dict[str, str] = {}
    carriers = carriers_of(observed)
    machines = {key: one for one in observed.components if (key := machine_of(one.key, carriers)) == one.key}
    for key, one in machines.items():
        words = _words(one)
        owner = (
            None if words & ours else next((theirs[word] for word in sorted(words) if word in theirs), None)
        )
        if owner is not None:
            found[key] = owner
            if one.kind == "cs" and one.fabric:
                fabrics[one.fabric] = owner
    for key, one in machines.items():
        if key not in found and one.fabric in fabrics and not _words(one) & ours:
            found[key] = fabrics[one.fabric]
    return {
        one.key: found[machine]
        for one in observed.components
        if (machine := machine_of(one.key, carriers)) in found
    }


# --- inside -----------------------------------------------------------------------------------------------------------


def _own_words(deployment: Deployment, recorded: Graph | None) -> set[str]:
    network: Mapping[str, str] = answers_in_play(deployment).get("network", {})
    words = {short(network.get("host_name", "")), spelled(network.get("address", ""))}
    for node in recorded.nodes_of(*_SERVERS) if recorded else ():
        words |= {short(node.name), spelled(node.address or "")}
    return words - {""}


def _words_of_others(deployment: Deployment) -> dict[str, str]:
    """Names and addresses of the servers that others recorded in the same vault, in whatever case they spell its name."""
    ref = azure_access.vault_ref(deployment)
    rows = (
        Component.objects.filter(
            kind__in=_SERVERS,
            deployment__steps__step="vault",
            deployment__steps__data__vault__iexact=ref.vault,
            deployment__steps__data__resource_group__iexact=ref.resource_group,
            deployment__steps__data__subscription__iexact=ref.subscription,
        )
        .exclude(deployment=deployment)
        .exclude(deployment__state=DeploymentState.DECOMMISSIONED)
        .order_by("deployment__name")
    )
    found: dict[str, str] = {}
    for name, address, owner, team in rows.values_list(
        "name", "address", "deployment__name", "deployment__team"
    ):
        for word in {short(name), spelled(address)} - {""}:
            found.setdefault(word, owner if team in (None, deployment.team_id) else "")
    return found


def _words(one: ObservedComponent) -> set[str]:
    if one.kind not in _SERVERS:
        return set()
    return {
        short(one.name),
        short(one.fqdn),
        *(spelled(address) for address in (one.address, *one.addresses)),
    } - {""}
