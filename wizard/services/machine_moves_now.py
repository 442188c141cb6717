"""Which of the machines that were to be moved may still be, as the vault shows them now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.utils import timezone

from wizard.azure import fabrics
from wizard.azure.connection import Arm
from wizard.azure.vaults import VaultRef
from wizard.planning.protected_machines import MoveOrder, ProtectedMachine, read_machines
from wizard.services import machine_moves
from wizard.services.machine_moves_report import MoveReport
from wizard.services.tasks.progress import Progress
from wizard.text import Text, _
from wizard.topology.observed import Observed, observe

_MAY_TAKE: Final = frozenset({"ps_builtin", "ps_scaleout", "appliance"})
_REASONS_TOLD: Final = 20


def read_now(arm: Arm, ref: VaultRef, orders: Sequence[MoveOrder]) -> Mapping[str, Any]:
    """The documents of the vault, with all machines of the fabrics in which something is to be moved.

    Raises AzureError, Conflict `machines_unread`.
    """
    documents = fabrics.read_documents(arm, ref)
    names = {str(fabric.get("name") or "").casefold() for fabric in documents["fabrics"]}
    return machine_moves.whole(documents, names - {order.fabric.casefold() for order in orders})


def sorted_out(
    orders: Sequence[MoveOrder],
    documents: Mapping[str, Any],
    report: MoveReport,
    progress: Progress,
    in_left_job: frozenset[str],
) -> tuple[MoveOrder, ...]:
    """Those that are to be moved still, and may be."""
    corrections = machine_moves.corrections_of(progress.task.deployment)
    observed = observe(documents, now=timezone.now(), corrections=corrections)
    machines = {machine.key: machine for machine in read_machines(documents)}
    planned = {order.key for order in orders}
    # Machines that joined a group after it was planned would be left behind. What is taken back was apart before.
    torn = {
        (machine.server, machine.group)
        for machine in machines.values()
        if machine.group and machine.key not in planned and "undo" not in progress.task.inputs
    }
    todo, already, refused = [], [], []
    for order in orders:
        machine = machines.get(order.key)
        if machine is not None and machine.server == order.target.upper():
            already.append(order)
        elif why := _must_stay(order, machine, torn) or _must_not_take(observed, order.target, _MAY_TAKE):
            refused.append((order, why))
        elif machine is not None:
            # With the account that it has now.
            todo.append(replace(order, run_as_account=machine.run_as_account))
    ours = in_left_job | report.before
    report.not_moved(order for order, _why in refused)
    report.refuse((order, why.to_json()) for order, why in refused)
    report.note("moved", [order for order in already if order.key in ours])
    report.note("already", [order for order in already if order.key not in ours])
    # Many machines share few reasons; each of them stands in the result.
    for why in list(dict.fromkeys(why for _order, why in refused))[:_REASONS_TOLD]:
        progress.event(why, level="warning")
    return tuple(todo)


def not_now(arm: Arm, ref: VaultRef, target: str, progress: Progress) -> Text | None:
    """Why a server that took machines so far may take no more; None where it may. Raises AzureError."""
    corrections = machine_moves.corrections_of(progress.task.deployment)
    documents = fabrics.read_documents(arm, ref, protected_items=False)
    observed = observe(documents, now=timezone.now(), corrections=corrections)
    # Without the machines a process server that stands in Azure cannot be told from others.
    return _must_not_take(observed, target, {*_MAY_TAKE, "ps_failback"})


# --- inside -----------------------------------------------------------------------------------------------------------


def _must_stay(
    order: MoveOrder, machine: ProtectedMachine | None, torn: Collection[tuple[str, str]]
) -> Text | None:
    if machine is None:
        return Text(_("%(name)s does not replicate any more."), name=order.name)
    if machine.server != order.source.upper():
        return Text(_("%(name)s is on another server than it was when this was planned."), name=order.name)
    if machine.held:
        text = _(
            "The vault names no run-as account for %(name)s, without which it cannot move to another appliance."
        )
        return Text(text, name=order.name)
    if (machine.server, machine.group) in torn:
        text = _("The replication group %(group)s has machines now that are not in the plan: plan anew.")
        return Text(text, group=machine.group)
    return None


def _must_not_take(observed: Observed, target: str, kinds: Collection[str]) -> Text | None:
    """Why this server may take no machines now (asr-facts 9); None where it may."""
    for one in observed.components:
        if one.id.upper() == target.upper() and one.kind in kinds:
            if one.health == "critical":
                return Text(_("%(name)s is critical and takes no machines."), name=one.name)
            return None
    return Text(_("The vault shows no server %(id)s that could take machines."), id=target)
