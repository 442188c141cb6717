"""`manage.py token create USER --name NAME --scope operate`: an API token, shown once."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wizard.models import ApiToken, Operator
from wizard.services import accounts
from wizard.services.errors import UserError


class Command(BaseCommand):
    help = "Make an API token and print it; it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        create = actions.add_parser("create", help="make a token")
        create.add_argument("user", help="whose token it is")
        create.add_argument("--name", required=True, help="what it is for")
        create.add_argument("--scope", required=True, choices=ApiToken.Scope.values)
        create.add_argument(
            "--expires-days", type=int, default=90, metavar="N", help="how long it is good (90)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        user = Operator.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person named {options['user']}.")
        if options["expires_days"] < 1:
            raise CommandError("--expires-days must be at least 1.")
        try:
            _token, text = accounts.create_token(
                user=user,
                actor=user,
                name=options["name"],
                scope=options["scope"],
                expires_days=options["expires_days"],
            )
        except UserError as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        self.stdout.write(text)
