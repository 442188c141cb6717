"""The Celery door: it receives an id and runs the use case. Nothing else ever travels in a message."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec
from uuid import UUID

from celery import Celery, shared_task
from celery.signals import (
    worker_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.db import close_old_connections, connections

from wizard.services import (
    additions_schedule,
    audit_chain,
    azure_account_sign_in,
    discovery,
    idempotency,
    installation_secrets,
    key_rotation,
    pulses,
    tasks,
    tracing,
    vault_observation,
    vcenter_access,
)
from wizard.services.webhooks import sending

P = ParamSpec("P")


def _by_itself(work: Callable[P, None]) -> Callable[P, None]:
    """What the schedule sends has no request behind it: it goes by an id of its own."""

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with tracing.traced():
            work(*args, **kwargs)

    return run


@shared_task(name="wizard.tasks.execute", bind=True)
def execute(self: Any, task_id: str) -> None:
    close_old_connections()
    tasks.execute(UUID(task_id), self.request.hostname or "worker")


@shared_task(name="wizard.tasks.reconcile")
@_by_itself
def reconcile(from_schedule: bool = False) -> None:
    close_old_connections()
    if from_schedule:
        pulses.note_scheduler()
    tasks.reconcile()
    installation_secrets.drop_ended()
    additions_schedule.follow_up()
    idempotency.drop_ended()
    # The last, as it fails for as long as somebody has meddled with the end of the chain.
    audit_chain.sweep()


@shared_task(name="wizard.tasks.refresh_vcenters")
@_by_itself
def refresh_vcenters() -> None:
    close_old_connections()
    discovery.send_due()
    discovery.close_unused_watches()


@shared_task(name="wizard.tasks.refresh_vcenter")
@_by_itself
def refresh_vcenter(vcenter_id: str) -> None:
    close_old_connections()
    discovery.refresh_if_due(UUID(vcenter_id))
    # A child of a worker that forks looks after its own watches, whenever a message comes its way.
    discovery.close_unused_watches()


@shared_task(name="wizard.tasks.test_azure_account")
@_by_itself
def test_azure_account(account_id: str) -> None:
    close_old_connections()
    azure_account_sign_in.test(UUID(account_id))


@shared_task(name="wizard.tasks.refresh_vaults")
@_by_itself
def refresh_vaults() -> None:
    close_old_connections()
    vault_observation.send_due()


@shared_task(name="wizard.tasks.refresh_vault")
@_by_itself
def refresh_vault(deployment_id: str) -> None:
    close_old_connections()
    vault_observation.look_if_due(UUID(deployment_id))


@shared_task(name="wizard.tasks.send_webhooks")
@_by_itself
def send_webhooks() -> None:
    close_old_connections()
    sending.send_due()


@shared_task(name="wizard.tasks.drop_old_deliveries")
@_by_itself
def drop_old_deliveries() -> None:
    close_old_connections()
    sending.drop_old()


@shared_task(name="wizard.tasks.deliver_webhook")
@_by_itself
def deliver_webhook(webhook_id: str) -> None:
    close_old_connections()
    sending.deliver(UUID(webhook_id))


@worker_init.connect
def keep_watches(**_: Any) -> None:
    """A worker lives from one refresh to the next: what it watches it need not read in whole."""
    discovery.keep_watches()


# The one of this process, if it is a worker.
_heartbeats: list[pulses.Heartbeat] = []


@worker_ready.connect
def begin_pulse(sender: Any = None, **_: Any) -> None:
    """Once the pool has forked, so that no child inherits a connection."""
    heartbeat = pulses.Heartbeat(sender.hostname or "worker")
    _heartbeats.append(heartbeat)
    heartbeat.start()


@worker_shutdown.connect
def end_pulse(**_: Any) -> None:
    while _heartbeats:
        _heartbeats.pop().stop()


@worker_ready.connect
def reconcile_at_start(sender: Any = None, **_: Any) -> None:
    """A worker that starts takes up at once what the one before it may have dropped."""
    app: Celery = sender.app
    app.send_task("wizard.tasks.reconcile")


@worker_ready.connect
def report_lost_secrets(**_: Any) -> None:
    key_rotation.log_what_is_lost()
    connections.close_all()


@worker_shutting_down.connect
def keep_no_sessions(**_: Any) -> None:
    """What is running may go on to its end; nothing new begins, so no session is worth being kept."""
    vcenter_access.keep_no_sessions()
    discovery.keep_no_watches()


@worker_process_shutdown.connect
@worker_shutdown.connect
def close_sessions(**_: Any) -> None:
    """Work has ended: in a child of a worker that forks, or in the worker whose pool are threads."""
    discovery.close_watches()
    vcenter_access.close_sessions()
