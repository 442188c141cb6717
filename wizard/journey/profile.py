"""Step 1: the name of the deployment, and the architecture that it sets up."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from wizard.journey.fields import StepAnswers, ask
from wizard.planning.naming import deployment_name
from wizard.planning.vocabulary import ProfileId
from wizard.text import _


class ProfileAnswers(StepAnswers):
    """What is set up, and under which name. Nobody gets a retired architecture without having asked for it."""

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
                "asr-modernized": _("Modernized: replication appliance"),
                "asr-classic": _("Classic: configuration server, process server, master target"),
            },
            hints={
                "asr-modernized": _(
                    "Recommended. The architecture that Microsoft supports; needs a new vault."
                ),
                "asr-classic": _("Retired by Microsoft in March 2026. For sites that still have to run it."),
            },
        ),
    ]
