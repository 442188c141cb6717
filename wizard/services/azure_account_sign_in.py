"""Whether one can sign in to Azure with an account: tried by a worker when somebody asks, and noted."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from wizard.azure import vaults
from wizard.azure.errors import AzureError
from wizard.config.celery import app
from wizard.models import AzureAccount, Operator
from wizard.services.azure_access import open_arm
from wizard.services.errors import UserError
from wizard.services.permissions import require
from wizard.text import Text, _

log = structlog.get_logger(__name__)


def ask_for_test(account: AzureAccount, *, actor: Operator) -> None:
    """Have a worker sign in with it; until then it counts as not tested."""
    require(actor, "azure_account.test", account)
    AzureAccount.objects.filter(pk=account.pk).update(tested_at=None, failure=Text(""), remedy=Text(""))
    account.refresh_from_db(fields=["tested_at", "failure", "remedy"])
    transaction.on_commit(lambda: _publish_test(account.pk))


def test(account_id: UUID) -> None:
    """Sign in, list what the account sees, and note how it went. Never raises what the far end brought about."""
    account = AzureAccount.objects.select_related("credential").filter(pk=account_id).first()
    if account is None:
        return
    try:
        with open_arm(account, fresh=True) as arm:
            seen = vaults.list_subscriptions(arm)
    except (AzureError, UserError) as error:
        note_test(account, failure=error.text, remedy=error.remedy)
        log.warning("azure_account.test_failed", account=account.name, code=error.code)
        return
    if seen:
        note_test(account)
    else:
        note_test(account, failure=no_subscription(account), remedy=Text(NO_SUBSCRIPTION_REMEDY))


NO_SUBSCRIPTION_REMEDY: Final = _(
    "Assign it a role on the vault or its resource group, such as Reader, or the role that can be downloaded here; it takes "
    "some minutes to come into force."
)


def no_subscription(account: AzureAccount) -> Text:
    return Text(_("“%(name)s” signs in, but sees no subscription: it has no rights."), name=account.name)


def note_test(account: AzureAccount, *, failure: Text | None = None, remedy: Text | None = None) -> None:
    """How signing in with the account went; without a failure it went well. An account that was changed meanwhile was not
    tested."""
    AzureAccount.objects.filter(pk=account.pk, changed_at=account.changed_at).update(
        tested_at=timezone.now(), failure=failure or Text(""), remedy=remedy or Text("")
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _publish_test(account_id: UUID) -> None:
    try:
        app.send_task("wizard.tasks.test_azure_account", [str(account_id)], retry=False)
    except Exception as error:  # noqa: BLE001 - each transport raises its own; somebody can ask for the test again
        log.warning("azure_account.publish_failed", account=str(account_id), error=str(error))
