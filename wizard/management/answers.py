"""What the commands that take an answer file share: reading it, finding the person, and the exit codes of the contract."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from django.core.management.base import CommandError
from rich.console import Console

from wizard.journey.answer_file import AnswerFile, AnswerFileInvalid, overrides, parse
from wizard.management.terminal import say_error
from wizard.models import Operator
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.automation import Blocked
from wizard.services.errors import Invalid, UserError
from wizard.text import Text, _

EXIT_FAILED, EXIT_INVALID, EXIT_BLOCKED, EXIT_INTERRUPTED = 1, 2, 3, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="the answer file (YAML)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="STEP.FIELD=VALUE",
        dest="overrides",
        help="take this value instead of the file's; may be given several times",
    )
    parser.add_argument(
        "--user", default=os.environ.get("FOOTHOLD_USER", FIRST_OPERATOR), help="act as this person"
    )
    parser.add_argument(
        "--trust", metavar="SHA256", help="the vCenter certificate that you have compared and confirm"
    )


def read(path: Path, changes: list[str]) -> AnswerFile:
    """Raises Invalid for a file that is no answer file, CommandError for one that cannot be read."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}", returncode=EXIT_INVALID) from None
    try:
        return parse(text).with_answers(overrides(changes))
    except AnswerFileInvalid as error:
        raise Invalid(
            error.errors, Text(_("%(path)s is not an answer file that can be applied."), path=str(path))
        ) from None


def person(username: str) -> Operator:
    user = Operator.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(
            f"There is no active person named {username}; give one with --user.", returncode=EXIT_INVALID
        )
    return user


def exit_with(console: Console, work: Callable[[], None]) -> None:
    """Do the work, and leave with the exit code that the contract gives to how it went."""
    try:
        work()
    except Invalid as error:
        say_error(console, error)
        sys.exit(EXIT_INVALID)
    except Blocked as error:
        say_error(console, error)
        sys.exit(EXIT_BLOCKED)
    except UserError as error:
        say_error(console, error)
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        console.print(
            "Interrupted. A task that was under way goes on in its worker; run the same again to continue."
        )
        sys.exit(EXIT_INTERRUPTED)
