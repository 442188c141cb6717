"""What the commands that take an answer file share: reading it, finding the person, and the exit codes of the contract."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from django.db import DatabaseError
from rich.console import Console
from rich.markup import escape

from wizard.journey.answer_file import AnswerFile, AnswerFileInvalid, overrides, parse
from wizard.management.terminal import follow, say_error, terminal
from wizard.models import Deployment, Operator
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.automation import Blocked
from wizard.services.errands import Errand
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
        "--trust",
        action="append",
        default=[],
        metavar="SHA256",
        help="the certificate of vCenter or of the machine that you have compared and confirm; may be given for each",
    )


def errand(console: Console, options: dict[str, Any]) -> Errand:
    """Who acts, and how they hear of it. Raises Invalid where nobody active has that name."""
    return Errand(
        actor=person(options["user"]),
        follow=partial(follow, console),
        tell=lambda text: console.print(escape(str(text))),
        trust=tuple(options["trust"]),
    )


def content_of(path: Path) -> bytes:
    """Raises Invalid for a file that cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from None


def read(path: Path, changes: list[str]) -> AnswerFile:
    """Raises Invalid for a file that cannot be read, and for one that is no answer file."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise _unusable(path, error.strerror or type(error).__name__) from None
    except UnicodeDecodeError:
        raise _unusable(path, str(Text(_("it is not UTF-8 text")))) from None
    try:
        return parse(text).with_answers(overrides(changes))
    except AnswerFileInvalid as error:
        raise Invalid(
            error.errors, Text(_("%(path)s is not an answer file that can be applied."), path=str(path))
        ) from None


def write_private(output: Path, name: str, chunks: Iterable[bytes]) -> Path:
    """A file that its owner alone may read: `output`, or where that is a folder, `name` in it. Raises Invalid."""
    path = output / name if output.is_dir() else output
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            for chunk in chunks:
                file.write(chunk)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        text = Text(_("%(path)s cannot be written: %(reason)s."), path=str(path), reason=reason)
        raise Invalid([], text) from None
    return path


def deployment(name: str) -> Deployment:
    """Raises Invalid where there is none of that name."""
    found = Deployment.objects.filter(name=name).first()
    if found is None:
        raise Invalid([], Text(_("There is no deployment named %(name)s."), name=name))
    return found


def person(username: str) -> Operator:
    """Raises Invalid where nobody active has that name."""
    user = Operator.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Invalid(
            [], Text(_("There is no active person named %(name)s; give one with --user."), name=username)
        )
    return user


def exit_with(work: Callable[[], None]) -> None:
    """Do the work, and leave with the exit code that the contract gives to how it went."""
    console = terminal(stderr=True)
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
    except DatabaseError as error:
        reason = Text(_("The database cannot be used: %(reason)s."), reason=str(error).strip().rstrip("."))
        remedy = Text(_("If this is a new installation, run manage.py prepare first."))
        say_error(console, UserError(reason, remedy=remedy))
        sys.exit(EXIT_FAILED)
    except KeyboardInterrupt:
        console.print(
            escape(
                str(
                    Text(
                        _(
                            "Interrupted. A task that was under way goes on in its worker; run the same again to continue."
                        )
                    )
                )
            )
        )
        sys.exit(EXIT_INTERRUPTED)


def _unusable(path: Path, reason: str) -> Invalid:
    return Invalid([], Text(_("%(path)s cannot be read: %(reason)s."), path=str(path), reason=reason))
