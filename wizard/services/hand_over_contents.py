"""What goes into a hand-over pack: everything that is known of a deployment and no secret, part by part."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder

from wizard.checks import report
from wizard.checks.requirement import Phase
from wizard.models import AuditEntry, Deployment, Operator
from wizard.services import answer_files, expiry, firewall, results, task_sheets, topology
from wizard.services.errors import UserError
from wizard.services.hand_over_archive import MANIFEST, PUBLIC_KEY, SIGNATURE
from wizard.services.vault_observation import showing
from wizard.text import Text, _

README: Final = "README.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file. `content` makes it, in pieces; a UserError there means that it does not exist yet, and says why."""

    path: str
    title: Text
    content: Callable[[], Iterator[bytes]]


def parts_of(deployment: Deployment, *, actor: Operator) -> tuple[Part, ...]:
    """The files of the pack beside its README, in the order in which they stand in it."""

    def part(path: str, title: str, make: Callable[[], str | bytes]) -> Part:
        return Part(path=path, title=Text(title), content=lambda: _in_one(make))

    def report(form: str, phase: Phase) -> Callable[[], str]:
        return lambda: results.export(deployment, form, phase)[0]

    def graph(form: str) -> Callable[[], str]:
        return lambda: _text(topology.export(deployment, form)[0])

    sheets: Phase = "after" if results.latest_run(deployment, "after") else "before"
    return (
        part("report/preflight.html", _("Report of the preflight"), report("html", "before")),
        part("report/preflight.json", _("The same for programs"), report("json", "before")),
        part(
            "report/verification.html",
            _("Report of the verification after the set-up"),
            report("html", "after"),
        ),
        part("report/verification.json", _("The same for programs"), report("json", "after")),
        part("topology/topology.svg", _("Picture of the components and their links"), graph("svg")),
        part("topology/topology.json", _("The same for programs"), graph("json")),
        part("topology/topology.mmd", _("The same as Mermaid, for documents"), graph("mermaid")),
        part(
            "firewall/firewall.csv",
            _("Firewall matrix as a table"),
            # A spreadsheet reads UTF-8 only where it is told so by a byte order mark.
            lambda: "\ufeff" + firewall.as_csv(deployment, actor=actor, handed_on=True),
        ),
        part(
            "firewall/firewall.html",
            _("Firewall matrix as a page"),
            lambda: firewall.as_html(deployment, actor=actor, handed_on=True),
        ),
        part(
            "calendar.ics",
            _("What ends, and when, as a calendar file"),
            # Whoever gets the pack has no use for the tokens of the one who made it.
            lambda: expiry.as_ics(deployment, actor=actor, own_tokens=False),
        ),
        part(
            "answers.yaml",
            _("Answers, as the file that rebuilds this deployment"),
            lambda: answer_files.export(deployment, "yaml")[0],
        ),
        part(
            "task-sheets.md",
            _("What is still open, by who can mend it"),
            lambda: task_sheets.as_markdown(deployment, actor=actor, phase=sheets),
        ),
        part(
            "observation.json", _("What the vault showed at the last look"), lambda: _observation(deployment)
        ),
        Part(
            path="audit.jsonl",
            title=Text(_("Who did what, and when, one JSON document a line")),
            content=lambda: _audit_lines(deployment),
        ),
    )


