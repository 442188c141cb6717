"""The task that moves machines between the servers of a vault, job by job, as it was planned.

What is done is kept with the task after every job: a task that was stopped, failed or lost its worker says machine by machine
how far it came, and a repetition leaves alone what has moved already.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from wizard.azure import fabrics, gateways, jobs
from wizard.azure.connection import Arm
from wizard.azure.errors import AzureError, JobFailed
from wizard.azure.job_view import Job
from wizard.azure.vaults import VaultRef
from wizard.journey.errors import FieldError
from wizard.models import Deployment, Task, TaskState
from wizard.planning.protected_machines import MoveOrder, batches, read_machines
from wizard.services import azure_access, machine_moves
from wizard.services.errors import Conflict, Invalid, NotFound
from wizard.services.tasks.progress import Cancelled, Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_observation import schedule
from wizard.text import Text, _
from wizard.topology.observed import Observed, observe

_OUTCOMES: Final = ("moved", "already", "failed", "refused", "not_tried")


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
        orders = undo_orders(_move(deployment, undone))
    else:
        orders = machine_moves.must_be_planned(deployment, inputs.get("plan_sha256")).orders
    if not orders:
        raise Conflict(Text(_("There is nothing to move.")), code="nothing_to_move")
    clean: dict[str, Any] = {
        "orders": [order.to_json() for order in orders],
        "plan_sha256": machine_moves.seal(orders),
    }
    return Prepared(
        inputs=clean | ({"undo": str(undone)} if undone is not None else {}), missing=tuple(missing)
    )


def undo_orders(task: Task) -> tuple[MoveOrder, ...]:
    """What takes back all that this move achieved."""
    result = task.result or {}
    return machine_moves.orders_of(result.get("undo", []))


def run(progress: Progress) -> Done:
    task = progress.task
    deployment = task.deployment
    orders = machine_moves.orders_of(task.inputs["orders"])
    report = _Report(task)
    ref = azure_access.vault_ref(deployment)
    with azure_access.open_arm(deployment) as arm:
        in_left_job = _await_left_job(progress, arm, ref)
        progress.phase(Text(_("Reading where the machines are now")), 5)
        documents = fabrics.read_documents(arm, ref)
        observed = observe(
            documents, now=timezone.now(), corrections=machine_moves.corrections_of(deployment)
        )
        todo = _sorted_out(orders, documents, observed, report, progress, in_left_job)
        progress.leave(job=None)
        made = batches(todo)
        for number, batch in enumerate(made):
            left = [order for later in made[number + 1 :] for order in later]
            try:
                # Between two jobs is where somebody's wish to stop is heard.
                progress.phase(_about(batch, number + 1, len(made)), round(10 + 85 * number / len(made)))
            except Cancelled:
                report.note("not_tried", [*batch, *left])
                raise
            try:
                _move_batch(progress, arm, ref, batch, report)
            except JobFailed as error:
                _verify(arm, ref, batch, error, report, progress)
            except AzureError as error:
                # Not this batch but the way to the vault, or the right to it, is what fails: the others would as well.
                report.fail(batch, error)
                report.note("not_tried", left)
                raise
    schedule.make_due(deployment)
    return _ended(report)


# --- inside -----------------------------------------------------------------------------------------------------------


class _Report:
    """What became of each machine, written into the task's row whenever it grows."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._lists: dict[str, list[dict[str, Any]]] = {outcome: [] for outcome in _OUTCOMES}
        before = task.result or {}
        # An attempt before this one moved them; what it moved is to be taken back, too.
        self._undo: dict[str, dict[str, str]] = {
            MoveOrder(**order).key: order for order in before.get("undo", [])
        }

    def note(self, outcome: str, orders: Sequence[MoveOrder], **more: Any) -> None:
        for order in orders:
            self._lists[outcome].append({"machine": order.machine, "name": order.name, **more})
            if outcome == "moved":
                self._undo[order.key] = order.back().to_json()
        if orders:
            self._write()

    def fail(self, orders: Sequence[MoveOrder], error: AzureError) -> None:
        self.note(
            "failed",
            orders,
            code=error.code,
            text=error.text.to_json(),
            remedy=error.remedy.to_json(),
        )

    def count(self, outcome: str) -> int:
        return len(self._lists[outcome])

    def to_json(self) -> dict[str, Any]:
        return {**self._lists, "undo": list(self._undo.values())}

    def _write(self) -> None:
        mine = Task.objects.filter(pk=self._task.pk, attempt=self._task.attempt, state=TaskState.RUNNING)
        mine.update(result=self.to_json())


