"""`manage.py observe NAME`: what the vault of a deployment shows, and whether that is what was recorded."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console
from rich.markup import escape

from wizard.management import answers
from wizard.management.terminal import terminal
from wizard.models import Deployment, Severity
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.errors import Conflict
from wizard.services.vault_observation import showing
from wizard.services.vault_observation.judgement import Judgement
from wizard.text import Text, _
from wizard.topology import exports

_STYLES: Final = {"critical": "bold red", "warning": "yellow", "unknown": "magenta", "info": "dim"}


class Command(BaseCommand):
    help = (
        "Look at the vault of a deployment now, and compare what it shows with the record. "
        "Exit codes: 0 confirmed, 1 failed, 2 refused, 3 it differs, or something is not well."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deployment", help="its name")
        parser.add_argument(
            "--user", default=os.environ.get("FOOTHOLD_USER", FIRST_OPERATOR), help="act as this person"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        answers.exit_with(lambda: self.look(answers.deployment(options["deployment"]), options))

    def look(self, deployment: Deployment, options: dict[str, Any]) -> None:
        console = terminal()
        answers.errand(console, {**options, "trust": ()}).run("refresh_health", deployment)
        recorded = deployment.snapshots.exists()
        judgement = showing.judgement_in(showing.newest(deployment), recorded=recorded)
        if judgement is None:
            raise Conflict(
                Text(_("What was seen was written by another release, and cannot be shown.")),
                remedy=Text(_("Look at the vault again with this release.")),
                code="other_release",
            )
        _show(console, judgement)
        if not _confirmed(judgement):
            sys.exit(answers.EXIT_BLOCKED)


def _confirmed(judgement: Judgement) -> bool:
    """What cannot be known, such as loads that nobody reports, contradicts nothing."""
    return judgement.recorded and judgement.severity not in (Severity.WARNING, Severity.CRITICAL)


def _show(console: Console, judgement: Judgement) -> None:
    console.print()
    console.print(escape(exports.tree(showing.graph_in(judgement))))
    lines = [
        *((one.severity, one.text, one.remedy) for one in judgement.differences),
        *((one.severity, one.text, one.remedy) for one in judgement.observed.findings),
        *(
            (
                one.state,
                Text("%(name)s: %(value)s", name=judgement.name_of(one.component), value=one.value),
                one.remedy,
            )
            for one in judgement.health
            if one.state in ("warning", "critical")
        ),
    ]
    for severity, text, remedy in lines:
        console.print(f"[{_STYLES.get(severity, 'dim')}]{escape(str(text))}[/]", soft_wrap=True)
        if remedy:
            console.print(f"  {escape(str(remedy))}", soft_wrap=True)
    if _confirmed(judgement):
        console.print(
            f"[green]{escape(str(Text(_('The vault confirms the recorded topology.'))))}[/]", soft_wrap=True
        )
