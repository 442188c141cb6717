"""Deployments whose vault step names an Azure account, and what stands in their vault, in the lab's Azure."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.utils import timezone

from tests import stories
from wizard.lab.arm import LabAzure
from wizard.models import AzureAccount, Deployment, Notice, Operator, Severity, StepAnswer, Task
from wizard.services import tasks
from wizard.text import Text

VAULT = stories.ANSWERS["vault"]["vault"]
# As the answers of the stories name it.
SERVER, ADDRESS = "cs01", "192.0.2.10"


def account(actor: Operator, name: str = "vault-reader") -> AzureAccount:
    """An account without a secret: the lab's Azure stands in for every one."""
    row, _made = AzureAccount.objects.get_or_create(
        name=name, defaults={"how": AzureAccount.How.MANAGED_IDENTITY, "created_by": actor}
    )
    return row


def watched(actor: Operator, upto: str = "recorded", *, name: str | None = None) -> Deployment:
    """A deployment that has come to `upto`, with an account in the answers of its vault step."""
    deployment = stories.answered(actor, upto, name=name)
    choose(deployment, account(actor).name)
    return deployment


def choose(deployment: Deployment, name: str) -> None:
    """Let the vault step name that account. No look of an earlier test is left over."""
    row = StepAnswer.objects.get(deployment=deployment, step="vault")
    row.data = {**row.data, "account": name}
    row.save(update_fields=["data"])
    forget()


def forget() -> None:
    """As if more than a minute had passed since the vault was asked."""
    cache.clear()


def set_up(azure: LabAzure, **server: Any) -> dict[str, Any]:
    """The configuration server of the stories is registered in its vault."""
    wanted = {"name": SERVER, "address": ADDRESS, **server}
    found: dict[str, Any] = azure.control.register_configuration_server(VAULT, **wanted)
    return found


def look(deployment: Deployment, actor: Operator) -> Task:
    """The task that a person starts, to its end; more than a minute after the one before."""
    forget()
    task = tasks.launch("refresh_health", deployment=deployment, actor=actor)
    tasks.execute(task.pk, "test")
    task.refresh_from_db()
    return task


def notice(deployment: Deployment, severity: Severity = Severity.CRITICAL, **fields: Any) -> Notice:
    """One that a look opened."""
    wanted: dict[str, Any] = {
        "key": "health|cs|heartbeat",
        "sentence": Text("No heartbeat of cs01 since lunch."),
        "remedy": Text("Switch it on."),
        "began_at": timezone.now(),
        **fields,
    }
    return Notice.objects.create(deployment=deployment, severity=severity, **wanted)
