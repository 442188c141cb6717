"""The recorded plan of an import: made without changing anything, shown, approved by the start, and then kept to."""

from __future__ import annotations

import functools
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone

from wizard.journey import base as journey
from wizard.models import Deployment, DeploymentPlan, Operator, Task
from wizard.services import audit, deployments, evidence, go_ahead, results, template_contents, templates
from wizard.services.errors import Conflict, UserError
from wizard.services.import_answers import import_plan, refuse_replaced
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vcenter_access import open_session
from wizard.text import Text, _
from wizard.vsphere.import_record import ImportRecord
from wizard.vsphere.ova_import import prepare_import
from wizard.vsphere.template import open_template

TITLE: Final = Text(_("Plan the import"))
_READ_FROM, _READ_TO = 5, 90


# --- which plan counts ------------------------------------------------------------------------------------------------


def newest(deployment: Deployment) -> DeploymentPlan | None:
    """The plan that was made last, whether or not it still holds."""
    return _plans(deployment).first()


def current(deployment: Deployment) -> DeploymentPlan | None:
    """The newest plan, as long as nothing that it rests on has changed; only this one may be approved."""
    plan = newest(deployment)
    return plan if plan is not None and outdated_because(plan) is None else None


def approved(deployment: Deployment) -> DeploymentPlan | None:
    """The plan that was approved last."""
    return _plans(deployment).filter(approved_at__isnull=False).order_by("-approved_at").first()


def shown(deployment: Deployment) -> DeploymentPlan | None:
    """The plan that there is to look at: the newest one, and once it is deployed the one that was approved for it."""
    return newest(deployment) if deployment.is_open else approved(deployment)


def outdated_because(plan: DeploymentPlan) -> Text | None:
    """What changed since the plan was begun; None while it holds."""
    deployment, since = plan.deployment, plan.task.queued_at
    answered = deployment.steps.filter(data__isnull=False, changed_at__gt=since).values_list(
        "step", flat=True
    )
    if changed := list(answered.order_by("step")):
        titles = [Text(journey.step(deployment.profile, step).title) for step in changed]
        return Text(_("These answers were changed after the plan was made: %(steps)s."), steps=titles)
    if evidence.template_replaced_since(deployment, since):
        return Text(_("The template was replaced after the plan was made."))
    checked = results.latest_run(deployment)
    if checked is None or checked.finished_at is None or checked.finished_at > since:
        return Text(_("Preflight was run after the plan was made."))
    return None


# --- making it --------------------------------------------------------------------------------------------------------


def prepare(deployment: Deployment, _inputs: dict[str, Any]) -> Prepared:
    """Needs what the deployment needs: a preflight that passed for these very answers. Raises Conflict."""
    return Prepared(missing=go_ahead.unchecked(deployment))


def run(progress: Progress) -> Done:
    task = progress.task
    # A plan changes nothing, and whoever approves the answers may want to see it first.
    go_ahead.refuse_unfit(progress, TITLE, changing=False)
    answers = deployments.answers_of(task.deployment)
    refuse_replaced(task.deployment, answers)
    path = templates.local_path(answers["template"])
    progress.phase(Text(_("Signing in to %(host)s"), host=answers["vcenter"]["host"]), 2)
    with (
        open_session(answers["vcenter"], task.deployment) as session,
        open_template(path) as template,
    ):
        progress.phase(
            Text(_("Reading the template, and asking vCenter what it would make of it")), _READ_FROM
        )
        record = prepare_import(
            session,
            template,
            import_plan(
                answers,
                template.descriptor,
                passwords=template_contents.passwords_of(task.deployment, answers["template"]),
            ),
            on_progress=lambda done, total: progress.percent(
                _READ_FROM + (_READ_TO - _READ_FROM) * done / max(total, 1)
            ),
            should_stop=progress.should_stop,
        )
    for warning in record.parts["warnings"]:
        progress.warning(Text(_("vCenter warns: %(message)s"), message=warning))
    plan = DeploymentPlan(
        deployment=task.deployment, task=task, record=record.to_json(), sha256=record.sha256
    )
    return Done(
        summary=Text(
            _("The plan %(sha256)s was recorded. Nothing was changed in vCenter."), sha256=plan.sha256[:12]
        ),
        result={"plan_sha256": plan.sha256},
        commit=plan.save,
    )


# --- approving it, and keeping to it ----------------------------------------------------------------------------------


def prepare_approved(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Needs the current plan, and its SHA-256 in `plan_sha256`: who starts the deployment has seen it and approves it.

    Raises Conflict `already_deployed` and `plan_outdated`.
    """
    missing = go_ahead.lacking(deployment)
    if missing:
        return Prepared(missing=missing)
    plan, given = current(deployment), inputs.get("plan_sha256")
    if plan is None or not given:
        return Prepared(missing=(Text(_("a plan of the import, made after the last change and approved")),))
    if given != plan.sha256:
        raise Conflict(
            Text(
                _("The plan %(given)s is not the current one, which is %(current)s."),
                given=str(given)[:12],
                current=plan.sha256[:12],
            ),
            remedy=Text(_("Look at the newest plan and approve that one.")),
            code="plan_outdated",
        )
    return Prepared(inputs={"plan_sha256": plan.sha256}, begun=functools.partial(_approve, plan))


def approved_record(task: Task) -> ImportRecord:
    """The record that this task was started with. Raises UserError where it is gone or is not what was stored."""
    plan = task.deployment.plans.filter(sha256=task.inputs.get("plan_sha256", "")).first()
    try:
        if plan is not None:
            record = ImportRecord.from_json(plan.record)
            if record.sha256 == plan.sha256:
                return record
    except ValueError:
        pass
    raise UserError(
        Text(_("The plan that was approved is not there any more as it was recorded.")),
        remedy=Text(_("Make the plan anew, look at it, and approve it.")),
        code="plan_damaged",
    )


def _approve(plan: DeploymentPlan, task: Task) -> None:
    who: Operator = task.requested_by
    plan.approved_by, plan.approved_at = who, timezone.now()
    plan.save(update_fields=["approved_by", "approved_at"])
    audit.record(
        "plan.approved",
        subject=plan.deployment,
        actor=who,
        sentence=Text(
            _("%(who)s approved the plan %(sha256)s of %(deployment)s."),
            who=who.username,
            sha256=plan.sha256[:12],
            deployment=plan.deployment.name,
        ),
        after={"plan_sha256": plan.sha256, "made_at": plan.made_at.isoformat(), "task": str(task.pk)},
    )


def _plans(deployment: Deployment) -> QuerySet[DeploymentPlan]:
    return deployment.plans.select_related("task", "deployment", "approved_by")
