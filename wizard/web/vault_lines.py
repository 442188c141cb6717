"""What a vault shows, as the lines of tables: components, links, differences, health, findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _lazy

from wizard.models import Severity
from wizard.services.vault_observation import showing
from wizard.services.vault_observation.judgement import Judgement
from wizard.services.vault_observation.machines import carriers_of, machine_of
from wizard.text import Text
from wizard.topology.observed import Observed, ObservedComponent, ObservedLink

# Tags that say a severity in one word, and by colour and shape.
TONES: Final = {
    "ok": "pass",
    "info": "info",
    "unknown": "unknown",
    "warning": "warn",
    "critical": "fail",
}
WORDS: Final = {**dict(Severity.choices), "info": _lazy("For information")}
_RANK: Final = {"critical": 0, "warning": 1, "unknown": 2, "info": 3, "ok": 4}
_CERTAINTY: Final = {
    "certain": "",
    "probable": _lazy("probably"),
    "ambiguous": _lazy("not clear"),
    "corrected": _lazy("corrected by hand"),
}
_SEEN_IN: Final = {"vault": _lazy("Vault"), "vcenter": _lazy("vCenter")}
_KINDS: Final = {
    "added": _lazy("Not in the record"),
    "missing": _lazy("Missing"),
    "changed": _lazy("Changed"),
}
_LINKS: Final = {
    "registered_in": _lazy("is registered in"),
    "manages": _lazy("manages"),
    "co_located": _lazy("stands on the same machine as"),
    "discovers": _lazy("discovers machines of"),
    "registered_vcenter": _lazy("has registered"),
    "replicates_through": _lazy("replicates through"),
    "writes_to": _lazy("writes to"),
    "lives_on": _lazy("lives on"),
    "part_of": _lazy("is part of"),
}
_LINK_STATES: Final = {
    "ok": ("pass", _lazy("In order")),
    "broken": ("fail", _lazy("Broken")),
    "dangling": ("warn", _lazy("Leads nowhere")),
}

_PARTS: Final = {
    "vault": _lazy("The vault itself"),
    "vault_properties": _lazy("The vault itself"),
    "vault_health": _lazy("Health of the vault"),
    "appliances": _lazy("Replication appliances"),
    "fabrics": _lazy("Site"),
    "providers": _lazy("Providers of a site"),
    "containers": _lazy("Protection containers of a site"),
    "vcenters": _lazy("vCenter Servers of a site"),
    "protected_items": _lazy("Replicated machines of a site"),
}
_REASONS: Final = {
    "not_permitted": _lazy("the account may not read it"),
    "not_found": _lazy("it is not there"),
    "refused": _lazy("the service does not know it"),
    "service_failed": _lazy("the service failed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A state in a word, for `includes/status_tag.html`."""

    tone: str
    words: str

    @classmethod
    def of(cls, severity: str) -> Tag:
        return cls(tone=TONES[severity], words=str(WORDS[severity]))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLine:
    component: ObservedComponent
    name: str
    role: str
    certainty: str
    stands_on: str
    owner: str
    health: Tag
    errors: tuple[Text, ...]

    @property
    def heartbeat(self) -> datetime | None:
        return self.component.heartbeat


def components(judgement: Judgement) -> list[ComponentLine]:
    """Each with the machine that carries it right behind that machine."""
    observed = judgement.observed
    names, carriers = _names(observed), carriers_of(observed)

    def place(one: ObservedComponent) -> tuple[str, bool, str]:
        machine = machine_of(one.key, carriers)
        return machine, one.key != machine, one.key

    return [
        _component(one, names, _owner(judgement, one.key)) for one in sorted(observed.components, key=place)
    ]


def _owner(judgement: Judgement, key: str) -> str:
    if key not in judgement.theirs:
        return ""
    return judgement.theirs[key] or str(_lazy("a deployment that you do not see"))


def links(observed: Observed) -> list[dict[str, Any]]:
    names = _names(observed)
    return [
        {
            "source": names.get(link.source, link.source),
            "verb": _verb(link),
            "target": names.get(link.target, link.target),
            "count": link.count,
            "tag": Tag(tone=_LINK_STATES[link.state][0], words=str(_LINK_STATES[link.state][1])),
            "text": link.text,
        }
        for link in observed.links
    ]


def differences(judgement: Judgement) -> list[dict[str, Any]]:
    """The worst first."""
    return [
        {
            "tag": Tag.of(one.severity),
            "kind": _KINDS.get(one.kind, one.kind),
            "subject": judgement.name_of(one.observed or one.subject),
            "text": one.text,
            "remedy": one.remedy,
            "planned": _value(one.planned),
            "seen": _value(one.seen),
            "seen_in": _SEEN_IN.get(one.seen_in, one.seen_in),
        }
        for one in sorted(judgement.differences, key=lambda one: (_RANK[one.severity], one.key))
    ]


def health(judgement: Judgement) -> list[dict[str, Any]]:
    """The worst first, then by component."""
    roles = {one.key: showing.role_of(one) for one in judgement.observed.components}
    return [
        {
            "name": state.name,
            "role": roles.get(state.component, ""),
            "metric": state.title,
            "well": state.state == "ok",
            "tag": Tag.of(state.state),
            "value": state.value,
            "threshold": state.threshold,
            "remedy": state.remedy if state.state != "ok" else Text(""),
        }
        for state in sorted(judgement.health, key=lambda state: (_RANK[state.state], state.key))
    ]


def findings(judgement: Judgement) -> list[dict[str, Any]]:
    """What does not fit together in the vault's own words, the worst first."""
    return [
        {
            "tag": Tag.of(one.severity),
            "text": one.text,
            "remedy": one.remedy,
            "names": [judgement.name_of(key) for key in one.keys],
        }
        for one in sorted(judgement.findings, key=lambda one: (_RANK[one.severity], one.key))
    ]


def skipped(observed: Observed) -> list[dict[str, str]]:
    """What could not be read of it, and why."""
    found = []
    for one in observed.skipped:
        part, _slash, name = one.part.partition("/")
        found.append(
            {
                "part": str(_PARTS.get(part, part)),
                "name": name,
                "reason": str(_REASONS.get(one.reason, one.reason)),
            }
        )
    return found


def counted(severities: Iterable[str]) -> dict[str, int]:
    """How often each severity is there."""
    found = dict.fromkeys(TONES, 0)
    for severity in severities:
        found[severity] += 1
    return found


# --- inside -----------------------------------------------------------------------------------------------------------


def _component(one: ObservedComponent, names: dict[str, str], owner: str) -> ComponentLine:
    return ComponentLine(
        component=one,
        name=names[one.key],
        role=str(showing.role_of(one)),
        certainty=str(_CERTAINTY[one.certainty]),
        stands_on=names.get(one.part_of or "", ""),
        owner=owner,
        health=Tag.of(one.health),
        errors=tuple(
            Text("%(value)s", value=error.message or error.summary or error.code) for error in one.errors
        ),
    )


def _names(observed: Observed) -> dict[str, str]:
    return {one.key: one.name or one.address or one.key for one in observed.components}


def _verb(link: ObservedLink) -> str:
    return str(_LINKS.get(link.kind, link.kind))


def _value(value: Any) -> str:
    return "–" if value is None or value == "" else str(value)
