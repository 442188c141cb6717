"""The task that moves machines between the servers of a vault, job by job, as it was planned.

What is done is kept with the task after every job: a task that was stopped, failed or lost its worker says machine by machine
how far it came, and a repetition leaves alone what has moved already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from wizard.azure import gateways, jobs
from wizard.azure.connection import Arm
from wizard.azure.errors import AzureError, JobFailed
from wizard.azure.errors import NotFound as JobNotFound
from wizard.azure.job_view import Job
from wizard.azure.vaults import VaultRef
from wizard.journey.errors import FieldError
from wizard.models import Deployment, Task, TaskState
from wizard.planning.protected_machines import MoveOrder, batches, read_machines
from wizard.services import azure_access, machine_moves
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.machine_moves_now import not_now, read_now, sorted_out
from wizard.services.machine_moves_report import MoveReport
from wizard.services.tasks.progress import Cancelled, Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_observation import reading, schedule
from wizard.text import Text, _


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """`plan_sha256` in the inputs is the digest of the newest plan, or `undo` the id of a move that is to be taken back.

    Raises Conflict `plan_outdated`, `nothing_to_move`; Invalid, NotFound.
    """
    missing = []
    if deployment.state not in schedule.WATCHED_STATES:
        missing.append(Text(_("a deployment that stands, and was not taken out of service")))
    if not azure_access.account_name(deployment):
        missing.append(Text(_("an Azure account in the vault step")))
    undone = inputs.get("undo")
    if undone is not None:
        source = _to_be_undone(deployment, undone)
        orders, named = undo_orders(source), {"undo": str(source.pk)}
    else:
        plan = machine_moves.must_be_planned(deployment, inputs.get("plan_sha256"))
        orders, named = plan.orders, {"plan": str(plan.task.pk)}
    if not orders:
        raise Conflict(Text(_("There is nothing to move.")), code="nothing_to_move")
    # The orders stay with the task that has them already: of two thousand machines they are more than a megabyte.
    return Prepared(inputs=named | {"plan_sha256": machine_moves.seal(orders)}, missing=tuple(missing))


def undo_orders(task: Task) -> tuple[MoveOrder, ...]:
    """What takes back all that this move achieved."""
    result = task.result or {}
    return machine_moves.orders_of(result.get("undo", []))


def ordered(task: Task) -> tuple[MoveOrder, ...]:
    """What a task that was started is to move. Raises Conflict `plan_outdated` where that is not what was approved."""
    inputs = task.inputs
    others = task.deployment.tasks.filter(pk=inputs.get("undo") or inputs["plan"])
    source = others.first()
    if source is None or not source.result:
        orders: tuple[MoveOrder, ...] = ()
    else:
        orders = undo_orders(source) if "undo" in inputs else machine_moves.orders_of(source.result["orders"])
    if machine_moves.seal(orders) != inputs["plan_sha256"]:
        raise Conflict(Text(_("What was to be moved is not known any more.")), code="plan_outdated")
    return orders


def run(progress: Progress) -> Done:
    task = progress.task
    deployment = task.deployment
    orders = ordered(task)
    report = MoveReport(task)
    ref = azure_access.vault_ref(deployment)
    with azure_access.open_arm(deployment) as arm:
        try:
            in_left_job = _await_left_job(progress, arm, ref, orders, report)
            progress.phase(Text(_("Reading where the machines are now")), 5)
            documents = read_now(arm, ref, orders)
            todo = sorted_out(orders, documents, report, progress, in_left_job)
            progress.leave(job=None)
            _move_all(progress, arm, ref, batches(todo), report)
        finally:
            # However it ended, machines may be elsewhere now.
            reading.forget(deployment)
            schedule.make_due(deployment)
    return _ended(report)


# --- inside -----------------------------------------------------------------------------------------------------------


def _to_be_undone(deployment: Deployment, task_id: object) -> Task:
    """The newest move, or the one of which the newest move has taken back a part only."""
    try:
        wanted = UUID(str(task_id))
    except ValueError:
        text = Text(_("Give the id of the task that moved the machines."))
        raise Invalid([FieldError(path="undo", message=text, code="invalid")]) from None
    task = deployment.tasks.filter(kind="move_machines", pk=wanted).first()
    if task is None:
        raise NotFound(Text(_("There is no such move.")))
    newest = machine_moves.newest_moves(deployment)
    if newest is None or task.pk not in (newest.pk, half_undone(newest)):
        raise Conflict(
            Text(_("Only the newest move can be taken back: machines were moved since.")),
            remedy=Text(_("Plan new moves instead.")),
            code="plan_outdated",
        )
    return task


def half_undone(task: Task) -> UUID | None:
    """The id of the move that this task was to take back, where some of its machines stayed away; else None."""
    undone, result = task.inputs.get("undo"), task.result or {}
    left = task.state != TaskState.SUCCEEDED or any(result.get(name) for name in ("failed", "refused"))
    return UUID(undone) if undone and left else None


def _await_left_job(
    progress: Progress, arm: Arm, ref: VaultRef, orders: Sequence[MoveOrder], report: MoveReport
) -> frozenset[str]:
    """The job that a worker which died was following goes on in Azure; its machines must not be asked for twice.

    Returns their keys: what it moved is this task's doing.
    """
    left = progress.task.leftovers.get("job")
    if not left:
        return frozenset()
    keys = frozenset(left["machines"])
    if not left["id"]:
        # It died between the order and its answer: if there is a job, its name is not known.
        report.may_have_moved([order for order in orders if order.key in keys])
        return keys
    progress.phase(Text(_("Waiting for the job that was left behind")), 2)
    # What it did not do, or where it is not known any more, is found out afterwards, and done again.
    with suppress(JobFailed, JobNotFound):
        jobs.follow(arm, ref, Job(id=left["id"]), should_stop=_only_if_lost(progress))
    return keys


def _move_all(
    progress: Progress,
    arm: Arm,
    ref: VaultRef,
    made: Sequence[tuple[MoveOrder, ...]],
    report: MoveReport,
) -> None:
    for number, batch in enumerate(made):
        left = [order for later in made[number + 1 :] for order in later]
        try:
            # Between two jobs is where somebody's wish to stop is heard.
            progress.phase(_about(batch, number + 1, len(made)), round(10 + 85 * number / len(made)))
        except Cancelled:
            report.note("not_tried", [*batch, *left])
            raise
        try:
            # Jobs take minutes: who was sound when the first began may not be when the last one does.
            if number and (why := not_now(arm, ref, batch[0].target, progress)):
                report.refuse((order, why.to_json()) for order in batch)
                progress.event(why, level="warning")
                continue
            _move_batch(progress, arm, ref, batch, report)
        except JobFailed as error:
            _verify(arm, ref, batch, left, error, report, progress)
        except AzureError as error:
            # Not this batch but the way to the vault, or the right to it, is what fails: the others would as well.
            report.fail(batch, error)
            report.note("not_tried", left)
            raise


def _move_batch(
    progress: Progress, arm: Arm, ref: VaultRef, batch: tuple[MoveOrder, ...], report: MoveReport
) -> None:
    """Raises JobFailed, AzureError."""
    first = batch[0]
    machines = [order.key for order in batch]
    # Before the order goes out: whoever takes over must know of it, and who has lost the task must not give it.
    progress.leave(job={"id": "", "machines": machines})
    if first.way == "update_appliance":
        job = gateways.update_appliance(
            arm,
            ref,
            first.fabric,
            first.container,
            first.item,
            appliance=first.target,
            run_as_account=first.run_as_account,
        )
    else:
        job = gateways.reassociate(
            arm,
            ref,
            first.fabric,
            container=first.container,
            source=first.source,
            target=first.target,
            items=[order.machine for order in batch],
        )
    progress.leave(job={"id": job.id, "machines": machines})
    try:
        view = jobs.follow(arm, ref, job, should_stop=_only_if_lost(progress))
    except JobFailed:
        raise
    except AzureError:
        report.may_have_moved(batch)
        raise
    progress.leave(job=None)
    report.note("moved", batch)
    if view.errors:
        # Done, with remarks: the vault has something to say that did not stop it.
        for error in view.errors:
            progress.event(Text(_("The vault remarks: %(message)s"), message=error.message))


def _verify(
    arm: Arm,
    ref: VaultRef,
    batch: tuple[MoveOrder, ...],
    left: Sequence[MoveOrder],
    error: JobFailed,
    report: MoveReport,
    progress: Progress,
) -> None:
    """A job that failed may have moved some: the vault says which."""
    progress.leave(job=None)
    try:
        documents = read_now(arm, ref, batch)
    except (AzureError, Conflict):
        report.may_have_moved(batch)
        report.fail(batch, error)
        report.note("not_tried", left)
        raise
    now = {machine.key: machine.server for machine in read_machines(documents)}
    there = [order for order in batch if now.get(order.key) == order.target.upper()]
    away = [order for order in batch if order not in there]
    report.not_moved(away)
    report.note("moved", there)
    report.fail(away, error)
    progress.event(error.text, level="warning", data={"moved": len(there), "of": len(batch)})


def _only_if_lost(progress: Progress) -> Callable[[], bool]:
    """A job that began is followed to its end, whoever wishes to stop; LostClaim alone comes through."""

    def ask() -> bool:
        with suppress(Cancelled):
            progress.check()
        return False

    return ask


def _about(batch: Sequence[MoveOrder], number: int, of: int) -> Text:
    return Text.counted(
        "Moving %(count)s machine: job %(number)s of %(of)s",
        "Moving %(count)s machines: job %(number)s of %(of)s",
        "count",
        count=len(batch),
        number=number,
        of=of,
    )


def _ended(report: MoveReport) -> Done:
    moved, wrong = report.count("moved"), report.count("failed") + report.count("refused")
    if wrong and not moved:
        raise Conflict(
            Text(_("None of the machines was moved; %(wrong)s could not be."), wrong=wrong),
            remedy=Text(_("The page of the moves says why for each. Correct that, and plan anew.")),
            code="moves_failed",
        )
    if wrong:
        summary = Text.counted(
            "%(moved)s machine moved, %(wrong)s not: see each of them.",
            "%(moved)s machines moved, %(wrong)s not: see each of them.",
            "moved",
            moved=moved,
            wrong=wrong,
        )
    else:
        summary = Text(
            _("Machines moved: %(moved)s; there already: %(already)s."),
            moved=moved,
            already=report.count("already"),
        )
    return Done(summary=summary, result=report.to_json())
