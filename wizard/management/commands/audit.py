"""`manage.py audit`: prove that the audit trail is as it was sealed, take it away, note its end."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandParser
from rich.markup import escape

from wizard.journey.errors import FieldError
from wizard.management import answers
from wizard.management.terminal import terminal
from wizard.models import AuditEntry, Deployment
from wizard.services import audit_chain, audit_trail
from wizard.services.audit_verification import Verdict, end_of_chain, verify
from wizard.services.errors import Invalid, NotFound
from wizard.text import Text, _


class Command(BaseCommand):
    help = (
        "The audit trail. verify: whether every entry is as it was sealed, with the first link that does not hold; exit codes: 0 "
        "it holds, 1 it does not. export: the entries with their digests, to standard output. head: the digest of the last "
        "entry, to be kept elsewhere. seal: seal now what a worker would seal within seconds."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, parser_class=ArgumentParser)
        checked = verbs.add_parser("verify", help="go along the whole chain")
        checked.add_argument("--head", default="", metavar="DIGEST", help="a digest that was kept elsewhere")
        checked.add_argument("--json", action="store_true", help="for programs")
        taken = verbs.add_parser("export", help="the entries with their digests")
        taken.add_argument("--format", choices=("json", "csv"), default="json")
        taken.add_argument(
            "--since", default="", metavar="DAY", help="from this day on, such as 2026-11-22 (UTC)"
        )
        taken.add_argument("--until", default="", metavar="DAY", help="up to and including this day (UTC)")
        taken.add_argument("--deployment", default="", metavar="NAME", help="its name or id")
        verbs.add_parser("head", help="the digest of the last entry")
        verbs.add_parser("seal", help="seal what is left")

    def handle(self, *args: Any, **options: Any) -> None:
        verb: Any = getattr(self, options["verb"])
        answers.exit_with(lambda: verb(options))

    def verify(self, options: dict[str, Any]) -> None:
        found = verify(head=options["head"])
        if options["json"]:
            self.stdout.write(json.dumps(_shown(found), indent=2))
        else:
            self.tell(found)
        if not found.holds:
            sys.exit(answers.EXIT_FAILED)

    def tell(self, found: Verdict) -> None:
        console = terminal()
        if found.broken is not None:
            console.print(f"[red]{escape(str(found.broken.text))}[/]", soft_wrap=True)
            before = Text.counted(
                "What comes before holds: %(count)s entry.",
                "What comes before holds: %(count)s entries.",
                "count",
                count=found.entries,
            )
            console.print(escape(str(before)))
            return
        holds = Text.counted(
            "The audit trail holds: %(count)s entry, as it was sealed.",
            "The audit trail holds: %(count)s entries, each as it was sealed.",
            "count",
            count=found.entries,
        )
        console.print(f"[green]{escape(str(holds))}[/]")
        end = Text(_("Keep this digest elsewhere: %(digest)s"), digest=found.digest)
        console.print(escape(str(end)), soft_wrap=True)
        if found.pending:
            console.print(escape(str(Text(_("About to be sealed: %(count)s."), count=found.pending))))
        if found.late:
            late = Text(
                _(
                    "Sealed more than an hour after the time that they bear: %(count)s, the first is entry %(entry)s."
                ),
                count=found.late,
                entry=found.first_late_id,
            )
            console.print(f"[yellow]{escape(str(late))}[/]", soft_wrap=True)

    def export(self, options: dict[str, Any]) -> None:
        until = _day(options["until"], "--until")
        wish = audit_trail.Wish(
            deployment=_deployment(options["deployment"]),
            since=_day(options["since"], "--since"),
            until=until + timedelta(days=1) if until else None,
        )
        for piece in audit_trail.export(audit_trail.find(AuditEntry.objects.all(), wish), options["format"]):
            self.stdout.write(piece, ending="")

    def head(self, _options: dict[str, Any]) -> None:
        place, digest = end_of_chain()
        self.stdout.write(f"{place} {digest}".strip())

    def seal(self, _options: dict[str, Any]) -> None:
        sealed = audit_chain.sweep()
        said = Text.counted("Sealed: %(count)s entry.", "Sealed: %(count)s entries.", "count", count=sealed)
        terminal().print(escape(str(said)))


def _shown(found: Verdict) -> dict[str, Any]:
    broken = found.broken
    return {
        "holds": found.holds,
        **asdict(found),
        "broken": broken
        and {
            "kind": broken.kind,
            "place": broken.place,
            "entry_id": broken.entry_id,
            "text": str(broken.text),
        },
    }


def _deployment(named: str) -> UUID | None:
    """By name, or by id for one that is not there any more. Raises NotFound."""
    if not named:
        return None
    known = Deployment.objects.filter(name=named).values_list("pk", flat=True).first()
    if known is not None:
        return known
    try:
        return UUID(named)
    except ValueError:
        raise NotFound(Text(_("There is no deployment named %(name)s."), name=named)) from None


def _day(typed: str, path: str) -> datetime | None:
    if not typed:
        return None
    try:
        return datetime.combine(date.fromisoformat(typed), time(), UTC)
    except ValueError:
        text = Text(_("“%(found)s” is not a date. Expected is a day such as 2026-12-31."), found=typed)
        raise Invalid([FieldError(path=path, message=text, code="not_a_date")]) from None
