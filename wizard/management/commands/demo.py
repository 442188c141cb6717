"""`manage.py demo`: three whole deployments from beginning to end against the lab, in one terminal, in about two minutes."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wizard.lab.demo import Demo, DemoFailed

EXAMPLES = ("vmware-ova", "physical-manual", "modernized-ova")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Ended from outside, or its terminal closed: what it started is stopped as with Ctrl-C."""
    raise KeyboardInterrupt


class Command(BaseCommand):
    help = (
        "Apply the example answer files against the lab, have its vaults confirm what was recorded, and exit with the first exit "
        "code that is not 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "examples",
            nargs="*",
            default=EXAMPLES,
            help=f"of examples/; left out, all: {', '.join(EXAMPLES)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for name in options["examples"]:
            if name not in EXAMPLES:
                raise CommandError(f"There is no example “{name}”; choose from: {', '.join(EXAMPLES)}.")
        self.stdout.write("Starting the lab (its first build takes about a minute) and a worker ...")
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        demo = Demo(settings.BASE_DIR, settings.VAR_DIR / "demo")
        try:
            code = demo.run([settings.BASE_DIR / "examples" / f"{name}.yaml" for name in options["examples"]])
        except DemoFailed as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            code = 130
        sys.exit(code)
