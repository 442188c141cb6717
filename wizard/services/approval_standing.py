"""How the approval of a deployment stands: asked for, given, or overtaken by other answers. Nothing is changed here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from wizard.journey import base as journey
from wizard.models import Approval, AuditEntry, Deployment, Operator
from wizard.services import evidence
from wizard.services.answers import answers_of
from wizard.services.errors import NotReady
from wizard.services.permissions import may
from wizard.text import Text, _, verbatim

State = Literal["none", "waiting", "approved", "outdated", "rejected"]

# What makes somebody an author; who only looked, checked or started tasks is none.
AUTHORING: Final = ("deployment.created", "deployment.answered", "deployment.renamed")
# What the name and the architecture are called, which belong to no step that is answered later.
_NAME: Final = _("Name of the deployment")
_PROFILE: Final = _("Architecture")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One answer that is not what it was when the approval was asked for; None where there was, or is, none.

    `path` is for programs ("network.address"), `label` for people ("Identity and network: IP address").
    """

    path: str
    label: Text
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`state` is that of the newest request, `outdated` where it was approved, or waits, for other answers than there are now, or
    for another file of the template.

    `digest` is the SHA-256 of the answers as they are now, which is what an approval would be of.
    """

    needed: bool
    state: State
    digest: str
    approval: Approval | None
    changed: tuple[Change, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing stands in the way of work that sets something up."""
        return not self.needed or self.state == "approved"


def needs(deployment: Deployment) -> bool:
    """Whether another person has to approve the answers, by its own mark or by the settings for all."""
    return deployment.needs_approval or bool(settings.DEPLOYMENTS_NEED_APPROVAL)


def document_of(deployment: Deployment) -> dict[str, Any]:
    """What is approved: name, profile and all valid answers, those too that do not apply for now."""
    return {
        "name": deployment.name,
        "profile": deployment.profile,
        "answers": answers_of(deployment),
    }


def digest_of(document: Mapping[str, Any]) -> str:
    """SHA-256 of the document's canonical spelling: JSON in ASCII, keys sorted, no spaces."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def standing(deployment: Deployment) -> Standing:
    """How the newest request stands against the answers of now."""
    now = document_of(deployment)
    digest = digest_of(now)
    approval = newest(deployment)
    state: State = "none"
    changed: tuple[Change, ...] = ()
    if approval is not None and approval.state != Approval.State.WITHDRAWN:
        differs = approval.digest != digest
        changed = differences(approval.answers, now) if differs else ()
        if approval.state == Approval.State.REJECTED:
            state = "rejected"
        elif differs:
            state = "outdated"
        elif evidence.template_replaced_since(deployment, approval.asked_at):
            # The same answers name another file by now.
            state, changed = "outdated", (_replaced_template(deployment.profile),)
        else:
            state = "approved" if approval.state == Approval.State.APPROVED else "waiting"
    return Standing(needed=needs(deployment), state=state, digest=digest, approval=approval, changed=changed)


def newest(deployment: Deployment) -> Approval | None:
    """The newest request decides: one that was withdrawn does not bring back what was approved before it."""
    return deployment.approvals.select_related("asked_by", "decided_by").order_by("-asked_at").first()


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Field by field what differs between two documents as `document_of` makes them, in the order of the journey."""
    found = [
        Change(path=path, label=Text(label), before=before.get(path), after=after.get(path))
        for path, label in (("name", _NAME), ("profile", _PROFILE))
        if before.get(path) != after.get(path)
    ]
    old, new = before.get("answers", {}), after.get("answers", {})
    steps = {step.id: step for step in journey.journey(after["profile"])}
    for step_id in [*steps, *sorted(set(old) - set(steps))]:
        found += _of_step(step_id, steps.get(step_id), old.get(step_id) or {}, new.get(step_id) or {})
    return tuple(found)


