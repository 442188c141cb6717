"""`manage.py welcome`: where Foothold answers, and the first operator's one-time sign-in link."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.urls import reverse

from wizard.management.answers import exit_with
from wizard.services.accounts import first_sign_in_token
from wizard.services.key_rotation import what_is_lost


class Command(BaseCommand):
    help = "Print the address, and a one-time sign-in link as long as nobody has signed in yet."

    def handle(self, *args: Any, **options: Any) -> None:
        exit_with(self._welcome)

    def _welcome(self) -> None:
        self.stdout.write(f"Foothold answers at {settings.PUBLIC_URL}/")
        if lost := what_is_lost():
            self.stderr.write(str(lost))
        token = first_sign_in_token()
        if token:
            link = settings.PUBLIC_URL + reverse("sign_in_once", args=[token])
            self.stdout.write(f"First sign-in (works once, for 24 hours): {link}")
