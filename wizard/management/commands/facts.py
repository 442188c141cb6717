"""`manage.py facts script NAME` and `facts upload NAME FILE`: the facts of a machine that this server does not reach."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.markup import escape

from wizard.management import answers
from wizard.management.terminal import terminal
from wizard.services import collector_scripts, host_facts
from wizard.services.accounts import FIRST_OPERATOR
from wizard.services.answers import primary_component
from wizard.text import Text, _


class Command(BaseCommand):
    help = (
        "Collect the facts of a machine by hand: take the script, run it there, upload what it wrote. "
        "Exit codes: 0 done, 1 failed, 2 refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
        script = actions.add_parser("script", help="write the collector for one machine of a deployment")
        script.add_argument("deployment", help="its name")
        script.add_argument(
            "--component",
            help="what the machine is to become, such as cs or mt_linux; left out, what the deployment is about",
        )
        script.add_argument(
            "--output", type=Path, metavar="PATH", help="file or folder instead of this folder; - prints it"
        )
        upload = actions.add_parser("upload", help="take in what the collector wrote")
        upload.add_argument("deployment", help="its name")
        upload.add_argument("file", type=Path)
        for action in (script, upload):
            action.add_argument(
                "--user", default=os.environ.get("FOOTHOLD_USER", FIRST_OPERATOR), help="act as this person"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        work = self.script if options["action"] == "script" else self.upload
        answers.exit_with(lambda: work(options))

    def script(self, options: dict[str, Any]) -> None:
        deployment, actor = answers.deployment(options["deployment"]), answers.person(options["user"])
        component = options["component"] or primary_component(deployment)
        language = str(collector_scripts.language_of(component))
        name, script = host_facts.issue_script(deployment, component, language, actor=actor)
        if str(options["output"]) == "-":
            self.stdout.write(script)
            return
        path = answers.write_private(options["output"] or Path(), name, [script.encode()])
        self.say(Text(_("Written: %(path)s. Run it on the machine, then upload its result."), path=str(path)))

    def upload(self, options: dict[str, Any]) -> None:
        deployment, actor = answers.deployment(options["deployment"]), answers.person(options["user"])
        row = host_facts.receive(deployment, answers.content_of(options["file"]), actor=actor)
        unread = {key: fact["reason"] for key, fact in row.facts.items() if "value" not in fact}
        self.say(
            Text(
                _("%(host)s (%(component)s): %(known)s facts, collected at %(at)s."),
                host=row.host_name,
                component=row.component,
                known=len(row.facts) - len(unread),
                at=f"{row.collected_at:%Y-%m-%d %H:%M} UTC",
            )
        )
        for key, reason in unread.items():
            self.say(Text("  %(key)s: %(reason)s", key=key, reason=Text.from_json(reason)))

    def say(self, text: Text) -> None:
        terminal().print(escape(str(text)), soft_wrap=True)
