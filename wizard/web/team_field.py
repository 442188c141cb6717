"""The question whose something new is; who is in no team is not asked."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext

from wizard.models import Operator
from wizard.services import teams
from wizard.web.forms import Option, Shown


def team_field(person: Operator) -> dict[str, Shown]:
    """The field `team`, by the names of the teams that the person may choose; none where there is no choice."""
    choices = teams.choices(person)
    if not choices:
        return {}
    return {
        "team": Shown(
            label=gettext("Team"),
            help_text=gettext(
                "It is seen by its members and by administrators alone. Without a team everybody sees it."
            ),
            required=False,
            widget=forms.Select(),
            options=[Option(value=row.name, label=row.name) for row in choices],
        )
    }
