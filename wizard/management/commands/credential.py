"""`manage.py credential set NAME --username USER`: store an account; its password comes from the terminal or standard input."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wizard.management.answers import person
from wizard.models import Credential
from wizard.services import credentials, teams
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.errors import UserError

# A service principal is entered as an Azure account: it is of one tenant in one cloud.
_KINDS = [kind for kind in Credential.Kind.values if kind != Credential.Kind.AZURE_SERVICE_PRINCIPAL]


class Command(BaseCommand):
    help = "Store an account under a name that answer files refer to."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        store = actions.add_parser("set", help="store or replace one")
        store.add_argument("name")
        store.add_argument("--username", required=True)
        store.add_argument("--kind", choices=_KINDS, default=Credential.Kind.VCENTER)
        store.add_argument("--team", default="", help="for this team alone; left out, for everybody")
        store.add_argument(
            "--address", default="", help="the one place that its password is sent to, as HOST:PORT"
        )
        store.add_argument("--user", default=FIRST_OPERATOR, help="act as this person")

    def handle(self, *args: Any, **options: Any) -> None:
        secret = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            actor = person(options["user"])
            credentials.keep(
                name=options["name"],
                kind=options["kind"],
                username=options["username"],
                secret=secret,
                actor=actor,
                team=teams.named(options["team"], actor=actor),
                address=options["address"],
            )
        except UserError as error:
            details = "; ".join(str(field.message) for field in error.errors)
            raise CommandError(details or str(error)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(f"Stored {options['name']}.")
