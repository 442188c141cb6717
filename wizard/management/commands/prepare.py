"""`manage.py prepare`: bring database, static files and translations up to date before a start. Quick where nothing changed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from wizard.services.key_rotation import what_is_lost


class Command(BaseCommand):
    help = "Bring database and static files up to date."

    def handle(self, *args: Any, **options: Any) -> None:
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        settings.TEMPLATE_DIR.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if lost := what_is_lost():
            self.stderr.write(str(lost))
