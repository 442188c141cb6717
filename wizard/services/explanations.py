"""The requirement catalogue as people read it: a list for each profile, and everything about one of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wizard.checks import catalogue, conflicts
from wizard.checks.conflicts import Conflict
from wizard.checks.freshness import is_old as is_old
from wizard.checks.report import OWNER_WORDS
from wizard.checks.requirement import PROFILES
from wizard.checks.requirement import Phase as Phase
from wizard.checks.requirement import Requirement as Requirement
from wizard.journey.base import PROFILES as PROFILE_TITLES
from wizard.models import Deployment
from wizard.services.answers import answers_of, circumstances_of, components_of
from wizard.services.errors import NotFound
from wizard.text import Text, _, verbatim
from wizard.topology.roles import ROLES

CATEGORY_WORDS: Final[Mapping[str, Text]] = {
    "lifecycle": Text(_("Life of the product")),
    "template": Text(_("Template")),
    "hardware": Text(_("Hardware")),
    "operating_system": Text(_("Operating system")),
    "policies": Text(_("Policies")),
    "iis": Text(_("IIS")),
    "cryptography": Text(_("Cryptography")),
    "virtualization": Text(_("vSphere")),
    "placement": Text(_("Placement")),
    "identity": Text(_("Name and address")),
    "network": Text(_("Network")),
    "time": Text(_("Time")),
    "urls": Text(_("Addresses in Azure")),
    "proxy": Text(_("Proxy")),
    "azure": Text(_("Azure")),
    "software": Text(_("Software")),
    "antivirus": Text(_("Antivirus")),
    "installation": Text(_("Installation")),
    "source_machines": Text(_("Protected machines")),
    "master_target": Text(_("Master target")),
    "operations": Text(_("Operations")),
}
KIND_WORDS: Final[Mapping[str, Text]] = {
    "probe": Text(_("Checked by Foothold")),
    "attested": Text(_("Answered by a person")),
    "listed": Text(_("Not checked")),
}
_SEVERITY_WORDS: Final[Mapping[str, Text]] = {
    "block": Text(_("Stands in the way until it is met")),
    "warn": Text(_("Warns, and stops nothing")),
    "info": Text(_("For information")),
}
_METHOD_WORDS: Final[Mapping[str, Text]] = {
    "ova": Text(_("OVA template")),
    "manual": Text(_("Manual installation")),
}
PHASE_WORDS: Final[Mapping[str, Text]] = {
    "before": Text(_("Before the machine is set up")),
    "after": Text(_("After the machine is set up")),
}
_CLOUD_WORDS: Final[Mapping[str, Text]] = {
    "public": Text(_("Azure (public)")),
    "us_government": Text(_("Azure Government (US)")),
    "china": Text(_("Azure operated by 21Vianet (China)")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of checking a requirement: when, on which facts, by which judge with which parameters.

    `remedy`, `owner` and `command` are None where they are those of the requirement as a whole.
    """

    phase: Text
    methods: tuple[Text, ...]
    judge: str
    facts: tuple[str, ...]
    params: tuple[tuple[str, str], ...]
    remedy: Text | None
    owner: Text | None
    command: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything about one requirement. `pairs` holds label and words, in reading order, for every door."""

    profile: str
    requirement: Requirement
    pairs: tuple[tuple[Text, Text], ...]
    ways: tuple[Way, ...]
    conflict: Conflict | None


def profiles() -> tuple[tuple[str, Text], ...]:
    """Each profile that has a catalogue, with its title."""
    return tuple((name, Text(PROFILE_TITLES[name].title)) for name in PROFILES)


def listing(profile: str) -> tuple[Requirement, ...]:
    """One row for each requirement of a profile, in reading order. Raises NotFound for an unknown profile."""
    if profile not in PROFILES:
        raise NotFound(
            Text(
                _("There is no profile “%(profile)s”; choose one of %(known)s."),
                profile=profile,
                known=list(PROFILES),
            )
        )
    seen: dict[str, Requirement] = {}
    for row in catalogue.load(profile):
        seen.setdefault(row.id, row)
    return tuple(seen.values())


def selected(
    profile: str, *, component: str | None = None, method: str | None = None, phase: str | None = None
) -> tuple[Requirement, ...]:
    """The first fitting variant of each requirement; None stands for any. Raises NotFound for an unknown profile."""
    listing(profile)
    seen: dict[str, Requirement] = {}
    for row in catalogue.load(profile):
        if (
            component in (None, *row.components)
            and method in (None, *row.methods)
            and phase in (None, row.phase)
        ):
            seen.setdefault(row.id, row)
    return tuple(seen.values())


def not_checked(deployment: Deployment) -> tuple[Requirement, ...]:
    """The rows that concern this deployment and that neither a probe nor a person can settle; `unchecked` says why."""
    answers = answers_of(deployment)
    return catalogue.load(deployment.profile).listed(
        components=components_of(deployment, answers),
        circumstances=circumstances_of(deployment, answers),
        method=answers.get("source", {}).get("method"),
        cloud=answers.get("vault", {}).get("cloud"),
    )


def explain(profile: str, requirement_id: str) -> Explanation:
    """Raises NotFound for an unknown profile or requirement."""
    listing(profile)
    variants = catalogue.load(profile).variants(requirement_id)
    if not variants:
        raise NotFound(Text(_("There is no requirement %(id)s."), id=requirement_id))
    first = variants[0]
    return Explanation(
        profile=profile,
        requirement=first,
        pairs=tuple(_pairs(first, variants)),
        ways=tuple(_way(row, first) for row in variants if row.kind == "probe"),
        conflict=conflicts.find(first.conflict) if first.conflict else None,
    )


def find_profile(requirement_id: str) -> str:
    """The first profile that has a requirement of that id. Raises NotFound where none has."""
    for profile in PROFILES:
        if catalogue.load(profile).get(requirement_id):
            return profile
    raise NotFound(
        Text(
            _(
                "There is no requirement %(id)s. The catalogue page lists all of them, with ids such as HW-01."
            ),
            id=requirement_id,
        )
    )


def _pairs(row: Requirement, variants: tuple[Requirement, ...]) -> list[tuple[Text, Text]]:
    components = list(dict.fromkeys(kind for variant in variants for kind in variant.components))
    pairs = [
        (Text(_("Why")), row.why),
        (Text(_("How it is settled")), KIND_WORDS[row.kind]),
    ]
    if row.question:
        pairs.append((Text(_("Question")), row.question))
    if row.unchecked:
        pairs.append((Text(_("Why it is not checked")), row.unchecked))
    pairs += [
        (Text(_("Severity")), _SEVERITY_WORDS[row.severity]),
        (Text(_("May be waived")), Text(_("Yes")) if row.waivable else Text(_("No"))),
        (Text(_("Who can fix it")), OWNER_WORDS[row.owner]),
        (Text(_("Concerns")), Text("%(names)s", names=_titles(components))),
        (Text(_("When")), Text("%(names)s", names=_distinct(variants, "phase"))),
        (Text(_("Installation")), Text("%(names)s", names=_distinct(variants, "methods"))),
    ]
    if row.clouds:
        pairs.append((Text(_("Cloud")), Text("%(names)s", names=[_CLOUD_WORDS[name] for name in row.clouds])))
    pairs += [
        (Text(_("What to do")), row.remedy),
        (Text(_("Document")), verbatim(f"{row.source} ({row.source_date})")),
    ]
    return pairs


def _titles(components: list[str]) -> list[Text]:
    known = {str(kind): role.title for kind, role in ROLES.items()}
    return [known[name] for name in components if name in known]


def _distinct(variants: tuple[Requirement, ...], field: str) -> list[Text]:
    if field == "phase":
        return [PHASE_WORDS[name] for name in dict.fromkeys(row.phase for row in variants)]
    return [_METHOD_WORDS[name] for name in dict.fromkeys(name for row in variants for name in row.methods)]


def _way(row: Requirement, first: Requirement) -> Way:
    differs = (row.remedy, row.owner) != (first.remedy, first.owner)
    return Way(
        phase=PHASE_WORDS[row.phase],
        methods=tuple(_METHOD_WORDS[name] for name in row.methods),
        judge=row.judge,
        facts=row.facts,
        params=tuple((name, _plain(value)) for name, value in row.params.items()),
        remedy=row.remedy if differs else None,
        owner=OWNER_WORDS[row.owner] if differs else None,
        command=row.command if row.command != first.command else None,
    )


def _plain(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(item)}" for name, item in value.items())
    return str(value)
