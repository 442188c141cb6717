"""`manage.py lab`: the simulators in the foreground, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack, suppress
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from wizard.lab.environment import Ports
from wizard.lab.run import Lab
from wizard.text import Text, _

_STOPPERS = (signal.SIGTERM, signal.SIGINT)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Stop wherever we are, even in the middle of a build; what follows is clean-up and not to be disturbed."""
    for number in _STOPPERS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


class Command(BaseCommand):
    help = (
        "Run the lab: a simulated vCenter Server, DNS, NTP, Azure and its endpoints, a proxy, and machines to be installed, "
        "on loopback alone."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port-base",
            type=int,
            metavar="PORT",
            help="use eleven ports from this one on instead of the fixed ones; 0 takes free ports",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        base = options["port_base"]
        lab = Lab(
            settings.VAR_DIR,
            ports=Ports() if base is None else Ports.from_base(base),
            template_dir=settings.TEMPLATE_DIR,
            say=self._say,
        )
        for number in _STOPPERS:
            signal.signal(number, _interrupt)
        with suppress(KeyboardInterrupt), ExitStack() as stack:
            self._start(lab, stack)
            self._report(lab)
            self._watch(lab)

    def _start(self, lab: Lab, stack: ExitStack) -> None:
        try:
            stack.enter_context(lab)
        except OSError as error:
            reason = Text(
                _("The lab cannot start: %(reason)s. Other ports can be had with --port-base."),
                reason=str(error),
            )
            raise CommandError(str(reason)) from error

    def _watch(self, lab: Lab) -> None:
        while lab.vcenter is None or lab.vcenter.running:
            time.sleep(1.0)
        raise CommandError(
            str(Text(_("The vCenter simulator ended; see %(log)s."), log=str(lab.vcenter.log)))
        )

    def _say(self, text: Text) -> None:
        self.stdout.write(str(text))
        self.stdout.flush()

    def _report(self, lab: Lab) -> None:
        found = lab.description()
        if lab.unavailable:
            self._say(lab.unavailable)
        vcenter = found["vcenter"]
        if vcenter:
            self._say(
                Text(
                    _("vCenter    https://%(host)s:%(port)s   SHA-256 %(thumbprint)s"),
                    host=vcenter["host"],
                    port=str(vcenter["port"]),
                    thumbprint=vcenter["thumbprint_sha256"],
                )
            )
            for login in vcenter["accounts"].values():
                self._say(Text("           %(username)s   %(password)s", **login))
        for host in found["hosts"]:
            self._say(
                Text(
                    "%(scheme)-10s %(name)s:%(port)s   %(username)s   %(password)s",
                    scheme="SSH" if host["transport"] == "ssh" else "WinRM",
                    name=host["name"],
                    port=host["service_port"],
                    username=host["username"],
                    password=host["password"],
                )
            )
        for key, title in (("dns", "DNS"), ("ntp", "NTP"), ("front", "Azure"), ("proxy", "Proxy")):
            self._say(Text("%(title)-10s %(host)s:%(port)s", title=title, **found[key]))
        self._say(Text(_("ARM        %(url)s   any Azure account signs in"), url=found["azure"]["url"]))
        self._say(Text(_("Template   %(path)s"), path=found["ova"]))
        self._say(Text(_("All of it  %(path)s"), path=str(lab.description_file)))
