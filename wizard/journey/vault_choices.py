"""Which of the vaults that an account sees can take the server, and why the others cannot.

Works on the result of a look-up: `{"account", "cloud", "subscriptions": [{"id", "name"}], "vaults": [{"subscription",
"resource_group", "vault", "region", "private_endpoints", "experience"}]}`; `experience` is classic (a configuration server was
registered), modernized (an appliance was), empty or unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from wizard.journey.errors import FieldError
from wizard.planning.quoting import shown
from wizard.text import Text, _

Record = Mapping[str, Any]

EXPERIENCES: Final[Mapping[str, str]] = {
    "classic": _("Classic: a configuration server is registered"),
    "modernized": _("Modernized: a replication appliance is registered"),
    "empty": _("New: nothing is registered yet"),
    "unknown": _("Not known"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultChoice:
    """One vault of the list. `reason` says why it cannot be used, `warning` what to know; both may be empty."""

    value: str
    name: str
    resource_group: str
    region: str
    experience: str
    experience_words: Text
    private_endpoints: bool
    reason: Text
    warning: Text

    @property
    def usable(self) -> bool:
        return not self.reason


def choices(found: Record, component: str, subscription: str) -> list[VaultChoice]:
    """The vaults of one subscription, in the order of the look-up. `component` is cs, ps_scaleout or appliance."""
    return [
        VaultChoice(
            value=key_of(vault),
            name=vault["vault"],
            resource_group=vault["resource_group"],
            region=vault["region"],
            experience=vault["experience"],
            experience_words=Text(EXPERIENCES.get(vault["experience"], EXPERIENCES["unknown"])),
            private_endpoints=vault["private_endpoints"],
            reason=refusal(vault, component) or Text(""),
            warning=caution(vault, component) or Text(""),
        )
        for vault in found["vaults"]
        if _same(vault["subscription"], subscription)
    ]


def key_of(vault: Record) -> str:
    """What tells a vault from all others, for the value of a pick list."""
    return "/".join(vault[name].casefold() for name in ("subscription", "resource_group", "vault"))


def find(found: Record, answers: Record) -> Record | None:
    """The vault that answers name, among those that were found; names in Azure know no case."""
    return next((vault for vault in found["vaults"] if key_of(vault) == key_of(answers)), None)


def refusal(vault: Record, component: str) -> Text | None:
    """Why this vault cannot take the component (asr-facts 2.1 DD02, 2.2, 3.9 AZ-08)."""
    match component, vault["experience"]:
        case "appliance", "classic":
            return Text(
                _(
                    "a configuration server was registered with it; the replication appliance needs a vault that is new."
                )
            )
        case "appliance", "modernized":
            return Text(
                _(
                    "a replication appliance is registered with it already; this one needs a vault that serves nothing else."
                )
            )
        case (("cs" | "ps_scaleout"), "modernized"):
            return Text(
                _(
                    "it was switched to the modernized experience for good; no configuration server can register."
                )
            )
    return None


def caution(vault: Record, component: str) -> Text | None:
    """What does not speak against the vault and must be known before (asr-facts 2.1 DD07, DD08; AZ-09)."""
    if vault["private_endpoints"]:
        return (
            Text(_("It uses private endpoints: MySQL is put on the configuration server by hand."))
            if component == "cs"
            else Text(_("It uses private endpoints: Azure is reached over private links."))
        )
    if vault["experience"] == "unknown":
        return Text(_("What is registered with it could not be read; look in the portal before you use it."))
    if vault["experience"] == "empty" and component == "ps_scaleout":
        return Text(
            _("Its configuration server is not registered yet; a process server joins it afterwards.")
        )
    return None


def filled_in(found: Record, vault: Record) -> dict[str, Any]:
    """The answers that follow from a vault that was chosen."""
    return {
        "account": found["account"],
        "cloud": found["cloud"],
        "subscription": vault["subscription"],
        "resource_group": vault["resource_group"],
        "vault": vault["vault"],
        "region": vault["region"],
        "private_endpoints": vault["private_endpoints"],
    }


def conflicts(found: Record, answers: Record, component: str) -> list[FieldError]:
    """What keeps complete answers from fitting what the account saw; empty when nothing does."""
    if answers["cloud"] != found["cloud"]:
        text = Text(
            _("The account “%(account)s” is of another cloud. Correct the cloud, or choose another account."),
            account=found["account"],
        )
        return [FieldError(path="cloud", message=text, code="other_cloud")]
    if not any(_same(known["id"], answers["subscription"]) for known in found["subscriptions"]):
        text = Text(
            _(
                "The account “%(account)s” sees no subscription of this id. Choose another one, or give it rights."
            ),
            account=found["account"],
        )
        return [FieldError(path="subscription", message=text, code="not_seen")]
    vault = find(found, answers)
    if vault is None:
        return [_no_such_vault(found, answers)]
    errors: list[FieldError] = []
    reason = refusal(vault, component)
    if reason is not None:
        text = Text(_("“%(vault)s” cannot be used: %(reason)s"), vault=shown(answers["vault"]), reason=reason)
        errors.append(FieldError(path="vault", message=text, code="not_usable"))
    if vault["region"] and not _same(vault["region"], answers["region"]):
        text = Text(
            _(
                "The vault lies in %(found)s, not in %(answered)s. Correct the region, or choose another vault."
            ),
            found=vault["region"],
            answered=answers["region"],
        )
        errors.append(FieldError(path="region", message=text, code="other_region"))
    if vault["private_endpoints"] != answers["private_endpoints"]:
        text = (
            Text(_("The vault does use private endpoints for Site Recovery; say so here."))
            if vault["private_endpoints"]
            else Text(_("The vault uses no private endpoints for Site Recovery; do not say so here."))
        )
        errors.append(FieldError(path="private_endpoints", message=text, code="differs"))
    return errors


def _no_such_vault(found: Record, answers: Record) -> FieldError:
    elsewhere = [
        vault["resource_group"]
        for vault in found["vaults"]
        if _same(vault["vault"], answers["vault"]) and _same(vault["subscription"], answers["subscription"])
    ]
    if elsewhere:
        text = Text(
            _("“%(vault)s” is in the resource group %(found)s, not in %(answered)s."),
            vault=shown(answers["vault"]),
            found=elsewhere,
            answered=shown(answers["resource_group"]),
        )
        return FieldError(path="resource_group", message=text, code="other_group")
    text = Text(
        _(
            "The account “%(account)s” sees no vault “%(vault)s” there. Look again if it is new, or choose another."
        ),
        account=found["account"],
        vault=shown(answers["vault"]),
    )
    return FieldError(path="vault", message=text, code="not_seen")


def _same(one: str, other: str) -> bool:
    """Azure's names know no case, and regions no spaces."""
    return one.replace(" ", "").casefold() == other.replace(" ", "").casefold()
