"""What people attested, as facts that judges read."""

from __future__ import annotations

from collections.abc import Iterable

from wizard.checks.facts import FactSheet
from wizard.models import Attestation, Deployment
from wizard.text import Text, _

PREFIX = "attested."


def stored(deployment: Deployment) -> dict[str, Attestation]:
    """By requirement, with who answered; files stay in the table until somebody asks for one."""
    rows = deployment.attestations.select_related("answered_by").defer("file")
    return {row.requirement_id: row for row in rows}


def note_answers(sheet: FactSheet, deployment: Deployment, wanted: Iterable[str]) -> None:
    """Put the wanted `attested.<ID>` facts on the sheet: {answer, note, by, at}, or that nobody has answered yet."""
    keys = sorted(key for key in wanted if key.startswith(PREFIX))
    if not keys:
        return
    rows = stored(deployment)
    for key in keys:
        row = rows.get(key.removeprefix(PREFIX))
        if row is None:
            sheet.missing(
                key,
                Text(_("Nobody has answered this question yet.")),
                remedy=Text(_("Answer it; no probe can see it.")),
            )
            continue
        person = row.answered_by.get_username()
        value = {"answer": row.answer, "note": row.note, "by": person, "at": row.answered_at}
        sheet.known(key, value, observed_from=person, at=row.answered_at)
