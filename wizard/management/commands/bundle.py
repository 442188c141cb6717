"""`manage.py bundle NAME [FILE]`: the installation bundle of a deployment, to be carried to its machine."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.markup import escape

from wizard.management import answers
from wizard.management.terminal import terminal
from wizard.services import installation_bundle
from wizard.services.accounts import FIRST_OPERATOR
from wizard.text import Text, _


class Command(BaseCommand):
    help = "Write the installation bundle, a zip that holds passwords. Exit codes: 0 written, 1 not yet, 2 refused."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deployment", help="its name")
        parser.add_argument(
            "output", type=Path, nargs="?", default=Path(), help="file or folder; - prints it"
        )
        parser.add_argument(
            "--encrypt",
            action="store_true",
            help="encrypt it (AES-256) with a password from the terminal or standard input",
        )
        parser.add_argument(
            "--user", default=os.environ.get("FOOTHOLD_USER", FIRST_OPERATOR), help="act as this person"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        answers.exit_with(lambda: self.write(options))

    def write(self, options: dict[str, Any]) -> None:
        deployment, actor = answers.deployment(options["deployment"]), answers.person(options["user"])
        password = None
        if options["encrypt"]:
            password = (
                getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
            )
        name, chunks = installation_bundle.stream(deployment, actor=actor, password=password)
        if str(options["output"]) == "-":
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
            return
        path = answers.write_private(options["output"], name, chunks)
        terminal().print(
            escape(str(Text(_("Written: %(path)s. It holds passwords."), path=str(path)))), soft_wrap=True
        )
