"""vCenter registered for a deployment, and its machines discovered: the tasks that do so."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from wizard.journey.errors import FieldError
from wizard.models import Deployment, DeploymentState, VCenter
from wizard.services import audit, deployments, discovery, vault_vcenters, vcenter_registry
from wizard.services.discovery import judging
from wizard.services.discovery.claim import Claim
from wizard.services.errors import Conflict, Invalid
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vcenter_access import open_session
from wizard.text import Text, _
from wizard.vsphere import inventory, privileges
from wizard.vsphere.session import Session

# Seconds between two looks whether another refresh of the same vCenter has ended.
_LOOK_AGAIN_S: Final = 0.5

_KEPT: Final = Text(
    _(
        "Another deployment uses this vCenter, too. Its machines are read with the account of that one, as before; whatever else "
        "is done for this deployment, is done with its own."
    )
)

# --- register ---------------------------------------------------------------------------------------------------------


def prepare_register(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    if deployment.is_open:
        return Prepared(missing=(Text(_("the deployed appliance")),))
    return Prepared(inputs=vault_vcenters.checked_inputs(inputs))


def run_register(progress: Progress) -> Done:
    task = progress.task
    answers = deployments.answers_of(task.deployment)["vcenter"]
    progress.phase(Text(_("Signing in to %(host)s"), host=answers["host"]), 5)
    with open_session(answers, task.deployment) as session:
        about = session.about
        progress.info(
            Text(_("%(product)s, instance %(uuid)s."), product=about.product, uuid=about.instance_uuid)
        )
        vcenter_registry.refuse_second_name(about, answers, task.deployment)
        progress.phase(Text(_("Comparing privileges")), 15)
        placement = inventory.read_placement(session)
        gaps = _privilege_gaps(session, [datacenter.ref for datacenter in placement.datacenters])
        if gaps["full"]:
            progress.warning(
                Text.counted(
                    "The account lacks %(count)s privilege of the full role: replication works, failback does not.",
                    "The account lacks %(count)s privileges of the full role: replication works, failback does not.",
                    "count",
                    count=len(gaps["full"]),
                )
            )
        saved = vcenter_registry.save(answers, about, task.deployment)
        vcenter = saved.vcenter
        if saved.kept:
            progress.info(_KEPT)
        try:
            _discover(
                vcenter,
                progress,
                start=30,
                complete=True,
                joining=task.deployment,
                sign_in=saved.sign_in,
            )
        except BaseException:
            saved.give_up()
            raise
    counts = _counts(vcenter)

    result = {
        "about": about.to_json(),
        "privileges": gaps,
        "machines_read_with_own_account": not saved.kept,
        **counts,
    }

    def commit() -> None:
        kept = saved.settle(task.deployment)
        if kept and not saved.kept:
            progress.event(_KEPT)
        result["machines_read_with_own_account"] = not kept
        # Where the same address leads to another instance by now, the deployment goes with it.
        task.deployment.vcenters.set([vcenter])
        # The deployment's own appliance is one of these machines.
        judging.judge_again(vcenter)
        if task.deployment.state == DeploymentState.DEPLOYED:
            deployments.move_to(task.deployment, DeploymentState.REGISTERED)
        audit.record(
            "vcenter.registered",
            subject=vcenter,
            deployment=task.deployment,
            actor=task.requested_by,
            sentence=Text(
                _("%(who)s registered vCenter %(name)s for %(deployment)s."),
                who=task.requested_by.username,
                name=vcenter.friendly_name,
                deployment=task.deployment.name,
            ),
            after={
                "host": vcenter.host,
                "instance_uuid": vcenter.instance_uuid,
                "machines_read_with": "another_deployments_account" if kept else answers["credential"],
            },
        )

    done = Done(
        summary=Text.counted(
            "%(host)s is registered; %(count)s machine discovered.",
            "%(host)s is registered; %(count)s machines discovered.",
            "count",
            host=answers["host"],
            count=counts["machines"],
        ),
        result=result,
        commit=commit,
    )
    return _go_on(done, progress, vcenter) if vault_vcenters.goes_on(task.deployment) else done


def _go_on(here: Done, progress: Progress, vcenter: VCenter) -> Done:
    """Into the vault. What is registered here is so by now, whatever becomes of that."""
    progress.check()
    with transaction.atomic():
        assert here.commit is not None  # noqa: S101 - made above
        here.commit()
    in_vault = vault_vcenters.register(progress, vcenter, start=95)
    words = {
        "registered": _("%(here)s It is registered with the configuration server in the vault, too."),
        "unchanged": _("%(here)s The vault knows it already."),
        "no_server": _("%(here)s The configuration server is not in the vault yet."),
        "appliance": _("%(here)s On the appliance it is added by hand."),
    }
    summary = Text(words[in_vault["state"]], here=here.summary)
    return Done(summary=summary, result={**here.result, "vault": in_vault})


# --- discover ---------------------------------------------------------------------------------------------------------


def prepare_discover(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """`full` in the inputs asks for everything to be read, not only what has changed. Raises Invalid."""
    full = inputs.get("full", False)
    if not isinstance(full, bool):
        text = Text(_("“full” is true or false: whether everything is read, or what has changed."))
        raise Invalid([FieldError(path="full", message=text, code="invalid")])
    if not deployment.vcenters.exists():
        return Prepared(missing=(Text(_("a registered vCenter")),))
    return Prepared(inputs={"full": full})


def run_discover(progress: Progress) -> Done:
    vcenter = progress.task.deployment.vcenters.get()
    progress.phase(Text(_("Signing in to %(host)s"), host=vcenter.host), 5)
    outcome = _discover(vcenter, progress, start=15, complete=progress.task.inputs.get("full", False))
    counts = _counts(vcenter)
    return Done(
        summary=(
            Text.counted(
                "%(count)s machine discovered.",
                "%(count)s machines discovered.",
                "count",
                count=counts["machines"],
            )
            if outcome.complete
            else Text(
                _("Machines that had changed: %(read)s of %(count)s; gone: %(gone)s."),
                read=outcome.read,
                count=counts["machines"],
                gone=outcome.gone,
            )
        ),
        result={
            **counts,
            "complete": outcome.complete,
            "written": outcome.written,
            "gone": outcome.gone,
        },
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _discover(
    vcenter: VCenter,
    progress: Progress,
    *,
    start: int,
    complete: bool,
    joining: Deployment | None = None,
    sign_in: Mapping[str, Any] = MappingProxyType({}),
) -> discovery.Outcome:
    right = _claim(vcenter.pk, progress)
    progress.phase(Text(_("Discovering machines")), start)
    # How many there will be, nobody tells before the end; as many as there were is a good guess.
    expected = vcenter.machines.filter(gone_at=None).count()

    def report(read: int) -> None:
        progress.info(
            Text.counted("%(count)s machine read.", "%(count)s machines read.", "count", count=read)
        )
        if expected:
            progress.percent(start + (95 - start) * min(1.0, read / expected))

    return discovery.refresh(right, complete=complete, report=report, joining=joining, sign_in=sign_in)


def _claim(vcenter_id: UUID, progress: Progress) -> Claim:
    """The right to refresh; what the schedule began just now is waited for. Raises Conflict `registration_undone`."""
    said = False
    while (right := discovery.take(vcenter_id)) is None:
        if not VCenter.objects.filter(pk=vcenter_id).exists():
            raise Conflict(
                Text(_("Another deployment was registering this vCenter for the first time, and failed.")),
                remedy=Text(_("Register it again: this deployment is the first one then.")),
                code="registration_undone",
            )
        if not said:
            progress.info(Text(_("Another refresh of this vCenter is under way; this one comes after it.")))
            said = True
        progress.check()
        time.sleep(_LOOK_AGAIN_S)
    return right


def _counts(vcenter: VCenter) -> dict[str, int]:
    here = vcenter.machines.filter(gone_at=None)
    return {
        "machines": here.filter(is_template=False).count(),
        "templates": here.filter(is_template=True).count(),
    }


def _privilege_gaps(session: Session, objects: list[inventory.ObjectRef]) -> dict[str, list[dict[str, str]]]:
    return {
        level: [
            {"object": gap.object.name, "privilege_id": gap.privilege_id, "name": gap.name} for gap in gaps
        ]
        for level, gaps in privileges.missing(session, privileges.LEVELS, objects).items()
    }
