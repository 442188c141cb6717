"""`manage.py up`: web, worker, beat and (unless told otherwise) the lab, together in one terminal."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from honcho import manager as honcho

from wizard.lab.environment import environment

STOP_SECONDS = 10


class Command(BaseCommand):
    help = "Start everything in the foreground; Ctrl-C stops it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-lab", action="store_true", help="start without the simulators")

    def handle(self, *args: Any, **options: Any) -> None:
        with_lab = not options["no_lab"]
        env = {**os.environ, "PYTHONUNBUFFERED": "1", "FOOTHOLD_LAB": "1" if with_lab else "0"}
        if with_lab:
            env.update(environment(settings.VAR_DIR))
        python = shlex.quote(sys.executable)
        celery = f"{python} -m celery --quiet -A wizard.config.celery"
        processes = {
            "web": f"{python} -m gunicorn -c python:wizard.config.gunicorn wizard.config.wsgi",
            # Threads, as the signal that stops a process here reaches its children, too, and Celery waits for ever for a
            # child that was stopped with a lock in its hand.
            "worker": f"{celery} worker --pool threads --concurrency 3 --loglevel WARNING --without-gossip --without-mingle",
            "beat": f"{celery} beat --loglevel WARNING --pidfile= --schedule {shlex.quote(settings.CELERY_BEAT_SCHEDULE_FILENAME)}",
        }
        if with_lab:
            processes["lab"] = f"{python} manage.py lab"
        # Celery needs some seconds to end in order.
        honcho.KILL_WAIT = STOP_SECONDS
        manager = honcho.Manager()
        for name, command in processes.items():
            manager.add_process(name, command, env=env, cwd=str(settings.BASE_DIR))
        # A terminal that is closed ends everything, too.
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
        manager.loop()
        # Being stopped by Ctrl-C is how this command ends, not a failure of it.
        sys.exit(0 if manager.returncode in (None, 130, 143) else manager.returncode)
