"""`manage.py preflight FILE`: the checks of an answer file alone. Nothing is deployed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.console import Console

from wizard.management import answers
from wizard.management.terminal import checks_table, follow
from wizard.services import automation, preflight


class Command(BaseCommand):
    help = "Run the checks of an answer file. Exit codes: 0 pass, 1 failed, 2 invalid file, 3 blocked, 130 interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        answers.add_arguments(parser)
        parser.add_argument("--format", choices=("table", "json", "junit", "markdown"), default="table")

    def handle(self, *args: Any, **options: Any) -> None:
        # The report alone goes to standard output, so that it can be piped on.
        console = Console(stderr=options["format"] != "table")
        answers.exit_with(console, lambda: self.carry_out(console, options))

    def carry_out(self, console: Console, options: dict[str, Any]) -> None:
        file = answers.read(options["file"], options["overrides"])
        actor = answers.person(options["user"])
        show = lambda task: follow(console, task)  # noqa: E731
        deployment = automation.answer_all(file, actor=actor, follow=show, trust=options["trust"])
        try:
            automation.run_preflight(deployment, actor=actor, follow=show)
        finally:
            if options["format"] == "table":
                console.print(checks_table(preflight.latest_results(deployment)))
            elif preflight.latest_run(deployment):
                self.stdout.write(preflight.export(deployment, options["format"])[0])
