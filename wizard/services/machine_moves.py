"""Which machines move between the servers of a vault: what the vault shows, what the planner makes of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, cast

from django.db.models import Q
from django.utils import timezone

from wizard.models import Deployment, Task, TaskState
from wizard.models.task import ACTIVE_STATES
from wizard.planning import balance
from wizard.planning.carrying import Carrier, ServerKind, row_of, rows_of
from wizard.planning.change_rates import Rate, carried
from wizard.planning.protected_machines import MoveOrder, ProtectedMachine, read_machines
from wizard.services import azure_access
from wizard.services.additions_seen import newest_observed
from wizard.services.answers import answers_in_play
from wizard.services.errors import Conflict
from wizard.services.machine_moves_inputs import clean_inputs
from wizard.services.own_servers import fabrics_of_others
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.services.vault_observation import reading
from wizard.services.vault_observation.schedule import WATCHED_STATES
from wizard.text import Text, _
from wizard.topology.observed import Observed, observe

__all__ = [
    "NewestPlan",
    "SeenServer",
    "carriers_in",
    "corrections_of",
    "last_seen",
    "must_be_planned",
    "newest_moves",
    "newest_plan",
    "orders_of",
    "prepare_plan",
    "run_plan",
    "seal",
    "whole",
]

_CLASSIC_KINDS: Final = ("ps_builtin", "ps_scaleout", "ps_failback")
_GB: Final = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestPlan:
    """The newest plan that was made, and the task that made it. `outdated` once a move ended after it, or goes on."""

    task: Task
    sha256: str
    document: Mapping[str, Any]
    orders: tuple[MoveOrder, ...]
    outdated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenServer:
    """A server of the vault, and how many machines replicate through it; None where the vault does not say."""

    carrier: Carrier
    machines: int | None

    @property
    def over(self) -> bool:
        row = self.carrier.row
        return row is not None and self.machines is not None and self.machines > row.most_machines


# --- the task that plans ----------------------------------------------------------------------------------------------


def prepare_plan(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """An Azure account, and something in the vault. Inputs: see `machine_moves_inputs`. Raises Invalid, each with its field."""
    missing = []
    if deployment.state not in WATCHED_STATES:
        missing.append(Text(_("a deployment that stands, and was not taken out of service")))
    if not azure_access.account_name(deployment):
        missing.append(Text(_("an Azure account in the vault step")))
    return Prepared(inputs=clean_inputs(inputs), missing=tuple(missing))


def run_plan(progress: Progress) -> Done:
    deployment, inputs = progress.task.deployment, progress.task.inputs
    progress.phase(Text(_("Asking the vault")), 10)
    # What was known a minute ago may be from before the last move.
    reading.forget(deployment)
    documents = reading.documents_of(deployment, check=progress.check)
    progress.phase(Text(_("Planning")), 70)
    observed = observe(documents, now=timezone.now(), corrections=corrections_of(deployment))
    others = fabrics_of_others(deployment, observed)
    machines = [one for one in read_machines(whole(documents, others)) if one.fabric.casefold() not in others]
    servers = carriers_in(observed, sizes=inputs["sizes"], others=others)
    rates = {
        name: Rate(daily_change_gb=change, peak_mb_s=peak) for name, (change, peak) in inputs["rates"].items()
    }
    total = inputs["total_change_gb"]
    if total is None:
        total = answers_in_play(deployment).get("capacity", {}).get("daily_change_gb")
    load = carried(machines, rates, total_gb=total)
    found = balance.plan(servers, load, leave=[one.upper() for one in inputs["leave"]])
    orders = _orders(found.moves, machines, observed)
    names = {machine.name.casefold() for machine in machines}
    return Done(
        summary=Text(
            _("Machines: %(machines)s, servers: %(servers)s, moves planned: %(moves)s."),
            machines=len(machines),
            servers=len(servers),
            moves=len(orders),
        ),
        result={
            "read_at": documents["read_at"],
            "machines": len(machines),
            "servers": [
                {"id": one.id, "name": one.name, "kind": one.kind, "site": one.site, "health": one.health}
                for one in servers
            ],
            "plan": found.to_json(),
            "strangers": sorted(set(rates) - names)[:50],
            "orders": [order.to_json() for order in orders],
            "sha256": seal(orders),
        },
    )


# --- what is shown ----------------------------------------------------------------------------------------------------


def newest_plan(deployment: Deployment) -> NewestPlan | None:
    """None before the first one."""
    rows = deployment.tasks.filter(kind="plan_moves", state=TaskState.SUCCEEDED)
    task = rows.order_by("-finished_at").first()
    if task is None or not task.result:
        return None
    # One that still went on while the vault was read counts as well; one that never began does not.
    later = Q(state__in=ACTIVE_STATES) | Q(started_at__isnull=False, finished_at__gt=task.result["read_at"])
    moved = deployment.tasks.filter(later, kind="move_machines").exists()
    return NewestPlan(
        task=task,
        sha256=task.result["sha256"],
        document=task.result,
        orders=orders_of(task.result["orders"]),
        outdated=moved,
    )


def must_be_planned(deployment: Deployment, wanted: object) -> NewestPlan:
    """The newest plan, if `wanted` is its digest. Raises Conflict `plan_outdated`."""
    plan = newest_plan(deployment)
    if plan is None or plan.sha256 != wanted or plan.outdated:
        raise Conflict(
            Text(_("This is not the newest plan of moves, or machines were moved since it was made.")),
            remedy=Text(_("Plan anew, look at the moves, then start them.")),
            code="plan_outdated",
        )
    return plan


def newest_moves(deployment: Deployment) -> Task | None:
    """The newest move that has ended and moved, or tried to move, something."""
    ended = (TaskState.SUCCEEDED, TaskState.FAILED, TaskState.CANCELLED)
    rows = deployment.tasks.filter(kind="move_machines", state__in=ended, result__isnull=False)
    return rows.order_by("-finished_at").first()


def last_seen(deployment: Deployment) -> tuple[SeenServer, ...]:
    """The servers as the newest look at the vault showed them; none before the first."""
    observed = newest_observed(deployment)
    if observed is None:
        return ()
    counts = {one.id.upper(): one.machines for one in observed.components if one.machines is not None}
    return tuple(
        SeenServer(carrier=carrier, machines=counts.get(carrier.id))
        for carrier in carriers_in(observed, sizes={}, others=fabrics_of_others(deployment, observed))
    )


def carriers_in(
    observed: Observed, *, sizes: Mapping[str, str], others: Collection[str]
) -> tuple[Carrier, ...]:
    """Process servers and appliances of a vault, by name, without those in the fabrics `others`.

    `sizes`: the rows that somebody named, by upper-cased id.
    """
    found = []
    for one in observed.of_kind(*_CLASSIC_KINDS, "appliance"):
        if one.fabric.casefold() in others:
            continue
        kind = cast("ServerKind", one.kind)
        measured = [one.metrics, *(part.metrics for part in observed.parts_of(one.key))]
        memory = next((item.memory_total_bytes for item in measured if item.memory_total_bytes), None)
        space = next((item.space_total_bytes for item in measured if item.space_total_bytes), None)
        row = row_of(
            kind,
            memory_gb=memory / _GB if memory else None,
            cache_gb=space / _GB if space else None,
        )
        named = sizes.get(one.id.upper())
        row = next((known for known in rows_of(kind) if known.tier == named), row)
        found.append(
            Carrier(
                id=one.id.upper(),
                name=one.name or one.address or one.key,
                kind=kind,
                site=one.fabric,
                health=one.health,
                row=row,
            )
        )
    return tuple(sorted(found, key=lambda carrier: (carrier.site, carrier.name.casefold(), carrier.id)))


def corrections_of(deployment: Deployment) -> dict[str, str]:
    """What people know better than the vault: the kind of a server, by its id."""
    watch = getattr(deployment, "vault_watch", None)
    return dict(watch.corrections) if watch else {}


def whole(documents: Mapping[str, Any], others: Collection[str] = ()) -> Mapping[str, Any]:
    """The same documents, if all machines of all fabrics but `others` are in them. Raises Conflict `machines_unread`.

    Without them every server would look idle, and every machine as if it did not replicate any more.
    """
    for part in documents["skipped"]:
        name, _slash, fabric = part["part"].partition("/")
        if name in ("protected_items", "containers", "fabrics") and fabric.casefold() not in others:
            raise Conflict(
                Text(
                    _("Which machines replicate could not be read: %(why)s"), why=Text.from_json(part["text"])
                ),
                remedy=Text(_("Give the Azure account the role for moving machines, then try again.")),
                code="machines_unread",
            )
    return documents


def orders_of(stored: Sequence[Mapping[str, Any]]) -> tuple[MoveOrder, ...]:
    return tuple(MoveOrder(**order) for order in stored)


def seal(orders: Sequence[MoveOrder]) -> str:
    """SHA-256 of the orders in their canonical spelling: who starts a move names what exactly is to be moved."""
    text = json.dumps([order.to_json() for order in orders], sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


# --- inside -----------------------------------------------------------------------------------------------------------


def _orders(
    moves: Sequence[balance.Move], machines: Sequence[ProtectedMachine], observed: Observed
) -> tuple[MoveOrder, ...]:
    by_key = {machine.key: machine for machine in machines}
    # Ids are compared without case, and sent as the vault spells them.
    spelt = {one.id.upper(): one.id for one in observed.components if one.id}
    return tuple(
        MoveOrder(
            machine=machine.id,
            name=machine.name,
            item=machine.item,
            fabric=machine.fabric,
            container=machine.container,
            way=machine.way,
            source=spelt.get(move.source, move.source),
            target=spelt.get(move.target, move.target),
            group=machine.group,
            run_as_account=machine.run_as_account,
        )
        for move in moves
        for machine in [by_key[move.machine]]
    )
