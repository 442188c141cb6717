"""The Azure account with which the vault of a deployment is asked, for one that stands already.

Where a deployment registers is settled then, and its answers stay as they are. With whose rights its vault is looked at is not:
deployments that are older than their account, or whose account is replaced, would be looked at never, or no more.
"""

from __future__ import annotations

from django.db import transaction

from wizard.journey.errors import FieldError
from wizard.models import AzureAccount, Deployment, Operator, StepAnswer
from wizard.services import audit, azure_access, deployments
from wizard.services.account_use import usable_in
from wizard.services.answers import answers_of
from wizard.services.errors import Conflict, Invalid
from wizard.services.vault_observation import notices
from wizard.services.vault_observation.schedule import make_due
from wizard.text import Text, _


def choices_for(deployment: Deployment) -> list[AzureAccount]:
    """The accounts of the cloud in which its vault is; none before the vault step is answered."""
    answers = answers_of(deployment).get("vault")
    return list(AzureAccount.objects.filter(usable_in(deployment), cloud=answers["cloud"])) if answers else []


@transaction.atomic
def choose(deployment: Deployment, name: str, *, actor: Operator) -> None:
    """Let its vault be asked as that account; "" as none. A look is due at once. Raises Conflict `answer_the_step` while the
    answers are open, Invalid for an account that is not there or is of another cloud.
    """
    deployments.hold_for(actor, "vault.choose_account", deployment)
    if deployment.is_open:
        raise Conflict(
            Text(_("The answers of %(name)s are still open."), name=deployment.name),
            remedy=Text(_("Choose the account in the vault step.")),
            code="answer_the_step",
        )
    if name and name not in {row.name for row in choices_for(deployment)}:
        text = Text(_("There is no Azure account “%(name)s” of the cloud in which this vault is."), name=name)
        raise Invalid([FieldError(path="account", message=text, code="unknown_account")])
    before = azure_access.account_name(deployment)
    if name == before:
        return
    row = StepAnswer.objects.select_for_update().get(deployment=deployment, step="vault")
    row.data = {**(row.data or {}), "account": name}
    row.version += 1
    row.changed_by = actor
    row.save(update_fields=["data", "version", "changed_by"])
    make_due(deployment)
    if not name:
        notices.end_failing(deployment.pk)
    audit.record(
        "vault.account_chosen",
        subject=deployment,
        actor=actor,
        sentence=Text(
            _("%(who)s chose with which Azure account the vault of %(name)s is asked."),
            who=actor.username,
            name=deployment.name,
        ),
        before={"account": before},
        after={"account": name},
    )
