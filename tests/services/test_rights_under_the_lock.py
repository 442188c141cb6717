"""Who was read as allowed, and is not any more when the row is theirs to write: a team got the deployment meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import stories
from tests.services.azure import add_account
from wizard.models import AuditEntry, AzureAccount, Credential, Deployment, Operator, Team
from wizard.services import (
    additions,
    approvals,
    attestations,
    azure_accounts,
    credential_register,
    deployments,
    manual_steps,
    physical_servers,
    tasks,
    waivers,
)
from wizard.services.errors import NotAllowed, NotFound

TOMORROW = timezone.localdate() + timedelta(days=1)

Work = Callable[[Deployment, Operator], Any]
WORK: dict[str, Work] = {
    "waive": lambda it, who: waivers.waive(it, "TPL-02", reason="Known.", until=TOMORROW, actor=who),
    "take a waiver back": lambda it, who: waivers.take_back_waiver(it, "TPL-02", actor=who),
    "attest": lambda it, who: attestations.attest(it, "CAP-01", answer="yes", actor=who),
    "take an answer back": lambda it, who: attestations.withdraw(it, "CAP-01", actor=who),
    "plan a component": lambda it, who: additions.plan(it, "process_server", {}, actor=who),
    "confirm a step": lambda it, who: manual_steps.confirm(it, "any", actor=who),
    "ask for approval": lambda it, who: approvals.ask(it, actor=who),
    "keep a draft": lambda it, who: deployments.keep_draft(it, "capacity", {}, actor=who),
    "answer": lambda it, who: deployments.answer(it, "capacity", {"machines": 7}, actor=who),
    "launch": lambda it, who: tasks.launch("preflight", deployment=it, actor=who),
    "delete": lambda it, who: deployments.delete(it, actor=who),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_who_lost_the_deployment_meanwhile_changes_nothing_in_it(operator: Operator, work: Work) -> None:
    read_before = stories.answered(operator, "capacity")
    Deployment.objects.filter(pk=read_before.pk).update(team=Team.objects.create(name="Oslo"))
    with pytest.raises(NotAllowed):
        work(read_before, operator)


def test_a_physical_server_of_a_deployment_that_was_lost_meanwhile_stays_as_it_is(operator: Operator) -> None:
    deployment = stories.answered(operator, "capacity")
    server = stories.enter_server(deployment, operator)
    cells = {**physical_servers.cells_of(server), "address": "192.0.2.78"}
    Deployment.objects.filter(pk=deployment.pk).update(team=Team.objects.create(name="Oslo"))
    with pytest.raises(NotAllowed):
        physical_servers.change(server, cells, actor=operator)
    with pytest.raises(NotAllowed):
        physical_servers.remove(server, actor=operator)
    (left,) = deployment.physical_servers.all()
    assert left.ip_addresses == ["192.0.2.77"]


def test_an_account_that_went_to_another_team_meanwhile_is_not_changed_deleted_or_shown(
    operator: Operator,
) -> None:
    row = credential_register.add(
        name="vc", kind="vcenter", username="asr@vsphere.local", secret="a password", actor=operator
    )
    Credential.objects.filter(pk=row.pk).update(team=Team.objects.create(name="Oslo"))
    with pytest.raises(NotAllowed):
        credential_register.change(row, actor=operator)
    with pytest.raises(NotAllowed):
        credential_register.delete(row, actor=operator)
    assert Credential.objects.filter(pk=row.pk).exists()


def test_an_azure_account_that_went_to_another_team_meanwhile_stays_as_it_is(operator: Operator) -> None:
    row = add_account(operator)
    AzureAccount.objects.filter(pk=row.pk).update(team=Team.objects.create(name="Oslo"))
    with pytest.raises(NotAllowed):
        azure_accounts.delete(row, actor=operator)
    assert AzureAccount.objects.filter(pk=row.pk).exists()


def test_an_azure_account_that_is_gone_is_not_deleted_a_second_time(operator: Operator) -> None:
    row = add_account(operator)
    again = azure_accounts.get(row.pk, actor=operator)
    azure_accounts.delete(row, actor=operator)
    with pytest.raises(NotFound):
        azure_accounts.delete(again, actor=operator)
    assert AuditEntry.objects.filter(action="azure_account.deleted").count() == 1
