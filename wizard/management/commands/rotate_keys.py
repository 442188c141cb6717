"""`manage.py rotate_keys`: seal every stored secret with the newest of CREDENTIAL_KEYS, or say which keys are needed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Final

from cryptography.fernet import Fernet
from django.core.management.base import BaseCommand, CommandParser
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from wizard.management.answers import exit_with, person
from wizard.management.terminal import terminal
from wizard.services import key_rotation
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.key_rotation import KeyStanding, Lost
from wizard.text import Text, _

# Sealed with an older key, or not to be read at all.
EXIT_WAITING: Final = 3
EXIT_LOST: Final = 4

STEPS: Final = (
    _("Put this key before those in CREDENTIAL_KEYS, or in its file, for every process: NEW,OLD."),
    _(
        "Start web, workers and beat again, all of them: one that knows the old key alone cannot read the rest."
    ),
    _("Run manage.py rotate_keys, then manage.py rotate_keys --check until it says that one key is enough."),
    _("Take the old key away and start everything again. Keep it with the backups that were made with it."),
)


class Command(BaseCommand):
    help = "Seal every stored secret with the first of CREDENTIAL_KEYS."

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_mutually_exclusive_group()
        ways.add_argument(
            "--check",
            action="store_true",
            help="change nothing; exit 0 only the first key is needed, 3 an older one is, 4 something cannot be read",
        )
        ways.add_argument("--new", action="store_true", help="print a new key, and what to do with it")
        ways.add_argument(
            "--forget-lost",
            action="store_true",
            help="delete the key of hand-over packs and secrets of installations that cannot be read; they are made or "
            "asked for anew",
        )
        parser.add_argument("--user", default=FIRST_OPERATOR, help="act as this person")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new"]:
            self._new()
            return
        console = terminal()
        if options["check"]:
            exit_with(lambda: sys.exit(_say_standing(console, key_rotation.key_standing())))
        elif options["forget_lost"]:
            exit_with(lambda: _forget(console, options["user"]))
        else:
            exit_with(lambda: sys.exit(_rotate(console, options["user"])))

    def _new(self) -> None:
        """The key alone on standard output, so that it can be sent into a file; the steps beside it."""
        self.stdout.write(Fernet.generate_key().decode())
        console = terminal(stderr=True)
        for number, step in enumerate(STEPS, start=1):
            console.print(f"{number}. {escape(str(Text(step)))}")


def _rotate(console: Console, username: str) -> int:
    done = key_rotation.rotate(actor=person(username))
    _say(
        console,
        Text(
            _("Secrets sealed with the newest key: %(done)s; sealed with it already: %(same)s."),
            done=sum(done.resealed.values()),
            same=sum(done.untouched.values()),
        ),
    )
    if done.busy:
        text = Text.counted(
            "%(count)s secret was being changed by others all the time; run this again.",
            "%(count)s secrets were being changed by others all the time; run this again.",
            "count",
            count=done.busy,
        )
        _say(console, text)
    _say_lost(console, done.lost, done.lost_count)
    return EXIT_LOST if done.lost_count else EXIT_WAITING if done.busy else 0


def _forget(console: Console, username: str) -> None:
    count = key_rotation.forget_lost(actor=person(username))
    _say(
        console,
        Text.counted(
            "%(count)s secret that could not be read was deleted.",
            "%(count)s secrets that could not be read were deleted.",
            "count",
            count=count,
        ),
    )


def _say_standing(console: Console, standing: KeyStanding) -> int:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(str(Text(_("Stored secrets"))), overflow="fold")
    for number in range(1, len(standing.by_key) + 1):
        table.add_column(str(Text(_("key %(number)s"), number=number)), justify="right")
    table.add_column(str(Text(_("cannot be read"))), justify="right")
    for kind in standing.kinds:
        table.add_row(escape(str(kind.title)), *map(str, kind.by_key), str(kind.lost_count))
    console.print(table)
    _say_lost(console, standing.lost, standing.lost_count)
    if standing.waiting:
        text = Text.counted(
            "%(count)s secret needs an older key. Run manage.py rotate_keys before one is taken away.",
            "%(count)s secrets need an older key. Run manage.py rotate_keys before one is taken away.",
            "count",
            count=standing.waiting,
        )
        _say(console, text)
    elif not standing.lost_count:
        _say(console, Text(_("The first key is enough; others can be taken away.")))
    return EXIT_LOST if standing.lost_count else EXIT_WAITING if standing.waiting else 0


def _say_lost(console: Console, lost: Iterable[Lost], count: int) -> None:
    if not count:
        return
    _say(console, Text(_("%(count)s cannot be read with any of the keys:"), count=count))
    for row in lost:
        console.print(Padding(f"[bold]{escape(str(row.name))}[/]", (0, 0, 0, 2), expand=False))
        console.print(
            Padding(escape(f"{row.meaning} {row.remedy}"), (0, 0, 0, 4), expand=False),
        )
    _say(console, Text(_("If there is a backup of the missing key, put it back behind the others.")))


def _say(console: Console, text: Text) -> None:
    console.print(escape(str(text)))
