"""One machine as pages write it: its verdict as a tag, its findings, its disks and adapters with names for ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext

from wizard.models import Deployment, Machine, ProtectableItem
from wizard.planning.eligibility import STATUS_LABELS, Rule, Verdict
from wizard.services import explanations, machines
from wizard.services.machines import POWER_WORDS, RULES, VERDICT_WORDS, Whereabouts
from wizard.text import Text

# The looks of status_tag.html.
VERDICT_TAGS: Final[Mapping[Verdict, str]] = {
    "ready": "pass",
    "attention": "warn",
    "unknown": "unknown",
    "blocked": "fail",
    "hidden": "skipped",
}
_STATUS_TAGS: Final = {
    "info": "info",
    "warn": "warn",
    "unknown": "unknown",
    "block": "fail",
    "hide": "skipped",
}
VERDICT_TONES: Final[Mapping[Verdict, str]] = {
    "ready": "ok",
    "attention": "warn",
    "unknown": "warn",
    "blocked": "bad",
    "hidden": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    machine: Machine
    url: str
    tag: str
    verdict: Text
    rules: tuple[str, ...]
    power: str
    # What the vault says of it; empty where it does not list it.
    vault: str = ""
    vault_tag: str = ""
    vault_problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    rule: str
    title: Text
    tag: str
    status: Text
    text: Text
    remedy: Text
    source: str
    more: More | None


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """The page of the requirement that says more about a rule."""

    id: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenLine:
    rule: Rule
    more: More | None


def line(deployment: Deployment, machine: Machine, item: ProtectableItem | None = None) -> Line:
    """`item` is the machine as the vault lists it."""
    verdict = machines.verdict_of(deployment, machine)
    findings = machines.findings_of(deployment, machine)
    return Line(
        machine=machine,
        url=reverse("machine", args=[deployment.pk, machine.pk]),
        tag=VERDICT_TAGS[verdict],
        verdict=VERDICT_WORDS[verdict],
        rules=tuple(dict.fromkeys(finding.rule for finding in findings)),
        power=power_of(machine),
        vault=_vault_words(item) if item else "",
        vault_tag=_vault_tag(item) if item else "",
        vault_problems=tuple(dict.fromkeys(problem["text"] for problem in item.problems)) if item else (),
    )


def _vault_words(item: ProtectableItem) -> str:
    if item.protection_status == machines.PROTECTED:
        return gettext("Protected")
    return gettext("Listed") if not item.problems else gettext("Listed, with problems")


def _vault_tag(item: ProtectableItem) -> str:
    return "pass" if item.protection_status == machines.PROTECTED else "warn" if item.problems else "info"


def power_of(machine: Machine) -> str:
    words = POWER_WORDS.get(machine.power_state)
    return str(words) if words else machine.power_state


def findings(deployment: Deployment, machine: Machine) -> list[FindingLine]:
    return [
        FindingLine(
            rule=finding.rule,
            title=Text(RULES[finding.rule].title),
            tag=_STATUS_TAGS[finding.status],
            status=Text(STATUS_LABELS[finding.status].title),
            text=finding.text,
            remedy=finding.remedy,
            source=RULES[finding.rule].source,
            more=_more(deployment, RULES[finding.rule]),
        )
        for finding in machines.findings_of(deployment, machine)
    ]


def unseen(deployment: Deployment, machine: Machine | None = None) -> list[UnseenLine]:
    """What only the machine itself can tell: each machine, or this one."""
    rules = machines.unseen_rules(machine)
    return [UnseenLine(rule=rule, more=_more(deployment, rule)) for rule in rules]


def _more(deployment: Deployment, rule: Rule) -> More | None:
    known = {row.id for row in explanations.listing(deployment.profile)} if rule.requirement else set()
    if rule.requirement not in known:
        return None
    return More(id=rule.requirement, url=reverse("requirement", args=[deployment.profile, rule.requirement]))


def disks(machine: Machine, place: Whereabouts) -> list[dict[str, Any]]:
    """Each disk with its controller and the name of its datastore."""
    controllers = {controller["key"]: controller for controller in machine.controllers}
    return [
        {
            **disk,
            "datastore": place.names.get(disk["datastore_moid"], disk["datastore_moid"]),
            "controller": controllers.get(disk["controller_key"]),
        }
        for disk in machine.disks
    ]


def adapters(machine: Machine, place: Whereabouts) -> list[dict[str, Any]]:
    """Each adapter with the name of its network."""
    return [
        {**adapter, "network": place.names.get(adapter["network_moid"], adapter["network_moid"])}
        for adapter in machine.adapters
    ]
