"""`manage.py verify_pack FILE`: prove that a hand-over pack is as it was signed, and by whose key."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser
from rich.markup import escape

from wizard.management import answers
from wizard.management.terminal import say_error, terminal
from wizard.services import hand_over
from wizard.services.hand_over_archive import PackRefused
from wizard.text import Text, _

EXIT_CODES: Final = {
    "unreadable": answers.EXIT_INVALID,
    "not_a_pack": answers.EXIT_INVALID,
    "content_changed": 3,
    "wrong_signature": 4,
    "other_key": 5,
}


class Command(BaseCommand):
    help = (
        "Verify a hand-over pack: signature, and the SHA-256 of every file. Nothing is unpacked. Exit codes: 0 genuine, "
        "1 failed, 2 not readable or no hand-over pack, 3 a file is missing, extra or changed, 4 wrong signature, 5 signed by "
        "another key."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the zip as it was downloaded")
        parser.add_argument(
            "--public-key",
            type=Path,
            metavar="FILE",
            help="public-key.pem of the installation that made the pack, if it was another one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        answers.exit_with(lambda: self.verify(options["file"], options["public_key"]))

    def verify(self, path: Path, public_key: Path | None) -> None:
        try:
            found = hand_over.verify(path, public_key=public_key)
        except PackRefused as refused:
            say_error(terminal(stderr=True), refused)
            sys.exit(EXIT_CODES[refused.code])
        console = terminal()
        for name, size in found.files:
            console.print(escape(f"{size:>10}  {name}"), soft_wrap=True)
        for text in (
            Text(_("Genuine: %(files)s files, every one as it was signed."), files=len(found.files)),
            Text(_("Signed with the key %(key)s."), key=found.public_key),
        ):
            console.print(escape(str(text)), soft_wrap=True)
