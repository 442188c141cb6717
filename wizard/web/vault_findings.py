"""What is known about vaults of Azure, as the vault step shows it: accounts, subscriptions, vaults, and what speaks against them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from wizard.journey import vault_choices
from wizard.journey.vault_choices import VaultChoice
from wizard.models import AzureAccount, Deployment, Operator
from wizard.services import azure_accounts, vaults_seen
from wizard.services.answers import primary_component
from wizard.text import Text
from wizard.web import live
from wizard.web.forms import Option, Shown, ShownForm


def context(
    deployment: Deployment, values: Mapping[str, Any], *, actor: Operator, subscription: str = ""
) -> dict[str, Any]:
    """For `web/steps/vault.html`: `values` are what is in the form, `subscription` the one that the reader looks into."""
    account = str(values.get("account") or "")
    accounts = list(azure_accounts.visible_accounts(actor))
    # Before what it leads to: a task that ends meanwhile is followed once more, rather than its outcome missed.
    task = vaults_seen.last_task(deployment)
    found = vaults_seen.newest(deployment, account)
    recent = task if task and task.inputs.get("account") == account else None
    here = reverse("step", args=[deployment.pk, "vault"])
    more: dict[str, Any] = {
        "accounts": accounts,
        "account": account,
        "account_form": _account_form(accounts, account),
        "live": live.follow(task, at="vault") if task and task.active else None,
        "look_up_failed": live.failure_of(recent),
        "looked_up": found,
        "add_account_url": f"{reverse('add_azure_account')}?{urlencode({'back_to': here})}",
    }
    if found is not None:
        more |= _found(deployment, values, found, subscription)
    return more


def _found(
    deployment: Deployment, values: Mapping[str, Any], found: Mapping[str, Any], subscription: str
) -> dict[str, Any]:
    known = {row["id"]: row["name"] for row in found["subscriptions"]}
    answered = str(values.get("subscription") or "").lower()
    chosen = next((one for one in (subscription.lower(), answered) if one in known), "")
    if not chosen and len(known) == 1:
        chosen = next(iter(known))
    component = primary_component(deployment)
    vaults = vault_choices.choices(found, component, chosen) if chosen else []
    picked = None
    if all(values.get(name) for name in ("subscription", "resource_group", "vault")):
        picked = vault_choices.find(found, values)
    return {
        "subscription_form": _subscription_form(found, chosen),
        "chosen_subscription": chosen,
        "vaults": vaults,
        "vault_form": _vault_form(vaults, vault_choices.key_of(picked) if picked else ""),
        "picked": picked,
        "picked_words": gettext(vault_choices.EXPERIENCES[picked["experience"]]) if picked else "",
        "picked_reason": vault_choices.refusal(picked, component) if picked else None,
        "picked_caution": vault_choices.caution(picked, component) if picked else None,
        "skipped": [Text.from_json(row["reason"]) for row in found["skipped"]],
    }


def _account_form(accounts: list[AzureAccount], chosen: str) -> ShownForm:
    field = Shown(
        label=gettext("Azure account"),
        help_text=gettext("With it the wizard looks up your vaults, and later what they show."),
        required=False,
        widget=forms.Select(),
        options=[
            Option(value=row.name, label=row.name, detail=str(row.get_cloud_display())) for row in accounts
        ],
    )
    return ShownForm({"account": field}, {"account": chosen})


def _subscription_form(found: Mapping[str, Any], chosen: str) -> ShownForm:
    count = {row["id"]: 0 for row in found["subscriptions"]}
    for vault in found["vaults"]:
        count[vault["subscription"]] = count.get(vault["subscription"], 0) + 1
    field = Shown(
        label=gettext("Subscription"),
        widget=forms.Select(),
        options=[
            Option(
                value=row["id"],
                label=row["name"] or row["id"],
                detail=ngettext("%(count)s vault", "%(count)s vaults", count[row["id"]])
                % {"count": count[row["id"]]},
            )
            for row in found["subscriptions"]
        ],
    )
    return ShownForm({"seen_in": field}, {"seen_in": chosen})


def _vault_form(vaults: list[VaultChoice], chosen: str) -> ShownForm:
    field = Shown(
        label=gettext("Recovery Services vault"),
        widget=forms.RadioSelect(),
        options=[
            Option(
                value=vault.value,
                label=vault.name,
                detail=" · ".join(
                    str(part)
                    for part in (vault.resource_group, vault.region, vault.experience_words, vault.warning)
                    if part
                ),
                usable=vault.usable,
                reason=vault.reason,
            )
            for vault in vaults
        ],
    )
    return ShownForm({"choice": field}, {"choice": chosen})