def _of_step(
    step_id: str, step: journey.Step | None, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[Change]:
    fields = step.answers.model_fields if step is not None and step.answers is not None else {}
    order = [*fields, *sorted({*old, *new} - set(fields))]
    title = Text(step.title) if step is not None else verbatim(step_id)
    return [
        Change(
            path=f"{step_id}.{name}",
            label=Text(
                _("%(step)s: %(question)s"),
                step=title,
                question=Text((fields[name].title if name in fields else None) or name),
            ),
            before=old.get(name),
            after=new.get(name),
        )
        for name in order
        if old.get(name) != new.get(name)
    ]


def _replaced_template(profile: str) -> Change:
    title = next(step.title for step in journey.journey(profile) if step.id == "template")
    return Change(path="template", label=Text(title), before=None, after=None)


# --- who ---------------------------------------------------------------------------------------------------------------


def author_ids(deployment: Deployment) -> frozenset[Any]:
    """Who began it, named it or ever answered a step, whether or not the answer is still there."""
    answered = AuditEntry.objects.filter(subject_id=str(deployment.pk), action__in=AUTHORING)
    return frozenset(
        {
            deployment.created_by_id,
            *answered.exclude(actor=None).values_list("actor_id", flat=True),
            *deployment.steps.filter(data__isnull=False).values_list("changed_by_id", flat=True),
        }
    )


def who_may_approve(deployment: Deployment) -> list[Operator]:
    """Reviewers and administrators who see it and had no part in it, by name."""
    authors = author_ids(deployment)
    asked = newest(deployment)
    deciding = Operator.objects.filter(is_active=True).filter(
        Q(role__in=(Operator.Role.REVIEWER, Operator.Role.ADMIN)) | Q(is_superuser=True)
    )
    if deployment.team_id is not None:
        # In one query, however many reviewers there are.
        members = Q(pk__in=Operator.objects.filter(teams=deployment.team_id).values("pk"))
        deciding = deciding.filter(members | Q(role=Operator.Role.ADMIN) | Q(is_superuser=True))
    return [
        person
        for person in deciding.order_by("username")
        if person.pk not in authors
        and (asked is None or asked.state != Approval.State.WAITING or asked.asked_by_id != person.pk)
        and may(person, "approval.decide")
    ]


# --- the gate ----------------------------------------------------------------------------------------------------------


def lacking_approval(deployment: Deployment) -> tuple[Text, ...]:
    """What is missing before something may be set up, in words that name who may give it; empty where nothing is."""
    if not needs(deployment):
        return ()
    found = standing(deployment)
    if found.holds:
        return ()
    people = [person.get_username() for person in who_may_approve(deployment)]
    who: Any = people or Text(
        _("nobody yet; it takes a reviewer or an administrator who neither began nor answered it")
    )
    approval = found.approval
    if approval is None or found.state == "none":
        return (Text(_("the approval of these answers (who may approve: %(who)s)"), who=who),)
    if found.state == "waiting":
        text = Text(
            _("the approval that %(asker)s asked for on %(when)s (who may approve: %(who)s)"),
            asker=approval.asked_by.get_username(),
            when=_day(approval.asked_at),
            who=who,
        )
    elif found.state == "rejected" and approval.decided_by is not None:
        text = Text(
            _("an approval: %(decider)s rejected these answers (%(reason)s; who may approve: %(who)s)"),
            decider=approval.decided_by.get_username(),
            reason=approval.reason,
            who=who,
        )
    else:
        text = Text(
            _("a new approval, as these answers were changed since: %(fields)s (who may approve: %(who)s)"),
            fields=[change.label for change in found.changed],
            who=who,
        )
    return (text,)


def refuse_unapproved(deployment: Deployment, refusal: Text) -> None:
    """For what sets up by hand: raises NotReady with `refusal` while an approval is needed and not there.

    What is set up already needs none any more.
    """
    missing = lacking_approval(deployment) if deployment.is_open else ()
    if missing:
        raise NotReady(refusal, missing=missing)


def _day(moment: Any) -> str:
    return timezone.localtime(moment).date().isoformat()
