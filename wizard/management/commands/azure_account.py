"""`manage.py azure_account set NAME --how WAY`: store an identity in Entra; its secret comes from the terminal or standard input."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from wizard.management.answers import person
from wizard.models import AzureAccount
from wizard.services import azure_accounts
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.azure_account_wish import WITH_SECRET, AccountWish
from wizard.services.errors import UserError


class Command(BaseCommand):
    help = "Store an Azure account under a name that the vault step of answer files refers to."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        store = actions.add_parser("set", help="store or replace one")
        store.add_argument("name")
        store.add_argument(
            "--how",
            required=True,
            choices=AzureAccount.How.values,
            help="what it signs in with; a certificate is given as PEM together with its private key",
        )
        store.add_argument(
            "--cloud", choices=AzureAccount.Cloud.values, default=AzureAccount.Cloud.PUBLIC.value
        )
        store.add_argument("--tenant", default="", help="the id of the tenant")
        store.add_argument("--client-id", default="", help="the id of the application, or of the identity")
        store.add_argument("--user", default=FIRST_OPERATOR, help="act as this person")

    def handle(self, *args: Any, **options: Any) -> None:
        wish = AccountWish(
            name=options["name"],
            how=options["how"],
            cloud=options["cloud"],
            tenant=options["tenant"],
            client_id=options["client_id"],
            secret=self._secret(options["how"]),
        )
        try:
            actor = person(options["user"])
            known = azure_accounts.visible_accounts(actor).filter(name=wish.name).first()
            if known is None:
                azure_accounts.create(wish, actor=actor)
            else:
                azure_accounts.change(known, wish, actor=actor)
        except UserError as error:
            details = "; ".join(str(field.message) for field in error.errors)
            raise CommandError(details or str(error)) from None
        self.stdout.write(f"Stored {wish.name}.")

    def _secret(self, how: str) -> str:
        if how not in WITH_SECRET:
            return ""
        # A certificate has many lines, which no terminal takes without showing them.
        if sys.stdin.isatty() and how == AzureAccount.How.CLIENT_SECRET:
            return getpass.getpass("Secret: ")
        return sys.stdin.read().strip()
