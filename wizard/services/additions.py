"""Components that are added to a deployment after its first setup: planned, changed, seen in the vault, removed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from pydantic import ValidationError

from wizard.journey.additions import ANSWERS, AdditionKind
from wizard.journey.errors import FieldError, explain
from wizard.models import Addition, Deployment, DeploymentState, Operator
from wizard.planning.component_finding import ComponentFinding
from wizard.services import audit, azure_access, deployments, topology
from wizard.services.additions_seen import ABSENT, Seen, seen_in_vault
from wizard.services.answers import primary_component
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.storable import storable
from wizard.services.vault_observation.notices import REMINDER
from wizard.services.vault_observation.schedule import WATCHED_STATES
from wizard.text import Text, _
from wizard.topology.roles import ROLES

__all__ = [
    "ABSENT",
    "LINKS",
    "REMINDER",
    "Seen",
    "change",
    "findings_of",
    "get",
    "must_be_unchanged",
    "of_deployment",
    "plan",
    "reminder_key",
    "remove",
    "seen_in_vault",
    "settle",
    "takes_additions",
    "title_of",
]

_PLANNED: Final = ("name", "address", "answers")
_LEARN: Final = "https://learn.microsoft.com/azure/site-recovery/"
LINKS: Final[Mapping[str, str]] = {
    Addition.Kind.PS_SCALEOUT: _LEARN + "vmware-azure-set-up-process-server-scale",
    Addition.Kind.PS_FAILBACK: _LEARN + "vmware-azure-set-up-process-server-azure",
    Addition.Kind.MT_WINDOWS: _LEARN + "vmware-azure-reprotect",
    Addition.Kind.MT_LINUX: _LEARN + "vmware-azure-install-linux-master-target",
}


def takes_additions(deployment: Deployment) -> Text:
    """Why nothing can be added to this deployment; an empty text where it can."""
    if deployment.state == DeploymentState.DECOMMISSIONED:
        return Text(_("This deployment is out of service."))
    component = primary_component(deployment)
    if component == "appliance":
        return Text(
            _("The modernized architecture grows by further appliances, each with a deployment of its own.")
        )
    if component == "ps_scaleout":
        return Text(
            _("This deployment is a further process server itself. Add to that of its configuration server.")
        )
    return Text("")


def of_deployment(deployment: Deployment) -> list[Addition]:
    """All of them, those that are removed as well, in the order in which they were planned."""
    return list(deployment.additions.select_related("created_by"))


def get(deployment: Deployment, addition_id: UUID) -> Addition:
    """Raises NotFound, for one of another deployment as well."""
    row = deployment.additions.filter(pk=addition_id).first()
    if row is None:
        raise NotFound(Text(_("There is no such component.")))
    return row


def title_of(addition: Addition) -> Text:
    """What it is, in the words of the topology."""
    return ROLES[_kind(addition)].title


def findings_of(addition: Addition) -> tuple[ComponentFinding, ...]:
    """What its last check found."""
    return tuple(ComponentFinding.from_json(stored) for stored in addition.findings)


@transaction.atomic
def plan(deployment: Deployment, kind: str, given: Mapping[str, Any], *, actor: Operator) -> Addition:
    """Raises Invalid for answers that cannot be taken, Conflict `no_additions` where nothing can be added."""
    deployments.hold_for(actor, "addition.plan", deployment)
    if problem := takes_additions(deployment):
        raise Conflict(problem, code="no_additions")
    if kind not in ANSWERS:
        text = Text(
            _("“%(kind)s” cannot be added; choose one of: %(known)s."), kind=kind, known=list(ANSWERS)
        )
        raise Invalid([FieldError(path="kind", message=text, code="unknown_kind")])
    row = Addition(deployment=deployment, kind=kind, created_by=actor)
    _take(row, given)
    audit.record(
        "addition.planned",
        subject=row,
        actor=actor,
        sentence=Text(
            _("%(who)s planned the component %(kind)s %(name)s for %(deployment)s."),
            who=actor.username,
            kind=title_of(row),
            name=row.name,
            deployment=deployment.name,
        ),
        after={"kind": kind, "name": row.name, "address": row.address, "answers": row.answers},
    )
    return row


@transaction.atomic
def change(addition: Addition, given: Mapping[str, Any], *, actor: Operator) -> Addition:
    """The answers anew; what was checked counts no more. Raises Invalid, Conflict `recorded` once it is recorded."""
    deployments.hold_for(actor, "addition.change", addition.deployment)
    addition.refresh_from_db()
    _must_stand(addition)
    before = {"name": addition.name, "address": addition.address, "answers": addition.answers}
    recorded = addition.state == Addition.State.RECORDED
    if not recorded:
        addition.state = Addition.State.PLANNED
        addition.appeared_at = None
    addition.findings, addition.checked_at = [], None
    _take(addition, given)
    # Its name and address are part of snapshots that nobody changes; the day of its removal is not.
    if recorded and (addition.name, addition.address) != (before["name"], before["address"]):
        raise Conflict(
            Text(_("%(name)s is recorded under this name and address."), name=before["name"]),
            remedy=Text(_("Remove it, and plan another one.")),
            code="recorded",
        )
    audit.record(
        "addition.changed",
        subject=addition,
        actor=actor,
        sentence=Text(
            _("%(who)s changed the planned component %(name)s of %(deployment)s."),
            who=actor.username,
            name=addition.name,
            deployment=addition.deployment.name,
        ),
        before=before,
        after={"name": addition.name, "address": addition.address, "answers": addition.answers},
    )
    return addition


@transaction.atomic
def remove(addition: Addition, *, actor: Operator) -> Addition:
    """Note that it is gone; what was recorded leaves the topology with a snapshot of its own, its history stays.

    Raises Conflict `machines_remain` while machines replicate through it, `still_in_vault` while the vault shows it,
    `task_running` while a task changes the deployment.
    """
    deployment = addition.deployment
    deployments.hold_for(actor, "addition.remove", deployment)
    deployments.refuse_while_changing(deployment)
    addition.refresh_from_db()
    _must_stand(addition)
    # Where nobody can look at the vault again, what it showed last must not hold back who says that it is gone.
    watched = deployment.state in WATCHED_STATES and azure_access.account_name(deployment)
    seen = seen_in_vault(addition) if watched else ABSENT
    if seen.machines:
        raise Conflict(
            Text.counted(
                "%(count)s machine replicates through %(name)s.",
                "%(count)s machines replicate through %(name)s.",
                "count",
                count=seen.machines,
                name=addition.name,
            ),
            remedy=Text(_("Move them to another process server first.")),
            code="machines_remain",
        )
    if seen.there:
        raise Conflict(
            Text(_("The vault shows %(name)s still."), name=addition.name),
            remedy=Text(
                _(
                    "Uninstall it, or unregister it with Unregister-ASRComponent.pl on the configuration server; then look at "
                    "the vault again."
                )
            ),
            code="still_in_vault",
        )
    was_recorded = addition.state == Addition.State.RECORDED
    addition.state = Addition.State.REMOVED
    addition.removed_at = timezone.now()
    addition.save()
    if was_recorded:
        topology.keep(deployment, topology.planned_graph(deployment), actor=actor)
    deployment.notices.filter(key=reminder_key(addition), ended_at=None).update(ended_at=timezone.now())
    audit.record(
        "addition.removed",
        subject=addition,
        actor=actor,
        sentence=Text(
            _("%(who)s noted that %(name)s of %(deployment)s is removed."),
            who=actor.username,
            name=addition.name,
            deployment=deployment.name,
        ),
        after={
            "began": _moment(addition.recorded_at or addition.created_at),
            "ended": _moment(addition.removed_at),
        },
    )
    return addition


def must_be_unchanged(addition: Addition, text: Text, remedy: Text) -> None:
    """Raises Conflict `changed_meanwhile` where somebody changed its answers, or removed it. To be called in a transaction.

    That the vault was looked at meanwhile, or shows it by now, changes nothing of what was planned.
    """
    now = Addition.objects.select_for_update().filter(pk=addition.pk, removed_at=None).first()
    if now is None or any(getattr(now, name) != getattr(addition, name) for name in _PLANNED):
        raise Conflict(text, remedy=remedy, code="changed_meanwhile")
    addition.state, addition.appeared_at = now.state, now.appeared_at


def settle(addition: Addition) -> bool:
    """Note that the vault shows it, where that is new. Returns whether it was."""
    if addition.state not in (Addition.State.PLANNED, Addition.State.CHECKED):
        return False
    if not seen_in_vault(addition).there:
        return False
    now = timezone.now()
    # Whoever checks or changes it at this moment goes first.
    changed = Addition.objects.filter(pk=addition.pk, state=addition.state).update(
        state=Addition.State.APPEARED, appeared_at=now, changed_at=now
    )
    if changed:
        addition.state, addition.appeared_at = Addition.State.APPEARED, now
    return bool(changed)


def reminder_key(addition: Addition) -> str:
    """The key of the notice that reminds of its removal."""
    return f"{REMINDER}{addition.pk}"


# --- inside -----------------------------------------------------------------------------------------------------------


def _kind(addition: Addition) -> AdditionKind:
    kind: AdditionKind = addition.kind  # type: ignore[assignment]  # the choices of the column are these
    return kind


def _take(row: Addition, given: Mapping[str, Any]) -> None:
    """Raises Invalid."""
    try:
        answers = ANSWERS[_kind(row)].model_validate(storable(dict(given)))
    except ValidationError as error:
        raise Invalid(explain(error)) from None
    data = answers.model_dump(mode="json")
    row.name = data.pop("name")
    row.address = data.pop("address") or ""
    row.answers = data
    day = getattr(answers, "remind_on", None)
    row.remind_at = datetime.combine(day, time(8), tzinfo=UTC) if day else None
    _names_must_differ(row)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        _taken(row)
    settle(row)


def _names_must_differ(row: Addition) -> None:
    others = row.deployment.additions.filter(removed_at=None).exclude(pk=row.pk)
    if others.filter(name__iexact=row.name).exists():
        _taken(row)


def _taken(row: Addition) -> None:
    text = Text(
        _("A component of this deployment is called %(name)s already; names must differ."), name=row.name
    )
    raise Invalid([FieldError(path="name", message=text, code="name_taken")])


def _must_stand(addition: Addition) -> None:
    if addition.state == Addition.State.REMOVED:
        raise Conflict(Text(_("%(name)s is removed already."), name=addition.name), code="removed")


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
