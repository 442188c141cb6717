"""The vaults that an Azure account sees: looked up by a task, so that the vault step is a choice and not typing."""

from __future__ import annotations

from typing import Any

from wizard.azure import vaults
from wizard.azure.connection import Arm
from wizard.azure.errors import AzureError, NotFound, NotPermitted, Refused
from wizard.azure.vaults import Subscription, Vault
from wizard.models import AzureAccount, Deployment
from wizard.services import azure_access, azure_account_sign_in, deployments
from wizard.services.errors import Conflict
from wizard.services.tasks.progress import Progress
from wizard.services.tasks.work import Done, Prepared
from wizard.text import Text, _


class SeesNothing(Conflict):
    """The account signs in, and has no rights anywhere."""

    code = "no_rights"


def prepare(deployment: Deployment, inputs: dict[str, Any]) -> Prepared:
    """Takes `account` from the inputs, else from what the vault step holds. Raises Conflict `unknown_account`."""
    stored, _version = deployments.form_of(deployment, "vault")
    name = str(inputs.get("account") or stored.get("account") or "")
    if not name:
        return Prepared(missing=(Text(_("an Azure account")),))
    azure_access.named(name, deployment)
    return Prepared(inputs={"account": name})


def run(progress: Progress) -> Done:
    account = azure_access.named(progress.task.inputs["account"], progress.task.deployment)
    progress.phase(Text(_("Signing in to Azure as %(name)s"), name=account.name), 5)
    try:
        # Signed in anew: a token of before would not tell whether the secret is right.
        with azure_access.open_arm(account, fresh=True) as arm:
            found = _look(arm, account, progress)
    except (AzureError, SeesNothing) as error:
        azure_account_sign_in.note_test(account, failure=error.text, remedy=error.remedy)
        raise
    azure_account_sign_in.note_test(account)
    return Done(
        summary=Text(
            _("%(name)s works. Subscriptions that it sees: %(subscriptions)s, vaults: %(vaults)s."),
            name=account.name,
            subscriptions=len(found["subscriptions"]),
            vaults=len(found["vaults"]),
        ),
        result=found,
    )


# --- inside -----------------------------------------------------------------------------------------------------------


def _look(arm: Arm, account: AzureAccount, progress: Progress) -> dict[str, Any]:
    subscriptions = vaults.list_subscriptions(arm)
    if not subscriptions:
        raise SeesNothing(
            azure_account_sign_in.no_subscription(account),
            remedy=Text(azure_account_sign_in.NO_SUBSCRIPTION_REMEDY),
        )
    found: list[Vault] = []
    skipped: list[dict[str, Any]] = []
    for number, subscription in enumerate(subscriptions):
        progress.phase(
            Text(_("Looking for vaults in %(name)s"), name=subscription.name or subscription.id),
            10 + 80 * number // len(subscriptions),
        )
        try:
            found += vaults.list_vaults(arm, subscription.id)
        except (NotPermitted, NotFound, Refused) as error:
            progress.warning(error.text)
            skipped.append({"subscription": subscription.id, "reason": error.text.to_json()})
    return {
        "account": account.name,
        "cloud": account.cloud,
        "subscriptions": [_subscription(row) for row in subscriptions],
        "vaults": [_vault(row) for row in found],
        "skipped": skipped,
    }


def _subscription(row: Subscription) -> dict[str, str]:
    return {"id": row.id.lower(), "name": row.name, "state": row.state}


def _vault(row: Vault) -> dict[str, Any]:
    return {
        "subscription": row.ref.subscription.lower(),
        "resource_group": row.ref.resource_group,
        "vault": row.ref.vault,
        "region": row.region,
        "private_endpoints": row.private_endpoints,
        "experience": row.experience,
    }