def _move(deployment: Deployment, task_id: object) -> Task:
    try:
        wanted = UUID(str(task_id))
    except ValueError:
        text = Text(_("Give the id of the task that moved the machines."))
        raise Invalid([FieldError(path="undo", message=text, code="invalid")]) from None
    task = deployment.tasks.filter(kind="move_machines", pk=wanted).first()
    if task is None:
        raise NotFound(Text(_("There is no such move.")))
    newest = machine_moves.newest_moves(deployment)
    if newest is None or newest.pk != task.pk:
        raise Conflict(
            Text(_("Only the newest move can be taken back: machines were moved since.")),
            remedy=Text(_("Plan new moves instead.")),
            code="plan_outdated",
        )
    return task


def _await_left_job(progress: Progress, arm: Arm, ref: VaultRef) -> frozenset[str]:
    """The job that a worker which died was following goes on in Azure; its machines must not be asked for twice.

    Returns their keys: what it moved is this task's doing.
    """
    left = progress.task.leftovers.get("job")
    if not left:
        return frozenset()
    progress.phase(Text(_("Waiting for the job that was left behind")), 2)
    # What it did not do is found out afterwards, and done again.
    with suppress(JobFailed):
        jobs.follow(arm, ref, Job(id=left["id"]), should_stop=_only_if_lost(progress))
    return frozenset(left["machines"])


def _sorted_out(
    orders: Sequence[MoveOrder],
    documents: dict[str, Any],
    observed: Observed,
    report: _Report,
    progress: Progress,
    in_left_job: frozenset[str],
) -> tuple[MoveOrder, ...]:
    """Those that are to be moved still, and may be."""
    now = {machine.key: machine.server for machine in read_machines(documents)}
    todo, already = [], []
    for order in orders:
        server = now.get(order.key)
        if server == order.target.upper():
            already.append(order)
        elif server != order.source.upper():
            text = (
                Text(_("%(name)s does not replicate any more."), name=order.name)
                if server is None
                else Text(
                    _("%(name)s is on another server than it was when this was planned."), name=order.name
                )
            )
            report.note("refused", [order], text=text.to_json())
            progress.warning(text)
        elif wrong := _must_not_take(observed, order.target):
            report.note("refused", [order], text=wrong.to_json())
            progress.warning(wrong)
        else:
            todo.append(order)
    report.note("moved", [order for order in already if order.key in in_left_job])
    report.note("already", [order for order in already if order.key not in in_left_job])
    return tuple(todo)


def _must_not_take(observed: Observed, target: str) -> Text | None:
    """Why this server may take no machines now (asr-facts 9); None where it may."""
    for one in observed.components:
        if one.id.upper() == target.upper() and one.kind in ("ps_builtin", "ps_scaleout", "appliance"):
            if one.health == "critical":
                return Text(_("%(name)s is critical and takes no machines."), name=one.name)
            return None
    return Text(_("The vault shows no server %(id)s that could take machines."), id=target)


def _move_batch(
    progress: Progress, arm: Arm, ref: VaultRef, batch: tuple[MoveOrder, ...], report: _Report
) -> None:
    """Raises JobFailed, AzureError."""
    first = batch[0]
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
    progress.leave(job={"id": job.id, "machines": [order.key for order in batch]})
    view = jobs.follow(arm, ref, job, should_stop=_only_if_lost(progress))
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
    error: JobFailed,
    report: _Report,
    progress: Progress,
) -> None:
    """A job that failed may have moved some: the vault says which."""
    progress.leave(job=None)
    try:
        documents = fabrics.read_documents(arm, ref)
    except AzureError:
        report.fail(batch, error)
        raise
    now = {machine.key: machine.server for machine in read_machines(documents)}
    there = [order for order in batch if now.get(order.key) == order.target.upper()]
    report.note("moved", there)
    report.fail([order for order in batch if order not in there], error)
    progress.event(error.text, level="warning", data={"moved": len(there), "of": len(batch)})


def _only_if_lost(progress: Progress) -> Callable[[], bool]:
    """A job that began is followed to its end, whoever wishes to stop; LostClaim alone comes through."""

    def ask() -> bool:
        with suppress(Cancelled):
            progress.check()
        return False

    return ask


def _about(batch: Sequence[MoveOrder], number: int, of: int) -> Text:
    return Text(
        _("Moving %(count)s machines: job %(number)s of %(of)s"), count=len(batch), number=number, of=of
    )


def _ended(report: _Report) -> Done:
    moved, wrong = report.count("moved"), report.count("failed") + report.count("refused")
    if wrong and not moved:
        raise Conflict(
            Text(_("None of the machines was moved; %(wrong)s could not be."), wrong=wrong),
            remedy=Text(_("The page of the moves says why for each. Correct that, and plan anew.")),
            code="moves_failed",
        )
    if wrong:
        summary = Text(
            _("%(moved)s machines moved, %(wrong)s not: see each of them."), moved=moved, wrong=wrong
        )
    else:
        summary = Text(
            _("%(moved)s machines moved, %(already)s were there already."),
            moved=moved,
            already=report.count("already"),
        )
    return Done(summary=summary, result=report.to_json())
