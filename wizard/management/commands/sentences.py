"""`manage.py sentences`: collect what people read into locale/*/LC_MESSAGES/django.po, the catalogue's sentences included."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.management.commands import makemessages

from wizard.checks import catalogue


class _MakeMessages(makemessages.Command):
    # `Text.counted("one", "many", ...)` holds a pair that gettext knows as singular and plural.
    xgettext_options = [
        *makemessages.Command.xgettext_options,
        "--keyword=counted:1,2",
    ]


class Command(BaseCommand):
    help = "Collect sentences for the translators."

    def handle(self, *args: Any, **options: Any) -> None:
        # xgettext cannot read TOML, so it is shown the same sentences as Python for a moment.
        spelled_out = settings.BASE_DIR / "wizard" / "checks" / "sentences_of_the_catalogue.py"
        lines = [f"_({sentence!r})" for sentence in catalogue.sentences()]
        spelled_out.write_text("\n".join(lines) + "\n", "utf-8")
        try:
            languages = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
            call_command(
                _MakeMessages(),
                locale=languages,
                ignore_patterns=[".venv/*", "var/*", "tests/*"],
                no_location=True,
                no_wrap=True,
                no_obsolete=True,
                verbosity=0,
            )
        finally:
            spelled_out.unlink()
