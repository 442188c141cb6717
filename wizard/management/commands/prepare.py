"""`manage.py prepare`: bring database, static files and translations up to date before a start. Quick where nothing changed."""

from __future__ import annotations

import errno
import sys
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from wizard.management.answers import EXIT_FAILED
from wizard.management.terminal import say_error, terminal
from wizard.services.errors import UserError
from wizard.services.key_rotation import what_is_lost
from wizard.text import Text, _

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)


class Command(BaseCommand):
    help = "Bring database and static files up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
            settings.TEMPLATE_DIR.mkdir(parents=True, exist_ok=True)
            call_command("migrate", interactive=False, verbosity=0)
            call_command("collectstatic", interactive=False, verbosity=0)
        except DatabaseError as error:
            _leave(_of_the_database(error))
        except OSError as error:
            _leave(_of_a_file(error))
        if lost := what_is_lost():
            self.stderr.write(str(lost))


def _leave(error: UserError) -> None:
    say_error(terminal(stderr=True), error)
    sys.exit(EXIT_FAILED)


def _of_the_database(error: DatabaseError) -> UserError:
    """Which database, what it said, and what to do. What a driver repeats of the password is taken out."""
    its = settings.DATABASES["default"]
    reason = " ".join(str(error).split()).rstrip(".")
    if password := str(its.get("PASSWORD") or ""):
        reason = reason.replace(password, "***")
    if "sqlite3" in str(its["ENGINE"]):
        name = str(its["NAME"])
        remedy = Text(
            _(
                "Make room on its disk and let the user that runs Foothold write there; then run manage.py prepare again."
            )
        )
    else:
        address = f"{its['HOST'] or 'localhost'}:{its['PORT'] or 5432}"
        name = f"{its['NAME']} ({address})"
        remedy = Text(
            _(
                "See that the server runs, has room on its disk and takes the account of DATABASE_URL; then run manage.py "
                "prepare again."
            )
        )
    text = Text(
        _("The database %(name)s could not be brought up to date: %(reason)s."), name=name, reason=reason
    )
    return UserError(text, remedy=remedy)


def _of_a_file(error: OSError) -> UserError:
    text = Text(
        _("%(path)s cannot be written: %(reason)s."),
        path=str(error.filename or settings.VAR_DIR),
        reason=error.strerror or type(error).__name__,
    )
    remedy = (
        Text(_("Make room on its disk; then run manage.py prepare again."))
        if error.errno in _NO_ROOM
        else Text(_("Let the user that runs Foothold write there; then run manage.py prepare again."))
    )
    return UserError(text, remedy=remedy)
