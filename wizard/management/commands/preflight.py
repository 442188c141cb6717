"""`manage.py preflight FILE`: the checks of an answer file alone. Nothing is deployed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from wizard.management import answers
from wizard.management.terminal import show_checks, terminal
from wizard.services import automation, preflight


class Command(BaseCommand):
    help = "Run the checks of an answer file. Exit codes: 0 pass, 1 failed, 2 invalid file, 3 blocked, 130 interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        answers.add_arguments(parser)
        parser.add_argument(
            "--format", choices=("table", "json", "junit", "markdown", "sarif"), default="table"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # The report alone goes to standard output, so that it can be piped on.
        console = terminal(stderr=options["format"] != "table")
        answers.exit_with(lambda: self.carry_out(console, options))

    def carry_out(self, console: Console, options: dict[str, Any]) -> None:
        file = answers.read(options["file"], options["overrides"])
        errand = answers.errand(console, options)
        deployment = automation.answer_all(file, errand=errand)
        try:
            automation.run_preflight(deployment, errand=errand)
        finally:
            if options["format"] == "table":
                show_checks(console, preflight.latest_results(deployment))
            elif preflight.latest_run(deployment):
                self.stdout.write(preflight.export(deployment, options["format"])[0])
