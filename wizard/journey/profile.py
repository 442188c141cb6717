"""Step 1: the name of the deployment, and the architecture that it sets up."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator

from wizard.journey.fields import StepAnswers, ask
from wizard.planning.naming import deployment_name
from wizard.planning.quoting import refusal
from wizard.planning.vocabulary import ProfileId
from wizard.text import _

AVAILABLE: Final[dict[str, bool]] = {"asr-classic": True, "asr-modernized": False}


def _available(profile: str) -> str:
    if not AVAILABLE[profile]:
        raise refusal(
            _("The modernized appliance arrives later. For now only the classic architecture can be set up.")
        )
    return profile


class ProfileAnswers(StepAnswers):
    """What is set up, and under which name."""

    name: Annotated[
        str,
        ask(
            _("Name of the deployment"),
            _("A short name of your own for this setup, such as the site and the machine: lyon-cs01."),
            autocomplete="off",
            width=30,
        ),
        AfterValidator(deployment_name),
    ]
    profile: Annotated[
        ProfileId,
        ask(
            _("Architecture"),
            _("What is to be installed on premises."),
            widget="radios",
            choices={
                "asr-classic": _("Classic: configuration server, process server, master target"),
                "asr-modernized": _("Modernized: replication appliance"),
            },
            hints={
                "asr-classic": _("Retired by Microsoft in March 2026. For sites that still have to run it."),
                "asr-modernized": _("The supported architecture. Arrives later."),
            },
        ),
        AfterValidator(_available),
    ] = "asr-classic"
