"""The Recovery Services vault. The choice is final once the server or the appliance is registered."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from wizard.journey.errors import FieldProblem
from wizard.journey.fields import StepAnswers, ask
from wizard.planning import naming, regions
from wizard.planning.quoting import refusal, shown
from wizard.planning.vocabulary import Cloud
from wizard.text import Text, _


class AnyVaultAnswers(StepAnswers):
    """Where a server will be registered (asr-facts 2.2: final)."""

    cloud: Annotated[
        Cloud,
        ask(
            _("Azure cloud"),
            _("It decides which Internet addresses must be reachable."),
            widget="radios",
            choices={
                "public": _("Azure (public)"),
                "us_government": _("Azure Government (US)"),
                "china": _("Azure operated by 21Vianet (China)"),
            },
        ),
    ] = "public"
    subscription: Annotated[
        str,
        AfterValidator(naming.subscription_id),
        ask(
            _("Subscription id"),
            _("32 hexadecimal digits, from the Azure portal."),
            autocomplete="off",
            width=36,
        ),
    ]
    resource_group: Annotated[
        str,
        AfterValidator(naming.resource_group),
        ask(_("Resource group"), _("The one that holds the vault."), autocomplete="off", width=40),
    ]
    vault: Annotated[
        str,
        AfterValidator(naming.vault_name),
        ask(_("Recovery Services vault"), _("The name of the vault."), autocomplete="off", width=40),
    ]
    region: Annotated[
        str,
        ask(_("Region"), _("The region of the vault, which is the target of replication."), widget="select"),
    ]
    private_endpoints: Annotated[
        bool,
        ask(
            _("The vault uses private endpoints"),
            _("MySQL cannot be downloaded then: its installer is put on the configuration server by hand."),
            widget="confirm",
        ),
    ] = False
    account: Annotated[
        str,
        Field(max_length=100),
        ask(
            _("Azure account"),
            _(
                "The name of a stored account with which Azure is asked; without one everything is done by hand."
            ),
            widget="select",
        ),
    ] = ""
    confirm_name: Annotated[
        str,
        ask(
            _("Type the name of the vault again"),
            _("The vault cannot be changed once the configuration server is registered with it."),
            autocomplete="off",
            width=40,
        ),
    ]

    @field_validator("region")
    @classmethod
    def _region_belongs_to_cloud(cls, region: str, info: ValidationInfo) -> str:
        cloud = info.data.get("cloud")
        # Without a valid cloud there is nothing to compare with; the error at `cloud` is enough.
        return regions.find(cloud, region).name if cloud else region

    @model_validator(mode="after")
    def _name_is_confirmed(self) -> Self:
        if self.confirm_name != self.vault:
            raise FieldProblem(
                "confirm_name",
                Text(
                    _("“%(found)s” is not the name of the vault, which is “%(vault)s”."),
                    found=shown(self.confirm_name),
                    vault=self.vault,
                ),
                code="not_confirmed",
            )
        return self


class VaultAnswers(AnyVaultAnswers):
    """Classic: the vault of a configuration server."""

    run_as_account: Annotated[
        str,
        Field(max_length=255),
        ask(
            _("Account for vCenter on the configuration server"),
            _(
                "The friendly name that cspsconfigtool.exe shows for it. Needed where the configuration server knows several, "
                "and only for registering vCenter in the vault by the wizard."
            ),
            autocomplete="off",
            width=20,
        ),
    ] = ""


def _exclusive(value: bool) -> bool:
    if not value:
        raise refusal(
            _(
                "The replication appliance needs a vault that is new and serves nothing else. Create one in the "
                "Azure portal, and confirm it here."
            )
        )
    return value


class ExclusiveVaultAnswers(AnyVaultAnswers):
    """Modernized: the vault serves the replication appliance alone (asr-facts 3.9, AZ-08)."""

    private_endpoints: Annotated[
        bool,
        ask(
            _("The vault uses private endpoints"),
            _("They can be made only while the vault is new and empty."),
            widget="confirm",
        ),
    ] = False
    confirm_name: Annotated[
        str,
        ask(
            _("Type the name of the vault again"),
            _("The vault cannot be changed once the replication appliance is registered with it."),
            autocomplete="off",
            width=40,
        ),
    ]
    exclusive: Annotated[
        bool,
        AfterValidator(_exclusive),
        ask(
            _("The vault is new and serves nothing else"),
            _("A vault that a configuration server was ever registered with cannot be used."),
            widget="confirm",
        ),
    ]
