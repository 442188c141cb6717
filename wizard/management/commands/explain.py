"""`manage.py explain ID`: everything about one requirement of the catalogue, as its page says it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.markup import escape
from rich.padding import Padding

from wizard.management.terminal import terminal
from wizard.services import explanations
from wizard.services.errors import NotFound
from wizard.text import Text, _


class Command(BaseCommand):
    help = "Explain a requirement: why it is asked, how it is checked, what to do, which document says so."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="such as HW-01")
        parser.add_argument("--profile", choices=[name for name, _title in explanations.profiles()])

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = options["id"].upper()
        try:
            found = explanations.explain(options["profile"] or explanations.find_profile(wanted), wanted)
        except NotFound as error:
            raise CommandError(str(error)) from None
        console = terminal()
        row = found.requirement
        console.print(f"[bold]{row.id}[/] {escape(str(row.title))}")
        for label, words in found.pairs:
            console.print(
                Padding(f"[dim]{escape(str(label))}:[/] {escape(str(words))}", (0, 0, 0, 2), expand=False)
            )
        console.print(Padding(escape(row.link), (0, 0, 0, 2), expand=False))
        if row.command:
            # Whole and alone on its lines, so that it can be copied.
            console.print()
            console.print(row.command, markup=False, soft_wrap=True)
        for way in found.ways:
            if way.remedy:
                where = f"{way.phase}, {', '.join(str(method) for method in way.methods)}"
                console.print()
                console.print(escape(f"{where} ({way.owner}):"))
                console.print(Padding(escape(str(way.remedy)), (0, 0, 0, 2), expand=False))
                if way.command:
                    console.print(way.command, markup=False, soft_wrap=True)
        if found.conflict:
            console.print()
            console.print(
                escape(f"{Text(_('The documents disagree'))}: {found.conflict.topic} ({found.conflict.id})")
            )
            for version in found.conflict.versions:
                line = f"{version.says} ({version.document}, {version.date})"
                console.print(Padding(escape(line), (0, 0, 0, 2), expand=False))
            console.print(Padding(escape(str(found.conflict.handling)), (0, 0, 0, 2), expand=False))
