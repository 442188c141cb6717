"""What changed in a vault between two looks, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from wizard.models import Deployment, VaultObservation
from wizard.services.vault_observation.judgement import Judgement, judgement_in, role_of
from wizard.text import Text, _, verbatim
from wizard.topology.observed import Observed, ObservedComponent
from wizard.topology.transitions import changes

# What history tells of a component, and its words; the rest changes with every look or says the same twice.
_FIELDS: Final = {
    "name": _("Name"),
    "kind": _("Role"),
    "address": _("Address"),
    "fqdn": _("Full name"),
    "version": _("Version"),
    "health": _("Health"),
    "certificate_ends": _("End of the certificate"),
    "os_version": _("Operating system"),
    "machines": _("Machines"),
    "pairs": _("Replication pairs"),
}

_HEALTH: Final = {
    "ok": _("healthy"),
    "unknown": _("not known"),
    "warning": _("warning"),
    "critical": _("critical"),
}


# So many observations keep all that the vault showed; of older ones what changed is told, and nothing more.
WHOLE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of history, and what it says that the row before did not. `known` is False where that could not be told."""

    row: VaultObservation
    changes: tuple[Text, ...]
    first: bool
    known: bool


def entries(rows: Iterable[VaultObservation]) -> list[Entry]:
    """The rows as they are to be shown; their documents are not asked for."""
    return [
        Entry(
            row=row,
            changes=tuple(Text.from_json(stored) for stored in row.changes or ()),
            first=row.number == 1,
            known=row.number == 1 or row.changes is not None,
        )
        for row in rows
    ]


def changes_since(before: VaultObservation | None, new: Judgement) -> list[Any] | None:
    """What a new row is to keep in `changes`: each sentence once, as roles on one machine change together. None where there is
    no row before, or an earlier release wrote it in another form."""
    old = judgement_in(before) if before is not None else None
    return None if old is None else [text.to_json() for text in dict.fromkeys(_changes(old, new))]


def condense(deployment: Deployment, number: int) -> None:
    """After observation `number` was begun: let the oldest of those that are whole keep its changes alone."""
    rows = deployment.observations.filter(number__lte=number - WHOLE).exclude(document={})
    rows.update(document={}, differences=[], health=[])


def _changes(old: Judgement, new: Judgement) -> Iterator[Text]:
    yield from _components(old.observed, new.observed)
    yield from _links(old.observed, new.observed)
    told = changes(old.items, new.items)
    for item in told.began:
        yield Text(_("Began: %(what)s"), what=item.sentence)
    for item in told.worsened:
        yield Text(_("Became worse: %(what)s"), what=item.sentence)
    for item in told.ended:
        yield Text(_("Ended: %(what)s"), what=item.sentence)


def _components(old: Observed, new: Observed) -> Iterator[Text]:
    was = {one.key: one for one in old.components}
    now = {one.key: one for one in new.components}
    for key, one in now.items():
        if key not in was:
            yield Text(_("%(name)s appeared."), name=_called(one))
    for key, one in was.items():
        if key not in now:
            yield Text(_("%(name)s is there no more."), name=_called(one))
    for key, one in now.items():
        if key in was:
            for field, words in _FIELDS.items():
                before, after = _shown(was[key], field), _shown(one, field)
                if before != after:
                    yield Text(
                        _("%(field)s of %(name)s: %(before)s → %(after)s"),
                        field=Text(words),
                        name=_called(one),
                        before=before,
                        after=after,
                    )


def _links(old: Observed, new: Observed) -> Iterator[Text]:
    was = {link.key: link for link in old.links}
    for link in new.links:
        before = was.get(link.key)
        if before is not None and before.state != link.state and link.text:
            yield link.text


def _called(one: ObservedComponent) -> str:
    return one.name or one.address or one.key


def _shown(one: ObservedComponent, field: str) -> Text:
    value = getattr(one, field)
    if value is None or value == "":
        return verbatim("–")
    if field == "health":
        return Text(_HEALTH[value])
    if field == "kind":
        return role_of(one)
    if isinstance(value, datetime):
        return verbatim(value.date().isoformat())
    return verbatim(value)
