"""One measure of one component of a vault, as a state with the numbers shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from wizard.text import Text, _
from wizard.topology.observed import ObservedComponent

Metric = Literal[
    "cpu", "memory", "cache_space", "heartbeat", "certificate", "version", "services", "backlog", "reported"
]
State = Literal["ok", "warning", "critical", "unknown"]

NOT_TOLD: Final = Text(_("not told"))
OLD_REPORT: Final = Text(_("Refresh the server in the vault; older versions do not report it at all."))
METRIC_TITLES: Final[Mapping[Metric, Text]] = {
    "cpu": Text(_("CPU")),
    "memory": Text(_("Memory")),
    "cache_space": Text(_("Free cache space")),
    "heartbeat": Text(_("Heartbeat")),
    "certificate": Text(_("Certificate")),
    "version": Text(_("Version")),
    "services": Text(_("Services")),
    "backlog": Text(_("Upload backlog")),
    "reported": Text(_("Reported health")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthState:
    """One measure of one component. `value` and `threshold` are for readers, with units; `name` is the component's."""

    key: str
    component: str
    name: str
    metric: Metric
    state: State
    value: Text
    threshold: Text
    remedy: Text

    @property
    def title(self) -> Text:
        return METRIC_TITLES[self.metric]

    @property
    def sentence(self) -> Text:
        return Text(
            _("%(name)s: %(metric)s: %(value)s (%(threshold)s)."),
            name=self.name,
            metric=self.title,
            value=self.value,
            threshold=self.threshold,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "component": self.component,
            "name": self.name,
            "metric": self.metric,
            "state": self.state,
            "value": self.value.to_json(),
            "threshold": self.threshold.to_json(),
            "remedy": self.remedy.to_json(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        texts = {name: Text.from_json(stored[name]) for name in ("value", "threshold", "remedy")}
        return cls(**{**stored, **texts})


def state_of(
    component: ObservedComponent, metric: Metric, state: State, value: Text, threshold: Text, remedy: Text
) -> HealthState:
    return HealthState(
        key=f"{component.key}|{metric}",
        component=component.key,
        name=component.name or component.address or component.key,
        metric=metric,
        state=state,
        value=value,
        threshold=threshold,
        remedy=remedy,
    )
