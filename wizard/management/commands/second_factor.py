"""`manage.py second_factor remove USER`: for who lost the device and the recovery codes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wizard.models import Operator
from wizard.services import second_factors
from wizard.services.errors import UserError


class Command(BaseCommand):
    help = "Remove all second factors of a person; make sure first that it is the person who asks."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        remove = actions.add_parser("remove", help="let the person sign in with the password alone")
        remove.add_argument("user", help="whose second factors they are")
        remove.add_argument(
            "--by",
            required=True,
            metavar="USER",
            help="the administrator who decides it, for the audit trail",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        person, actor = (_person(options[name]) for name in ("user", "by"))
        if not second_factors.kinds_of(person):
            raise CommandError(f"{person.username} has no second factor.")
        try:
            second_factors.reset(person, actor=actor)
        except UserError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{person.username} signs in with the password alone, and can set up another factor."
        )


def _person(name: str) -> Operator:
    found = Operator.objects.filter(username=name).first()
    if found is None:
        raise CommandError(f"There is no person named {name}.")
    return found
