"""How the pages call what a deployment sets up."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext

from wizard.journey import base as journey
from wizard.models import Deployment
from wizard.services.answers import answers_of, primary_component
from wizard.text import _

_TITLES: Final = {
    "cs": _("Configuration server"),
    "ps_scaleout": _("Further process server"),
    "appliance": _("Replication appliance"),
    "mt_linux": _("Linux master target"),
}


def title_of(component: str) -> str:
    """The name of a component for a heading."""
    return gettext(_TITLES[component])


def architecture_of(deployment: Deployment) -> str:
    """Its profile, and which component of it is set up, once that is known."""
    profile = gettext(journey.PROFILES[deployment.profile].title)
    answers = answers_of(deployment)
    if deployment.profile == "asr-classic" and "source" not in answers:
        return profile
    return f"{profile} · {title_of(primary_component(deployment, answers))}"
