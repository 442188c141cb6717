"""`manage.py apply` with an Azure account: chosen vault, server and vCenter followed into it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from tests.management.commands import EXAMPLE, Commands, Outcome
from wizard.models import Deployment, Operator, Task
from wizard.services import azure_accounts
from wizard.services.azure_account_wish import AccountWish

pytestmark = [
    pytest.mark.vcenter,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("commands"),
    pytest.mark.usefixtures("worker"),
]


def test_a_file_that_names_an_account_ends_with_vcenter_in_the_vault(
    manage: Commands,
    lab: dict[str, Any],
    sign_in_as: Callable[..., None],
    first_operator: Operator,
    settings: Any,
) -> None:
    settings.VAULT_POLL_SECONDS = 0.1
    sign_in_as("asr-operator")
    azure_accounts.create(AccountWish(name="lab-azure", how="default"), actor=first_operator)
    vcenter = lab["vcenter"]
    own = [
        *("--set", f"vcenter.port={vcenter['port']}", "--set", f"placement.vm_name=cs-{uuid4().hex[:8]}"),
        *("--set", "vault.account=lab-azure", "--trust", vcenter["thumbprint_sha256"]),
    ]

    def apply(*more: str) -> Outcome:
        return manage("apply", EXAMPLE, *own, *more)

    planned = apply("--plan")
    assert "Wait for the server in the vault" in planned.out
    outcome = apply()
    assert outcome.code == 0, outcome.text
    deployment = Deployment.objects.get()
    kinds = list(Task.objects.order_by("queued_at").values_list("kind", flat=True))
    assert kinds.index("look_up_vaults") < kinds.index("preflight")
    assert kinds[-3:] == ["register_vault", "register_vcenter", "record_topology"]
    in_vault = deployment.tasks.get(kind="register_vcenter").result or {}
    assert in_vault["vault"]["state"] in ("registered", "unchanged")
    count = Task.objects.count()
    assert apply().code == 0
    assert Task.objects.count() == count, "a second time there is nothing to do"
