"""`manage.py privileges NAME`: what the account may do in vCenter against what it needs; with --script what puts it right."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from wizard.management import answers
from wizard.management.terminal import terminal
from wizard.models import Deployment
from wizard.services import privileges, privileges_csv, role_scripts
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.permissions import require
from wizard.services.privileges import LEVEL_TITLES, Comparison
from wizard.services.role_scripts import ScriptWish
from wizard.text import Text, _

_ENDINGS = {form: ending for ending, form in role_scripts.FORMS.items()}
# An administrator has hundreds; the CSV has them all.
_MOST_EXCESS = 20


class Command(BaseCommand):
    help = (
        "Compare the privileges of the vCenter account as the last sign-in found them, or write a script that gives exactly "
        "those that are needed. Exit codes: 0 nothing missing, 1 failed, 2 refused, 3 something missing or not seen."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("deployment", help="its name")
        forms = parser.add_mutually_exclusive_group()
        forms.add_argument("--script", choices=sorted(_ENDINGS), help="write the role script in this form")
        forms.add_argument("--csv", action="store_true", help="print the comparison as CSV, excess in full")
        parser.add_argument(
            "--level",
            action="append",
            default=[],
            metavar="|".join(LEVEL_TITLES),
            help="compare this level; may be given several times; left out, all that the deployment needs",
        )
        parser.add_argument(
            "--role", default="", help="name of the role; left out, one of the deployment's own"
        )
        parser.add_argument(
            "--principal", default="", metavar="DOMAIN\\USER", help="who gets the role; left out, the account"
        )
        parser.add_argument(
            "--output",
            type=Path,
            metavar="PATH",
            help="file or folder for the script; left out, it is printed",
        )
        parser.add_argument(
            "--user", default=os.environ.get("FOOTHOLD_USER", FIRST_OPERATOR), help="act as this person"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        work = self.script if options["script"] else self.compare
        answers.exit_with(lambda: work(answers.deployment(options["deployment"]), options))

    def script(self, deployment: Deployment, options: dict[str, Any]) -> None:
        wish = ScriptWish(
            levels=tuple(options["level"]), role_name=options["role"], principal=options["principal"]
        )
        actor = answers.person(options["user"])
        text = role_scripts.script_for(deployment, options["script"], actor=actor, wish=wish)
        if options["output"] is None:
            self.stdout.write(text, ending="")
            return
        name = f"{deployment.name}-privileges.{_ENDINGS[options['script']]}"
        path = answers.write_private(options["output"], name, [text.encode()])
        _say(terminal(), Text(_("Written: %(path)s."), path=str(path)))

    def compare(self, deployment: Deployment, options: dict[str, Any]) -> None:
        require(answers.person(options["user"]), "privileges.see", deployment)
        found = privileges.compared(deployment, options["level"])
        if options["csv"]:
            self.stdout.write(privileges_csv.as_csv(found), ending="")
        else:
            _show(terminal(), found)
        if not found.complete:
            sys.exit(answers.EXIT_BLOCKED)


def _show(console: Console, found: Comparison) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(str(Text(_("Path"))), overflow="fold")
    for title in (Text(_("Granted")), Text(_("Missing")), Text(_("Excess"))):
        table.add_column(str(title), justify="right", no_wrap=True)
    for item in found.objects:
        missing = sum(len(rights) for rights in item.missing.values())
        counts = (item.granted_count, missing, len(item.excess))
        table.add_row(escape(item.object.path), *(str(count) for count in counts))
    _say(console, Text(_("As vCenter answered for %(account)s."), account=found.account))
    console.print(table)
    for item in found.objects:
        for level, rights in item.missing.items():
            for right in rights:
                _say(
                    console,
                    Text(
                        _("missing on %(path)s for “%(level)s”: %(id)s (%(name)s)"),
                        path=item.object.path,
                        level=LEVEL_TITLES[level],
                        id=right.privilege_id,
                        name=right.name,
                    ),
                )
    excess = sorted({identifier for item in found.objects for identifier in item.excess})
    if excess:
        shown = excess if len(excess) <= _MOST_EXCESS else [*excess[:_MOST_EXCESS], "…"]
        _say(
            console,
            Text(_("more than is needed, %(number)s: %(ids)s"), number=len(excess), ids=shown),
        )
    if found.administrator:
        _say(
            console, Text(_("The account is like an administrator's; use one of its own for Site Recovery."))
        )
    if found.blind:
        _say(console, Text(_("The account sees no datacenter.")))
    if found.unseen:
        _say(console, Text(_("not seen by the account, or gone: %(names)s"), names=list(found.unseen)))
    if found.outdated:
        _say(console, Text(_("Another placement was chosen since; sign in again to compare its objects.")))
    if found.exact:
        _say(console, Text(_("Exactly what is needed: nothing is missing, nothing is too much.")))


def _say(console: Console, text: Text) -> None:
    console.print(escape(str(text)), soft_wrap=True)
