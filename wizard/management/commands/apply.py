"""`manage.py apply FILE`: carry out an answer file from beginning to end. Safe to run again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.text import slugify
from rich.console import Console
from rich.markup import escape

from wizard.management import answers
from wizard.management.terminal import show_checks, terminal
from wizard.models import Deployment, DeploymentState
from wizard.services import automation, installation_secrets, preflight, results, topology
from wizard.services.errands import Errand
from wizard.services.errors import Invalid
from wizard.text import Text, _


class Command(BaseCommand):
    help = (
        "Create or continue the deployment that an answer file describes, and run it to the end. "
        "Exit codes: 0 recorded, 1 failed, 2 invalid file, 3 blocked by preflight, 130 interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        answers.add_arguments(parser)
        parser.add_argument("--plan", action="store_true", help="show what would happen, and change nothing")
        parser.add_argument(
            "--vault-credentials",
            type=Path,
            metavar="FILE",
            help="the registration key of the vault, for an installation over WinRM; not older than 5 days",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        console = terminal()
        answers.exit_with(lambda: self.carry_out(console, options))

    def carry_out(self, console: Console, options: dict[str, Any]) -> None:
        file = answers.read(options["file"], options["overrides"])
        if options["plan"]:
            self.show_plan(console, automation.plan(file))
            return
        errand = answers.errand(console, options)
        deployment = automation.answer_all(file, errand=errand)
        self.give_vault_credentials(deployment, options["vault_credentials"], errand)
        try:
            automation.carry_on(deployment, errand=errand)
        finally:
            show_checks(console, preflight.latest_results(deployment))
        self.show_result(console, deployment)

    def give_vault_credentials(self, deployment: Deployment, path: Path | None, errand: Errand) -> None:
        """For an installation over WinRM; a run that comes later finds the machine registered and needs none."""
        if path is None or not deployment.is_open:
            return
        installation_secrets.give_vault_credentials(
            deployment, name=path.name, content=answers.content_of(path), actor=errand.actor
        )

    def show_plan(self, console: Console, steps: list[automation.PlannedStep]) -> None:
        if not steps:
            console.print(str(Text(_("Nothing is left to do."))))
        for number, step in enumerate(steps, 1):
            console.print(f"{number:3}. {escape(str(step.what))}")
            for change in step.changes:
                console.print(f"     {escape(str(change))}")

    def show_result(self, console: Console, deployment: Deployment) -> None:
        if deployment.state != DeploymentState.RECORDED:
            raise Invalid(
                [], Text(_("The file leaves steps unanswered; the deployment is not recorded yet."))
            )
        for vcenter in deployment.vcenters.all():
            registered = Text.counted(
                "Registered: %(product)s at %(host)s, %(machines)s machine.",
                "Registered: %(product)s at %(host)s, %(machines)s machines.",
                "machines",
                product=vcenter.product,
                host=vcenter.host,
                machines=vcenter.machines.filter(is_template=False, gone_at=None).count(),
            )
            console.print(f"[green]{escape(str(registered))}[/]")
            console.print(f"  [dim]{escape(str(Text(_('Instance'))))} {vcenter.instance_uuid}[/]")
        left = [
            row.requirement_id for row in results.latest_results(deployment, "after") if row.status != "pass"
        ]
        if left:
            console.print(
                escape(str(Text(_("To be seen to now that the machine is installed: %(ids)s."), ids=left)))
            )
        console.print()
        console.print(escape(topology.tree(deployment)))
        svg = settings.VAR_DIR / "topology" / f"{slugify(deployment.name)}.svg"
        written = Text(
            _("The picture of the topology: %(path)s"), path=str(self.write_picture(deployment, svg))
        )
        # A path that is broken into two lines cannot be copied.
        console.print(escape(str(written)), soft_wrap=True)

    def write_picture(self, deployment: Deployment, path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(topology.picture(topology.graph_of(deployment), name=deployment.name), "utf-8")
        return path
