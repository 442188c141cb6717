"""How use cases get at Azure: the account that the vault step names, the vault, a connection."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, cast

from django.conf import settings

from wizard.azure.account import Account, How
from wizard.azure.connection import Arm, connect
from wizard.azure.vaults import VaultRef
from wizard.models import AzureAccount, Deployment
from wizard.services import account_use
from wizard.services.answers import answers_in_play
from wizard.services.errors import Conflict
from wizard.services.opening import opening
from wizard.text import Text, _

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def account_name(deployment: Deployment) -> str:
    """The name of the account in the answers of the vault step; empty where Azure is asked by hand."""
    return str(_vault_answers(deployment).get("account") or "")


def account_row(deployment: Deployment) -> AzureAccount:
    """Raises Conflict `no_azure_account` where the vault step names none, `unknown_account` where there is no such one,
    `account_of_other_team` where that is not (any more) for this deployment."""
    name = account_name(deployment)
    if not name:
        raise Conflict(
            Text(_("The vault step names no Azure account, so the vault cannot be asked.")),
            remedy=Text(_("Choose an Azure account in the vault step, or carry this step out by hand.")),
            code="no_azure_account",
        )
    row = _usable(name, deployment)
    if row is None:
        if (moved := AzureAccount.objects.filter(name=name).first()) is not None:
            account_use.refuse_other_teams(moved, deployment)
        raise _unknown(name)
    return row


def named(name: str, deployment: Deployment) -> AzureAccount:
    """The account of that name, if it is one that the deployment may use. Raises Conflict `unknown_account`."""
    row = _usable(name, deployment)
    if row is None:
        raise _unknown(name)
    return row


def account_of(row: AzureAccount) -> Account:
    """What the room that speaks to Azure signs in with.

    With the setting AZURE_EMULATOR every account stands for the emulator, and none of their secrets is opened.
    """
    if settings.AZURE_EMULATOR:
        return Account(how="emulator", cloud=row.cloud, resource_manager=settings.AZURE_EMULATOR)
    with opening(row.name):
        secret = row.credential.reveal() if row.credential else ""
    return Account(
        how=cast("How", row.how),
        cloud=row.cloud,
        tenant=row.tenant,
        client_id=row.client_id,
        secret=secret,
    )


def open_arm(
    of: Deployment | AzureAccount, *, subscription: str = "", fresh: bool = False
) -> AbstractContextManager[Arm]:
    """A connection as the account that is meant: that of a deployment's vault step, for the subscription of its vault.

    With `fresh` it signs in anew, which is how an account is tested. Not to be called inside a transaction, as it speaks to a
    far end. Raises Conflict as `account_row` does, and the errors of `wizard.azure.errors`.
    """
    if isinstance(of, Deployment):
        row = account_row(of)
        subscription = subscription or vault_ref(of).subscription
    else:
        row = of
    return connect(account_of(row), subscription, fresh=fresh)


def vault_ref(deployment: Deployment) -> VaultRef:
    """The vault that the answers name. Raises Conflict `no_vault` before the vault step is answered."""
    answers = _vault_answers(deployment)
    if not answers:
        raise Conflict(
            Text(_("It is not known yet which vault this deployment registers with.")),
            remedy=Text(_("Answer the vault step first.")),
            code="no_vault",
        )
    return VaultRef(
        subscription=answers["subscription"],
        resource_group=answers["resource_group"],
        vault=answers["vault"],
    )


def _usable(name: str, deployment: Deployment) -> AzureAccount | None:
    rows = AzureAccount.objects.filter(account_use.usable_in(deployment), name=name)
    return rows.select_related("credential").first()


def _unknown(name: str) -> Conflict:
    return Conflict(
        Text(_("There is no Azure account named “%(name)s”."), name=name),
        remedy=Text(_("Add it under Azure accounts, or choose another one in the vault step.")),
        code="unknown_account",
    )


def _vault_answers(deployment: Deployment) -> Mapping[str, Any]:
    return answers_in_play(deployment).get("vault", {})
