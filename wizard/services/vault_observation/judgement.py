"""What one look at a vault comes to: what it shows, how that differs from the record, how well everything is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from wizard.models import Deployment, Severity, VaultObservation
from wizard.services.told_names import owners_told
from wizard.services.vault_observation.machines import carriers_of, machine_of
from wizard.services.vault_observation.neighbours import owners_of
from wizard.services.vault_observation.own_machines import shown_by_vcenter
from wizard.text import Text, _
from wizard.topology.digest import chain
from wizard.topology.drift import Difference, differences
from wizard.topology.graph import Graph
from wizard.topology.health import HealthState, judge
from wizard.topology.observed import Observed, ObservedComponent, ObservedFinding, observe
from wizard.topology.roles import ROLES
from wizard.topology.transitions import Item, items_of

# Beside what `topology.observed` writes into the document.
_THEIRS: Final = "of_other_deployments"
# What all roles on one machine share.
_OF_THE_MACHINE: Final = ("heartbeat", "cpu", "memory", "cache_space", "certificate", "version")
_ORDER: Final = (Severity.OK, Severity.UNKNOWN, Severity.WARNING, Severity.CRITICAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`recorded` says whether there was a record to compare with; `theirs` is `neighbours.owners_of`."""

    observed: Observed
    differences: tuple[Difference, ...]
    health: tuple[HealthState, ...]
    recorded: bool
    theirs: Mapping[str, str]

    @property
    def findings(self) -> tuple[ObservedFinding, ...]:
        """What does not fit together, but for what concerns other deployments alone."""
        return tuple(
            one for one in self.observed.findings if not one.keys or set(one.keys) - self.theirs.keys()
        )

    @property
    def severity(self) -> Severity:
        """The worst of all states; a difference that is only worth knowing counts for none."""
        found = (Severity(item.severity) for item in self.items if item.severity != "info")
        return max(found, key=_ORDER.index, default=Severity.UNKNOWN)

    @property
    def digest(self) -> str:
        """Of what history is told by: heartbeats and loads change with every look, and are left out."""
        return chain(
            {
                "observed": _to_the_day(self.observed.worth_keeping()),
                "differences": [[one.key, one.severity, one.planned, one.seen] for one in self.differences],
                "health": [[state.key, state.state] for state in self.health],
            },
            None,
        )

    @property
    def items(self) -> tuple[Item, ...]:
        """All that was told, well or not, as notices are made of it: what is one machine's is told once for all its roles."""
        own = [state for state in self.health if state.metric not in _OF_THE_MACHINE]
        return (
            *self._of_machines(),
            *items_of(own, self.differences, self.findings),
        )

    def _of_machines(self) -> Iterator[Item]:
        carriers = carriers_of(self.observed)
        worst: dict[tuple[str, str], HealthState] = {}
        for state in self.health:
            if state.metric in _OF_THE_MACHINE:
                place = (machine_of(state.component, carriers), state.metric)
                known = worst.get(place)
                # Of equals the machine's own state, whatever its place among the components.
                rank = (_ORDER.index(Severity(state.state)), state.component == place[0])
                if known is None or rank > (_ORDER.index(Severity(known.state)), known.component == place[0]):
                    worst[place] = state
        for (machine, metric), state in worst.items():
            (item,) = items_of([state])
            yield replace(item, key=f"health|{machine}|{metric}")

    def name_of(self, key: str) -> str:
        """The name of an observed component; of a recorded one what its key ends with."""
        found = next((one for one in self.observed.components if one.key == key), None)
        return (found.name or found.address or key) if found else key.partition(":")[2] or key

    def columns(self) -> dict[str, Any]:
        """What a row of history holds of it."""
        return {
            "document": {**self.observed.to_json(), _THEIRS: dict(self.theirs)},
            "differences": [one.to_json() for one in self.differences],
            "health": [state.to_json() for state in self.health],
            "severity": self.severity,
        }

    @classmethod
    def of_row(cls, row: VaultObservation, *, recorded: bool) -> Judgement:
        """As it was kept. Raises ValueError for a document of another version."""
        return cls(
            observed=Observed.from_json(row.document),
            differences=tuple(Difference.from_json(stored) for stored in row.differences),
            health=tuple(HealthState.from_json(stored) for stored in row.health),
            recorded=recorded,
            theirs=owners_told(row.deployment_id, row.document.get(_THEIRS, {})),
        )


def _to_the_day(kept: dict[str, Any]) -> dict[str, Any]:
    """Ends of certificates as days: a service that reckons them from the days that are left tells another second each time."""
    components = [
        {**one, "certificate_ends": (one.get("certificate_ends") or "")[:10]} for one in kept["components"]
    ]
    return {**kept, "components": components}


def judged(
    deployment: Deployment, documents: Mapping[str, Any], *, corrections: Mapping[str, str], now: datetime
) -> Judgement:
    """What the documents of the vault mean for this deployment, against its newest record and what vCenter shows."""
    observed = observe(documents, now=now, corrections=corrections)
    snapshot = deployment.snapshots.first()
    recorded = Graph.from_json(snapshot.document) if snapshot is not None else None
    theirs = owners_of(deployment, observed, recorded)
    found: tuple[Difference, ...] = ()
    if recorded is not None:
        found = differences(recorded, observed, shown_by_vcenter(deployment, recorded))
    return Judgement(
        observed=observed,
        differences=tuple(one for one in found if one.kind != "added" or one.subject not in theirs),
        health=tuple(state for state in judge(observed, now) if state.component not in theirs),
        recorded=recorded is not None,
        theirs=theirs,
    )


def judgement_in(row: VaultObservation, *, recorded: bool = True) -> Judgement | None:
    """What a row of history holds; None where an earlier release wrote it in another form."""
    try:
        return Judgement.of_row(row, recorded=recorded)
    except (ValueError, KeyError, TypeError):
        return None


def document_of(row: VaultObservation) -> dict[str, Any]:
    """What was kept of the vault, for whoever takes it away."""
    if not (owners := row.document.get(_THEIRS)):
        return dict(row.document)
    return {**row.document, _THEIRS: owners_told(row.deployment_id, owners)}


def role_of(one: ObservedComponent) -> Text:
    """What it is, in the words of the topology."""
    return ROLES[one.kind].title if one.kind != "unknown" else Text(_("Not known"))