def readme(
    deployment: Deployment,
    there: list[Part],
    absent: list[tuple[Part, UserError]],
    *,
    actor: Operator,
    at: datetime,
) -> str:
    """What the pack is, what is in it and what is not, and how its signature is verified."""
    title = str(Text(_("Hand-over pack of %(name)s"), name=deployment.name))
    made = Text(
        _("Made by %(who)s, %(at)s. State of the deployment: %(state)s, revision %(revision)s."),
        who=actor.get_username(),
        at=at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        state=str(deployment.get_state_display()),
        revision=deployment.revision,
    )
    width = max(len(part.path) for part in (*there, *(part for part, _error in absent)))
    lines = [title, "=" * len(title), "", str(made), *_approved(deployment), "", str(Text(_("Files"))), ""]
    lines += [f"  {part.path:{width}}  {part.title}" for part in there]
    lines += [
        f"  {PUBLIC_KEY:{width}}  {Text(_('Public key of the installation that signed'))}",
        f"  {MANIFEST:{width}}  {Text(_('SHA-256 of every other file'))}",
        f"  {SIGNATURE:{width}}  {Text(_('Signature over that file: Ed25519, 64 raw bytes'))}",
    ]
    if absent:
        lines += ["", str(Text(_("Not in this pack"))), ""]
        lines += [f"  {part.path:{width}}  {error}" for part, error in absent]
    return "\n".join([*lines, "", *how_to_verify(), ""])


def _approved(deployment: Deployment) -> list[str]:
    """Who approved the answers that are in the pack, if somebody did."""
    found = results.approval_of(deployment)
    return [] if found is None else [str(report.approval_line(found))]


def how_to_verify() -> list[str]:
    """The ways to verify a pack, in lines: with tools that every system has, and with this product."""
    return [
        str(Text(_("How to verify"))),
        "",
        str(Text(_("In the unpacked folder; both commands must say that all is well:"))),
        "",
        *(f"  {command}" for command in VERIFY_COMMANDS),
        "",
        str(
            Text(
                _(
                    "The key in the pack only proves that the files belong together. Compare it with the key that the "
                    "installation itself shows, or get that file from its people."
                )
            )
        ),
        str(Text(_("Where Foothold is installed, the zip as it is:"))),
        "",
        "  python manage.py verify_pack FILE [--public-key public-key.pem]",
    ]


VERIFY_COMMANDS: Final = (
    f"sha256sum -c {MANIFEST}",
    f"openssl pkeyutl -verify -pubin -inkey {PUBLIC_KEY} -rawin -in {MANIFEST} -sigfile {SIGNATURE}",
)
"""The second needs OpenSSL 3.0 or newer."""


# --- inside -----------------------------------------------------------------------------------------------------------


class _Nothing(UserError):
    """There is nothing to put into this file."""


def _in_one(make: Callable[[], str | bytes]) -> Iterator[bytes]:
    made = make()
    yield made.encode() if isinstance(made, str) else made


def _text(document: str | dict[str, Any]) -> str:
    return document if isinstance(document, str) else _json(document)


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, cls=DjangoJSONEncoder) + "\n"


def _observation(deployment: Deployment) -> str:
    row = deployment.observations.first()
    if row is None:
        raise _Nothing(Text(_("The vault was not looked at yet.")))
    return _json(
        {
            "number": row.number,
            "first_seen_at": row.first_seen_at,
            "last_seen_at": row.last_seen_at,
            "severity": row.severity,
            "document": showing.document_of(row),
            "differences": row.differences,
            "health": row.health,
        }
    )


def _audit_lines(deployment: Deployment) -> Iterator[bytes]:
    """The entries that belong to the deployment, whatever of it they are about, the oldest first. Not from where people worked.

    `place` and `digest` are those of the chain: the installation, or its exported trail, has the same digest at that place
    for as long as nobody has changed either. Null where an entry is not sealed yet.
    """
    rows = AuditEntry.objects.filter(deployment_id=deployment.pk).order_by("id")
    return (_line(row) for row in rows.select_related("actor", "seal").iterator(chunk_size=500))


def _line(row: AuditEntry) -> bytes:
    seal = getattr(row, "seal", None)
    document = {
        "place": seal.place if seal else None,
        "digest": seal.digest if seal else None,
        "id": row.pk,
        "at": row.at,
        "who": row.actor.get_username() if row.actor else None,
        "action": row.action,
        "what": str(row.sentence),
        "subject": row.subject,
        "subject_id": row.subject_id,
        "before": row.before,
        "after": row.after,
    }
    return (json.dumps(document, ensure_ascii=False, cls=DjangoJSONEncoder) + "\n").encode()
