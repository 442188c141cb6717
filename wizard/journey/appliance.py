"""Modernized only: how the replication appliance is reached, and the name that it keeps for good."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from wizard.journey.fields import StepAnswers, ask
from wizard.planning.quoting import refusal, shown
from wizard.text import _

_LONGEST_FRIENDLY_NAME = 63


def _friendly_name(value: str) -> str:
    # Microsoft publishes no rule; this is what every list in the portal shows whole.
    if len(value) > _LONGEST_FRIENDLY_NAME:
        raise refusal(
            _("The name has %(length)s characters. Expected are at most %(longest)s. Choose a shorter one."),
            length=len(value),
            longest=_LONGEST_FRIENDLY_NAME,
        )
    unfit = sorted({f"U+{ord(character):04X}" for character in value if not character.isprintable()})
    if unfit:
        raise refusal(
            _(
                "“%(found)s” contains a character that cannot be seen (%(unfit)s). Type the name anew, with "
                "visible characters and plain blanks."
            ),
            found=shown(value),
            unfit=" ".join(unfit),
        )
    return value


class ApplianceAnswers(StepAnswers):
    """What the Appliance Configuration Manager asks for once (asr-facts 11.2, 11.3)."""

    connectivity: Annotated[
        Literal["fqdn", "ip"],
        ask(
            _("How protected machines reach the replication appliance"),
            _("Chosen once, when the replication appliance is set up."),
            widget="radios",
            choices={"fqdn": _("Fully qualified domain name"), "ip": _("IP address")},
            hints={
                "fqdn": _("Every protected machine must be able to resolve the name."),
                "ip": _("The address that protected machines use, behind NAT the translated one."),
            },
        ),
    ] = "fqdn"
    several_subnets: Annotated[
        bool,
        ask(
            _("Protected machines are in several subnets"),
            _("Then choose the fully qualified domain name above."),
            widget="confirm",
        ),
    ] = False
    friendly_name: Annotated[
        str,
        AfterValidator(_friendly_name),
        ask(
            _("Friendly name"),
            _("Under this name the replication appliance appears in the vault. It can never be changed."),
            autocomplete="off",
            width=40,
        ),
    ]
