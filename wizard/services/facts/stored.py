"""Facts that are there already: what machines said of themselves when they were asked, and what people attested."""

from __future__ import annotations

from collections.abc import Collection

from wizard.checks.facts import FactSheet
from wizard.models import Deployment, HostFacts
from wizard.services import evidence
from wizard.services.attested import note_answers
from wizard.text import Text, _

HOST = "host."
LINUX = "mt_linux."


def note_stored(sheet: FactSheet, deployment: Deployment, wanted: Collection[str]) -> None:
    """Put the wanted facts of target machines and of people on the sheet, those that are not there with the reason."""
    if any(key.startswith(HOST) for key in wanted):
        _note_host(sheet, HOST, evidence.of_the_machine(deployment), wanted)
    if any(key.startswith(LINUX) for key in wanted):
        found = deployment.host_facts.filter(component="mt_linux").first()
        _note_host(sheet, LINUX, found, wanted)
    note_answers(sheet, deployment, wanted)


def _note_host(sheet: FactSheet, prefix: str, row: HostFacts | None, wanted: Collection[str]) -> None:
    for name in sorted(wanted):
        if not name.startswith(prefix):
            continue
        if row is None:
            sheet.missing(
                name,
                Text(_("The machine has not said anything of itself yet.")),
                remedy=Text(_("Collect the facts of the machine, then run the checks again.")),
            )
            continue
        fact = row.facts.get(name.removeprefix(prefix))
        if fact is not None and "value" in fact:
            sheet.known(name, fact["value"], observed_from=row.host_name, at=row.collected_at)
        else:
            reason = Text.from_json(fact["reason"]) if fact else Text(_("The collector did not ask for it."))
            sheet.missing(name, reason, observed_from=row.host_name, at=row.collected_at)
