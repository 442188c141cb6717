"""Machines over all deployments and vCenters that somebody may see; those of one deployment: `wizard.services.machines`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from django.db.models import Q, QuerySet

from wizard.models import Deployment, Machine, Operator, ProtectableItem
from wizard.planning.eligibility import MachineFinding, Verdict
from wizard.planning.vocabulary import ProfileId
from wizard.services.visibility import rows_for, visible_machines

_COLUMNS: Final[dict[ProfileId, str]] = {
    "asr-classic": "verdict_classic",
    "asr-modernized": "verdict_modernized",
}
# That something needs attention does not keep a machine from being protected.
_ELIGIBLE: Final = (Machine.Verdict.READY, Machine.Verdict.ATTENTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineWish:
    """Which machines somebody asks for; None and "" are no wish. Each of `words` must be in name, host name or an address.

    `eligible` and `verdict` are judged by `profile`. `process_server` is the id that the vault gave it.
    """

    profile: ProfileId = "asr-classic"
    deployment: UUID | None = None
    vcenter: UUID | None = None
    kind: str | None = None
    eligible: bool | None = None
    verdict: str | None = None
    process_server: str = ""
    words: str = ""
    presence: Literal["here", "gone", "all"] = "here"


def search(actor: Operator, wish: MachineWish) -> QuerySet[Machine]:
    """Unordered; templates are left out."""
    column = _COLUMNS[wish.profile]
    found = visible_machines(actor).filter(is_template=False)
    if wish.presence != "all":
        found = found.filter(gone_at__isnull=wish.presence == "here")
    if wish.deployment:
        seen = rows_for(actor, Deployment.objects.filter(pk=wish.deployment))
        vcenters = list(seen.exclude(vcenters=None).values_list("vcenters", flat=True))
        found = found.filter(Q(vcenter__in=vcenters) | Q(deployment__in=seen.values("pk")))
    if wish.vcenter:
        found = found.filter(vcenter=wish.vcenter)
    if wish.kind:
        found = found.filter(kind=wish.kind)
    if wish.verdict:
        found = found.filter(**{column: wish.verdict})
    if wish.eligible is not None:
        eligible = Q(**{f"{column}__in": _ELIGIBLE})
        found = found.filter(eligible if wish.eligible else ~eligible)
    if wish.process_server:
        items = rows_for(actor, ProtectableItem.objects.filter(process_server_id=wish.process_server))
        found = found.filter(pk__in=items.exclude(machine=None).values("machine_id"))
    for word in wish.words.casefold().split():
        found = found.filter(search_text__contains=word)
    return found


def verdict_in(profile: ProfileId, machine: Machine) -> Verdict:
    verdict: Verdict = getattr(machine, _COLUMNS[profile])
    return verdict


def is_eligible(profile: ProfileId, machine: Machine) -> bool:
    return verdict_in(profile, machine) in _ELIGIBLE


def findings_in(profile: ProfileId, machine: Machine) -> tuple[MachineFinding, ...]:
    """Those that hold in the profile, as they were found when the machine was last written."""
    findings = (MachineFinding.from_json(stored) for stored in machine.findings)
    return tuple(finding for finding in findings if profile in finding.profiles)
