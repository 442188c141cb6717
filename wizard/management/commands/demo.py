"""`manage.py demo`: the main job from beginning to end against the lab, in one terminal, in about a minute."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from wizard.lab.demo import Demo, DemoFailed


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Ended from outside, or its terminal closed: what it started is stopped as with Ctrl-C."""
    raise KeyboardInterrupt


class Command(BaseCommand):
    help = "Apply the example answer file against the lab, and exit with its exit code."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Starting the lab (its first build takes about a minute) and a worker ...")
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
        demo = Demo(settings.BASE_DIR, settings.VAR_DIR / "demo")
        try:
            code = demo.run(settings.BASE_DIR / "examples" / "vmware-ova.yaml")
        except DemoFailed as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            code = 130
        sys.exit(code)
