"""Results as the page of the checks shows them: by category, each with the answer, the waiver and the ways on that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _lazy

from wizard.models import Attestation, CheckResult, Deployment, Waiver
from wizard.services import explanations
from wizard.services.explanations import Phase, Requirement, is_old
from wizard.text import Text
from wizard.web.forms import ShownForm
from wizard.web.questions import question_form

OWNERS: Final = {
    "vsphere": _lazy("vSphere administrators"),
    "windows": _lazy("Windows administrators"),
    "network": _lazy("Network administrators"),
    "azure": _lazy("Azure administrators"),
    "operator": _lazy("You, in this wizard"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One result. An address is empty where this person, or this state of things, has no use for it."""

    result: CheckResult
    details: list[Text]
    requirement: Requirement | None
    owner: str
    waiver: Waiver | None
    answer: Attestation | None
    form: ShownForm | None
    old: bool
    answer_url: str
    withdraw_url: str
    file_url: str
    rerun_url: str
    waive_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    title: Text
    lines: list[Line]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What the lines of one deployment have in common. All of it is read once, however many lines there are."""

    deployment: Deployment
    requirements: Mapping[Phase, Mapping[str, Requirement]]
    answers: Mapping[str, Attestation]
    waivers: Mapping[str, Waiver]
    may_change: bool
    now: datetime

    def grouped(self, rows: Iterable[CheckResult], phase: Phase) -> list[Group]:
        order = list(explanations.CATEGORY_WORDS)
        ordered = sorted(rows, key=lambda row: (order.index(row.category), row.position))
        return [
            Group(
                title=explanations.CATEGORY_WORDS[category], lines=[self._line(row, phase) for row in members]
            )
            for category, members in groupby(ordered, key=lambda row: row.category)
        ]

    def kind_of(self, row: CheckResult, phase: Phase) -> str:
        """How its requirement is settled; what the catalogue no longer has was checked."""
        requirement = self.requirements[phase].get(row.requirement_id)
        return requirement.kind if requirement else "probe"

    def old(self, row: CheckResult, phase: Phase) -> bool:
        """Whether it rests on something seen more than a day ago. What a person said does not age like that."""
        seen = row.status != "skipped" and self.kind_of(row, phase) == "probe"
        return seen and is_old(row.observed_at, self.now)

    def _line(self, row: CheckResult, phase: Phase) -> Line:
        requirement = self.requirements[phase].get(row.requirement_id)
        asked = requirement is not None and requirement.kind == "attested"
        answer = self.answers.get(row.requirement_id) if asked else None
        settled = row.status == "pass" or not self.may_change
        waivable = requirement is not None and requirement.waivable
        # Before it is deployed a waiver lets the deployment go on; what is found afterwards may be accepted at any time.
        wanted = self.deployment.is_open or phase == "after"
        answerable = asked and self.may_change and row.status != "skipped"
        return Line(
            result=row,
            details=[Text.from_json(detail) for detail in row.details],
            requirement=requirement,
            owner=str(OWNERS.get(row.owner, row.owner)),
            waiver=self.waivers.get(row.requirement_id),
            answer=answer,
            form=question_form(requirement, answer) if requirement and answerable else None,
            old=self.old(row, phase),
            answer_url=self._url("attest", row) if answerable else "",
            withdraw_url=self._url("withdraw_answer", row) if answer and self.may_change else "",
            file_url=self._url("attested_file", row) if answer and answer.file_name else "",
            rerun_url=""
            if settled or answerable or phase == "after"
            else f"{reverse('run_checks', args=[self.deployment.pk])}?only={row.requirement_id}",
            waive_url=self._url("waive", row) if not settled and waivable and wanted else "",
        )

    def _url(self, name: str, row: CheckResult) -> str:
        return reverse(name, args=[self.deployment.pk, row.requirement_id])
